# The customer's own SQL goes into statements as it stands: that is what this mask is for.
# ruff: noqa: S608
"""A mask that is the customer's own SQL."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field
from sqlalchemy import ColumnElement, literal_column

from services.anonymize.worker.masks.base import Example, Mask, MaskContext, Trait
from services.anonymize.worker.masks.lookups import rows_of
from services.anonymize.worker.schema import Column, Family, Table

QUERY = re.compile(r"\b(?:select|values|table)\b", re.IGNORECASE)


def _one_expression(sql: str) -> str:
    if any(mark in sql for mark in (";", "--", "/*")):
        raise ValueError("write one expression, without ; and comments")
    if QUERY.search(re.sub("'[^']*'", "", sql)):
        raise ValueError("an expression of one row takes no queries; a script can")
    return sql.strip()


class Expression(Mask):
    """Your own SQL over the row's columns. DANGEROUS: only verification looks at what it leaves."""

    word: ClassVar[str] = "expression"
    accepts: ClassVar[frozenset[Family]] = frozenset(Family)
    keeps: ClassVar[frozenset[Trait]] = frozenset()
    preserves: ClassVar[str] = "what your SQL keeps"
    loses: ClassVar[str] = "every guarantee: NULLs, uniqueness and secrecy are yours to keep"
    example: ClassVar[Example] = Example(
        "{mask: expression, sql: \"upper(left(country, 1)) || '-0000'\"}",
        "F-4711",
        "F-0000",
        row={"country": "fr"},
    )

    sql: Annotated[str, Field(min_length=1), AfterValidator(_one_expression)] = Field(
        description="an expression in the server's SQL over the row's columns, of the column's type"
    )

    def trials(self, table: Table, column: Column) -> Iterator[tuple[str, str]]:
        yield self.trial(column, rows_of(table))

    def trial(self, column: Column, rows: str) -> tuple[str, str]:
        """A query of some rows that must work and find nothing, with what it means if not."""
        # a WHERE takes what one row tells: neither aggregates nor sets
        return (
            f"SELECT CAST(({self.sql}) AS {column.type}) FROM {rows} WHERE ({self.sql}) IS NULL LIMIT 0",
            f"expression: PostgreSQL refuses it for {column.type}",
        )

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        return literal_column(f"({self.sql})")
