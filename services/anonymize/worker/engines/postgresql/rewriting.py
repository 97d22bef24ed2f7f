# Names come quoted from the dialect and literals from its own renderer, never from a caller.
# ruff: noqa: S608
"""The statements that mask one table: a single rewrite, or an UPDATE where the rewrite is not allowed."""

from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Text, and_, case, cast, false, func, literal, not_, or_

from services.anonymize.worker.engines.postgresql.obstacles import Following
from services.anonymize.worker.masks import Mask, MaskContext
from services.anonymize.worker.masks.base import present
from services.anonymize.worker.plan import EACH_PARTITION
from services.anonymize.worker.policy import Condition
from services.anonymize.worker.schema import Column, Schema, Table, Trigger
from services.anonymize.worker.sql import Collated, NamedType, compiled, qualified, quoted, text_literal

ENABLE = {"R": "ENABLE REPLICA", "A": "ENABLE ALWAYS", "D": "DISABLE"}


def masked_value(column: Column, mask: Mask, context: MaskContext, when: Condition | None = None) -> str:
    """A column's new value as SQL, of exactly the column's type."""
    old = context.row(column.name)
    value = cast(mask.masked(old, column, context), NamedType(column.type))
    if when is None:
        return compiled(value)
    return compiled(case((_holds(when, context), value), else_=cast(old, NamedType(column.type))))


def _holds(when: Condition, context: MaskContext) -> ColumnElement[bool]:
    """Whether a row is one of those that a rule masks."""
    tests = []
    for name, values in when.columns.items():
        value = Collated(context.row(name))
        known = [literal(one, Text) for one in values if one is not None]
        equal = func.coalesce(value.in_(known), false()) if known else false()
        missing = not_(func.coalesce(present(value), false()))
        tests.append(or_(equal, missing) if None in values else equal)
    return and_(*tests)


def rewrite(
    table: Table, values: Mapping[Column, str], following: Following, schema: Schema
) -> tuple[str, ...]:
    """One ALTER TABLE with every masked column: one rewrite that leaves no old row, index entry or TOAST
    value behind.

    The type is said exactly as it is, because ALTER COLUMN … TYPE resets what is not said again: collation,
    storage and the statistics targets of expression indexes.
    """
    name = qualified(table.schema, table.name)
    clauses = [f"DROP COLUMN {quoted(column.name)}" for column in following.columns]
    clauses += _clauses(values)
    for column in following.columns:
        clauses.append(_add_generated(column))
        clauses += _physical(column)
        if column.statistics is not None:
            clauses.append(f"ALTER COLUMN {quoted(column.name)} SET STATISTICS {column.statistics}")
        if column.options:
            clauses.append(f"ALTER COLUMN {quoted(column.name)} SET ({column.options})")
    comments = [
        f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {text_literal(column.comment)}"
        for column in following.columns
        if column.comment
    ]
    members = {table.oid, *(member.oid for member in table.members)}
    targets = [kept.statement for kept in schema.index_statistics if kept.table in members]
    return (f"ALTER TABLE {name} " + ", ".join(clauses), *comments, *following.recreate, *targets)


def rewrite_each(values: Mapping[Column, str]) -> tuple[str, ...]:
    """The same for every partition of a table that was taken apart; generated columns follow in none."""
    return (EACH_PARTITION + ", ".join(_clauses(values)),)


def _clauses(values: Mapping[Column, str]) -> list[str]:
    clauses = []
    for column, value in values.items():
        collation = f" COLLATE {column.collation}" if column.collation else ""
        clauses.append(f"ALTER COLUMN {quoted(column.name)} TYPE {column.type}{collation} USING {value}")
        clauses += _physical(column)
    return clauses


def update(table: Table, values: Mapping[Column, str]) -> tuple[str, ...]:
    """One UPDATE of every masked column, with the table's triggers silent.

    Not IS NOT NULL, which is false of a composite value with one field NULL. Checks that wait for the commit
    are made before it, because ALTER TABLE is refused while one waits.
    """
    name = qualified(table.schema, table.name)
    only = "ONLY " if table.inheritance else ""
    assignments = ", ".join(f"{quoted(column.name)} = {value}" for column, value in values.items())
    where = " OR ".join(f"{quoted(column.name)} IS DISTINCT FROM NULL" for column in values)
    return silently(
        [table], (f"UPDATE {only}{name} SET {assignments} WHERE {where}", "SET CONSTRAINTS ALL IMMEDIATE")
    )


def silently(tables: Iterable[Table], statements: tuple[str, ...]) -> tuple[str, ...]:
    """The statements with the users' triggers off: masking writes no audit rows. Their states come back
    exactly."""
    relations: dict[str, tuple[Trigger, ...]] = {}
    for table in tables:
        relations[qualified(table.schema, table.name)] = table.triggers
        for member in table.members:
            relations.setdefault(qualified(member.schema, member.name), member.triggers)
    having = {name: triggers for name, triggers in relations.items() if triggers}
    return (
        *(f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in having),
        *statements,
        *(f"ALTER TABLE {name} ENABLE TRIGGER USER" for name in having),
        *(
            f"ALTER TABLE {name} {ENABLE[trigger.enabled]} TRIGGER {quoted(trigger.name)}"
            for name, triggers in having.items()
            for trigger in triggers
            if trigger.enabled in ENABLE
        ),
    )


def _physical(column: Column) -> list[str]:
    clauses = []
    if column.storage:
        clauses.append(f"ALTER COLUMN {quoted(column.name)} SET STORAGE {column.storage}")
    if column.compression:
        clauses.append(f"ALTER COLUMN {quoted(column.name)} SET COMPRESSION {column.compression}")
    return clauses


def _add_generated(column: Column) -> str:
    collation = f" COLLATE {column.collation}" if column.collation else ""
    kind = "STORED" if column.generated_stored else "VIRTUAL"
    named = f" CONSTRAINT {column.not_null_name}" if column.not_null_name else ""
    not_null = f"{named} NOT NULL" if column.not_null and not column.domain else ""
    return (
        f"ADD COLUMN {quoted(column.name)} {column.type}{collation}"
        f" GENERATED ALWAYS AS ({column.generated}) {kind}{not_null}"
    )
