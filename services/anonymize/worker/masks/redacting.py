# Expressions come compiled, with their literals rendered by the dialect, never from a caller.
# ruff: noqa: S608
"""What stands beside the function that redacts a text: numbers that few texts hold, and names in order."""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, Text, case, cast, func
from sqlalchemy import column as element
from sqlalchemy.dialects.postgresql import ARRAY, array

from services.anonymize.worker.masks.base import unless_empty
from services.anonymize.worker.shapes import CARD, IBAN, IPV6
from services.anonymize.worker.sql import (
    Collated,
    TextElement,
    compiled,
    function_statement,
    text_literal,
    work_function,
)

_SHAPES = ((IBAN, "[iban]"), (CARD, "[card]"), (IPV6, "[ip]"))
_REPLACED = reduce(
    lambda text, shape: f"regexp_replace({text}, {text_literal(shape[0])}, '{shape[1]}', 'g')",
    _SHAPES,
    "original",
)
REDACTED_NUMBERS = function_statement(
    "redacted_numbers", "original text", "text", "sql", f"SELECT {_REPLACED}"
)

# What an hstore's quotes ask for: a backslash before one and before a quote.
ESCAPED = r"""'(["\\])', '\\\1', 'g'"""

# XML may write any letter by its number, and so an address without an @.
SPELLED_OUT = function_statement(
    "spelled_out",
    "document text",
    "text",
    "plpgsql",
    """
DECLARE
  found text; code integer;
BEGIN
  IF strpos(document, '&#') = 0 THEN RETURN document; END IF;
  FOR found IN SELECT DISTINCT m[1] FROM regexp_matches(document, '&#(x[0-9a-f]+|[0-9]+);', 'gi') AS m LOOP
    CONTINUE WHEN length(ltrim(found, 'xX0')) > 5;
    code := CASE WHEN lower(left(found, 1)) <> 'x' THEN found::numeric::integer
      ELSE ('x' || right('0000000' || substr(found, 2), 8))::bit(32)::integer END;
    CONTINUE WHEN code NOT BETWEEN 32 AND 55295 OR chr(code) ~ '[<>&"'']';
    document := replace(document, '&#' || found || ';', chr(code));
  END LOOP;
  RETURN document;
END
""",
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


def pairs_function(name: str, arguments: Iterable[str], fake: Callable[[TextElement], TextElement]) -> str:
    """The statement that makes a function from an hstore, as JSON, to its text with a fake for every key and
    value: each on its own, because a placeholder over quotes and arrows would leave no hstore."""
    key, value = (
        f"'\"' || regexp_replace({compiled(unless_empty(one, fake(Collated(one))))}, {ESCAPED}) || '\"'"
        for one in (element("key", Text), element("value", Text))
    )
    pairs = f"SELECT string_agg({key} || '=>' || coalesce({value}, 'NULL'), ',') FROM jsonb_each_text(whole)"
    body = f"BEGIN IF whole IS NULL THEN RETURN NULL; END IF; RETURN coalesce(({pairs}), ''); END"
    signature = ", ".join(["whole jsonb", *(f"{argument} text" for argument in arguments)])
    return function_statement(name, signature, "text", "plpgsql", body)
