# The expression comes compiled, with its literals rendered by the dialect, never from a caller.
# ruff: noqa: S608
"""A mask for arrays: another mask for each element."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field, field_validator
from sqlalchemy import ColumnElement, Text, cast
from sqlalchemy import column as element

from services.anonymize.worker.masks.base import Example, Mask, MaskContext
from services.anonymize.worker.masks.custom import Expression
from services.anonymize.worker.schema import Column, Family, Table
from services.anonymize.worker.sql import Collated, NamedType, compiled, function_statement, work_function

WHOLE = "whole"


class Array(Mask):
    """Every element of an array under another mask."""

    word: ClassVar[str] = "array"
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.ARRAY})
    preserves: ClassVar[str] = "the number and order of elements; of each what its mask keeps"
    loses: ClassVar[str] = "dimensions beyond the first"
    nested_mask: ClassVar[str | None] = "of"
    example: ClassVar[Example] = Example(
        "{mask: array, of: phone}", "{0612345678,NULL,0145678901}", "{0639985994,NULL,0199001560}", "text[]"
    )

    of: Mask = Field(description="the mask of each element, which an expression calls value")

    @field_validator("of")
    @classmethod
    def _of_fits(cls, of: Mask) -> Mask:
        if of.nested_mask or of.nested_masks or not of.rewrites or of.needs_setup:
            raise ValueError(f"{of.word} does not work on elements")
        return of

    def complaints(self, column: Column) -> Iterator[str]:
        yield from super().complaints(column)
        if column.family in self.accepts and not _is_plain(column) and column.element_labels:
            yield f"{column.type}: array masks no domain over an array of an enum; use shuffle or null"
        elif column.family in self.accepts:
            yield from self.of.complaints(_element(column))

    def reads(self) -> tuple[str, ...]:
        return self.of.reads()

    def functions(self) -> tuple[str, ...]:
        return self.of.functions()

    def trials(self, table: Table, column: Column) -> Iterator[tuple[str, str]]:
        part = _element(column)
        if isinstance(self.of, Expression):
            yield self.of.trial(part, f"(SELECT CAST(NULL AS {part.type}) AS value) AS each")
        else:
            yield from self.of.trials(table, part)

    def column_functions(self, column: Column, context: MaskContext) -> tuple[str, ...]:
        """One function, because only a query walks an array and an ALTER TABLE takes no queries."""
        arguments = {name: f"row_{place}" for place, name in enumerate(self.reads())}
        inside = replace(context, row=lambda name: element(arguments[name], Text))
        part = _element(column)
        masked = compiled(cast(self.of.masked(element("value", Text), part, inside), NamedType(part.type)))
        signature = ", ".join(
            [f"{WHOLE} {column.type}", *(f"{argument} text" for argument in arguments.values())]
        )
        body = (
            f"BEGIN IF cardinality({WHOLE}) = 0 THEN RETURN {WHOLE}; END IF;"
            f" RETURN (SELECT array_agg({masked} ORDER BY place) FROM unnest({WHOLE})"
            f" WITH ORDINALITY AS each(value, place) WHERE {WHOLE} IS NOT NULL); END"
        )
        return (
            function_statement(f"{context.document_function}_array", signature, column.type, "plpgsql", body),
        )

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        row = [Collated(context.row(name)) for name in self.reads()]
        called = work_function(
            f"{context.document_function}_array", cast(value, NamedType(column.type)), *row
        )
        return cast(called, NamedType(column.type))


def _is_plain(column: Column) -> bool:
    """Whether it is an array itself, and no domain over one, whose name says nothing of its elements."""
    return column.type.endswith("[]")


def _element(column: Column) -> Column:
    length = re.search(r"^character(?: varying)?\((\d+)\)", column.type)
    return replace(
        column,
        type=column.type.removesuffix("[]") if _is_plain(column) else column.element_type or "text",
        base_type=column.element_type or column.base_type.removeprefix("_"),
        length=int(length[1]) if length else column.element_length,
        enum_labels=column.element_labels,
        not_null=False,
    )
