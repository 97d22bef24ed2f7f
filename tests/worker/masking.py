"""Masks on their own: a batch of values in one statement, as the worker would mask a column."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import Text, column, type_coerce

from services.anonymize.worker.engines.postgresql.rewriting import masked_value
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.masks import Mask, MaskContext
from services.anonymize.worker.schema import Column
from services.anonymize.worker.sql import quoted

_MADE: dict[int, set[str]] = {}  # statements that a session has run already, by its process


def context() -> MaskContext:
    """What a mask is told about its surroundings."""
    return MaskContext(row=lambda name: type_coerce(column(name), Text), document_function="document_test")


def use_key(session: psycopg.Connection, key: bytes) -> None:
    """Give a session a run's key."""
    settings = RunKey(key).settings()
    calls = ", ".join("set_config(%s, %s, false)" for _ in settings)
    session.execute(f"SELECT {calls}".encode(), [part for setting in settings.items() for part in setting])


@contextmanager
def another_key(session: Any) -> Iterator[None]:
    """Another run's key, for a while."""
    give = session.use_key if not isinstance(session, psycopg.Connection) else partial(use_key, session)
    give(b"o" * 32)
    try:
        yield
    finally:
        give(b"k" * 32)


def make_functions(session: psycopg.Connection, mask: Mask, part: Column) -> None:
    """Make the functions that a mask calls, each once."""
    made = _MADE.setdefault(session.info.backend_pid, set())
    for statement in (*mask.functions(), *mask.column_functions(part, context())):
        if statement not in made or "document_test" in statement:
            session.execute(statement.encode())
            made.add(statement)


def apply(
    session: Any,
    mask: Mask,
    part: Column,
    values: Sequence[Any],
    country: str = "FR",
    row: Mapping[str, Sequence[str | None]] | None = None,
    shown: bool = False,
) -> list[Any]:
    """Mask a batch in one query; each value comes as the column's type, or as text if it is to be shown.

    `row` are other columns, value by value.
    """
    others = {"country": [country] * len(values), **(row or {})}
    if not isinstance(session, psycopg.Connection):
        return session.apply_mask(mask, part, values, others)
    make_functions(session, mask, part)
    names = ", ".join(map(quoted, others))
    arrays = ", ".join("%s::text[]" for _ in range(len(others) + 1))
    wanted = masked_value(Column(**{**part.__dict__, "name": "value"}), mask, context())
    wanted = f"CAST({wanted} AS text)" if shown else wanted
    query = (
        f"SELECT {wanted.replace('%', '%%')} FROM (SELECT CAST(v AS {part.type}) AS value, {names}, place"
        f" FROM unnest({arrays}) WITH ORDINALITY AS u(v, {names}, place)) r ORDER BY place"
    )
    return [row[0] for row in session.execute(query.encode(), (list(values), *others.values())).fetchall()]
