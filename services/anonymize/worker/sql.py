"""SQL text for PostgreSQL: names quoted by the dialect, expressions built with SQLAlchemy and compiled with
their literals.

Statements such as ALTER TABLE take no bind parameters, so literals are rendered by the dialect. The run's key
is never a literal: it stands in a session setting, and expressions read it there.
"""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Double, Text, cast, func, literal
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import BigInteger, Integer, UserDefinedType

# paramstyle "named": the text goes to the driver without parameters, so a percent sign must stay single
DIALECT = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
# sessions of the worker set standard_conforming_strings, so a backslash in a literal stands for itself
DIALECT._backslash_escapes = False
WORK_SCHEMA = "snapveil_work"
KEY_SETTING = "snapveil.key"
MAX_NAME_BYTES = 63

TextElement = ColumnElement[str]


class Purpose(StrEnum):
    """What a value is hashed for. The same value under one purpose gives the same fake in every table."""

    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    PHONE = "phone"
    STREET = "street"
    CITY = "city"
    POSTCODE = "postcode"
    COMPANY = "company"
    IBAN = "iban"
    IP = "ip"
    DATE = "date"
    HASH = "hash"
    COUNTRY = "country"
    JOB = "job"
    LOGIN = "login"
    WEB = "web"
    ACCESS = "access"
    CARD = "card"
    NUMBER = "number"
    PLACE = "place"
    CHOICE = "choice"
    ROW = "row"

    @property
    def setting(self) -> str:
        """The session setting that holds this purpose's seed."""
        return f"snapveil.seed_{self.value}"


def quoted(name: str) -> str:
    """Return an identifier, always quoted."""
    preparer = DIALECT.identifier_preparer
    return str(preparer.quote_identifier(name))


def qualified(schema: str, name: str) -> str:
    """Return `"schema"."name"`."""
    return f"{quoted(schema)}.{quoted(name)}"


def text_literal(value: str) -> str:
    """Return a string literal."""
    return compiled(literal(value, Text))


def compiled(expression: ColumnElement[Any]) -> str:
    """Return an expression's text with every literal in it."""
    return str(expression.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True}))


class NamedType(UserDefinedType[Any]):
    """A type by format_type()'s own word for it, which comes quoted and qualified from the catalog."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        return self.name


class WordAt(ColumnElement[str]):
    """A word of a list by its index, counted from 1, in constant time.

    `name` has a fixed length, so an array of it is indexed directly; a text[] is walked from its start, which
    costs four to nine times as much with lists of this size.
    """

    inherit_cache = False
    type = Text()

    def __init__(self, words: Sequence[str], index: ColumnElement[int]) -> None:
        self.words = words
        self.index = index


@compiles(WordAt)
def _compile_word_at(element: WordAt, compiler: SQLCompiler, **kw: Any) -> str:
    escaped = (word.replace("\\", "\\\\").replace('"', '\\"') for word in element.words)
    array = "{" + ",".join(f'"{word}"' for word in escaped) + "}"
    return f"CAST((CAST({text_literal(array)} AS name[]))[{compiler.process(element.index, **kw)}] AS text)"


class WordFor(ColumnElement[str]):
    """What a text stands for in a table of words; NULL for any other.

    An object's keys lie sorted, so that a few comparisons find one of hundreds.
    """

    inherit_cache = False
    type = Text()

    def __init__(self, words: Mapping[str, str], text: ColumnElement[str]) -> None:
        self.words = words
        self.text = text


@compiles(WordFor)
def _compile_word_for(element: WordFor, compiler: SQLCompiler, **kw: Any) -> str:
    words = text_literal(json.dumps(element.words, ensure_ascii=False))
    return f"(CAST({words} AS jsonb) ->> {compiler.process(element.text, **kw)})"


class PartOf(ColumnElement[float]):
    """A coordinate of a point: 0 is its x, 1 its y."""

    inherit_cache = False
    type = Double()

    def __init__(self, value: ColumnElement[Any], place: int) -> None:
        self.value = value
        self.place = place


@compiles(PartOf)
def _compile_part_of(element: PartOf, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({compiler.process(element.value, **kw)})[{element.place}]"


class Collated(ColumnElement[str]):
    """A value as text under the database's own collation, so that equal values of differently collated
    columns meet."""

    inherit_cache = False
    type = Text()

    def __init__(self, value: ColumnElement[Any]) -> None:
        self.value = value


@compiles(Collated)
def _compile_collated(element: Collated, compiler: SQLCompiler, **kw: Any) -> str:
    return f'(CAST({compiler.process(element.value, **kw)} AS text) COLLATE pg_catalog."default")'


def seed(purpose: Purpose) -> ColumnElement[int]:
    """The seed of a purpose, derived from the run's key and read from the session."""
    return cast(func.current_setting(literal(purpose.setting)), BigInteger)


def hashed(value: TextElement, purpose: Purpose, salt: str = "") -> ColumnElement[int]:
    """A hash of a value from 0 to 2^63-1. Not cryptographic: only ever to choose among few, never to show."""
    salted = value if not salt else value + literal(salt)
    hashed_value = func.hashtextextended(salted, seed(purpose), type_=BigInteger)
    return hashed_value.op("&")(literal(2**63 - 1, BigInteger))


def number(value: TextElement, purpose: Purpose, below: int, salt: str = "") -> ColumnElement[int]:
    """A number from 0 up to `below`, chosen by a value."""
    return cast(hashed(value, purpose, salt).op("%")(literal(below, BigInteger)), Integer)


def word(words: Sequence[str], value: TextElement, purpose: Purpose, salt: str = "") -> TextElement:
    """A word of a list, chosen by a value."""
    return WordAt(words, number(value, purpose, len(words), salt) + literal(1, Integer))


def digits(value: TextElement, purpose: Purpose, count: int, salt: str = "") -> TextElement:
    """`count` decimal digits (at most 18), chosen by a value."""
    chosen = hashed(value, purpose, salt).op("%")(literal(10**count, BigInteger))
    return func.lpad(cast(chosen, Text), count, literal("0"), type_=Text)


def keyed_digest(value: TextElement, purpose: Purpose) -> ColumnElement[bytes]:
    """SHA-256 over the run's key, the purpose and a value: what may be shown."""
    salted = func.current_setting(literal(KEY_SETTING), type_=Text) + literal(f":{purpose.value}:") + value
    return func.sha256(func.convert_to(salted, literal("UTF8")))


def keyed_hex(value: TextElement, purpose: Purpose) -> TextElement:
    """The keyed digest as 64 hexadecimal digits."""
    return func.encode(keyed_digest(value, purpose), literal("hex"), type_=Text)


def work_function(name: str, *arguments: ColumnElement[Any]) -> TextElement:
    """Call a function of the worker's own schema."""
    function: TextElement = getattr(getattr(func, WORK_SCHEMA), name)(*arguments, type_=Text)
    return function


def function_statement(
    name: str, arguments: str, returns: str, language: str, body: str, *, constant: bool = False
) -> str:
    """The statement that makes a function in the worker's own schema.

    A `constant` one is called once when a statement is planned and not in every row: it may read the run's
    key, which a session never changes, and nothing else.
    """
    return (
        f"CREATE OR REPLACE FUNCTION {qualified(WORK_SCHEMA, name)}({arguments}) RETURNS {returns}"
        f" LANGUAGE {language} {'IMMUTABLE' if constant else 'STABLE'} PARALLEL SAFE AS {text_literal(body)}"
    )
