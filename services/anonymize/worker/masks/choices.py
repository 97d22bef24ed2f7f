"""A mask for values of few kinds: enums, booleans, codes of a list."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field
from sqlalchemy import ColumnElement, case, cast, func, literal, null

from services.anonymize.worker.masks.base import Example, Mask, MaskContext, present, short_type
from services.anonymize.worker.schema import Column, Family
from services.anonymize.worker.sql import MAX_NAME_BYTES, Collated, NamedType, Purpose, TextElement, word


class Choice(Mask):
    """One of a list of values, or of the type's own; equal values get the same, unless a column chooses."""

    word: ClassVar[str] = "choice"
    accepts: ClassVar[frozenset[Family]] = frozenset(
        {Family.ENUM, Family.BOOLEAN, Family.TEXT, Family.NUMBER}
    )
    preserves: ClassVar[str] = "values that the column may hold"
    example: ClassVar[Example] = Example(
        "{mask: choice, of: [bronze, silver, gold], by: id}",
        "platinum",
        "silver",
        "varchar(10)",
        {"id": "4711"},
    )

    of: tuple[str | int | float | bool, ...] = Field(
        (), description="the values; left out: every label of an enum, true and false"
    )
    by: str | None = Field(
        None,
        description="a column of the same row that chooses, so that equal values may get different fakes",
    )

    def values(self, column: Column) -> tuple[str, ...]:
        """The values as PostgreSQL reads them."""
        if self.of:
            return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in self.of)
        return column.enum_labels or (("true", "false") if column.family is Family.BOOLEAN else ())

    def complaints(self, column: Column) -> Iterator[str]:
        yield from super().complaints(column)
        if column.family not in self.accepts:
            return
        values = self.values(column)
        if not values:
            yield f"{short_type(column)}: choice needs a list; write of: [a, b]"
        for value in values:
            if len(value.encode()) > MAX_NAME_BYTES:
                yield f"choice cannot choose {value[:20]}…, which has more than {MAX_NAME_BYTES} bytes"
            elif column.length is not None and len(value) > column.length:
                yield f"{short_type(column)} cannot hold {value} (needs {len(value)})"
            elif column.enum_labels and value not in column.enum_labels:
                yield f"{column.type} has no label {value}; it has {', '.join(column.enum_labels)}"
            elif column.family is Family.BOOLEAN and value not in {"true", "false"}:
                yield f"boolean cannot hold {value}; it holds true and false"
            elif column.family is Family.NUMBER and not value.lstrip("-").replace(".", "", 1).isdigit():
                yield f"{column.type} cannot hold {value}"

    def reads(self) -> tuple[str, ...]:
        return (self.by,) if self.by else ()

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        chosen: TextElement = Collated(value)
        if self.by:
            chosen = func.concat(Collated(context.row(self.by)), literal(""))
        made = cast(word(self.values(column), chosen, Purpose.CHOICE), NamedType(column.type))
        return case((present(value), made), else_=null())
