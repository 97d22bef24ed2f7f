"""What every mask is: parameters that are checked when the policy is read, an SQL expression built from them,
and what it says about itself, which the commands and the pages show."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Text, case, cast, func, literal

from services.anonymize.worker.schema import Column, Family, Schema, Table
from services.anonymize.worker.sql import Collated, TextElement

SAFE_COLLISION_ODDS = 1e-6
PERMUTATION = 1000  # bits to answer where no two values can meet at all


class Trait(StrEnum):
    """What a mask can keep of a column; what it does not keep, it loses."""

    TYPE = "type"
    LENGTH = "length"
    FORMAT = "format"
    UNIQUENESS = "uniqueness"  # different values stay different
    JOINS = "joins"  # equal values stay equal, in every table of a run
    DISTRIBUTION = "distribution"
    NULLS = "NULLs"
    ORDER = "order"


UNCOMMON = frozenset({Family.OTHER, Family.XML, Family.HSTORE})  # types that few masks take
UNIQUE_TRAITS = frozenset({Trait.UNIQUENESS, Trait.JOINS, Trait.NULLS})


@dataclass(frozen=True)
class Example:
    """A rule of a policy with a value before and after, under the key of examples; a test holds them to the
    engine. `row` are other columns that the rule reads."""

    rule: str
    before: str | None
    after: str | None
    type: str = "text"
    row: Mapping[str, str] = field(default_factory=dict)
    setup: bool = False  # it needs the rows of a table, so that no value on its own can show it


@dataclass(frozen=True)
class MaskContext:
    """What a mask has to know beyond its column: `email_digits` is one length for every e-mail column of the
    database, because the same e-mail must become the same fake in all of them, and so is `email_names`,
    whether a first name stands before it. `document_function` begins the names of what is made for one column
    alone; `row_key` are the columns that tell the table's rows apart."""

    row: Callable[[str], ColumnElement[Any]]
    email_digits: int = 20
    email_names: bool = True
    document_function: str = ""
    row_key: tuple[str, ...] = ()


class Mask(BaseModel):
    """One way to mask. A field is a parameter of the policy; class variables say what the mask is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    word: ClassVar[str]  # how the policy calls it
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.TEXT})
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.JOINS, Trait.NULLS})
    preserves: ClassVar[str] = ""  # what else it keeps, in words
    loses: ClassVar[str] = ""  # what is worth a warning, in words
    example: ClassVar[Example]
    rewrites: ClassVar[bool] = True  # whether rules change the column at all
    nested_masks: ClassVar[str | None] = None  # the parameter that holds masks itself, by name
    nested_mask: ClassVar[str | None] = None  # the parameter that is a mask itself
    one_case: ClassVar[bool] = (
        False  # fakes of different values differ even where case and accents are ignored
    )
    scrambles: ClassVar[bool] = False  # fakes of texts that differ whatever their case do so too, in Latin-1
    needs: ClassVar[int] = 1  # characters that a column must hold
    needs_for: ClassVar[str] = "it"

    instead_for_unique: ClassVar[str] = ""  # what to write first where uniqueness cannot be shown
    instead_for_alike: ClassVar[str] = "use hash"  # and where it takes several values of a column for one

    @property
    def room(self) -> int:
        """Characters that a column must hold, whatever it holds now."""
        return self.needs

    @property
    def needs_setup(self) -> bool:
        """Whether it reads a table that has to be filled before any table is masked."""
        return False

    @property
    def ignores_case(self) -> bool:
        """Whether values that differ only in case or surrounding spaces become one fake."""
        return False

    def normal(self, value: TextElement) -> TextElement | None:
        """The form in which it compares values; None where it takes them as they are."""
        return func.lower(func.btrim(cast(value, Text)), type_=Text) if self.ignores_case else None

    def reads(self) -> tuple[str, ...]:
        """Other columns of the same row that the expression reads."""
        return ()

    def functions(self) -> tuple[str, ...]:
        """Functions of the worker's own schema that the expression calls: statements that make them."""
        return ()

    def column_functions(self, column: Column, context: MaskContext) -> tuple[str, ...]:
        """Functions that are made for this one column, called by the context's `document_function`."""
        return ()

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        """Bits of keyed hash that keep different values different; None where they may well become equal."""
        return None

    def complaints(self, column: Column) -> Iterator[str]:
        """Say why this mask cannot be used on a column; each complaint follows the column's name."""
        if column.family not in self.accepts:
            takes = ", ".join(sorted(family.value for family in self.accepts))
            instead = (
                "; use null, constant, shuffle, sample or expression" if column.family in UNCOMMON else ""
            )
            yield f"{column.type}: {self.word} masks {takes} only{instead}"
        elif column.family is Family.TEXT and column.length is not None and column.length < self.room:
            yield f"{short_type(column)} cannot hold {self.needs_for} (needs {self.room})"

    def setup(self, table: Table, column: Column, schema: Schema, context: MaskContext) -> tuple[str, ...]:
        """Statements that fill a table in the worker's schema before any table is masked."""
        return ()

    def surroundings(self, table: Table, schema: Schema) -> Iterator[str]:
        """Say what it needs of the table and the schema and does not find."""
        yield from ()

    def trials(self, table: Table, column: Column) -> Iterator[tuple[str, str]]:
        """Queries that must work and find nothing before anything is written, with what it means if not."""
        yield from ()

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        """The column's new value from its old one; NULL stays NULL and an empty text stays empty."""
        raise NotImplementedError(f"{self.word} has no expression")


class TextMask(Mask):
    """A mask from text to text; it also serves inside JSON."""

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        """The fake for a text that is neither NULL nor empty, at most `length` characters long."""
        raise NotImplementedError(f"{self.word} has no expression")

    def seed(self, value: TextElement, context: MaskContext) -> TextElement:
        """What chooses the fake: the value itself."""
        return value

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        return unless_empty(value, self.fake(self.seed(Collated(value), context), column.length, context))


class SeededMask(TextMask):
    """A text mask whose fakes say nothing of the original's form, so that another column may choose them."""

    seed_from: str | None = Field(
        None,
        description="a column of the same row that chooses the fake: a person's id, the same in every table",
    )

    def reads(self) -> tuple[str, ...]:
        return (*super().reads(), *((self.seed_from,) if self.seed_from else ()))

    def seed(self, value: TextElement, context: MaskContext) -> TextElement:
        if self.seed_from is None:
            return value
        return func.coalesce(
            func.nullif(Collated(context.row(self.seed_from)), literal("")), value, type_=Text
        )


def unless_empty(value: ColumnElement[Any], fake: TextElement) -> TextElement:
    """The fake, or the value itself where it is NULL or empty."""
    text = cast(value, Text)
    return case((text != literal("", Text), fake), else_=text)


def present(value: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a value is not NULL, for values of any type.

    Not IS NOT NULL: in a USING clause PostgreSQL 18 resolves that by the parent's column numbers for every
    partition, and refuses partitions whose columns stand in another order ("attribute 3 of type … has wrong
    type").
    """
    return func.length(cast(value, Text)) >= literal(0)


def short_type(column: Column) -> str:
    """Return a type as people write it: varchar(10) for character varying(10)."""
    return column.type.replace("character varying", "varchar").replace("character(", "char(")


def collision_odds(rows: int, bits: int) -> float:
    """The chance that any two of `rows` different values share a hash of `bits` bits (the birthday bound)."""
    return float(rows) * float(rows) / 2.0 ** (bits + 1)
