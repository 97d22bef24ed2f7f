"""What e-mails, telephone numbers and IBANs look like in a text, and their normal forms.

`redact` replaces by these shapes and verification searches by them, so that what one leaves the other finds.
They are regular expressions of PostgreSQL. Telephone numbers are matched only as people write them (with a +,
a leading zero or usual groups): any run of digits would take order numbers for telephone numbers.
"""

import json

from sqlalchemy import ColumnElement, Integer, Text, case, cast, func, literal, or_
from sqlalchemy.dialects.postgresql import JSONB

from services.anonymize.worker.numbering import NO_TRUNK, TRUNK_SIX, TRUNK_ZERO
from services.anonymize.worker.sql import TextElement

EMAIL = r"[[:alnum:]._%+-]+@[[:alnum:]-]+(?:\.[[:alnum:]-]+)+"


_DATE = r"(?![0-9]{2}[./-][0-9]{2}[./-][0-9]{4})"
_MORE = "(?:[ ./-]?[0-9])"

PHONE = "(?:" + "|".join(
    (
        r"(?:\+|\m00)[1-9](?:[ ./-]?\(?[0-9]\)?){7,13}",  # with a calling code
        rf"\m{_DATE}0[1-9]{_MORE}{{7,10}}\M",  # 06 12 34 56 78, 030 23125123
        rf"\(0[1-9][0-9]{{0,3}}\){_MORE}{{5,9}}\M",  # (02) 1234567
        rf"\m3[0-9]{{2}}{_MORE}{{6,7}}\M",  # 347/1234567
        rf"\m[6-9][0-9]{{2}}{_MORE}{{6}}\M",  # 612 34 56 78
        r"(?:\([2-9][0-9]{2}\) ?|\m[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}\M",  # (415) 555-2671
        r"\m(?:33[1-9][0-9]{8}|34[6-9][0-9]{8}|393[0-9]{8,9})\M",
    )
) + ")"  # fmt: skip

# A bare run of digits may be a code just as well; found in a column that is kept, it makes no number an
# original.
BARE_NUMBER = r"^(?:0[1-9][0-9]{8,9}|[6-9][0-9]{8}|3[0-9]{8,9}|33[1-9][0-9]{8}|34[6-9][0-9]{8})$"

# Lengths by country, from the IBAN registry (SWIFT, release 99); the check is on the shape, not on the check
# digits.
IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
    "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TN": 24, "TR": 26,
    "UA": 29, "VA": 22, "XK": 20,
}  # fmt: skip


def _either_case(letters: str) -> str:
    return "[" + letters + letters.lower() + "]"


def _countries() -> str:
    """The countries as few alternatives: [Aa][DELdel]|[Bb][AEae]."""
    seconds: dict[str, str] = {}
    for country in IBAN_LENGTHS:
        seconds[country[0]] = seconds.get(country[0], "") + country[1]
    return "(?:" + "|".join(_either_case(first) + _either_case(rest) for first, rest in seconds.items()) + ")"


IBAN = rf"\m{_countries()}[0-9]{{2}}(?:[ -]?[0-9A-Za-z]{{4}}){{2,7}}(?:[ -]?[0-9A-Za-z]{{1,3}})?\M"

# What every telephone number and every IBAN holds: cheap tests that save an execution of their patterns.
DIGITS = "[0-9][0-9 ./()-]{6,}[0-9]"
ACCOUNT = "[A-Za-z]{2}[0-9]{2}[ -]?[0-9A-Za-z]{4}"

URL = r"""https?://[^[:space:]<>"']+"""
IPV4 = r"\m(?:[0-9]{1,3}\.){3}[0-9]{1,3}\M"

# What is routed (2 and 3), local (fc, fd) or of a link (fe): a time or a network card's address has neither
# eight groups nor two colons together.
_GROUP = "[0-9A-Fa-f]{1,4}"
_FIRST = r"\m(?:[23][0-9A-Fa-f]{3}|[Ff][CDEcde][0-9A-Fa-f]{2})"
IPV6 = (
    rf"(?:{_FIRST}(?::{_GROUP}){{7}}\M|{_FIRST}(?::{_GROUP}){{0,5}}::(?:{_GROUP}\M(?::{_GROUP}\M){{0,5}})?)"
)

# By the first digits and the groups of their brands: other long numbers are codes. Groups of an IBAN may look
# alike, so that IBANs are replaced before.
CARD = (
    r"(?:\m(?:4[0-9]|5[1-5]|2[2-7]|35|6[0-9])[0-9]{2}(?:[ -]?[0-9]{4}){3}(?:[ -]?[0-9]{3})?\M"
    r"|\m3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}\M|\m3[068][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{4}\M)"
)
# What every card and every IPv6 address holds.
LONG_NUMBER = (
    "[0-9][0-9][0-9][0-9][ -]?[0-9][0-9][0-9][0-9][0-9 -][0-9 -][0-9 -][0-9 -][0-9]"
    "|::|[0-9A-Fa-f]:[0-9A-Fa-f]+:[0-9A-Fa-f]+:[0-9A-Fa-f]+:"
)

SHORTEST_EMAIL, SHORTEST_PHONE, SHORTEST_IBAN = 6, 8, 15


def normal_email(value: TextElement) -> TextElement:
    """An e-mail for comparison."""
    return func.lower(func.btrim(value), type_=Text)


def normal_iban(value: TextElement) -> TextElement:
    """An IBAN for comparison: no spaces, upper case, cut to its country's length, because prose may follow
    it."""
    plain: TextElement = func.translate(func.upper(value), literal(" -."), literal(""))
    lengths = cast(literal(json.dumps(IBAN_LENGTHS), Text), JSONB)
    length = cast(lengths.op("->>")(func.upper(func.left(func.btrim(value), 2))), Integer)
    return func.left(plain, func.coalesce(length, literal(64)), type_=Text)


def normal_phone(value: TextElement) -> TextElement:
    """A telephone number for comparison: as it is dialled inside its country, wherever that is known."""
    plain: ColumnElement[str] = func.translate(
        func.replace(value, literal("(0)"), literal("")), literal(" ./-()\t\u00a0"), literal(""), type_=Text
    )
    number = plain
    for pattern, instead in (
        # France's and Spain's numbers have nine digits; what follows belongs to the prose
        (r"^(?:\+|00)330?([1-9][0-9]{8}).*$", r"0\1"),
        (r"^(?:\+|00)34([0-9]{9}).*$", r"\1"),
        (rf"^(?:\+|00)(?:{'|'.join(TRUNK_ZERO)})0?", "0"),
        (rf"^(?:\+|00)(?:{'|'.join(TRUNK_SIX)})(?:06)?", "06"),
        (rf"^(?:\+|00)(?:{'|'.join(NO_TRUNK)})", ""),
        (r"^00", "+"),
        (r"^33([1-9][0-9]{8})$", r"0\1"),
        (r"^34([6-9][0-9]{8})$", r"\1"),
        (r"^39(3[0-9]{8,9})$", r"\1"),
    ):
        number = func.regexp_replace(number, literal(pattern), literal(instead), type_=Text)
    called = or_(func.left(plain, 1).in_([literal("+"), literal("3")]), func.left(plain, 2) == literal("00"))
    return case((called, number), else_=plain)
