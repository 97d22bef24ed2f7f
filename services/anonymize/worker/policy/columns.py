"""What a column's rule may say beside a mask: for which rows (`when`), or another column's (`same_as`)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import yaml

from services.anonymize.worker.policy.model import ColumnRule, Condition, TableRule
from services.anonymize.worker.policy.nodes import place_of
from services.anonymize.worker.policy.patterns import column_of
from services.anonymize.worker.policy.problems import did_you_mean

Complain = Callable[[yaml.Node, str], None]
TableName = tuple[str, str]


@dataclass(frozen=True)
class SameAs:
    """A column whose rule is another column's; `wanted` is table.column or schema.table.column."""

    table: TableName
    column: str
    where: str
    wanted: str
    node: yaml.Node


def read_condition(where: str, entries: Mapping[str, yaml.Node], complain: Complain) -> Condition:
    """Read `when: {country: [FR, ES], closed_on: null}`."""
    columns: dict[str, tuple[str | None, ...]] = {}
    for name, node in entries.items():
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        values = []
        for one in nodes:
            if isinstance(one, yaml.ScalarNode):
                values.append(_text(one))
            else:
                complain(one, f"{where}: when.{name} must be a value or a list of values")
        columns[name] = tuple(values)
        if not nodes:
            complain(node, f"{where}: when.{name} names no value, so that no row would be masked")
    return Condition(columns=columns)


def _text(node: yaml.ScalarNode) -> str | None:
    """A value as PostgreSQL writes it; `null` is NULL unless it stands in quotes."""
    if node.tag == "tag:yaml.org,2002:null":
        return None
    return node.value.lower() if node.tag == "tag:yaml.org,2002:bool" else str(node.value)


def with_aliases(
    tables: dict[TableName, TableRule], aliases: Iterable[SameAs], complain: Complain
) -> dict[TableName, TableRule]:
    """Return the tables with every `same_as` replaced by the mask of the column that it names."""
    columns = {table: dict(rule.columns) for table, rule in tables.items()}
    waiting = {(alias.table, alias.column) for alias in aliases}
    for alias in aliases:
        there, column = column_of(alias.wanted)
        rule = tables[there].columns.get(column) if there in tables else None
        if (there, column) in waiting:
            complain(
                alias.node,
                f"{alias.where}: {alias.wanted} is the same as another column itself; name that one",
            )
        elif rule is None:
            known = [_label(found, name) for found, of_table in tables.items() for name in of_table.columns]
            said = f"the policy names no column {alias.wanted}{did_you_mean(alias.wanted, known)}"
            complain(alias.node, f"{alias.where}: same_as: {said}")
        else:
            columns[alias.table][alias.column] = ColumnRule(mask=rule.mask, at=place_of(alias.node))
    return {
        table: rule.model_copy(update={"columns": MappingProxyType(columns[table])})
        for table, rule in tables.items()
    }


def _label(table: TableName, column: str) -> str:
    schema, name = table
    return f"{name}.{column}" if schema == "public" else f"{schema}.{name}.{column}"
