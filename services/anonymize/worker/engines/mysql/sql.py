"""SQL text for MySQL and MariaDB: the masks' expressions, written for PostgreSQL, translated when compiled.

What has the same meaning under another name is translated here; what has none gets an expression of its own
in `masks`. Text is compared and hashed as utf8mb4 under utf8mb4_bin, whatever the column's own character set,
so that equal values of different columns meet. Sessions of the worker set NO_BACKSLASH_ESCAPES, so a
backslash in a literal stands for itself, and no ANSI_QUOTES. Literals are rendered by the dialect; the run's
key is never one: it stands in user variables.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import ColumnElement, Text, literal
from sqlalchemy.dialects.mysql.base import MySQLCompiler, MySQLDialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    Cast,
    ColumnClause,
    Grouping,
    TypeCoerce,
)
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Double, Integer, Numeric, String

from services.anonymize.worker.engines.mysql.charsets import fitted
from services.anonymize.worker.engines.mysql.patterns import pattern
from services.anonymize.worker.sql import WORK_SCHEMA, Collated, NamedType, PartOf, WordAt, WordFor

WORK_DATABASE = WORK_SCHEMA
BINARY_COLLATION = "utf8mb4_bin"
UNICODE = frozenset({"utf8mb4", "utf8mb3", "utf8", "ucs2", "utf16", "utf16le", "utf32"})
NARROW = (
    2**20
)  # up to here 32 bits of hash choose evenly enough: no choice is 1 in 4096 likelier than another
NUMERIC = "DECIMAL(65, 20)"
BOOLEAN = "tinyint(1)"

Arguments = list[ColumnElement[Any]]


class Own(ColumnElement[Any]):
    """The masked column itself, of which the character set is known."""

    inherit_cache = False

    def __init__(self, name: str, charset: str | None, binary: bool = False) -> None:
        self.name = name
        self.charset = charset
        self.binary = binary
        self.type = Text()


class Spelled(ColumnElement[Any]):
    """A function of MySQL's own, or any SQL around expressions: `{0}` stands for the first of them."""

    inherit_cache = False

    def __init__(self, form: str, *parts: ColumnElement[Any] | str, text: bool = True) -> None:
        self.form = form
        self.parts = tuple(literal(part, Text) if isinstance(part, str) else part for part in parts)
        self.type = Text() if text else Integer()


class Compiler(MySQLCompiler):
    """Translates what masks say for PostgreSQL."""

    def visit_function(self, func: Any, add_to_result_map: Any = None, **kw: Any) -> str:
        narrow = kw.pop("narrow", False)
        translate = FUNCTIONS.get(getattr(func, "name", "").lower())
        if translate is None or getattr(func, "packagenames", None):
            return str(super().visit_function(func, add_to_result_map, **kw))
        if translate is _hash:
            kw["narrow"] = narrow
        return translate(self, list(func.clauses), kw)

    def visit_cast(self, cast: Cast[Any], **kw: Any) -> str:
        inner = cast.clause
        kw.pop("narrow", None) if not _passes(inner) else None
        if isinstance(cast.type, NamedType):
            return _as_named(self, inner, cast.type.name, kw)
        if isinstance(cast.type, String):
            return as_text(self, inner, kw)
        if isinstance(cast.type, Double):
            return f"CAST({self.process(inner, **kw)} AS DOUBLE)"
        if isinstance(cast.type, Numeric):
            return _as_number(self, inner, kw)
        if isinstance(cast.type, Integer):
            if _setting(inner) is not None:
                return self.process(inner, **kw)
            return f"CAST({self.process(inner, **kw)} AS SIGNED)"
        return str(super().visit_cast(cast, **kw))

    def visit_concat_op_binary(self, binary: BinaryExpression[Any], operator: Any, **kw: Any) -> str:
        kw.pop("narrow", None)
        parts = ", ".join(self.process(part, **kw) for part in _concatenated(binary))
        return f"CONCAT({parts})"

    def visit_ge_binary(self, binary: BinaryExpression[Any], operator: Any, **kw: Any) -> str:
        counted = _counted(binary)
        if counted is not None:  # base.present(): whether there is a value at all
            return f"({self.process(counted, **_plain(kw))} IS NOT NULL)"
        return str(self._generate_generic_binary(binary, " >= ", **_plain(kw)))

    def visit_custom_op_binary(self, element: BinaryExpression[Any], operator: Any, **kw: Any) -> str:
        left, right = element.left, element.right
        match operator.opstring:
            case "~":
                return f"({self.process(left, **kw)} REGEXP {_pattern(self, right, kw)})"
            case "~*":
                return f"({self.process(left, **kw)} REGEXP {_pattern(self, right, kw, '(?i)')})"
            case "%":
                below = right.value if isinstance(right, BindParameter) else None
                if isinstance(below, int) and below <= NARROW:
                    kw["narrow"] = True
                return f"({self.process(left, **kw)} % {self.process(right, **_plain(kw))})"
            case "&" if isinstance(right, BindParameter) and right.value == 2**63 - 1:
                return self.process(left, **kw)  # _hash() gives no more bits than these
            case "&":
                return f"CAST({self.process(left, **kw)} & {self.process(right, **kw)} AS SIGNED)"
            case "+" | "-" | "*" | "/":
                kw = _plain(kw)
                return f"({self.process(left, **kw)} {operator.opstring} {self.process(right, **kw)})"
        raise AssertionError(f"{operator.opstring} is no operator of MySQL")


class Dialect(MySQLDialect):
    """MySQL as the worker writes it."""

    statement_compiler = Compiler
    supports_statement_cache = False


# paramstyle "named": the text goes to the driver without parameters, so a percent sign must stay single
DIALECT = Dialect(paramstyle="named")
DIALECT._backslash_escapes = False
_LITERAL = Text().literal_processor(DIALECT)  # type: ignore[no-untyped-call]


def quoted(name: str) -> str:
    """Return an identifier, always quoted."""
    return str(DIALECT.identifier_preparer.quote_identifier(name))


def qualified(database: str, name: str) -> str:
    """Return `` `database`.`name` ``."""
    return f"{quoted(database)}.{quoted(name)}"


def text_literal(value: str) -> str:
    """Return a string literal."""
    return str(_LITERAL(value))


def compiled(expression: ColumnElement[Any], charset: str | None = None) -> str:
    """Return an expression's text with every literal in it; words of lists as a column's `charset` holds
    them."""
    kwargs: dict[str, Any] = {"literal_binds": True}
    if charset is not None and charset not in UNICODE:
        kwargs["charset"] = charset
    return str(expression.compile(dialect=DIALECT, compile_kwargs=kwargs))


def variable(setting: str) -> str:
    """The user variable of a session setting: @snapveil_key for snapveil.key."""
    return "@" + setting.replace(".", "_")


def as_text(compiler: SQLCompiler, value: Any, kw: dict[str, Any]) -> str:
    """A value as utf8mb4 text under utf8mb4_bin; of bytes and points, their hexadecimal digits."""
    kw = _plain(kw)
    value = _bare(value)
    if isinstance(value, Own):
        if value.binary:
            return f"LOWER(HEX({quoted(value.name)})) COLLATE {BINARY_COLLATION}"
        if value.charset == "utf8mb4":
            return f"({quoted(value.name)} COLLATE {BINARY_COLLATION})"
        return _converted(quoted(value.name))
    if isinstance(value, ColumnClause):
        return _converted(compiler.process(value, **kw))
    if isinstance(getattr(value, "type", None), String):
        return compiler.process(value, **kw)  # an expression over texts that are converted already
    return f"CAST({compiler.process(value, **kw)} AS CHAR)"


def _converted(name: str) -> str:
    return f"(CONVERT({name} USING utf8mb4) COLLATE {BINARY_COLLATION})"


def _bare(value: Any) -> Any:
    while isinstance(value, TypeCoerce | Grouping | Collated) or (
        isinstance(value, Cast) and isinstance(value.type, String) and not isinstance(value.clause, Cast)
    ):
        value = (
            value.value
            if isinstance(value, Collated)
            else value.element
            if isinstance(value, Grouping)
            else value.clause
        )
    return value


def _plain(kw: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kw.items() if name != "narrow"}


def _passes(value: Any) -> bool:
    """Whether a choice among few may be told through a cast to the hash below it."""
    return not isinstance(_bare(value), ColumnClause)


def _concatenated(value: Any) -> list[ColumnElement[Any]]:
    bare = value.element if isinstance(value, Grouping) else value
    if isinstance(bare, BinaryExpression) and getattr(bare.operator, "__name__", "") == "concat_op":
        return [*_concatenated(bare.left), *_concatenated(bare.right)]
    return [value]


def _counted(binary: BinaryExpression[Any]) -> Any:
    """The column of `length(column as text) >= 0`."""
    left, right = binary.left, binary.right
    if isinstance(left, FunctionElement) and getattr(left, "name", "") == "length":
        value = _bare(next(iter(left.clauses)))
        if isinstance(right, BindParameter) and right.value == 0 and isinstance(value, ColumnClause | Own):
            return value
    return None


def _setting(value: Any) -> str | None:
    """The session setting that an expression reads."""
    if isinstance(value, FunctionElement) and getattr(value, "name", "") == "current_setting":
        (named,) = value.clauses
        return str(named.value)
    return None


def _as_named(compiler: SQLCompiler, value: Any, name: str, kw: dict[str, Any]) -> str:
    """A value of a named type. Storing converts it; only booleans and reals have to be said."""
    bare = _bare(value)
    if name == BOOLEAN and not isinstance(bare, ColumnClause | Own):
        return f"({compiler.process(value, **kw)} IN ('true', '1'))"
    if name == "double precision":
        return f"CAST({compiler.process(value, **kw)} AS DOUBLE)"
    return compiler.process(value, **kw)


def _as_number(compiler: SQLCompiler, value: Any, kw: dict[str, Any]) -> str:
    """An exact number: a constant as it is written, anything else with twenty decimals to compute with."""
    bare = _bare(value)
    if isinstance(bare, BindParameter):
        try:
            return f"{Decimal(str(bare.value)):f}"
        except InvalidOperation as error:
            raise ValueError(f"{bare.value} is no number") from error
    return f"CAST({compiler.process(value, **kw)} AS {NUMERIC})"


def _pattern(compiler: SQLCompiler, value: Any, kw: dict[str, Any], flags: str = "") -> str:
    bare = _bare(value)
    if isinstance(bare, BindParameter):
        return text_literal(pattern(str(bare.value), flags))
    return compiler.process(value, **kw)


Translation = Callable[[SQLCompiler, Arguments, dict[str, Any]], str]


def _form(form: str) -> Translation:
    def translated(compiler: SQLCompiler, arguments: Arguments, kw: dict[str, Any]) -> str:
        return form.format(*(compiler.process(argument, **kw) for argument in arguments))

    return translated


def _length(compiler: SQLCompiler, arguments: Arguments, kw: dict[str, Any]) -> str:
    (value,) = arguments
    bytes_ = isinstance(value, Cast) and isinstance(value.type, NamedType)
    return f"{'LENGTH' if bytes_ else 'CHAR_LENGTH'}({compiler.process(value, **kw)})"


def _hash(compiler: SQLCompiler, arguments: Arguments, kw: dict[str, Any]) -> str:
    """63 bits of a hash that nobody without the key can compute, or 32 where it chooses among few.

    SHA-256 is done by the processor: measured, MD5 takes twice as long. CRC32 alone is linear; over a digest
    it only makes a number of it.
    """
    narrow = kw.pop("narrow", False)
    value, seed = (compiler.process(argument, **kw) for argument in arguments)
    if narrow:
        return f"CAST(CRC32(SHA2(CONCAT({seed}, {value}), 256)) AS SIGNED)"
    high, low = f"SHA2(CONCAT({seed}, {value}), 256)", f"SHA2(CONCAT({seed}, '+', {value}), 256)"
    return f"CAST((CRC32({high}) << 31) ^ CRC32({low}) AS SIGNED)"


def _read_setting(compiler: SQLCompiler, arguments: Arguments, kw: dict[str, Any]) -> str:
    return variable(str(arguments[0].value))


def _encode(compiler: SQLCompiler, arguments: Arguments, kw: dict[str, Any]) -> str:
    value = _bare(arguments[0])
    if isinstance(value, FunctionElement) and getattr(value, "name", "") == "sha256":
        (message,) = value.clauses
        return f"SHA2({compiler.process(message, **kw)}, 256)"
    return f"LOWER(HEX({compiler.process(arguments[0], **kw)}))"


def _translate(compiler: SQLCompiler, arguments: Arguments, kw: dict[str, Any]) -> str:
    made = compiler.process(arguments[0], **kw)
    source, target = (str(argument.value) for argument in arguments[1:])
    for place, letter in enumerate(source):
        made = f"REPLACE({made}, {text_literal(letter)}, {text_literal(target[place : place + 1])})"
    return made


def _split_part(compiler: SQLCompiler, arguments: Arguments, kw: dict[str, Any]) -> str:
    value, mark = (compiler.process(argument, **kw) for argument in arguments[:2])
    place = int(_bare(arguments[2]).value)
    if place == 1:
        return f"SUBSTRING_INDEX({value}, {mark}, 1)"
    return f"SUBSTRING_INDEX(SUBSTRING_INDEX({value}, {mark}, {place}), {mark}, -1)"


def _regexp_replace(compiler: SQLCompiler, arguments: Arguments, kw: dict[str, Any]) -> str:
    value, found, instead, *flags = arguments
    said = "".join(str(_bare(flag).value) for flag in flags)
    regular = _pattern(compiler, found, kw, "(?i)" if "i" in said else "")
    return f"REGEXP_REPLACE({compiler.process(value, **kw)}, {regular}, {compiler.process(instead, **kw)})"


def _concat(compiler: SQLCompiler, arguments: Arguments, kw: dict[str, Any]) -> str:
    """PostgreSQL's concat() passes NULLs over."""
    return f"CONCAT_WS('', {', '.join(compiler.process(argument, **kw) for argument in arguments)})"


FUNCTIONS: dict[str, Translation] = {
    "btrim": _form("TRIM({0})"),
    "concat": _concat,
    "convert_to": _form("{0}"),
    "cosd": _form("COS(RADIANS({0}))"),
    "current_setting": _read_setting,
    "decode": _form("UNHEX({0})"),
    "div": _form("({0} DIV {1})"),
    "encode": _encode,
    "hashtextextended": _hash,
    "length": _length,
    "point": _form("POINT({0}, {1})"),
    "regexp_replace": _regexp_replace,
    "sha256": _form("UNHEX(SHA2({0}, 256))"),
    "split_part": _split_part,
    "strpos": _form("LOCATE({1}, {0})"),
    "translate": _translate,
}


@compiles(Own, "mysql")
def _compile_own(element: Own, compiler: SQLCompiler, **kw: Any) -> str:
    return quoted(element.name)


@compiles(Spelled, "mysql")
def _compile_spelled(element: Spelled, compiler: SQLCompiler, **kw: Any) -> str:
    return element.form.format(*(compiler.process(part, **_plain(kw)) for part in element.parts))


@compiles(Collated, "mysql")
def _compile_collated(element: Collated, compiler: SQLCompiler, **kw: Any) -> str:
    return as_text(compiler, element.value, kw)


@compiles(WordAt, "mysql")
def _compile_word_at(element: WordAt, compiler: SQLCompiler, **kw: Any) -> str:
    """ELT() evaluates the one word that it returns, so that a long list costs a row nothing."""
    charset = kw.get("charset")
    words = ", ".join(text_literal(fitted(word, charset)) for word in element.words)
    return f"ELT({compiler.process(element.index, **kw)}, {words})"


@compiles(WordFor, "mysql")
def _compile_word_for(element: WordFor, compiler: SQLCompiler, **kw: Any) -> str:
    """Constants behind IN are sorted once and searched by halves."""
    keys: dict[str, list[str]] = {}
    for key, word in element.words.items():
        keys.setdefault(word, []).append(text_literal(key))
    value = as_text(compiler, element.text, kw)
    branches = " ".join(
        f"WHEN {value} IN ({', '.join(some)}) THEN {text_literal(word)}" for word, some in keys.items()
    )
    return f"(CASE {branches} END)"


@compiles(PartOf, "mysql")
def _compile_part_of(element: PartOf, compiler: SQLCompiler, **kw: Any) -> str:
    return f"ST_{'Y' if element.place else 'X'}({compiler.process(element.value, **kw)})"
