# Names come quoted from the dialect and expressions compiled by it, never from a caller.
# ruff: noqa: S608
"""Masks that give a row the value of another row: shuffled within the column, or drawn from it."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field
from sqlalchemy import ColumnElement, Text, case, cast, literal
from sqlalchemy import column as element

from services.anonymize.worker.masks.base import PERMUTATION, Example, Mask, MaskContext, Trait
from services.anonymize.worker.masks.lookups import filled, key_of, key_sql, reader, rows_of
from services.anonymize.worker.schema import Column, Family, Schema, Table
from services.anonymize.worker.sql import NamedType, Purpose, compiled, hashed, quoted, work_function


class RowMask(Mask):
    """A mask that takes values from other rows, through a table of new values by the row's key."""

    accepts: ClassVar[frozenset[Family]] = frozenset(Family)
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.DISTRIBUTION, Trait.NULLS})
    loses: ClassVar[str] = "nothing of the values themselves: every one of them is still there"

    @property
    def needs_setup(self) -> bool:
        """A table that is filled from all rows."""
        return True

    @property
    def parts(self) -> str | None:
        """The column whose equal values make the group that a row takes values from."""
        return None

    def surroundings(self, table: Table, schema: Schema) -> Iterator[str]:
        if not table.row_key:
            yield f"{self.word} tells rows apart by a key without NULLs, and {table.label} has none; add one"

    def column_functions(self, column: Column, context: MaskContext) -> tuple[str, ...]:
        return (reader(context.document_function, column.type),)

    @property
    def leader(self) -> str | None:
        """The column whose rows this one's values travel along, with their NULLs."""
        return None

    def setup(self, table: Table, column: Column, schema: Schema, context: MaskContext) -> tuple[str, ...]:
        leading = table.column(self.leader) if self.leader else column
        assert leading is not None  # noqa: S101 - the plan refuses a column that is not there
        part = quoted(self.parts) if self.parts else "true"
        rows = (
            f"SELECT {key_sql(table.row_key)} AS key, {quoted(column.name)} AS value, {part} AS part"
            f" FROM {rows_of(table)} WHERE CAST({quoted(leading.name)} AS text) <> ''"
        )
        return filled(context.document_function, self.other_rows(rows))

    def other_rows(self, rows: str) -> str:
        """A query for (key, value) from one for (key, value, part)."""
        raise NotImplementedError(f"{self.word} takes nothing from other rows")

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        key = key_of([element(name) for name in context.row_key])
        other = cast(work_function(f"{context.document_function}_value", key), NamedType(column.type))
        leading = context.row(self.leader) if self.leader else value
        some = cast(leading, Text) != literal("", Text)
        return case((some, other), else_=cast(value, NamedType(column.type)))


def _order(salt: str) -> str:
    """A number that a row's key draws, as SQL."""
    return compiled(hashed(element("key", Text), Purpose.ROW, salt))


class Shuffle(RowMask):
    """The column's own values in other rows: each goes to the next of a random order."""

    word: ClassVar[str] = "shuffle"
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.UNIQUENESS, Trait.DISTRIBUTION, Trait.NULLS})
    preserves: ClassVar[str] = "every value exactly as often, in each group too"
    loses: ClassVar[str] = "nothing of the values themselves, nor of a group of one row"
    example: ClassVar[Example] = Example(
        "{mask: shuffle, within: country}", "1200", "1850", "integer", setup=True
    )

    within: str | None = Field(
        None, description="a column of the same table: rows that share it swap among themselves"
    )

    along: str | None = Field(
        None,
        description="another shuffled column of the table, within the same group: the values of both go to"
        " the same row together",
    )

    @property
    def parts(self) -> str | None:
        """The group."""
        return self.within

    @property
    def leader(self) -> str | None:
        """The column that this one goes along with."""
        return self.along

    def reads(self) -> tuple[str, ...]:
        return tuple(name for name in (self.within, self.along) if name)

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return PERMUTATION

    def other_rows(self, rows: str) -> str:
        return (
            # the next value may be NULL where it goes along with another column's
            "SELECT key, CASE WHEN lead(1) OVER random = 1 THEN lead(value) OVER random"
            " ELSE first_value(value) OVER random END AS value"
            f" FROM ({rows}) AS rows"
            f" WINDOW random AS (PARTITION BY part ORDER BY {_order('shuffle')}, key"
            " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
        )


class Sample(RowMask):
    """A value drawn from the column, as often as it is there."""

    word: ClassVar[str] = "sample"
    preserves: ClassVar[str] = "roughly how often each value is there"
    example: ClassVar[Example] = Example("sample", "1200", "1850", "integer", setup=True)

    def other_rows(self, rows: str) -> str:
        return (
            f"WITH rows AS MATERIALIZED ({rows}),"
            f" pool AS (SELECT value, row_number() OVER (ORDER BY {_order('pool')}, key) - 1 AS place"
            f" FROM rows), counted AS (SELECT count(*) AS size FROM rows)"
            f" SELECT rows.key, pool.value FROM rows CROSS JOIN counted JOIN pool"
            f" ON pool.place = {_order('sample')} % counted.size"
        )
