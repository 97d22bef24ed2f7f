"""The small SQL of PostgreSQL in which the masks' functions are written, read and said for MySQL and MariaDB.

It knows what those functions use: literals, calls, casts by `::`, `||`, arithmetic over whole numbers,
regular expressions, arrays of constants, CASE, IN and BETWEEN. Whole numbers are divided by DIV. Anything
else is refused when a test or a plan needs it, never guessed.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from services.anonymize.worker.engines.mysql.patterns import pattern
from services.anonymize.worker.engines.mysql.sql import text_literal, variable

TOKEN = re.compile(
    r"(?:\s|--[^\n]*)*(?:(?P<text>E?'(?:[^']|'')*')|(?P<number>\d+(?:\.\d+)?(?!\.))|(?P<range>\d+(?=\.\.))"
    r'|(?P<name>[A-Za-z_]\w*(?:\.\w+)?)|(?P<quoted>"\w+"(?:\."\w+")?)'
    r"|(?P<mark>::|:=|\|\||->>|<>|<=|>=|!~|\.\.|[-+*/%^&=<>~(),;\[\]]))"
)
CASTS = {
    "text": "CAST({0} AS CHAR)", "bigint": "CAST({0} AS SIGNED)", "integer": "CAST({0} AS SIGNED)",
    "numeric": "CAST({0} AS DECIMAL(65, 0))", "jsonb": "{0}",
}  # fmt: skip
CALLS = {
    "btrim": "TRIM({0})",
    "chr": "CHAR({0} USING utf8mb4)",
    "convert_to": "{0}",
    "current_setting": "{0}",
    "encode": "LOWER(HEX({0}))",
    "hashtextextended": "CAST((CRC32(SHA2(CONCAT({1}, {0}), 256)) << 31)"
    " ^ CRC32(SHA2(CONCAT({1}, '+', {0}), 256)) AS SIGNED)",
    "length": "CHAR_LENGTH({0})",
    "sha256": "UNHEX(SHA2({0}, 256))",
    "starts_with": "(LEFT({0}, CHAR_LENGTH({1})) = {1})",
    "strpos": "LOCATE({1}, {0})",
    "to_hex": "LOWER(HEX({0}))",
}  # fmt: skip
_PIECE = r"(?:\[[^\]]*\]|[^(\[\\]|\\.|\(\?)*"
GROUP = re.compile(rf"({_PIECE})\((?!\?)({_PIECE})\)({_PIECE})")  # the one group of a pattern
COMPARISONS = ("=", "<>", "<", ">", "<=", ">=")
SUMS, PRODUCTS = ("+", "-"), {"*": "*", "/": "DIV", "%": "%"}
CONSTANTS = {"TRUE", "FALSE", "NULL"}


@dataclass(frozen=True)
class Token:
    """A piece of SQL."""

    kind: str
    text: str

    @property
    def said(self) -> str:
        """The text that a literal stands for."""
        plain = self.text[2:-1] if self.text.startswith("E") else self.text[1:-1]
        plain = plain.replace("''", "'")
        if self.text.startswith("E"):
            plain = plain.encode("latin-1", "backslashreplace").decode("unicode_escape")
        return plain


def _tokens(text: str) -> Iterator[Token]:
    at, text = 0, text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise ValueError(f"cannot read {text[at : at + 30]}")
        kind = "number" if match.lastgroup == "range" else match.lastgroup
        yield Token(kind, match[match.lastgroup])
        at = match.end()
    yield Token("end", "")


def translated(text: str) -> str:
    """An expression of PostgreSQL for MySQL and MariaDB. Raises ValueError for what is unknown here."""
    reader = Reader(text)
    made = reader.either()
    if reader.now.kind != "end":
        raise reader.unknown()
    return made


class Reader:
    """Reads SQL from left to right; `arrays` are variables that hold arrays of constants."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.at = 0
        self.arrays: dict[str, tuple[str, ...]] = {}
        self.numbers = True  # whether the array that was read last is one of numbers

    @property
    def now(self) -> Token:
        """The next token."""
        return self.tokens[self.at]

    def unknown(self) -> ValueError:
        """What to raise where the next token is not known."""
        near = " ".join(token.text for token in self.tokens[max(self.at - 6, 0) : self.at + 6])
        return ValueError(f"{self.now.text or 'the end'} is not known here: … {near} …")

    def word(self, *words: str) -> str | None:
        """Take a word or a mark if it comes next."""
        said = self.now.text.upper()
        if self.now.kind not in {"name", "mark"} or said not in words:
            return None
        self.at += 1
        return said

    def must(self, *words: str) -> None:
        """Take words that have to come next."""
        for word in words:
            if self.word(word) is None:
                raise self.unknown()

    def take(self, kind: str) -> Token:
        """Take a token of a kind that has to come next."""
        token = self.now
        if token.kind != kind:
            raise self.unknown()
        self.at += 1
        return token

    def _joined(self, part: Callable[[], str], word: str) -> str:
        made = part()
        while self.word(word):
            made = f"({made} {word} {part()})"
        return made

    def either(self) -> str:
        """An expression."""
        return self._joined(self._both, "OR")

    def _both(self) -> str:
        return self._joined(self._compared, "AND")

    def _compared(self) -> str:
        if self.word("NOT"):
            return f"(NOT {self._compared()})"
        made = self._concatenated()
        if sign := self.word(*COMPARISONS):
            return f"({made} {sign} {self._concatenated()})"
        if sign := self.word("~", "!~"):
            said = text_literal(pattern(self.take("text").said))
            return f"({made} {'NOT REGEXP' if sign == '!~' else 'REGEXP'} {said})"
        if self.word("IS"):
            return self._is(made)
        negated = "NOT " if self.word("NOT") else ""
        if self.word("IN"):
            self.must("(")
            return f"({made} {negated}IN ({', '.join(self.listed())}))"
        if self.word("BETWEEN"):
            low = self._concatenated()
            self.must("AND")
            return f"({made} {negated}BETWEEN {low} AND {self._concatenated()})"
        return made

    def _is(self, made: str) -> str:
        if self.word("DISTINCT"):
            self.must("FROM")
            return f"(NOT {made} <=> {self._concatenated()})"
        negated = "NOT " if self.word("NOT") else ""
        self.must("NULL")
        return f"({made} IS {negated}NULL)"

    def _concatenated(self) -> str:
        parts = [self._added()]
        while sign := self.word("||", "->>"):
            if sign == "->>":
                key = self._added()
                document = parts.pop()
                parts.append(f"JSON_UNQUOTE(JSON_EXTRACT({document}, CONCAT('$.', {key})))")
            else:
                parts.append(self._added())
        return parts[0] if len(parts) == 1 else f"CONCAT({', '.join(parts)})"

    def _added(self) -> str:
        made = self._multiplied()
        while sign := self.word(*SUMS, "&"):
            right = self._multiplied()
            made = f"CAST({made} & {right} AS SIGNED)" if sign == "&" else f"({made} {sign} {right})"
        return made

    def _multiplied(self) -> str:
        made = self._raised()
        while sign := self.word(*PRODUCTS):
            made = f"({made} {PRODUCTS[sign]} {self._raised()})"
        return made

    def _raised(self) -> str:
        made = self._cast()
        while self.word("^"):
            made = f"CAST(POW({made}, {self._cast()}) AS DECIMAL(65, 0))"
        return made

    def _cast(self) -> str:
        made = self._value()
        while self.word("::"):
            kind = self.take("name").text
            if self.word("["):
                self.must("]")  # an array, which only ever stands before an index
                self.numbers = kind != "name"
            elif kind == "bit":  # 'x' || hexadecimal digits
                self.must("(")
                self.listed()
                digits = made.removeprefix("CONCAT('x', ").removesuffix(")")
                made = f"CONV({digits}, 16, 10)"
            elif kind in CASTS:
                made = CASTS[kind].format(made)
            else:
                raise self.unknown()
        return made

    def _value(self) -> str:
        token = self.now
        if self.word("("):
            made = self.either()
            self.must(")")
            return self.indexed(constants(made)) if self.word("[") else made
        if self.word("CASE"):
            return self._case()
        if self.word("-"):
            return f"(-{self._value()})"
        self.at += 1
        match token.kind:
            case "number":
                return token.text
            case "text":
                return text_literal(token.said)
            case "quoted":
                self.must("(")
                return f"{token.text.replace(chr(34), '')}({', '.join(self.listed())})"
            case "name" if self.word("("):
                return self._called(token.text)
            case "name" if self.word("["):
                return self.indexed(self.arrays[token.text])
            case "name":
                return token.text.upper() if token.text.upper() in CONSTANTS else f"`{token.text}`"
        self.at -= 1
        raise self.unknown()

    def indexed(self, elements: Sequence[str]) -> str:
        """A constant of an array by its index, counted from 1."""
        numbers, self.numbers = self.numbers, True
        index = self.either()
        self.must("]")
        if numbers and all(re.fullmatch(r"-?\d+", one) for one in elements):
            return f"CAST(ELT({index}, {', '.join(elements)}) AS SIGNED)"
        if set(elements) <= CONSTANTS:
            return f"(ELT({index}, {', '.join(elements)}) = 1)"
        return f"ELT({index}, {', '.join(map(text_literal, elements))})"

    def _called(self, name: str) -> str:
        match name:
            case "substring":
                return self._substring()
            case "regexp_replace":
                return self._replaced()
            case "translate":
                return self._translate()
            case "ltrim":
                value, mark = self.listed()
                return f"TRIM(LEADING {mark} FROM {value})"
            case "current_setting":
                setting = self.take("text").said
                self.must(")")
                return variable(setting)
        arguments = self.listed()
        form = CALLS.get(name)
        return form.format(*arguments) if form else f"{name}({', '.join(arguments)})"

    def _substring(self) -> str:
        """What a pattern finds, or the group in it; NULL where it finds nothing."""
        value = self.either()
        self.must("FROM")
        said = pattern(self.take("text").said)
        self.must(")")
        group = GROUP.fullmatch(said)
        if group:
            said = f"(?<={group[1]}){group[2]}(?={group[3]})" if group[1] else f"{group[2]}(?={group[3]})"
        found = text_literal(said)
        return f"IF({value} REGEXP {found}, COALESCE(REGEXP_SUBSTR({value}, {found}), ''), NULL)"

    def _replaced(self) -> str:
        """All that a pattern finds is replaced; without the flag for all, it has to be bound to the start."""
        first = self.at
        value, _, instead, *flags = self.listed()
        last = self.at
        self.at = first
        self.either()
        self.must(",")
        found = text_literal(pattern(self.take("text").said)) if self.now.kind == "text" else self.either()
        self.at = last
        if "g" not in "".join(flags) and not found.startswith("'^"):
            raise ValueError(f"replaces only the first of {found}, which MariaDB cannot")
        return f"REGEXP_REPLACE({value}, {found}, {instead})"

    def _translate(self) -> str:
        made = self.either()
        self.must(",")
        source = self.take("text").said
        self.must(",")
        target = self.take("text").said
        self.must(")")
        for place, letter in enumerate(source):
            if letter in target[:place]:
                raise ValueError(f"translates {letter} twice")
            made = f"REPLACE({made}, {text_literal(letter)}, {text_literal(target[place : place + 1])})"
        return made

    def listed(self) -> list[str]:
        """Expressions up to the closing parenthesis."""
        if self.word(")"):
            return []
        made = [self.either()]
        while self.word(","):
            made.append(self.either())
        self.must(")")
        return made

    def _case(self) -> str:
        made = "CASE"
        if self.now.text.upper() != "WHEN":
            made += f" {self.either()}"
        while self.word("WHEN"):
            made += f" WHEN {self.either()}"
            self.must("THEN")
            made += f" THEN {self.either()}"
        if self.word("ELSE"):
            made += f" ELSE {self.either()}"
        self.must("END")
        return f"{made} END"


def constants(array: str) -> tuple[str, ...]:
    """The elements of an array's literal: '{1,2}'. Booleans come as TRUE and FALSE."""
    if not re.fullmatch(r"'\{[^{}']*\}'", array):
        raise ValueError(f"{array[:60]} is no array of constants")
    elements = tuple(one.strip().strip('"') for one in array[2:-2].split(","))
    return tuple(one.upper() if one.upper() in CONSTANTS else one for one in elements)
