"""Reads what happens to tables and columns: actions, masks with their parameters, defaults."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from services.anonymize.worker.masks import MASKS
from services.anonymize.worker.masks.base import Mask
from services.anonymize.worker.policy.columns import SameAs, read_condition, with_aliases
from services.anonymize.worker.policy.model import (
    Action,
    ColumnRule,
    Default,
    Match,
    TablePattern,
    TableRule,
)
from services.anonymize.worker.policy.nodes import Nodes, place_of
from services.anonymize.worker.policy.patterns import is_pattern, table_of, why_unusable
from services.anonymize.worker.policy.problems import Place, did_you_mean

AUTO = "auto"
MATCHES = ("schema", "table", "column", "type", "comment")
TableName = tuple[str, str]


@dataclass
class Tables:
    """What stands under `tables`: names, and patterns of names in their order."""

    named: dict[TableName, TableRule]
    patterns: tuple[TablePattern, ...]


class RuleReader(Nodes):
    """Reads `tables` and `defaults`."""

    def __init__(self) -> None:
        super().__init__()
        self.aliases: list[SameAs] = []

    def all_tables(self, node: yaml.Node) -> Tables:
        """Read every table and pattern."""
        named: dict[TableName, TableRule] = {}
        patterns = []
        for name, key, value in self._tables(node):
            rule = self.table(None if is_pattern(key) else name, key, value)
            if is_pattern(key):
                by = f"pattern {key} at {rule.at}"
                columns = MappingProxyType(
                    {column: one.model_copy(update={"by": by}) for column, one in rule.columns.items()}
                )
                rule = rule.model_copy(update={"by": by, "columns": columns})
                patterns.append(
                    TablePattern(written=key, schema_pattern=name[0], name_pattern=name[1], rule=rule)
                )
            else:
                named[name] = rule
        return Tables(with_aliases(named, self.aliases, self.complain), tuple(patterns))

    def _tables(self, node: yaml.Node) -> Iterator[tuple[TableName, str, yaml.Node]]:
        seen: dict[TableName, str] = {}
        for key, value in self.entries(node, "tables").items():
            name = table_of(key)
            if not all(name):
                self.complain(value, f"tables.{key}: write table or schema.table")
            elif name in seen:
                self.complain(value, f"{key} is the table that {seen[name]} names already; keep one")
            else:
                seen[name] = key
                yield name, key, value

    def table(self, table: TableName | None, name: str, node: yaml.Node) -> TableRule:
        """Read what happens to a table; `table` is None where many may be meant."""
        at = place_of(node)
        if isinstance(node, yaml.ScalarNode):
            action = self.choice(node, name, tuple(Action)) if node.value else ""
            if not action:
                self.complain(node, f"{name} says nothing; write truncate, keep or columns:")
                action = Action.KEEP.value
            return TableRule(at=at, columns_at=at, action=Action(action))
        entries = self.entries(node, name, known=("columns",))
        if "columns" not in entries:
            self.complain(node, f"{name}: columns is missing; name every column, or write truncate or keep")
            return TableRule(at=at, columns_at=at)
        columns: dict[str, ColumnRule] = {}
        auto: dict[str, Place] = {}
        for column, value in self.entries(entries["columns"], f"{name}.columns").items():
            if isinstance(value, yaml.ScalarNode) and value.value == AUTO:
                auto[column] = place_of(value)
            elif rule := self.column(table, column, f"{name}.{column}", value):
                columns[column] = rule
        return TableRule(at=at, columns_at=place_of(entries["columns"]), columns=columns, auto=auto)

    def column(self, table: TableName | None, name: str, where: str, node: yaml.Node) -> ColumnRule | None:
        """Read a column's rule: a mask, perhaps for some rows only, or another column's."""
        parameters = self.entries(node, where) if isinstance(node, yaml.MappingNode) else {}
        if "same_as" in parameters:
            if len(parameters) > 1:
                self.complain(node, f"{where}: same_as stands alone; the other column says everything")
            wanted = self.word(parameters["same_as"], f"{where}: same_as")
            if table is None:
                self.complain(node, f"{where}: same_as is for one column of one table; write the mask")
            else:
                self.aliases.append(SameAs(table, name, where, wanted, parameters["same_as"]))
            return None
        when = parameters.pop("when", None)
        condition = None
        if when is not None:
            condition = read_condition(where, self.entries(when, f"{where}.when"), self.complain)
            if isinstance(when, yaml.MappingNode) and not when.value:
                self.complain(when, f"{where}: when names no column; leave it out to mask all rows")
        mask = self.mask(where, node, parameters)
        return None if mask is None else ColumnRule(mask=mask, at=place_of(node), when=condition)

    def defaults(self, node: yaml.Node) -> tuple[Default, ...]:
        """Read the rules for columns that no table names."""
        found = []
        for place, one in enumerate(self.items(node, "defaults"), start=1):
            where = f"default {place}"
            entries = self.entries(one, where, known=("match", "rule"))
            if missing := [key for key in ("match", "rule") if key not in entries]:
                self.complain(
                    one, f"{where}: {' and '.join(missing)} must be given; write {{match: …, rule: …}}"
                )
                continue
            match = self.match(entries["match"], where)
            rule = self.column(None, "", where, entries["rule"])
            if match is not None and rule is not None:
                rule = rule.model_copy(update={"by": f"default at {place_of(one)}"})
                found.append(Default(match=match, rule=rule))
        return tuple(found)

    def match(self, node: yaml.Node, where: str) -> Match | None:
        """Read which columns a default is for."""
        entries = self.entries(node, f"{where}: match", known=MATCHES)
        if not entries:
            self.complain(node, f'{where}: match says nothing; write column: "*" if all are meant')
            return None
        patterns: dict[str, tuple[str, ...]] = {}
        for key, value in entries.items():
            patterns[f"{key}s"] = self.words(value, f"{where}: match.{key}")
            for pattern in patterns[f"{key}s"]:
                if (why := why_unusable(pattern)) is not None:
                    self.complain(value, f"{where}: match.{key}: {pattern} is no pattern: {why}")
        if not all(patterns.values()):
            self.complain(node, f"{where}: match has an empty list, so that no column could be meant")
        return Match(**patterns)

    def mask(
        self, where: str, node: yaml.Node, parameters: dict[str, yaml.Node] | None = None
    ) -> Mask | None:
        """Read a mask: its name alone, or a mapping with `mask` and its parameters."""
        if isinstance(node, yaml.ScalarNode):
            return self.build_mask(where, node, self.mask_name(node), {})
        parameters = self.entries(node, where) if parameters is None else parameters
        if "mask" not in parameters:
            self.complain(node, f"{where}: mask is missing; write {{mask: <name>, …}}")
            return None
        return self.build_mask(where, node, self.mask_name(parameters.pop("mask")), parameters)

    def mask_name(self, node: yaml.Node) -> str:
        # `null` is YAML's null as well as a mask's name, and an unquoted `email:` with nothing behind is no
        # mask
        return str(node.value) if isinstance(node, yaml.ScalarNode) else ""

    def build_mask(
        self, where: str, node: yaml.Node, name: str, parameters: dict[str, yaml.Node]
    ) -> Mask | None:
        """Make a mask of its name and parameters."""
        kind = MASKS.get(name)
        if kind is None:
            said = f"no mask is called {name}{did_you_mean(name, MASKS)}" if name else "a mask is missing"
            if not name and ":" in where.rpartition(".")[2]:  # `id:keep` is one word to YAML
                said += "; write a space behind the colon"
            self.complain(node, f"{where}: {said}")
            return None
        before = len(self.problems)
        values: dict[str, Any] = {}
        for key, value in parameters.items():
            if key not in kind.model_fields:
                hint = did_you_mean(key, kind.model_fields)
                takes = ", ".join(kind.model_fields) or "no parameters"
                self.complain(value, f"{where}: {name} takes {takes}; not {key}{hint}")
            elif key == kind.nested_mask:
                values[key] = self.mask(f"{where}: {key}", value)
            elif key == kind.nested_masks:
                values[key] = {
                    path: self.mask(f"{where}: {path}", inner)
                    for path, inner in self.entries(value, f"{where}.{key}").items()
                }
            else:
                values[key] = self.plain(value)
        if len(self.problems) > before:
            return None
        try:
            return kind(**values)
        except ValidationError as error:
            for finding in error.errors(include_url=False):
                field = str(finding["loc"][0]) if finding["loc"] else ""
                at = parameters.get(field, node)
                self.complain(at, f"{where}: {name}{f'.{field}' if field else ''}: {_said(finding)}")
            return None


def _said(finding: ErrorDetails) -> str:
    """What pydantic found, in words that can follow a colon."""
    message, given = finding["msg"], finding["input"]
    match finding["type"]:
        case "value_error":  # our own words
            return message.removeprefix("Value error, ")
        case "missing":
            return "must be given"
        case "literal_error":
            known = re.findall("'([^']*)'", finding["ctx"]["expected"])
            return f"must be one of {', '.join(known)}, not {given}{did_you_mean(str(given), known)}"
    said = message.partition(", unable to parse")[0].replace("Input should", "must", 1)
    return f"{said}, not {repr(given)[:40]}"
