"""A few rows of a user's own table, before and after: those whose masked columns say most."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql
from pymysql.connections import Connection as MySQLConnection

from cli.summary import Sample
from local import mysql
from services.anonymize.worker.policy import Policy

ROWS, COLUMNS, LONGEST = 3, 6, 160
_DULL = frozenset({"keep", "script", "null", "constant"})
_FIRST = (
    "full_name",
    "first_name",
    "last_name",
    "email",
    "phone",
    "street",
    "city",
    "iban",
    "redact",
    "json",
)

_KEY = """
SELECT array_agg(a.attname ORDER BY array_position(i.indkey::int2[], a.attnum)), bool_and(a.attname = ANY(%s))
FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
WHERE i.indisprimary AND i.indrelid = %s::regclass
"""
_KEY_OF_MYSQL = """
SELECT column_name FROM information_schema.statistics
WHERE table_schema = database() AND table_name = %s AND index_name = 'PRIMARY' ORDER BY seq_in_index
"""


@dataclass(frozen=True)
class Place:
    """A table, its masked columns that are worth a look, and those that masking leaves as they are."""

    schema: str
    table: str
    shown: tuple[str, ...]
    kept: frozenset[str]


Rows = dict[tuple[str, ...], dict[str, str]]


def where_to_look(policy: Policy) -> tuple[Place, ...]:
    """List the policy's tables, the one with most to show first; pure."""
    places = []
    for (schema, table), rule in policy.tables.items():
        masked = sorted(
            (rank, name)
            for name, column in rule.columns.items()
            if (rank := _rank(column.mask.word)) is not None
        )
        kept = frozenset(name for name, column in rule.columns.items() if column.mask.word == "keep")
        if masked:
            places.append(Place(schema, table, tuple(name for _, name in masked[:COLUMNS]), kept))
    return tuple(sorted(places, key=lambda place: -len(place.shown)))


def look_at(url: str, places: Sequence[Place]) -> dict[Place, Rows]:
    """Read the first rows of the first table that has rows and a primary key that is not masked."""
    if mysql.is_mysql(url):
        with mysql.connect(url) as opened:
            return _first((place, _rows_of_mysql(opened, place)) for place in places)
    with psycopg.connect(url) as connection:
        return _first((place, _rows(connection, place)) for place in places)


def _first(found: Iterable[tuple[Place, Rows]]) -> dict[Place, Rows]:
    return next(({place: rows} for place, rows in found if rows), {})


def samples_of(before: dict[Place, Rows], after: dict[Place, Rows]) -> list[Sample]:
    """Set rows with the same key side by side."""
    return [
        Sample(f"{place.table} {', '.join(key)}", row, after[place][key])
        for place, rows in before.items()
        for key, row in rows.items()
        if place in after and key in after[place]
    ]


def _rank(mask: str) -> int | None:
    if mask in _DULL:
        return None
    return _FIRST.index(mask) if mask in _FIRST else len(_FIRST)


def _rows(connection: psycopg.Connection[tuple[str, ...]], place: Place) -> Rows:
    table = sql.Identifier(place.schema, place.table)
    found = connection.execute(_KEY, [list(place.kept), table.as_string(connection)]).fetchone()
    if found is None or not found[0] or not found[1]:
        return {}
    key = list(found[0])
    columns = [*key, *place.shown]
    query = sql.SQL("SELECT {} FROM {} ORDER BY {} LIMIT {}").format(
        sql.SQL(", ").join(
            sql.SQL("left({}::text, {})").format(sql.Identifier(name), LONGEST) for name in columns
        ),
        table,
        sql.SQL(", ").join(map(sql.Identifier, key)),
        sql.Literal(ROWS),
    )
    return _by_key(place, len(key), connection.execute(query).fetchall())


def _rows_of_mysql(connection: MySQLConnection, place: Place) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(_KEY_OF_MYSQL, [place.table])
        key = [name for (name,) in cursor.fetchall()]
        if not key or not place.kept.issuperset(key):
            return {}
        columns = ", ".join(f"left({mysql.quoted(name)}, {LONGEST})" for name in (*key, *place.shown))
        order = ", ".join(map(mysql.quoted, key))
        cursor.execute(f"SELECT {columns} FROM {mysql.quoted(place.table)} ORDER BY {order} LIMIT {ROWS}")  # noqa: S608
        return _by_key(place, len(key), cursor.fetchall())


def _by_key(place: Place, width: int, rows: Iterable[tuple[object, ...]]) -> Rows:
    return {
        tuple(str(value) for value in row[:width]): {
            name: "" if value is None else str(value)
            for name, value in zip(place.shown, row[width:], strict=True)
        }
        for row in rows
    }
