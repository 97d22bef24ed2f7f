# Names come quoted from the dialect and expressions compiled by it, never from a caller.
# ruff: noqa: S608
"""Tables in the worker's schema that are filled before any table is masked, and are read row by row then.

An ALTER TABLE takes no queries, and other tables may be masked already when a row needs them. What a mask
must know of other rows is therefore written down first, by key: from table to table, never into a statement
or to the worker.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, column, func

from services.anonymize.worker.schema import Table
from services.anonymize.worker.sql import (
    WORK_SCHEMA,
    Collated,
    TextElement,
    compiled,
    function_statement,
    qualified,
    quoted,
    text_literal,
)


def key_of(parts: Sequence[ColumnElement[Any]]) -> TextElement:
    """A key as one text; several columns do not run into each other."""
    return Collated(parts[0]) if len(parts) == 1 else cast(func.jsonb_build_array(*parts), Text)


def key_sql(names: Sequence[str]) -> str:
    """The key of a table's row in a query of that table."""
    return compiled(key_of([column(name) for name in names]))


def rows_of(table: Table) -> str:
    """What a query of a table's own rows selects from."""
    return ("ONLY " if table.inheritance else "") + qualified(table.schema, table.name)


def filled(name: str, query: str) -> tuple[str, ...]:
    """The statements that fill the table of this name from a query for (key, value)."""
    there = qualified(WORK_SCHEMA, f"{name}_rows")
    return (
        f"DROP TABLE IF EXISTS {there}",
        f"CREATE UNLOGGED TABLE {there} AS {query}",
        f"ALTER TABLE {there} ADD PRIMARY KEY (key)",
        f"ANALYZE {there}",
    )


def reader(name: str, returns: str) -> str:
    """The function that reads a key's value; the table is looked for only when it is called."""
    there = qualified(WORK_SCHEMA, f"{name}_rows")
    body = f"BEGIN RETURN (SELECT value FROM {there} WHERE key = wanted); END"
    return function_statement(f"{name}_value", "wanted text", returns, "plpgsql", body)


def names_query(table: Table, here: str, parent: Table, there: str, names: Sequence[str]) -> str:
    """A query for the names that each value of a foreign key leads to; several keys' values do not meet."""
    prefix = text_literal(f"{here}:")
    values = ", ".join(f"CAST({quoted(name)} AS text)" for name in names)
    # a child may write a key in another case than its parent, and is found as it writes it
    child = (
        f'SELECT DISTINCT {prefix} || {key_sql([here])} COLLATE "C" AS key, {quoted(here)} AS here'
        f" FROM {rows_of(table)} AS child WHERE {quoted(here)} IS NOT NULL"
    )
    names_of = f"SELECT {quoted(there)} AS there, ARRAY[{values}] AS value FROM {rows_of(parent)} AS parent"
    return (
        f"SELECT child.key, parent.value FROM ({child}) AS child"
        f" JOIN ({names_of}) AS parent ON child.here = parent.there"
    )
