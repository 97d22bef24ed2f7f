"""Patterns of names: which tables a wildcard names, and which columns a default is for."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase, translate
from functools import lru_cache

from services.anonymize.worker.policy.model import Match
from services.anonymize.worker.schema import Column, Table

WILD = re.compile(r"[*?\[]")


def is_pattern(name: str) -> bool:
    """Whether a table's name in a policy is a pattern."""
    return WILD.search(name) is not None


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
