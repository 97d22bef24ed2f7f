"""Masks whose expression for PostgreSQL has no translation, said for MySQL and MariaDB by their classes."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement

from services.anonymize.worker.engines.mysql.masks import inline
from services.anonymize.worker.masks import Mask, MaskContext, TextMask
from services.anonymize.worker.masks.base import unless_empty
from services.anonymize.worker.schema import Column, Family, Schema, Table
from services.anonymize.worker.sql import Collated, TextElement
from services.anonymize.worker.uniqueness import permuted_kinds

Masked = Callable[[Any, ColumnElement[Any], Column, MaskContext], ColumnElement[Any]]
Fake = Callable[[Any, TextElement, int | None, MaskContext], TextElement]

MASKED: dict[type[Mask], Masked] = {**inline.MASKED}
FAKES: dict[type[Mask], Fake] = {**inline.FAKES}
PERMUTED = frozenset({"card"})  # whose range: any is said in MySQL's SQL too


def masked(mask: Mask, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
    """The column's new value from its old one; NULL stays NULL and an empty text stays empty."""
    own = MASKED.get(type(mask))
    if own is not None:
        return own(mask, value, column, context)
    if isinstance(mask, TextMask) and column.family is Family.TEXT:
        return unless_empty(value, fake(mask, mask.seed(Collated(value), context), column.length, context))
    return mask.masked(value, column, context)


def fake(mask: TextMask, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
    """The fake for a text that is neither NULL nor empty, at most `length` characters long."""
    own = FAKES.get(type(mask))
    return own(mask, value, length, context) if own else mask.fake(value, length, context)


def lookups(
    mask: Mask, table: Table, column: Column, schema: Schema, context: MaskContext
) -> tuple[str, ...]:
    """Statements that fill what a mask reads of other rows."""
    return ()


def trials(mask: Mask, table: Table, column: Column) -> Iterator[tuple[str, str]]:
    """Queries that must work and find nothing, with what it means if not."""
    yield from ()


def unknown_query(mask: Mask, table: Table, column: Column) -> str | None:
    """A query for places of documents that a mask does not know."""
    return None


def unsupported(mask: Mask, column: Column) -> Iterator[str]:
    """Why a mask has no meaning here, and what to use instead."""
    for word in sorted(permuted_kinds(mask) - PERMUTED):
        yield f"{word} has no range: any for MySQL and MariaDB; use hash or scramble"
