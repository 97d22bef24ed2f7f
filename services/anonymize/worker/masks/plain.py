"""Masks that need no word list: constants, NULL, keyed hashes, shifted dates, addresses on the network, and
none at all."""

import datetime
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field
from sqlalchemy import ColumnElement, Text, case, cast, func, literal, null

from services.anonymize.worker.masks.base import (
    UNIQUE_TRAITS,
    Example,
    Mask,
    MaskContext,
    TextMask,
    Trait,
    present,
    short_type,
    unless_empty,
)
from services.anonymize.worker.schema import Column, Family, Table
from services.anonymize.worker.sql import (
    NamedType,
    Purpose,
    TextElement,
    keyed_digest,
    keyed_hex,
    text_literal,
)

EVERY_FAMILY = frozenset(Family)


class Keep(Mask):
    """Nothing: the column holds no personal data."""

    word: ClassVar[str] = "keep"
    accepts: ClassVar[frozenset[Family]] = EVERY_FAMILY
    keeps: ClassVar[frozenset[Trait]] = frozenset(Trait)
    example: ClassVar[Example] = Example("keep", "delivered", "delivered", setup=True)
    rewrites: ClassVar[bool] = False

    not_phones: bool = Field(
        False, description="runs of digits in it are codes: verification looks for no telephone numbers there"
    )


class ByScript(Mask):
    """Nothing by rule: the customer's script masks the column, and verification covers it all the same."""

    word: ClassVar[str] = "script"
    accepts: ClassVar[frozenset[Family]] = EVERY_FAMILY
    keeps: ClassVar[frozenset[Trait]] = frozenset()
    preserves: ClassVar[str] = "what your script keeps; verification looks at the column all the same"
    example: ClassVar[Example] = Example("script", "C-1042", "C-1042", setup=True)
    rewrites: ClassVar[bool] = False


class Null(Mask):
    """Nothing: every value becomes NULL."""

    word: ClassVar[str] = "null"
    accepts: ClassVar[frozenset[Family]] = EVERY_FAMILY
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.UNIQUENESS})
    example: ClassVar[Example] = Example("null", "door code 1234", None)

    def complaints(self, column: Column) -> Iterator[str]:
        if column.not_null:
            yield "is NOT NULL and cannot become null; use constant or another mask"

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return 256  # NULLs are never equal to one another

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        return null()


class Constant(Mask):
    """The same value in every row that has one."""

    word: ClassVar[str] = "constant"
    accepts: ClassVar[frozenset[Family]] = EVERY_FAMILY
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.NULLS})
    example: ClassVar[Example] = Example('{mask: constant, value: "0000"}', "4242", "0000")

    value: str | int | float | bool = Field(description="the value, checked against the column's type")

    def text(self) -> str:
        """The value as PostgreSQL reads it."""
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)

    def complaints(self, column: Column) -> Iterator[str]:
        text = self.text()
        if column.length is not None and len(text) > column.length:
            yield f"{short_type(column)} cannot hold the constant (needs {len(text)})"
        elif column.enum_labels and text not in column.enum_labels:
            yield f"{column.type} has no label {text}; it has {', '.join(column.enum_labels)}"
        elif column.family is Family.NUMBER and not _is_number(text):
            yield f"{column.type} cannot hold the constant {text}"
        elif column.family in {Family.DATE, Family.TIMESTAMP} and not _is_date(text):
            yield f"{column.type} cannot hold the constant {text}; write it as 2000-01-31"
        elif column.family is Family.BOOLEAN and text not in {"true", "false", "1", "0"}:
            yield f"{column.type} cannot hold the constant {text}; it holds true and false"

    def trials(self, table: Table, column: Column) -> Iterator[tuple[str, str]]:
        if column.family is not Family.TEXT or column.domain:  # what only the server can read
            yield (
                # a domain's checks are looked at only where the value is
                f"SELECT 1 WHERE CAST({text_literal(self.text())} AS {column.type}) IS NULL",
                f"{column.type} cannot hold the constant {self.text()}",
            )

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        constant = cast(literal(self.text(), Text), NamedType(column.type))
        return case((present(value), constant), else_=null())


class Hash(TextMask):
    """A keyed SHA-256 of the value, as long as the column allows."""

    word: ClassVar[str] = "hash"
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.TEXT, Family.UUID, Family.BYTES})
    keeps: ClassVar[frozenset[Trait]] = UNIQUE_TRAITS
    example: ClassVar[Example] = Example(
        "hash", "PSP-2024-000817", "cfb30c02ec516c3cfac6afb28aa62fd8", "varchar(32)"
    )
    one_case: ClassVar[bool] = True
    needs: ClassVar[int] = 16
    needs_for: ClassVar[str] = "a hash wide enough"

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return 122 if column.family is Family.UUID else 4 * min(column.length or 64, 64)

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        return func.left(keyed_hex(value, Purpose.HASH), min(length or 64, 64), type_=Text)

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        text = cast(value, Text)
        if column.family is Family.BYTES:
            return keyed_digest(text, Purpose.HASH)
        if column.family is Family.UUID:
            # a version 4 UUID of the hash: version and variant stand at their places
            digits = keyed_hex(text, Purpose.HASH)
            return (
                func.left(digits, 12, type_=Text)
                + literal("4")
                + func.substr(digits, 14, 3, type_=Text)
                + literal("a")
                + func.substr(digits, 18, 15, type_=Text)
            )
        return unless_empty(value, self.fake(text, column.length, context))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_date(text: str) -> bool:
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
