"""A few rows of a user's own table, before and after: those whose masked columns say most."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from cli.summary import Sample
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
    with psycopg.connect(url) as connection:
        for place in places:
            rows = _rows(connection, place)
            if rows:
                return {place: rows}
    return {}


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
    return {
        tuple(str(value) for value in row[: len(key)]): {
            name: value or "" for name, value in zip(place.shown, row[len(key) :], strict=True)
        }
        for row in connection.execute(query).fetchall()
    }
