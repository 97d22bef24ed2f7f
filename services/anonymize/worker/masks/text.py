"""Masks for texts: redacted, replaced by others of the same length or shape, or told less exactly."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import Field
from sqlalchemy import ColumnElement, Integer, Numeric, Text, case, cast, func, literal, null
from sqlalchemy import column as element
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, array

from services.anonymize.worker.masks.base import (
    PERMUTATION,
    UNIQUE_TRAITS,
    Example,
    MaskContext,
    TextMask,
    Trait,
    present,
)
from services.anonymize.worker.masks.dates import as_is
from services.anonymize.worker.masks.functions import REDACTED
from services.anonymize.worker.masks.lookups import filled, names_query, reader
from services.anonymize.worker.masks.names import fitted
from services.anonymize.worker.masks.numbers import MOST
from services.anonymize.worker.masks.permuting import PERMUTED, SCRAMBLED, SCRAMBLED_NUMBER
from services.anonymize.worker.masks.redacting import (
    LONGEST_FIRST,
    REDACTED_NUMBERS,
    SPELLED_OUT,
    longest_first,
    pairs_function,
)
from services.anonymize.worker.schema import Column, Family, Schema, Table
from services.anonymize.worker.shapes import LONG_NUMBER
from services.anonymize.worker.sql import (
    Collated,
    NamedType,
    Purpose,
    TextElement,
    number,
    text_literal,
    work_function,
)

NAMESPACE = r"""(xmlns(?::[^=[:space:]]+)?[[:space:]]*=[[:space:]]*["']https?:)(//)"""
HIDING = "\u0001"  # a character that XML has not


def _parent(table: Table, name: str, schema: Schema) -> tuple[Table, str] | None:
    """The table and column that a foreign key of one column leads to."""
    key = next(
        (key for key in schema.foreign_keys if key.table == table.oid and key.columns == (name,)), None
    )
    parent = next((other for other in schema.tables if key is not None and other.oid == key.referenced), None)
    return (parent, key.referenced_columns[0]) if key is not None and parent is not None else None


class Redact(TextMask):
    """The text with placeholders for e-mails, telephone numbers, IBANs, cards, URLs, IP addresses, what
    patterns match, and the names that stand in columns of the same row."""

    word: ClassVar[str] = "redact"
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.TEXT, Family.XML, Family.HSTORE})
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.JOINS, Trait.NULLS})
    preserves: ClassVar[str] = "the rest of the text"
    loses: ClassVar[str] = "what is redacted"
    example: ClassVar[Example] = Example(
        "{mask: redact, names_from: [first_name]}",
        "Camille asks for a call at 06 12 34 56 78",
        "[name] asks for a call at [phone]",
        row={"first_name": "Camille"},
    )

    names_from: tuple[str, ...] = Field(
        (),
        description="columns of the same row that hold names, or of the row that a foreign key of one column"
        " leads to: customer_id.last_name",
    )
    patterns: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (), description="regular expressions as the server reads them; what they match becomes [redacted]"
    )

    def complaints(self, column: Column) -> Iterator[str]:
        yield from super().complaints(column)
        if column.family is Family.XML and self.names_from:
            yield "xml: a name may be an element's too; leave names_from out"

    @property
    def needs_setup(self) -> bool:
        """Names in other tables, which may be masked already when this one is."""
        return bool(self.elsewhere())

    def elsewhere(self) -> dict[str, list[str]]:
        """Columns of other tables, by the column of this one whose foreign key leads there."""
        found: dict[str, list[str]] = {}
        for name in self.names_from:
            here, dot, there = name.partition(".")
            if dot:
                found.setdefault(here, []).append(there)
        return found

    def reads(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name.partition(".")[0] for name in self.names_from))

    def surroundings(self, table: Table, schema: Schema) -> Iterator[str]:
        for here, names in self.elsewhere().items():
            parent = _parent(table, here, schema)
            if table.column(here) is not None and parent is None:
                yield f"redact reads through {here}, which is no foreign key of one column"
            elif parent is not None:
                for name in names:
                    if parent[0].column(name) is None:
                        yield f"redact reads {here}.{name}, which is no column of {parent[0].label}"

    def setup(self, table: Table, column: Column, schema: Schema, context: MaskContext) -> tuple[str, ...]:
        parts = []
        for here, names in self.elsewhere().items():
            parent = _parent(table, here, schema)
            assert parent is not None  # noqa: S101 - the plan refuses it
            parts.append(names_query(table, here, parent[0], parent[1], names))
        return filled(context.document_function, " UNION ALL ".join(parts))

    def column_functions(self, column: Column, context: MaskContext) -> tuple[str, ...]:
        made = (reader(context.document_function, "text[]"),) if self.needs_setup else ()
        if column.family is not Family.HSTORE:
            return made
        arguments = {name: f"row_{place}" for place, name in enumerate(self.reads())}
        inside = replace(context, row=lambda name: element(arguments[name], Text))
        pairs = f"{context.document_function}_pairs"
        return (
            *made,
            pairs_function(pairs, arguments.values(), lambda part: self.fake(part, None, inside)),
        )

    def functions(self) -> tuple[str, ...]:
        return (REDACTED, REDACTED_NUMBERS, LONGEST_FIRST, SPELLED_OUT)

    def trials(self, table: Table, column: Column) -> Iterator[tuple[str, str]]:
        for pattern in self.patterns:
            said = f"{pattern} is no regular expression of PostgreSQL that needs at least one character"
            yield f"SELECT 1 WHERE '' ~ {text_literal(pattern)}", said

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        own = [Collated(context.row(name)) for name in self.names_from if "." not in name]
        names: ColumnElement[Any] = longest_first(own) if own else null()
        for here in self.elsewhere():
            key = literal(f"{here}:", Text) + Collated(context.row(here))
            found = work_function(f"{context.document_function}_value", key)
            names = func.array_cat(cast(names, ARRAY(Text)), cast(found, ARRAY(Text)))
        if self.elsewhere():
            names = work_function("longest_first", names)
        patterns: ColumnElement[Any] = (
            array([literal(one, Text) for one in self.patterns]) if self.patterns else null()
        )
        long = value.op("~")(literal(LONG_NUMBER))
        value = case((long, work_function("redacted_numbers", value)), else_=value)
        redacted = work_function("redacted", value, cast(names, ARRAY(Text)), cast(patterns, ARRAY(Text)))
        return fitted(redacted, length)

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        if column.family is Family.XML:
            return cast(self.within_xml(Collated(value), context), NamedType(column.type))
        if column.family is Family.HSTORE:
            row = [Collated(context.row(name)) for name in self.reads()]
            pairs = work_function(f"{context.document_function}_pairs", cast(value, JSONB), *row)
            return cast(pairs, NamedType(column.type))
        return super().masked(value, column, context)

    def within_xml(self, document: TextElement, context: MaskContext) -> TextElement:
        """A document's text with what is redacted in it; namespaces stay, because no placeholder is one."""
        plain = work_function("spelled_out", document)
        hidden = func.regexp_replace(plain, literal(NAMESPACE), literal(f"\\1{HIDING}\\2"), literal("g"))
        return func.replace(self.fake(hidden, None, context), literal(HIDING), literal(""), type_=Text)


LOREM = (
    "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore "
    "et dolore magna aliqua ut enim ad minim veniam quis nostrud exercitation ullamco laboris nisi ut "
    "aliquip ex ea commodo consequat duis aute irure dolor in reprehenderit in voluptate velit esse "
    "cillum dolore eu fugiat nulla pariatur excepteur sint occaecat cupidatat non proident sunt in "
    "culpa qui officia deserunt mollit anim id est laborum "
)


class Lorem(TextMask):
    """Filler text of exactly the same length."""

    word: ClassVar[str] = "lorem"
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.LENGTH, Trait.NULLS, Trait.JOINS})
    preserves: ClassVar[str] = "how much space a text takes on a page"
    loses: ClassVar[str] = "lines and paragraphs"
    example: ClassVar[Example] = Example(
        "lorem", "Please ring twice, the bell is broken", "citation ullamco laboris nisi ut aliq"
    )

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        start = number(value, Purpose.CHOICE, len(LOREM), "lorem")
        size = func.length(value)
        times = cast(func.div(size, literal(len(LOREM))), Integer) + literal(2)
        filler = func.substr(func.repeat(literal(LOREM, Text), times), start + literal(1), size, type_=Text)
        # neither the start nor the end is a space: char(n) and forms trim them
        return func.regexp_replace(filler, literal("^ | $"), literal("x"), literal("g"), type_=Text)


class Scramble(TextMask):
    """Other letters for letters and other digits for digits, by a permutation of all texts of this shape."""

    word: ClassVar[str] = "scramble"
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.TEXT, Family.NUMBER})
    keeps: ClassVar[frozenset[Trait]] = UNIQUE_TRAITS | {Trait.LENGTH, Trait.FORMAT}
    preserves: ClassVar[str] = "capitals, punctuation and spaces; a whole number's sign and digits"
    loses: ClassVar[str] = "check digits"
    scrambles: ClassVar[bool] = True
    example: ClassVar[Example] = Example("scramble", "AB-1234/é", "FI-7035/ð", "varchar(20)")

    def functions(self) -> tuple[str, ...]:
        return (PERMUTED, SCRAMBLED, SCRAMBLED_NUMBER)

    def complaints(self, column: Column) -> Iterator[str]:
        yield from super().complaints(column)
        if column.family is Family.NUMBER and column.base_type not in MOST:
            yield f"{column.type}: scramble masks whole numbers only; use noise, bucket or round"

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return PERMUTATION

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        return work_function("scrambled", value, literal("text", Text))

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        if column.family is not Family.NUMBER:
            return super().masked(value, column, context)
        most = cast(literal(str(MOST[column.base_type])), NamedType("bigint"))
        made = cast(work_function("scrambled_number", as_is(value, column), most), Numeric)
        return case((present(value), made), else_=null())


class Generalize(TextMask):
    """The first characters, and the last if wanted, the others filled or cut: 69003 becomes 69000."""

    word: ClassVar[str] = "generalize"
    keeps: ClassVar[frozenset[Trait]] = frozenset(
        {Trait.LENGTH, Trait.FORMAT, Trait.JOINS, Trait.DISTRIBUTION, Trait.NULLS, Trait.ORDER}
    )
    preserves: ClassVar[str] = (
        "the département of a French postcode, the region of most codes; order as far as it tells"
    )
    loses: ClassVar[str] = "nothing where few share the first characters"
    example: ClassVar[Example] = Example("{mask: generalize, keep: 2}", "69003", "69000", "char(5)")

    keep: Annotated[int, Field(ge=0, le=20)] = Field(2, description="characters that stay at the start")
    end: Annotated[int, Field(ge=0, le=20)] = Field(
        0,
        description="characters that stay at the end; a text that has no more than both is filled as a whole",
    )
    fill: Annotated[str, Field(max_length=1)] = Field(
        "0", description='what stands for the others; nothing ("") cuts them'
    )

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        if self.end:
            return self._between(value)
        start = func.left(value, self.keep, type_=Text)
        if not self.fill:
            return start
        rest = func.greatest(func.length(value) - literal(self.keep), literal(0))
        return case((rest > literal(0), start + func.repeat(literal(self.fill, Text), rest)), else_=value)

    def _between(self, value: TextElement) -> TextElement:
        size, kept = func.length(value), self.keep + self.end
        filled = func.repeat(literal(self.fill, Text), size - literal(kept), type_=Text)
        some = func.left(value, self.keep, type_=Text) + filled + func.right(value, self.end, type_=Text)
        return case(
            (size > literal(kept), some), else_=func.repeat(literal(self.fill, Text), size, type_=Text)
        )
