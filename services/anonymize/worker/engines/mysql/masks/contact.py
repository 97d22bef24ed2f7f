"""Telephone numbers and IBANs as most are written, in one expression; the others go to stored functions.

A stored function costs a row ten times what its hashes do. The expression and the function make the same fake
of a number, which a test holds them to.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import literal_column

from services.anonymize.worker.engines.mysql.sql import (
    WORK_DATABASE,
    compiled,
    text_literal,
    variable,
)
from services.anonymize.worker.masks import Mask, MaskContext
from services.anonymize.worker.masks.banking import Iban
from services.anonymize.worker.masks.contact import Phone
from services.anonymize.worker.masks.local import by_country
from services.anonymize.worker.numbering import COUNTRIES, COUNTRY_WORDS, Country, Range
from services.anonymize.worker.shapes import IBAN_LENGTHS
from services.anonymize.worker.sql import KEY_SETTING, Purpose, TextElement

NINE_DIGITS = frozenset({"FR", "ES"})  # dialled() cuts longer ones


def phone(mask: Phone, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
    """A number in international writing by its calling code, others by the country of policy or row."""
    slow = mask.fake(value, length, context)
    if mask.range == "any":
        return slow
    other, text, room = compiled(slow), compiled(value), length or 64
    here: dict[str, TextElement] = {
        code: literal_column(_national(country, mask, text, room, other), slow.type)
        for code, country in COUNTRIES.items()
    }
    home = here[mask.country]
    if mask.country_from is not None:
        home = by_country(context.row(mask.country_from), here, mask.country, COUNTRY_WORDS)
    abroad = _abroad(mask, text, room, other)
    return literal_column(
        f"CASE WHEN LEFT({text}, 1) = '+' THEN {abroad} ELSE {compiled(home)} END", slow.type
    )


def _bare(value: str) -> str:
    return f"REPLACE(REPLACE(REPLACE({value}, ' ', ''), '.', ''), '-', '')"


def _national(country: Country, mask: Phone, value: str, room: int, other: str) -> str:
    if country.trunk not in {"", "0"}:
        return other
    start, most = ("0[1-9]", 12) if country.trunk else ("(?!0[ .-]?0)[0-9]", 9)
    usual = text_literal(f"^{start}(?:[ .-]?[0-9]){{5,{most}}}$")
    made = _written(country, mask, value, _bare(value), room, False)
    return f"CASE WHEN {value} REGEXP {usual} THEN {made} ELSE {other} END"


def _abroad(mask: Phone, value: str, room: int, other: str) -> str:
    """The countries whose calling code has two digits and is no other country's."""
    branches = []
    for country in COUNTRIES.values():
        if len(country.calling_code) == 2 and country.trunk in {"", "0"}:
            some = "{8}" if country.code in NINE_DIGITS else "{5,11}"
            usual = text_literal(rf"^[+]{country.calling_code}[ .-]?[1-9](?:[ .-]?[0-9]){some}$")
            behind = f"SUBSTR({_bare(value)}, 4)"
            dialled = f"CONCAT('0', {behind})" if country.trunk else behind
            made = _written(country, mask, value, dialled, room, True)
            branches.append(
                f"WHEN '+{country.calling_code}' THEN IF({value} REGEXP {usual}, {made}, {other})"
            )
    return f"CASE LEFT({value}, 3) {' '.join(branches)} ELSE {other} END"


def _written(country: Country, mask: Phone, value: str, dialled: str, room: int, abroad: bool) -> str:
    """The fake in the original's writing, by the first digit of the significant number."""
    first = f"SUBSTR({dialled}, {len(country.trunk) + 1}, 1)"
    head = f"+{country.calling_code}" if mask.form == "e164" or (abroad and mask.form == "keep") else ""
    trunk = "" if head else country.trunk

    def one(taken: Range) -> str:
        number = _drawn(taken, dialled)
        plain = f"CONCAT({text_literal(head + trunk + taken.start)}, {number})"
        whole = len(country.trunk) + len(taken.start) + taken.digits
        places = list(_groups(whole, country.pairs))
        grouped = len(head) + whole - (len(country.trunk) if head else 0) + len(places) + bool(head)
        if mask.form != "keep" or grouped > room:
            return plain
        # a number is grouped with its trunk zero, whose place is empty behind a calling code
        text = f"CONCAT({text_literal(country.trunk + taken.start)}, {number})"
        separator = f"REGEXP_SUBSTR({value}, '[ .-]')"
        for place in reversed(places):
            text = f"INSERT({text}, {place}, 0, {separator})"
        if head:
            text = f"CONCAT({text_literal(head)}, {separator}, SUBSTR({text}, {len(country.trunk) + 1}))"
        return f"IF({value} = {_bare(value)}, {plain}, {text})"

    branches = " ".join(
        f"WHEN {first} IN ({', '.join(map(text_literal, taken.instead_of))}) THEN {one(taken)}"
        for taken in country.ranges
        if taken.instead_of
    )
    rest = one(country.ranges[-1])
    return f"CASE {branches} ELSE {rest} END" if branches else rest


def _groups(length: int, pairs: bool) -> Iterator[int]:
    """Where a separator stands: before which digits, counted from 1."""
    size, behind = (2, 1) if pairs else (3, 2)
    at = size
    while length - at >= behind:
        yield at + 1
        at += size


def _drawn(taken: Range, dialled: str) -> str:
    seed = variable(Purpose.PHONE.setting)
    drawn = (
        f"CAST((CRC32(SHA2(CONCAT({seed}, {dialled}), 256)) << 31)"
        f" ^ CRC32(SHA2(CONCAT({seed}, '+', {dialled}), 256)) AS SIGNED)"
    )
    some = f"{drawn} % {10**taken.digits - taken.first}"
    return f"LPAD({f'{taken.first} + {some}' if taken.first else some}, {taken.digits}, '0')"


# What stands before the drawn digits, and how many of these there are; France's RIB key follows from them.
# Spain's have a short function of their own; countries with other check digits go to the long one.
ACCOUNTS = {
    "FR": ("99999", 16), "MC": ("99999", 16), "DE": ("99999999", 10), "NL": ("ZZZZ", 10), "LU": ("999", 13),
    "CH": ("99999", 12), "AT": ("99999", 11), "GB": ("ZZZZ", 14), "IE": ("ZZZZ", 14), "ES": ("9999", 14),
}  # fmt: skip


def iban(mask: Iban, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
    """By the country that the original begins with."""
    slow = mask.fake(value, length, context)
    if mask.range == "any" or (length is not None and length < max(IBAN_LENGTHS[one] for one in ACCOUNTS)):
        return slow
    text, room = compiled(value), length or 64
    branches = " ".join(
        f"WHEN '{country}{IBAN_LENGTHS[country]}' THEN {_account(country, text, room)}"
        for country in ACCOUNTS
        if IBAN_LENGTHS[country] <= room
    )
    other = compiled(slow)
    kind = f"CONCAT(LEFT({text}, 2), CHAR_LENGTH(REPLACE({text}, ' ', '')))"
    return literal_column(
        f"CASE WHEN {text} REGEXP '^[A-Z]{{2}}[0-9]{{2}}[ 0-9A-Z]+$'"
        f" THEN CASE {kind} {branches} ELSE {other} END ELSE {other} END",
        slow.type,
    )


def _account(country: str, text: str, room: int) -> str:
    start, free = ACCOUNTS[country]
    digest = f"SHA2(CONCAT({variable(KEY_SETTING)}, ':{Purpose.IBAN.value}:', REPLACE({text}, ' ', '')), 256)"
    drawn = (
        f"LEFT(LPAD(CAST(CONV(LEFT({digest}, 15), 16, 10) AS SIGNED) % 100000000000000000, 17, '0'), {free})"
    )
    spoken = f"CONCAT('{''.join(_worth(start))}', {drawn}"
    account = f"CONCAT('{start}', {drawn})"
    if country in {"FR", "MC"}:
        key = f"LPAD(97 - CAST(CONCAT('{start}', {drawn}, '00') AS DECIMAL(65, 0)) % 97, 2, '0')"
        account, spoken = f"CONCAT('{start}', {drawn}, {key})", f"{spoken}, {key}"
    check = f"98 - CAST({spoken}, '{''.join(_worth(country))}00') AS DECIMAL(65, 0)) % 97"
    whole = f"CONCAT('{country}', LPAD({check}, 2, '0'), {account})"
    if country == "ES":
        whole = f"{WORK_DATABASE}.spanish_iban({drawn})"
    size = IBAN_LENGTHS[country]
    places = range((size - 1) // 4 * 4 + 1, 1, -4)
    if size + len(places) > room:
        return whole
    grouped = whole
    for place in places:
        grouped = f"INSERT({grouped}, {place}, 0, ' ')"
    return f"IF(LOCATE(' ', {text}) > 0, {grouped}, {whole})"


def _worth(signs: Iterable[str]) -> Iterator[str]:
    """What letters count in an IBAN's check: 10 to 35."""
    return (sign if sign.isdigit() else str(ord(sign) - 55) for sign in signs)


FAKES: dict[type[Mask], Any] = {Phone: phone, Iban: iban}
