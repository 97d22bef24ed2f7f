# SQL keeps its own lines.
# ruff: noqa: E501
"""SQL that finds every e-mail, telephone number and IBAN in one value, for verification's scans.

One pattern looks for all of them from one find to the next, and stands in the query itself: a server reads a pattern of
a query once, and one of a stored function again in every call (measured: 2 to 10 us for a value, and 200). What is found
comes as elements of a JSON array, each a text: the column's number in three digits, a letter for the kind, and the find.
"""

from services.anonymize.worker.engines.mysql.functions_long import FOUND_IN
from services.anonymize.worker.engines.mysql.patterns import FITS, pattern
from services.anonymize.worker.engines.mysql.sql import text_literal, variable
from services.anonymize.worker.engines.mysql.stored import stored
from services.anonymize.worker.engines.mysql.values import functions_for
from services.anonymize.worker.keys import DIGEST_KEY_SETTING
from services.anonymize.worker.numbering import belongs_to_nobody
from services.anonymize.worker.shapes import (
    BARE_NUMBER,
    EMAIL,
    IBAN,
    IBAN_LENGTHS,
    PHONE,
    SHORTEST_EMAIL,
    SHORTEST_IBAN,
    SHORTEST_PHONE,
)
from services.anonymize.worker.sql import WORK_SCHEMA

SHORTEST = {"email": SHORTEST_EMAIL, "phone": SHORTEST_PHONE, "iban": SHORTEST_IBAN}
SURVIVORS, ORIGINALS, FAKE_PHONES, FAKE_IBANS = range(4)
"""What is wanted: what was left by masking, what is there before, and what `range: any` will make of it."""

FAKE = " fake"  # behind a kind: digests of fakes that come from the originals' own range
_LETTERS = {"email": "e", "iban": "i", "phone": "p"}
WHOLE = 300  # characters of a value that is looked for as a whole
LONGEST_CODE = (
    1000  # characters: a longer one without spaces holds no number anyway, and takes a server too many steps
)
# what may stand between two finds, a word or what none of them begins with at a time: twice as fast as by letters
_SKIPPED = "(?>[[:alpha:]]++|[^[:alnum:]._%+(-]++|.)"
_NOTHING = "(?!)"
_WORTHWHILE = "@|[0-9][0-9 ./()-]{6,}[0-9]|[A-Za-z]{2}[0-9]{2}[ -]?[0-9A-Za-z]{4}"


def finds(
    value: str,
    place: int,
    mask: str,
    kinds: frozenset[str],
    wanted: int,
    codes: str = "",
    *,
    is_mariadb: bool,
) -> str:
    """SQL for everything that is found in a value, as elements that each end with a comma; NULL for nothing.

    The mask says what a column holds, however it is written: then the whole value is what is looked for. An e-mail may
    have had a name around it; masked, it is alone.
    """
    if mask in {"phone", "iban"} or (mask == "email" and wanted == SURVIVORS):
        head = text_literal(f"{place:03}{_LETTERS[mask]}")
        return f"IF(CHAR_LENGTH({value}) >= {SHORTEST[mask]}, CONCAT(JSON_QUOTE(CONCAT({head}, LEFT({value}, {WHOLE}))), ','), NULL)"
    if codes and "phone" in kinds:  # a code holds no telephone number
        with_phones = finds(value, place, mask, kinds, wanted, is_mariadb=is_mariadb)
        without = finds(value, place, mask, kinds - {"phone"}, wanted, is_mariadb=is_mariadb)
        is_code = f"CHAR_LENGTH({value}) <= {LONGEST_CODE} AND {value} REGEXP {text_literal(pattern(codes))}"
        return f"IF({is_code}, {without}, {with_phones})"
    # a number within an IBAN is none, so that IBANs are looked for before
    phone = PHONE if "phone" in kinds else _NOTHING
    shapes = f"({EMAIL})|(?=[A-Za-z][A-Za-z][0-9])({IBAN})|(?=[+(0-9])({phone})"
    found = pattern(f"(?s){_SKIPPED}*?(?:{shapes}|\\z)")
    sign = "\\" if is_mariadb else "$"
    elements = "".join(
        f'"{place:03}{letter}{sign}{group}",' for group, letter in enumerate(_LETTERS.values(), 1)
    )
    # a server that gives up on a pattern says NULL
    worth = f"CHAR_LENGTH({value}) >= {SHORTEST_EMAIL} AND COALESCE({value} REGEXP {text_literal(_WORTHWHILE)}, TRUE)"
    replaced = f"REGEXP_REPLACE({value}, {text_literal(found)}, {text_literal(elements)})"
    short = f"IF({worth}, COALESCE({replaced}, {WORK_SCHEMA}.gave_up()), NULL)"
    if is_mariadb:
        return short
    long = f"{WORK_SCHEMA}.found_in({value}, {text_literal(pattern(shapes))}, '{place:03}')"
    return f"IF(CHAR_LENGTH({value}) > {FITS}, {long}, {short})"


def normal(found: str, letter: str, wanted: int, kept: str) -> str:
    """SQL for the normal form of a find; NULL where it is none of what is wanted. `kept` is SQL for whether its column is
    kept: a bare number may be a code just as well, and makes no number an original there."""
    phone = f"{WORK_SCHEMA}.dialled({_bare(found)})"
    iban = _normal_iban(found)
    forms = {"e": f"LOWER(TRIM({found}))", "i": iban, "p": phone}
    if wanted == ORIGINALS:
        is_code = f"{kept} AND {found} REGEXP {text_literal(pattern(BARE_NUMBER))}"
        forms["p"] = f"IF({is_code}, NULL, {phone})"
    elif wanted == FAKE_PHONES:
        forms = {"p": f"{WORK_SCHEMA}.dialled({_bare(f'{WORK_SCHEMA}.fake_any_phone({phone})')})"}
    elif wanted == FAKE_IBANS:
        forms = {"i": _normal_iban(f"{WORK_SCHEMA}.fake_any_iban({iban})")}
    branches = " ".join(f"WHEN '{of}' THEN {made}" for of, made in forms.items())
    return f"CASE {letter} {branches} END"


def is_one(form: str, letter: str, wanted: int) -> str:
    """SQL for whether a normal form is one of what is looked for. A number that belongs to nobody names nobody, and a
    fake may well be the same."""
    least = " ".join(f"WHEN '{_LETTERS[kind]}' THEN {length}" for kind, length in SHORTEST.items())
    long_enough = f"CHAR_LENGTH({form}) >= CASE {letter} {least} END"
    if wanted == SURVIVORS:
        return long_enough
    nobodys = f"({letter} = 'p' AND {form} REGEXP {text_literal(pattern(belongs_to_nobody()))})"
    return f"{long_enough} AND NOT {nobodys}"


def digest(form: str, letter: str) -> str:
    """SQL for the keyed digest of a normal form, as 32 hexadecimal digits."""
    return f"LEFT(SHA2(CONCAT({variable(DIGEST_KEY_SETTING)}, ':', {kind_of(letter)}, ':', {form}), 256), 32)"


def letter_of(kind: str) -> str:
    """The letter that stands for a kind."""
    return _LETTERS[kind]


def kind_of(letter: str) -> str:
    """SQL for a kind's name."""
    return (
        f"CASE {letter} "
        + " ".join(f"WHEN '{short}' THEN '{kind}'" for kind, short in _LETTERS.items())
        + " END"
    )


def _without(text: str, letters: str) -> str:
    for letter in letters:
        text = f"REPLACE({text}, '{letter}', '')"
    return text


def _bare(number: str) -> str:
    """A number without what people write between its digits; a no-break space is among it."""
    return _without(f"REPLACE({number}, '(0)', '')", " ./-()\t\u00a0")


def _normal_iban(found: str) -> str:
    """No spaces, upper case, cut to its country's length, because prose may follow it."""
    lengths: dict[int, list[str]] = {}
    for country, length in IBAN_LENGTHS.items():
        lengths.setdefault(length, []).append(text_literal(country))
    branches = " ".join(
        f"WHEN UPPER(LEFT({found}, 2)) IN ({', '.join(some)}) THEN {length}"
        for length, some in lengths.items()
    )
    return f"LEFT(UPPER({_without(found, ' -.')}), CASE {branches} ELSE 64 END)"


# What is not looked at is not proven, so it is an error.
GAVE_UP = stored(
    "gave_up", "", "text",
    "BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a pattern could not be looked for in a value'; RETURN NULL; END",
)  # fmt: skip
_CALLED = f"{WORK_SCHEMA}.dialled( {WORK_SCHEMA}.fake_any_phone( {WORK_SCHEMA}.fake_any_iban("


def searching_functions(*, is_mariadb: bool) -> tuple[str, ...]:
    """The statements that make the functions that searches call."""
    return (*functions_for((_CALLED,)), GAVE_UP, *(() if is_mariadb else (FOUND_IN,)))
