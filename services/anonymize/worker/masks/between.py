"""A mask for numbers and dates: any from one to another."""

import datetime
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator
from sqlalchemy import BigInteger, ColumnElement, Integer, Numeric, Text, case, cast, func, literal, null
from sqlalchemy.types import Interval

from services.anonymize.worker.masks.base import Example, Mask, MaskContext, present, short_type
from services.anonymize.worker.masks.numbers import largest_number, smallest_number
from services.anonymize.worker.schema import Column, Family
from services.anonymize.worker.sql import Collated, NamedType, Purpose, TextElement, hashed


class Between(Mask):
    """Any number, date or moment from one to another, both included; equal values get the same."""

    word: ClassVar[str] = "between"
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.NUMBER, Family.DATE, Family.TIMESTAMP})
    preserves: ClassVar[str] = "bounds that the policy says"
    example: ClassVar[Example] = Example(
        "{mask: between, low: 1950-01-01, high: 2005-12-31, by: id}",
        "1984-05-17",
        "1959-11-28",
        "date",
        {"id": "4711"},
    )

    low: int | float | str = Field(description="the least: 18, 0.50, 1950-01-01")
    high: int | float | str = Field(description="the most")
    by: str | None = Field(
        None,
        description="a column of the same row that chooses, so that equal values may get different fakes",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        numbers, moments = (_number(self.low), _number(self.high)), (_moment(self.low), _moment(self.high))
        if None not in numbers:
            falling = not Decimal(str(self.low)) < Decimal(str(self.high))
        elif moments[0] is not None and moments[1] is not None:
            falling = not moments[0] < moments[1]
        else:
            raise ValueError("give two numbers, or two dates such as 1950-01-01")
        if falling:
            raise ValueError("low must be less than high")
        return self

    def complaints(self, column: Column) -> Iterator[str]:
        yield from super().complaints(column)
        if column.family in self.accepts:
            numbers = column.family is Family.NUMBER
            read, what = (_number, "numbers") if numbers else (_moment, "dates")
            if read(self.low) is None or read(self.high) is None:
                yield f"{short_type(column)} lies between two {what}, not {self.low} and {self.high}"
            elif numbers:
                most, least = largest_number(column), smallest_number(column)
                for end in (self.low, self.high):
                    number = Decimal(str(end))
                    if (most is not None and number > most) or (least is not None and number < least):
                        yield f"{short_type(column)} cannot hold {end}"

    def reads(self) -> tuple[str, ...]:
        return (self.by,) if self.by else ()

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        number = column.family is Family.NUMBER
        made = self._number(value, context) if number else self._moment(value, column, context)
        return case((present(value), made), else_=null())

    def steps(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[int]:
        """How many days, or seconds where the column holds them, lie between `low` and a fake."""
        low, high = _moment(self.low), _moment(self.high)
        assert low is not None and high is not None  # noqa: S101, PT018 - the plan refuses numbers for dates
        days = column.family is Family.DATE
        most = (high - low).days if days else int((high - low).total_seconds())
        return self._below(most + 1, value, context)

    def _below(self, size: int, value: ColumnElement[Any], context: MaskContext) -> ColumnElement[int]:
        chosen: TextElement = Collated(value)
        if self.by:
            chosen = func.concat(Collated(context.row(self.by)), literal(""))
        return hashed(chosen, Purpose.CHOICE, "between").op("%")(literal(size, BigInteger))

    def _number(self, value: ColumnElement[Any], context: MaskContext) -> ColumnElement[Any]:
        low, high = Decimal(str(self.low)), Decimal(str(self.high))
        places = max(0, *(-int(one.normalize().as_tuple().exponent) for one in (low, high)))
        drawn = cast(self._below(int((high - low) * 10**places) + 1, value, context), Numeric)
        return cast(literal(str(low)), Numeric) + drawn / cast(literal(str(10**places)), Numeric)

    def _moment(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        first = cast(literal(str(self.low)), NamedType(column.type))
        steps = self.steps(value, column, context)
        if column.family is Family.DATE:
            return first + cast(steps, Integer)
        return first + cast(steps, Numeric).op("*")(cast(literal("1 second", Text), Interval))


def _number(value: float | str) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _moment(value: float | str) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(str(value))
    except ValueError:
        return None
