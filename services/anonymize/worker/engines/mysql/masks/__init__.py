# Names come quoted from the dialect; an expression is the customer's own SQL.
# ruff: noqa: S608
"""Masks whose expression for PostgreSQL has no translation, said for MySQL and MariaDB by their classes."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement

from services.anonymize.worker.engines.mysql.masks import contact, documents, identifiers, inline, rows
from services.anonymize.worker.engines.mysql.sql import qualified, text_literal
from services.anonymize.worker.masks import Mask, MaskContext, TextMask
from services.anonymize.worker.masks.arrays import Array
from services.anonymize.worker.masks.base import unless_empty
from services.anonymize.worker.masks.custom import Expression
from services.anonymize.worker.masks.documents import Json
from services.anonymize.worker.masks.plain import Hash
from services.anonymize.worker.masks.rows import RowMask
from services.anonymize.worker.masks.text import Redact
from services.anonymize.worker.schema import Column, Family, Schema, Table
from services.anonymize.worker.sql import Collated, TextElement

WIDE = 8  # bytes of a hash, as the 16 digits that a text must hold
Masked = Callable[[Any, ColumnElement[Any], Column, MaskContext], ColumnElement[Any]]
Fake = Callable[[Any, TextElement, int | None, MaskContext], TextElement]

FAKES: dict[type[Mask], Fake] = {
    **inline.FAKES, **contact.FAKES, **identifiers.FAKES, **rows.FAKES,
}  # fmt: skip


def fake(mask: TextMask, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
    """The fake for a text that is neither NULL nor empty, at most `length` characters long."""
    own = FAKES.get(type(mask))
    return own(mask, value, length, context) if own else mask.fake(value, length, context)


MASKED: dict[type[Mask], Masked] = {**inline.MASKED, **rows.MASKED, Json: partial(documents.json_, fake)}


def masked(mask: Mask, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
    """The column's new value from its old one; NULL stays NULL and an empty text stays empty."""
    own = MASKED.get(type(mask))
    if own is not None:
        return own(mask, value, column, context)
    if isinstance(mask, TextMask) and column.family is Family.TEXT:
        return unless_empty(value, fake(mask, mask.seed(Collated(value), context), column.length, context))
    return mask.masked(value, column, context)


def lookups(
    mask: Mask, table: Table, column: Column, schema: Schema, context: MaskContext
) -> tuple[str, ...]:
    """Statements that fill what a mask reads of other rows."""
    if isinstance(mask, RowMask):
        return rows.other_rows(mask, table, column, schema, context, schema.database)
    if isinstance(mask, Redact) and mask.needs_setup:
        return rows.names_elsewhere(mask, table, column, schema, context, schema.database)
    return ()


def trials(mask: Mask, table: Table, column: Column, database: str) -> Iterator[tuple[str, str]]:
    """Queries that must work and find nothing, with what it means if not."""
    if isinstance(mask, Expression):
        yield (
            # a WHERE takes what one row tells: no aggregate, which would make one row of all
            f"SELECT ({mask.sql}) FROM {qualified(database, table.name)} WHERE ({mask.sql}) IS NULL LIMIT 0",
            f"expression: the server refuses it for {column.type}",
        )
    if isinstance(mask, Redact):
        for found in mask.patterns:
            said = f"{found} is no regular expression of the server that needs at least one character"
            yield f"SELECT 1 FROM DUAL WHERE '' REGEXP {text_literal(found)}", said
    if isinstance(mask, Json):
        for path, inner in mask.paths.items():
            for query, said in trials(inner, table, column, database):
                yield query, f"{path}: {said}"


def unknown_query(mask: Mask, table: Table, column: Column, database: str) -> str | None:
    """A query for places of documents that a mask does not know."""
    return documents.unknown_query(mask, table, column, database) if isinstance(mask, Json) else None


def unsupported(mask: Mask, column: Column) -> Iterator[str]:
    """Why a mask has no meaning here, and what to use instead."""
    if isinstance(mask, Array):
        yield "array: MySQL and MariaDB have no arrays; for one in JSON write json with paths such as tags[]"
    if isinstance(mask, Hash) and column.family is Family.BYTES and (column.length or 32) < WIDE:
        yield f"{column.type} cannot hold a hash wide enough (needs {WIDE})"
