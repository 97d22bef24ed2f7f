"""Patterns of names: which tables a wildcard names, and which columns a default is for."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase, translate
from functools import lru_cache

from services.anonymize.worker.policy.model import Match
from services.anonymize.worker.schema import DEFAULT_SCHEMA, Column, Table

WILD = re.compile(r"[*?\[]")
ITSELF = re.compile(r"\[([*?\[.])\]")  # what would mean something else, in brackets to stand for itself
HIDDEN = {letter: f"\0{place}" for place, letter in enumerate("*?[.")}  # no name holds a null byte


def is_pattern(name: str) -> bool:
    """Whether a table's name in a policy is a pattern."""
    return WILD.search(ITSELF.sub("", name)) is not None


def table_of(name: str) -> tuple[str, str]:
    """The schema and the name of a table that a policy names; those of a pattern are patterns."""
    hidden = ITSELF.sub(lambda found: HIDDEN[found[1]], name)
    schema, _, table = hidden.partition(".") if "." in hidden else (DEFAULT_SCHEMA, "", hidden)
    bare = not is_pattern(name)
    for letter, place in HIDDEN.items():
        shown = letter if bare else f"[{letter}]"
        schema, table = schema.replace(place, shown), table.replace(place, shown)
    return schema, table


def column_of(name: str) -> tuple[tuple[str, str], str]:
    """The table and the column of table.column or schema.table.column."""
    hidden = ITSELF.sub(lambda found: HIDDEN[found[1]], name)
    table, _, column = hidden.rpartition(".")
    for letter, place in HIDDEN.items():
        table, column = table.replace(place, f"[{letter}]"), column.replace(place, letter)
    return table_of(table), column


def written(table: Table) -> str:
    """How a policy names a table and no other."""
    schema = re.sub(r"[*?\[.]", r"[\g<0>]", table.schema)
    name = WILD.sub(r"[\g<0>]", table.name)
    return name if table.schema == DEFAULT_SCHEMA and "." not in name else f"{schema}.{name}"


def names_table(schema: str, name: str, table: Table) -> bool:
    """Whether a pattern of schema and name is for a table; capitals count, as in a plain name."""
    return fnmatchcase(table.schema, schema) and fnmatchcase(table.name, name)


def is_for(match: Match, table: Table, column: Column) -> bool:
    """Whether a default is for a column: everything that it says must hold, whatever the capitals."""
    return (
        _any(match.schemas, (table.schema,))
        and _any(match.tables, (table.name,))
        and _any(match.columns, (column.name,))
        and _any(match.types, _words_for(column))
        and _any(match.comments, (column.comment or "",))
    )


def _words_for(column: Column) -> tuple[str, ...]:
    """A type as the database writes it, without its length, its short name, and the kind that masks take."""
    return column.type, column.type.partition("(")[0], column.base_type, column.family.value


def _any(patterns: Iterable[str], values: tuple[str, ...]) -> bool:
    tests = [_compiled(pattern) for pattern in patterns]
    return not tests or any(test.search(value) for test in tests for value in values)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern between slashes is a regular expression, found anywhere; any other is for the whole text."""
    if len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        return re.compile(pattern[1:-1], re.IGNORECASE)
    return re.compile(f"^{translate(pattern)}", re.IGNORECASE)


def why_unusable(pattern: str) -> str | None:
    """Why a pattern cannot be used; None if it can."""
    try:
        _compiled(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return None
