# Names come quoted from the dialect and expressions compiled by it, never from a caller.
# ruff: noqa: S608
"""Masks that read other rows: through tables in the worker's database, filled before any table is masked."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, case, cast, column, literal, literal_column

from services.anonymize.worker.engines.mysql.functions_text import redacted
from services.anonymize.worker.engines.mysql.patterns import END_OF_LONG, LONG, is_long
from services.anonymize.worker.engines.mysql.sql import (
    WORK_DATABASE,
    Spelled,
    compiled,
    qualified,
    quoted,
    text_literal,
)
from services.anonymize.worker.masks import Mask, MaskContext
from services.anonymize.worker.masks.base import present
from services.anonymize.worker.masks.names import fitted
from services.anonymize.worker.masks.rows import RowMask, Sample, Shuffle
from services.anonymize.worker.masks.text import Redact, _parent
from services.anonymize.worker.schema import Column, Family, Schema, Table
from services.anonymize.worker.sql import Collated, Purpose, TextElement, hashed, work_function

# MySQL's collations tell a text from one with a space behind it, which under utf8mb4_bin is the same
NAME = "VARBINARY(2048)"


def _there(context: MaskContext) -> str:
    return qualified(WORK_DATABASE, f"{context.document_function}_rows")


def _filled(there: str, key: str, query: str, columns: str = "") -> tuple[str, ...]:
    return (
        f"DROP TABLE IF EXISTS {there}",
        f"CREATE TABLE {there} ({columns}PRIMARY KEY ({key})) ENGINE=InnoDB AS {query}",
    )


def _key(number: int) -> str:
    return f"snapveil_key_{number}"


def _drawn(table: Table, salt: str) -> str:
    """A number that a row's key draws."""
    parts = ", ".join(f"{{{place}}}" for place in range(len(table.row_key)))
    text: TextElement = Spelled(
        f"CONCAT_WS(':', {parts})", *(Collated(column(_key(n))) for n in range(len(table.row_key)))
    )
    return compiled(hashed(text, Purpose.ROW, salt))


def other_rows(
    mask: RowMask, table: Table, own: Column, schema: Schema, context: MaskContext, database: str | None
) -> tuple[str, ...]:
    """Statements that fill the new values by the row's key."""
    value = quoted(own.name)
    leading = table.column(mask.leader) if mask.leader else own
    assert leading is not None  # noqa: S101 - the plan refuses a column that is not there
    leader = quoted(leading.name)
    some = f" AND {leader} <> ''" if leading.family is Family.TEXT else ""
    part = quoted(mask.parts) if mask.parts else "1"
    keys = ", ".join(f"{quoted(name)} AS {_key(n)}" for n, name in enumerate(table.row_key))
    where = qualified(database, table.name) if database else quoted(table.name)
    rows = (
        f"SELECT {keys}, {value} AS snapveil_value, {part} AS snapveil_part FROM {where}"
        f" WHERE {leader} IS NOT NULL{some}"
    )
    names = ", ".join(_key(n) for n in range(len(table.row_key)))
    if isinstance(mask, Shuffle):
        order = f"PARTITION BY snapveil_part ORDER BY {_drawn(table, 'shuffle')}, {names}"
        query = (
            f"SELECT {names}, CASE WHEN LEAD(1) OVER ({order}) = 1 THEN LEAD(snapveil_value) OVER ({order})"
            f" ELSE FIRST_VALUE(snapveil_value) OVER ({order}) END AS snapveil_value"
            f" FROM ({rows}) AS all_rows"
        )
    else:
        chosen = ", ".join(f"all_rows.{_key(n)}" for n in range(len(table.row_key)))
        query = (
            f"WITH all_rows AS ({rows}), pool AS (SELECT snapveil_value,"
            f" ROW_NUMBER() OVER (ORDER BY {_drawn(table, 'pool')}, {names}) - 1 AS place FROM all_rows),"
            f" drawn AS (SELECT {names}, {_drawn(table, 'sample')} % (SELECT COUNT(*) FROM all_rows) AS place"
            f" FROM all_rows) SELECT {chosen.replace('all_rows', 'drawn')}, pool.snapveil_value"
            " FROM drawn JOIN pool ON pool.place = drawn.place"
        )
    return _filled(_there(context), names, query)


def row_mask(
    mask: RowMask, value: ColumnElement[Any], own: Column, context: MaskContext
) -> ColumnElement[Any]:
    """The value that was written down for the row."""
    same = " AND ".join(f"{_key(n)} = {quoted(name)}" for n, name in enumerate(context.row_key))
    other: ColumnElement[Any] = literal_column(
        f"(SELECT snapveil_value FROM {_there(context)} WHERE {same})", Text()
    )
    leading = context.row(mask.leader) if mask.leader else value
    some: ColumnElement[bool] = present(leading)
    if own.family is Family.TEXT or mask.leader:
        some = and_(some, cast(leading, Text) != literal("", Text))
    return case((some, other), else_=value)


def names_elsewhere(
    mask: Redact, table: Table, own: Column, schema: Schema, context: MaskContext, database: str | None
) -> tuple[str, ...]:
    """Statements that write down the names that each value of a foreign key leads to."""
    parts = []
    for here, names in mask.elsewhere().items():
        parent = _parent(table, here, schema)
        assert parent is not None  # noqa: S101 - the plan refuses it
        listed = ", ".join(compiled(Collated(column(name))) for name in names)
        mine = qualified(database, table.name) if database else quoted(table.name)
        theirs = qualified(database, parent[0].name) if database else quoted(parent[0].name)
        # a child may write a key in another case than its parent, and is found as it writes it
        child = (
            f"SELECT DISTINCT {_spelled(here, context)} AS snapveil_key_0, {quoted(here)} AS here"
            f" FROM {mine} WHERE {quoted(here)} IS NOT NULL"
        )
        names_of = (
            f"SELECT {quoted(parent[1])} AS there, JSON_ARRAY({listed}) AS snapveil_value FROM {theirs}"
        )
        parts.append(
            f"SELECT snapveil_key_0, snapveil_value FROM ({child}) AS child"
            f" JOIN ({names_of}) AS parent ON child.here = parent.there"
        )
    columns = f"snapveil_key_0 {NAME}, snapveil_value LONGTEXT CHARACTER SET utf8mb4, "
    return _filled(_there(context), "snapveil_key_0", " UNION ALL ".join(parts), columns)


def _spelled(here: str, context: MaskContext) -> str:
    """A row's foreign key as it is written, told from others by its bytes."""
    return f"CAST(CONCAT({text_literal(f'{here}:')}, {compiled(Collated(context.row(here)))}) AS BINARY)"


def redact(mask: Redact, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
    """Names come as one JSON array: the row's own, and those that stand behind foreign keys. A function looks
    for the row's own only where they may stand in the text."""
    own = [compiled(Collated(context.row(name))) for name in mask.names_from if "." not in name]
    arrays = [f"JSON_ARRAY({', '.join(own)})"] if own else []
    for here in mask.elsewhere():
        key = _spelled(here, context)
        query = f"(SELECT snapveil_value FROM {_there(context)} WHERE snapveil_key_0 = {key})"
        arrays.append(f"COALESCE({query}, '[]')")
    names = "NULL" if not arrays else arrays[0]
    if len(arrays) > 1:
        names = f"JSON_MERGE_PRESERVE({', '.join(arrays)})"
    if not mask.patterns and not mask.elsewhere():
        return fitted(literal_column(_redacted(compiled(value), own, names), Text()), length)
    patterns = f"JSON_ARRAY({', '.join(map(text_literal, mask.patterns))})" if mask.patterns else "NULL"
    made = work_function("redacted", value, literal_column(names), literal_column(patterns))
    return fitted(made, length)


def _redacted(text: str, own: Sequence[str], names: str) -> str:
    plain = redacted(text)
    long = f"WHEN {is_long(text)} THEN {WORK_DATABASE}.redacted({text}, {names}, NULL)"
    there = " OR ".join(f"LOCATE(LOWER(TRIM({name})), LOWER({text})) > 0" for name in own)
    named = f" WHEN {there} THEN {WORK_DATABASE}.named({plain}, {names})" if own else ""
    return f"CASE {LONG}{long}{END_OF_LONG}{named} WHEN TRUE THEN {plain} END"


MASKED: dict[type[Mask], Any] = {Shuffle: row_mask, Sample: row_mask}
FAKES: dict[type[Mask], Any] = {Redact: redact}
