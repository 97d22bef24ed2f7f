"""Masks for dates: moved by a stable amount, or told less exactly."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Integer, Numeric, Text, case, cast, func, literal, null
from sqlalchemy.types import Interval

from services.anonymize.worker.masks.base import Example, Mask, MaskContext, Trait, present
from services.anonymize.worker.schema import Column, Family
from services.anonymize.worker.sql import Collated, NamedType, Purpose, TextElement, hashed

COARSE = frozenset({Trait.JOINS, Trait.DISTRIBUTION, Trait.NULLS, Trait.ORDER})


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


class DateTruncate(Mask):
    """The first day of the date's month, quarter or year."""

    word: ClassVar[str] = "date_truncate"
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.DATE, Family.TIMESTAMP})
    keeps: ClassVar[frozenset[Trait]] = COARSE
    preserves: ClassVar[str] = "order and distribution, as far as months or years tell them"
    example: ClassVar[Example] = Example(
        "{mask: date_truncate, to: month}", "1984-05-17", "1984-05-01", "date"
    )

    to: Literal["month", "quarter", "year"] = Field("month", description="what is left of the date")

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        return cast(func.date_trunc(literal(self.to), as_is(value, column)), NamedType(column.type))


class AgeBand(Mask):
    """A birth date or an age rounded down to a band of years: everyone born from 1980 to 1989 is of 1980."""

    word: ClassVar[str] = "age_band"
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.DATE, Family.TIMESTAMP, Family.NUMBER})
    keeps: ClassVar[frozenset[Trait]] = COARSE
    preserves: ClassVar[str] = "order and distribution, as far as bands tell them"
    example: ClassVar[Example] = Example("{mask: age_band, years: 10}", "1984-05-17", "1980-01-01", "date")

    years: Annotated[int, Field(ge=2, le=50)] = Field(10, description="the width of a band")

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        if column.family is Family.NUMBER:
            # no quotient, which is rounded where a number is long; below zero is no age, and one band
            age = cast(value, Numeric)
            band = age - age.op("%")(literal(self.years))
            return case((age >= literal(0), band), (present(value), literal(-self.years)), else_=null())
        date = as_is(value, column)
        over = cast(func.date_part(literal("year"), date), Integer) % literal(self.years)
        year = func.date_trunc(literal("year"), date)
        first = year - over.op("*")(cast(literal("1 year", Text), Interval))
        return case((func.isfinite(date), cast(first, NamedType(column.type))), else_=date)


def as_is(value: ColumnElement[Any], column: Column) -> ColumnElement[Any]:
    """A value as of its own type; a row's values come to masks as if they were text."""
    return cast(value, NamedType(column.type))
