"""Stored functions that the worker makes in its own database, by name.

The permutations are written for MySQL and MariaDB; what is made of them is translated from PostgreSQL's
functions, so that a format of identifiers is said once.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

from services.anonymize.worker.engines.mysql.functions_long import PIECEWISE
from services.anonymize.worker.engines.mysql.functions_permuting import PERMUTING
from services.anonymize.worker.engines.mysql.functions_text import TEXTS
from services.anonymize.worker.engines.mysql.procedures import name_of, procedure
from services.anonymize.worker.masks import formats, iban, ranges, telephones
from services.anonymize.worker.masks.identifiers import FAKE_TEST_CARD, IDENTIFIERS

WRITTEN: Mapping[str, str] = MappingProxyType({**PERMUTING, **TEXTS, **PIECEWISE})
INSTEAD = {
    formats.STEUER_ID.only_if: "snapveil_work.repeats_one_digit(left(made, 10))",
    iban._SPOKEN: "snapveil_work.spoken(bban)",
    # MySQL writes a group as $1, and MariaDB as \\1
    r"regexp_replace(fake, '(.{4})(?=.)', '\1 ', 'g')": "snapveil_work.in_fours(fake)",
}


def _statements() -> Iterator[str]:
    for mask in IDENTIFIERS:
        yield from formats.statements(mask.word, mask.formats, mask.head, by_lookup=False)
    yield FAKE_TEST_CARD
    yield from (iban.WHOLE_IBAN, iban.IBAN_ACCOUNT, iban.FAKE_IBAN)
    yield from telephones.PHONES
    yield from (ranges.ANY_PHONE, ranges.ANY_IBAN, ranges.ANY_MAC)


@cache
def _translatable() -> Mapping[str, str]:
    return {name_of(statement): statement for statement in _statements()}


@cache
def function(name: str) -> str | None:
    """The statement that makes the function of this name; None if there is none."""
    if name in WRITTEN:
        return WRITTEN[name]
    statement = _translatable().get(name)
    return procedure(statement, INSTEAD) if statement else None


def names() -> tuple[str, ...]:
    """All of them."""
    return (*WRITTEN, *_translatable())
