"""Reads policy.yaml: YAML nodes in, frozen models out, every problem with its line.

PyYAML's nodes are read directly, because plain loading forgets lines and silently takes the last of two equal
keys.
"""

from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import ValidationError

from services.anonymize.worker.masks import MASKS
from services.anonymize.worker.masks.base import Mask
from services.anonymize.worker.policy.columns import SameAs, place_of, read_condition, with_aliases
from services.anonymize.worker.policy.model import (
    Action,
    ColumnRule,
    LargeObjects,
    Leftovers,
    Policy,
    Quarantine,
    RunScript,
    Script,
    TableRule,
)
from services.anonymize.worker.policy.problems import Place, PolicyError, Problem, did_you_mean

VERSION = 1
KEYS = ("version", "database", "script", "large_objects", "leftovers", "quarantine", "tables")


def load_policy(text: str, name: str) -> Policy:
    """Read a policy; `name` is the file's name in messages. Raises PolicyError with all problems."""
    return _Reader(name).policy(text)


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.aliases: list[SameAs] = []

    def policy(self, text: str) -> Policy:
        root = self.compose(text)
        entries = self.entries(root, "the policy", known=KEYS)
        self.version(entries.get("version"), root)
        database = entries.get("database")
        script = entries.get("script")
        tables = entries.get("tables")
        if tables is None:
            self.complain(root, "tables is missing; name every table under it")
        read = {
            "file": self.name,
            "tables_at": place_of(tables or root),
            "database": self.word(database, "database") if database is not None else None,
            "database_at": place_of(database or root),
            "script": self.script(script) if script is not None else None,
            "large_objects": self.large_objects(entries.get("large_objects")),
            "leftovers": self.leftovers(entries.get("leftovers")),
            "quarantine": self.quarantine(entries.get("quarantine")),
            "tables": self.all_tables(tables) if tables is not None else {},
        }
        if self.problems:
            raise PolicyError(self.problems)
        return Policy(**read)

    def compose(self, text: str) -> yaml.Node:
        try:
            loader = yaml.SafeLoader(text)
            loader.name = self.name  # every node's mark says the file
            root = loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise PolicyError(
                [
                    Problem(
                        Place(self.name, mark.line + 1, mark.column + 1) if mark else Place(self.name),
                        f"not YAML: {error.problem or error.context}",
                    )
                ]
            ) from None
        except yaml.YAMLError as error:
            raise PolicyError([Problem(Place(self.name), f"not YAML: {error}")]) from None
        if root is None:
            raise PolicyError(
                [Problem(Place(self.name), "the policy is empty; start it with version: 1 and tables:")]
            )
        return root

    def complain(self, node: yaml.Node, message: str) -> None:
        self.problems.append(Problem(place_of(node), message))

    def entries(
        self, node: yaml.Node, what: str, known: tuple[str, ...] | None = None
    ) -> dict[str, yaml.Node]:
        """Return a mapping's values by key; with `known`, any other key is a problem."""
        if not isinstance(node, yaml.MappingNode):
            self.complain(node, f"{what} must be a mapping of names")
            return {}
        found: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.complain(key_node, f"{what} must have plain names as keys")
            elif key_node.value in found:
                self.complain(key_node, f"{key_node.value} stands twice in {what}; keep one")
            elif known is not None and key_node.value not in known:
                self.complain(
                    key_node, f"{what} knows no {key_node.value}{did_you_mean(key_node.value, known)}"
                )
            else:
                found[key_node.value] = value
        return found

    def word(self, node: yaml.Node, what: str) -> str:
        if isinstance(node, yaml.ScalarNode) and node.value:
            return str(node.value)
        self.complain(node, f"{what} must be a plain word")
        return ""

    def choice(self, node: yaml.Node, what: str, known: tuple[str, ...]) -> str:
        word = self.word(node, what)
        if word and word not in known:
            self.complain(
                node, f"{what} must be one of {', '.join(known)}, not {word}{did_you_mean(word, known)}"
            )
        return word if word in known else known[0]

    def version(self, node: yaml.Node | None, root: yaml.Node) -> None:
        if node is None:
            self.complain(root, f"version is missing; write version: {VERSION}")
        elif not isinstance(node, yaml.ScalarNode) or node.value != str(VERSION):
            self.complain(node, f"version must be {VERSION}; this Snapveil reads no other")

    def script(self, node: yaml.Node) -> Script | None:
        entries = self.entries(node, "script", known=("file", "run"))
        if "file" not in entries:
            self.complain(node, "script.file is missing; name a file that lies beside the policy")
            return None
        file = self.word(entries["file"], "script.file")
        if file.startswith("/") or ".." in file.split("/"):
            self.complain(entries["file"], f"script.file: {file} must lie beside the policy")
        run = RunScript.BEFORE.value
        if "run" in entries:
            run = self.choice(entries["run"], "script.run", tuple(RunScript))
        return Script(file=file, run=RunScript(run), at=place_of(node))

    def large_objects(self, node: yaml.Node | None) -> LargeObjects | None:
        return None if node is None else LargeObjects(self.choice(node, "large_objects", tuple(LargeObjects)))

    def leftovers(self, node: yaml.Node | None) -> Leftovers:
        return Leftovers.FAIL if node is None else Leftovers(self.choice(node, "leftovers", tuple(Leftovers)))

    def quarantine(self, node: yaml.Node | None) -> Quarantine:
        """Read what is kept: names or patterns of names under each kind."""
        if node is None:
            return Quarantine()
        kept = self.entries(node, "quarantine", known=("keep",)).get("keep")
        found = {} if kept is None else self.entries(kept, "quarantine.keep", known=Quarantine.KINDS)
        return Quarantine(keep={kind: self.names(names, kind) for kind, names in found.items()})

    def names(self, node: yaml.Node, kind: str) -> tuple[str, ...]:
        if not isinstance(node, yaml.SequenceNode):
            self.complain(node, f"quarantine.keep.{kind} must be a list of names, like [reporting, app_*]")
            return ()
        return tuple(self.word(name, f"quarantine.keep.{kind}") for name in node.value)

    def all_tables(self, node: yaml.Node) -> dict[tuple[str, str], TableRule]:
        read = dict(self.tables(node))
        return with_aliases(read, self.aliases, self.complain)

    def tables(self, node: yaml.Node) -> Iterator[tuple[tuple[str, str], TableRule]]:
        seen: dict[tuple[str, str], str] = {}
        for key, value in self.entries(node, "tables").items():
            schema, dot, table = key.partition(".")
            name = (schema, table) if dot else ("public", key)
            if not all(name):
                self.complain(value, f"tables.{key}: write table or schema.table")
            elif name in seen:
                self.complain(value, f"{key} is the table that {seen[name]} names already; keep one")
            else:
                seen[name] = key
                yield name, self.table(name, key, value)

    def table(self, table: tuple[str, str], name: str, node: yaml.Node) -> TableRule:
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
        columns = {
            column: rule
            for column, value in self.entries(entries["columns"], f"{name}.columns").items()
            if (rule := self.column(table, column, f"{name}.{column}", value)) is not None
        }
        return TableRule(at=at, columns_at=place_of(entries["columns"]), columns=columns)

    def column(self, table: tuple[str, str], name: str, where: str, node: yaml.Node) -> ColumnRule | None:
        """Read a column's rule: a mask, perhaps for some rows only, or another column's."""
        parameters = self.entries(node, where) if isinstance(node, yaml.MappingNode) else {}
        if "same_as" in parameters:
            if len(parameters) > 1:
                self.complain(node, f"{where}: same_as stands alone; the other column says everything")
            wanted = self.word(parameters["same_as"], f"{where}: same_as")
            self.aliases.append(SameAs(table, name, where, wanted, parameters["same_as"]))
            return None
        when = parameters.pop("when", None)
        condition = None
        if when is not None:
            condition = read_condition(where, self.entries(when, f"{where}.when"), self.complain)
        mask = self.mask(where, node, parameters)
        return None if mask is None else ColumnRule(mask=mask, at=place_of(node), when=condition)

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
        kind = MASKS.get(name)
        if kind is None:
            said = f"no mask is called {name}{did_you_mean(name, MASKS)}" if name else "a mask is missing"
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
            for finding in error.errors(include_url=False, include_context=False):
                field = str(finding["loc"][0]) if finding["loc"] else ""
                message = finding["msg"].removeprefix("Value error, ")
                at = parameters.get(field, node)
                self.complain(at, f"{where}: {name}{f'.{field}' if field else ''}: {lower_first(message)}")
            return None

    def plain(self, node: yaml.Node) -> Any:
        """Return a parameter's plain value, with duplicate keys refused at any depth."""
        match node:
            case yaml.MappingNode():
                return {key: self.plain(value) for key, value in self.entries(node, "a parameter").items()}
            case yaml.SequenceNode():
                return [self.plain(item) for item in node.value]
            case yaml.ScalarNode(tag="tag:yaml.org,2002:timestamp"):
                return node.value
            case _:
                loader = yaml.SafeLoader("")
                try:
                    return loader.construct_object(node, deep=True)
                except (yaml.YAMLError, ValueError):
                    self.complain(node, f"{node.value} is no plain value")
                    return None


def lower_first(text: str) -> str:
    """Return a message that can follow a colon."""
    return text[:1].lower() + text[1:]
