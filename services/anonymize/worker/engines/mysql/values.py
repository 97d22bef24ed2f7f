"""What a column's new value is in MySQL and MariaDB, and what has to be there before it can be computed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from sqlalchemy import ColumnElement, Text, and_, case, false, func, literal, not_, or_

from services.anonymize.worker.engines.mysql import masks
from services.anonymize.worker.engines.mysql.functions import function
from services.anonymize.worker.engines.mysql.sql import UNICODE, WORK_DATABASE, Own, compiled
from services.anonymize.worker.masks import Mask, MaskContext
from services.anonymize.worker.masks.base import present
from services.anonymize.worker.policy import Condition
from services.anonymize.worker.schema import Column, Family, Schema, Table
from services.anonymize.worker.sql import Collated

CALL = re.compile(rf"\b{WORK_DATABASE}\.(\w+)\(")
TRUTH = {"true": "1", "false": "0"}


def masked_value(column: Column, mask: Mask, context: MaskContext, when: Condition | None = None) -> str:
    """A column's new value as SQL over the row's columns; what stores it makes it of the column's type."""
    own = Own(column.name, column.charset, column.family in {Family.BYTES, Family.POINT})
    known = replace(context, row=lambda name: own if name == column.name else context.row(name))
    value = masks.masked(mask, own, column, known)
    if when is not None:
        value = case((_holds(when, context), value), else_=own)
    made = compiled(value, column.charset)
    if column.charset is not None and column.charset not in UNICODE and column.family is Family.TEXT:
        return f"CONVERT({made} USING {column.charset})"
    return made


def _holds(when: Condition, context: MaskContext) -> ColumnElement[bool]:
    """Whether a row is one of those that a rule masks."""
    tests = []
    for name, values in when.columns.items():
        value = Collated(context.row(name))
        words = [one for one in values if one is not None]
        known = [literal(one, Text) for one in (*words, *(TRUTH[one] for one in words if one in TRUTH))]
        equal = func.coalesce(value.in_(known), false()) if known else false()
        missing = not_(func.coalesce(present(context.row(name)), false()))
        tests.append(or_(equal, missing) if None in values else equal)
    return and_(*tests)


def functions_for(statements: Iterable[str]) -> tuple[str, ...]:
    """The statements that make the stored functions which some SQL calls, those that others call first."""
    made: dict[str, None] = {}

    def need(text: str) -> None:
        for name in CALL.findall(text):
            statement = function(name)
            if statement is not None and statement not in made:
                need(statement.replace(f"{WORK_DATABASE}.{name}(", "", 1))
                made.setdefault(statement)

    for statement in statements:
        need(statement)
    return tuple(made)


def column_functions(mask: Mask, column: Column, context: MaskContext) -> tuple[str, ...]:
    """Statements that make functions for this one column: none, because a query may stand in a value here."""
    return ()


def lookups(
    mask: Mask, table: Table, column: Column, schema: Schema, context: MaskContext
) -> tuple[str, ...]:
    """Statements that fill a table in the worker's database before any table is masked, for masks that read
    other rows; one that is there is made anew."""
    return masks.lookups(mask, table, column, schema, context)


def trials(mask: Mask, table: Table, column: Column, schema: Schema) -> Iterator[tuple[str, str]]:
    """Queries that must work and find nothing before anything is written, with what it means if not."""
    return masks.trials(mask, table, column, schema.database)


def unknown_query(mask: Mask, table: Table, column: Column, schema: Schema) -> str | None:
    """A query for the places of documents that the policy does not know, as (path, kind); values never."""
    return masks.unknown_query(mask, table, column, schema.database)


def unsupported(mask: Mask, column: Column) -> Iterator[str]:
    """Say why a mask cannot be used on a column here; each complaint follows the column's name."""
    return masks.unsupported(mask, column)


__all__ = [
    "column_functions", "functions_for", "lookups", "masked_value", "trials", "unknown_query", "unsupported",
]  # fmt: skip
