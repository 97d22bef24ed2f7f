"""What stands beside the function that redacts a text: numbers that few texts hold, and names in order."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, Text, case, cast, func
from sqlalchemy.dialects.postgresql import ARRAY, array

from services.anonymize.worker.shapes import CARD, IBAN, IPV6
from services.anonymize.worker.sql import TextElement, function_statement, text_literal, work_function

_SHAPES = ((IBAN, "[iban]"), (CARD, "[card]"), (IPV6, "[ip]"))
_REPLACED = reduce(
    lambda text, shape: f"regexp_replace({text}, {text_literal(shape[0])}, '{shape[1]}', 'g')",
    _SHAPES,
    "original",
)
REDACTED_NUMBERS = function_statement(
    "redacted_numbers", "original text", "text", "sql", f"SELECT {_REPLACED}"
)

LONGEST_FIRST = function_statement(
    "longest_first",
    "names text[]",
    "text[]",
    "sql",
    "SELECT array_agg(one ORDER BY length(one) DESC) FROM unnest(names) AS one WHERE one IS NOT NULL",
)


def longest_first(names: Sequence[TextElement]) -> ColumnElement[Any]:
    """Names as an array in which one that holds another, as a whole name does, comes before it."""
    if len(names) == 1:
        return array(names)
    if len(names) > 2:
        return work_function("longest_first", cast(array(names), ARRAY(Text)))
    one, other = names  # the usual first and last name, without a call
    swapped = func.length(one) < func.length(other)
    return array([case((swapped, other), else_=one), case((swapped, one), else_=other)])
