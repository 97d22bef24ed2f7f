"""Masks for numbers: told less exactly, or with noise."""

import re
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from sqlalchemy import BigInteger, ColumnElement, Double, Numeric, Text, case, cast, func, literal, null

from services.anonymize.worker.masks.base import Example, Mask, MaskContext, Trait, present
from services.anonymize.worker.masks.dates import COARSE, as_is
from services.anonymize.worker.schema import Column, Family
from services.anonymize.worker.sql import Collated, Purpose, TextElement, hashed

MOST = {
    "int2": 2**15 - 1, "int4": 2**31 - 1, "int8": 2**63 - 1,
    "tinyint": 2**7 - 1, "smallint": 2**15 - 1, "mediumint": 2**23 - 1, "int": 2**31 - 1, "bigint": 2**63 - 1,
}  # fmt: skip
REALS = frozenset({"float4", "float8", "float", "double"})
Width = Annotated[float, Field(gt=0, le=1e12)]


class NumberMask(Mask):
    """A mask of numbers: computed exactly, and no larger than the column holds."""

    accepts: ClassVar[frozenset[Family]] = frozenset({Family.NUMBER})
    keeps: ClassVar[frozenset[Trait]] = COARSE

    def changed(self, value: ColumnElement[Any], context: MaskContext) -> ColumnElement[Any]:
        """The new number from the old one, both numeric or double precision."""
        raise NotImplementedError(f"{self.word} has no expression")

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        number = cast(as_is(value, column), Double if column.base_type in REALS else Numeric)
        made = self.changed(number, context)
        most, least = largest_number(column), smallest_number(column)
        if most is not None:
            made = func.least(made, cast(literal(str(most)), Numeric))
        if least is not None:
            made = func.greatest(made, cast(literal(str(least)), Numeric))
        return case((present(value), made), else_=null())  # greatest and least pass NULL over


def largest_number(column: Column) -> Decimal | None:
    """The largest number that a column holds, where its type says."""
    if column.base_type in MOST:
        most = MOST[column.base_type]
        return Decimal(2 * most + 1 if "unsigned" in column.type else most)
    found = re.search(r"(?:numeric|decimal)\((\d+),(-?\d+)\)", column.type)
    if found is None:
        return None
    digits, scale = int(found[1]), int(found[2])
    return Decimal(10**digits - 1).scaleb(-scale)


def smallest_number(column: Column) -> Decimal | None:
    """The smallest number that a column is given, where its type says."""
    if "unsigned" in column.type:
        return Decimal(0)
    most = largest_number(column)
    return None if most is None else -most


class Noise(NumberMask):
    """A number moved at random, by at most a share of itself or an amount; its sign stays."""

    word: ClassVar[str] = "noise"
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.JOINS, Trait.DISTRIBUTION, Trait.NULLS})
    preserves: ClassVar[str] = "the sign, roughly the order and sums"
    loses: ClassVar[str] = "nothing of a whole number too small for its share"
    example: ClassVar[Example] = Example("{mask: noise, percent: 10}", "2450.00", "2582.95", "numeric(10,2)")

    percent: Annotated[float, Field(gt=0, le=100)] | None = Field(
        None, description="the most that a number moves, in percent of itself; or give `amount`"
    )
    amount: Width | None = Field(None, description="the most that a number moves; or give `percent`")
    by: str | None = Field(
        None, description="a column of the same row: noise drawn by it, so that equal numbers may differ"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("give either percent or amount")
        return self

    def reads(self) -> tuple[str, ...]:
        return (self.by,) if self.by else ()

    def changed(self, value: ColumnElement[Any], context: MaskContext) -> ColumnElement[Any]:
        chosen: TextElement = Collated(value)
        if self.by:
            chosen = func.concat(Collated(context.row(self.by)), literal(":"), chosen)
        share = cast(signed_share(chosen, Purpose.NUMBER), value.type)
        if self.percent is not None:
            return value + value * share * cast(literal(str(self.percent / 100)), value.type)
        moved = value + share * cast(literal(str(self.amount)), value.type)
        zero = cast(literal("0"), value.type)
        return case((value >= zero, func.greatest(moved, zero)), else_=func.least(moved, zero))


class NumberShift(NumberMask):
    """A number moved by up to `amount` either way, never by nothing; a person's numbers all by the same."""

    word: ClassVar[str] = "number_shift"
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.DISTRIBUTION, Trait.NULLS})
    preserves: ClassVar[str] = "intervals and order within one person, but at the ends of the type"
    example: ClassVar[Example] = Example(
        "{mask: number_shift, amount: 500, by: customer_id}",
        "2450.00",
        "2592.00",
        "numeric(10,2)",
        {"customer_id": "4711"},
    )

    amount: Annotated[
        int, Field(gt=0, le=10**12, description="the most that a number moves, in whole numbers")
    ]
    by: str = Field(description="a column of the same row: rows that share its value move by the same amount")

    def reads(self) -> tuple[str, ...]:
        return (self.by,)

    def changed(self, value: ColumnElement[Any], context: MaskContext) -> ColumnElement[Any]:
        chosen = func.coalesce(Collated(context.row(self.by)), literal(""), type_=Text)
        drawn = hashed(chosen, Purpose.NUMBER, "shift").op("%")(literal(2 * self.amount, BigInteger))
        shift = case(
            (drawn < literal(self.amount, BigInteger), drawn - literal(self.amount, BigInteger)),
            else_=drawn - literal(self.amount - 1, BigInteger),
        )
        return value + cast(shift, value.type)


class Bucket(NumberMask):
    """The bucket that a number falls into: its lower end, or its middle."""

    word: ClassVar[str] = "bucket"
    preserves: ClassVar[str] = "order and distribution, as far as buckets tell them"
    example: ClassVar[Example] = Example("{mask: bucket, size: 1000}", "2450", "2000", "integer")

    size: Width = Field(description="the width of a bucket")
    at: Literal["low", "middle"] = Field("low", description="which number stands for a bucket")

    def changed(self, value: ColumnElement[Any], context: MaskContext) -> ColumnElement[Any]:
        size = cast(literal(str(self.size)), value.type)
        low = func.floor(value / size) * size
        return low if self.at == "low" else low + cast(literal(str(self.size / 2)), value.type)


class Round(NumberMask):
    """The nearest multiple of a number."""

    word: ClassVar[str] = "round"
    preserves: ClassVar[str] = "order and distribution, as far as multiples tell them"
    example: ClassVar[Example] = Example("{mask: round, to: 50}", "2430.20", "2450.00", "numeric(10,2)")

    to: Width = Field(description="what is rounded to: 50, 0.5")

    def changed(self, value: ColumnElement[Any], context: MaskContext) -> ColumnElement[Any]:
        size = cast(literal(str(self.to)), value.type)
        return func.round(value / size) * size


def signed_share(value: TextElement, purpose: Purpose, salt: str = "") -> ColumnElement[Any]:
    """A number from -1 to 1, chosen by a value."""
    million = 1_000_000
    drawn = hashed(value, purpose, salt).op("%")(literal(2 * million + 1))
    return cast(drawn - literal(million), Numeric) / cast(literal(str(million)), Numeric)
