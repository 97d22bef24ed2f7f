"""Masks that need no word list: constants, NULL, keyed hashes, shifted dates, addresses on the network, and
none at all."""

import datetime
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Integer, Text, case, cast, func, literal, null
from sqlalchemy.types import Interval

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
from services.anonymize.worker.schema import Column, Family
from services.anonymize.worker.sql import (
    Collated,
    NamedType,
    Purpose,
    TextElement,
    hashed,
    keyed_digest,
    keyed_hex,
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
    """NULL."""

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


class DateShift(Mask):
    """A date moved by up to `days` in either direction, never by none; equal dates move alike."""

    word: ClassVar[str] = "date_shift"
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.DATE, Family.TIMESTAMP})
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.JOINS, Trait.DISTRIBUTION, Trait.NULLS})
    preserves: ClassVar[str] = "the time of day; with `by`, intervals and order within one person"
    example: ClassVar[Example] = Example(
        "{mask: date_shift, days: 180, by: customer_id}",
        "1984-05-17",
        "1984-10-29",
        "date",
        {"customer_id": "4711"},
    )

    days: Annotated[int, Field(gt=0, le=36500, description="the most that a date moves, in days")]
    by: str | None = Field(
        None, description="a column of the same row: rows that share its value move by the same amount"
    )

    def reads(self) -> tuple[str, ...]:
        return (self.by,) if self.by else ()

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        chosen_by: TextElement = Collated(value)
        if self.by:
            chosen_by = func.coalesce(Collated(context.row(self.by)), chosen_by, type_=Text)
        drawn = cast(hashed(chosen_by, Purpose.DATE).op("%")(literal(2 * self.days)), Integer)
        shift = case(
            (drawn < literal(self.days), drawn - literal(self.days)), else_=drawn - literal(self.days - 1)
        )
        if column.family is Family.DATE:
            return value + shift
        return value + shift.op("*")(cast(literal("1 day", Text), Interval))


class Ip(TextMask):
    """An address of a range that routes nowhere: 10.0.0.0/8, or 2001:db8::/32 (RFC 3849)."""

    word: ClassVar[str] = "ip"
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.INET, Family.TEXT})
    preserves: ClassVar[str] = "the address family; ranges that route nowhere"
    example: ClassVar[Example] = Example("ip", "82.64.12.7", "10.49.41.164")
    needs: ClassVar[int] = 15
    needs_for: ClassVar[str] = "an IP address"

    version: Literal["keep", "4"] = Field("keep", description="the address family of fakes")

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        four = func.host(
            _inet("10.0.0.0") + hashed(value, Purpose.IP).op("&")(literal(2**24 - 1)), type_=Text
        )
        if self.version == "4" or (length is not None and length < 39):
            return four
        six = func.host(_inet("2001:db8::") + hashed(value, Purpose.IP), type_=Text)
        return case((func.strpos(value, literal(":")) > literal(0), six), else_=four)

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        if column.family is not Family.INET:
            return super().masked(value, column, context)
        address = cast(self.fake(Collated(value), None, context), NamedType("inet"))
        return func.set_masklen(address, func.masklen(value))


def _inet(address: str) -> ColumnElement[Any]:
    return cast(literal(address, Text), NamedType("inet"))


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
