"""Masks as one expression, for texts and dates."""

from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, case, cast, func, literal, null

from services.anonymize.worker.engines.mysql.sql import Spelled
from services.anonymize.worker.masks import MaskContext
from services.anonymize.worker.masks.base import Mask, present, unless_empty
from services.anonymize.worker.masks.between import Between
from services.anonymize.worker.masks.contact import DOMAIN_DIGITS
from services.anonymize.worker.masks.dates import AgeBand, DateShift, DateTruncate
from services.anonymize.worker.masks.names import plain
from services.anonymize.worker.masks.numbers import MOST
from services.anonymize.worker.masks.plain import Hash
from services.anonymize.worker.masks.text import Scramble
from services.anonymize.worker.masks.tokens import Uuid
from services.anonymize.worker.masks.web import FILES, MAC_DIGITS, URL_DIGITS, Ip, Mac, Url
from services.anonymize.worker.schema import Column, Family
from services.anonymize.worker.sql import (
    Collated,
    Purpose,
    TextElement,
    hashed,
    keyed_digest,
    keyed_hex,
    work_function,
)

Value = ColumnElement[Any]


def url(mask: Url, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
    """The parts are cut out by look-behinds, because MySQL and MariaDB write groups differently."""
    scheme = Spelled("NULLIF(REGEXP_SUBSTR({0}, '^[A-Za-z]{{2,5}}(?=://)'), '')", value)
    rest = Spelled("REGEXP_REPLACE({0}, '^[A-Za-z]+://', '')", value)
    host = Spelled("REGEXP_SUBSTR(REGEXP_REPLACE({0}, '^[^/?#]*@', ''), '^[^/?#:]*')", rest)
    path = Spelled("REGEXP_SUBSTR({0}, '^[^?#]*')", value)
    kind = Spelled(f"COALESCE(REGEXP_SUBSTR({{0}}, '[.](?:{FILES})$'), '')", path)
    file = case((func.strpos(path, literal("/")) > literal(0), kind), else_=literal("", Text))
    return (
        func.coalesce(func.lower(scheme), literal("https"), type_=Text)
        + literal("://d")
        + func.left(keyed_hex(plain(host), Purpose.WEB), DOMAIN_DIGITS, type_=Text)
        + literal(f".{mask.domain}/")
        + func.left(keyed_hex(value, Purpose.WEB), URL_DIGITS, type_=Text)
        + file
    )


def mac(mask: Mac, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
    bare = func.lower(func.translate(value, literal(":-. "), literal("")), type_=Text)
    made = literal("02") + func.left(keyed_hex(bare, Purpose.WEB), MAC_DIGITS, type_=Text)
    if mask.range == "any":
        made = work_function("fake_any_mac", value)

    def parted(separator: str) -> TextElement:
        return _parted(made, range(11, 1, -2), separator)

    written = case(
        (func.strpos(value, literal(":")) > literal(0), parted(":")),
        (func.strpos(value, literal("-")) > literal(0), parted("-")),
        else_=made,
    )
    if mask.range == "any":  # what is no address comes back in its own writing
        written = case((bare.op("~")(literal("^[0-9a-f]{12}$")), written), else_=made)
    return case((value == func.upper(value), func.upper(written)), else_=written)


def _parted(text: TextElement, places: Any, separator: str) -> TextElement:
    """A text with a separator before each of some places, the last place first."""
    for place in places:
        text = Spelled(f"INSERT({{0}}, {place}, 0, {{1}})", text, separator)
    return text


def uuid(mask: Uuid, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
    bare = func.lower(func.replace(value, literal("-"), literal("")), type_=Text)
    made = _version_four(keyed_hex(bare, Purpose.ACCESS))
    hyphens = _parted(made, (21, 17, 13, 9), "-")
    return case((func.strpos(value, literal("-")) > literal(0), hyphens), else_=made)


def _version_four(digits: TextElement) -> TextElement:
    """32 digits of a hash with a UUID's version at its place, and a variant that two bits of hash choose."""
    variant = Spelled("ELT(1 + ORD(SUBSTR({0}, 17, 1)) % 4, '8', '9', 'a', 'b')", digits)
    return Spelled("INSERT(INSERT(LEFT({0}, 32), 13, 1, '4'), 17, 1, {1})", digits, variant)


def hash_(mask: Hash, value: Value, column: Column, context: MaskContext) -> Value:
    if column.family is Family.BYTES:
        digest = keyed_digest(cast(value, Text), Purpose.HASH)
        return digest if column.length is None else func.left(digest, min(column.length, 32))
    if column.family is Family.UUID:
        return uuid_of(keyed_hex(Collated(value), Purpose.HASH))
    return unless_empty(value, mask.fake(Collated(value), column.length, context))


def uuid_of(digits: TextElement) -> TextElement:
    """A UUID as MariaDB's type reads it."""
    return _parted(_version_four(digits), (21, 17, 13, 9), "-")


def own_uuid(mask: Uuid, value: Value, column: Column, context: MaskContext) -> Value:
    if column.family is Family.UUID:
        bare = func.replace(Collated(value), literal("-"), literal(""), type_=Text)
        return uuid_of(keyed_hex(bare, Purpose.ACCESS))
    return unless_empty(value, uuid(mask, Collated(value), column.length, context))


def ip(mask: Ip, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
    if mask.range == "any":
        return work_function("fake_any_ip", value, literal(length or 64, Integer))
    four = Spelled("INET_NTOA(167772160 + {0})", hashed(value, Purpose.IP).op("%")(literal(2**24, Integer)))
    if mask.version == "4" or (length is not None and length < 39):
        return four
    six = _six(value)
    return case((func.strpos(value, literal(":")) > literal(0), six), else_=four)


def _six(value: TextElement) -> TextElement:
    return Spelled(
        "INET6_NTOA(UNHEX(CONCAT('20010db800000000', LEFT({0}, 16))))", keyed_hex(value, Purpose.IP)
    )


def own_ip(mask: Ip, value: Value, column: Column, context: MaskContext) -> Value:
    if column.family is not Family.INET:
        return unless_empty(value, ip(mask, Collated(value), column.length, context))
    text = Collated(value)
    if mask.range == "any":
        mapped = literal("::ffff:") + work_function("fake_any_ip", func.substr(text, 8), literal(64, Integer))
        other: Value = work_function("fake_any_ip", text, literal(64, Integer))
        if column.base_type == "inet6":
            other = case((text.like("::ffff:%.%"), mapped), else_=other)
        return case((present(value), other), else_=null())  # a function makes something of NULL too
    four = ip(Ip(version="4"), text, None, context)
    if column.base_type == "inet4":
        return four
    mapped = literal("::ffff:") + four  # how MariaDB's INET6 holds an address of four bytes
    return mapped if mask.version == "4" else case((text.like("::ffff:%.%"), mapped), else_=_six(text))


FIRST_DAY, LAST_DAY = (
    "0100-01-01",
    "9899-12-31",
)  # beyond them is a sign for "never", which says nothing of anybody
FIRST_SECOND, LAST_SECOND = (
    "1970-01-02 00:00:00",
    "2038-01-18 00:00:00",
)  # what a TIMESTAMP holds in any time zone


def _real(value: Value, made: Value, first: str = FIRST_DAY) -> Value:
    """The made date, for values that are dates: 0000-00-00 and 9999-12-31 stay."""
    return Spelled(
        f"(CASE WHEN {{0}} BETWEEN '{first}' AND '{LAST_DAY}' THEN COALESCE({{1}}, {{0}}) ELSE {{0}} END)",
        value,
        made,
    )


def _bounded(made: Value, column: Column) -> Value:
    if column.base_type != "timestamp":
        return made
    return Spelled(f"GREATEST(LEAST({{0}}, TIMESTAMP'{LAST_SECOND}'), TIMESTAMP'{FIRST_SECOND}')", made)


def date_shift(mask: DateShift, value: Value, column: Column, context: MaskContext) -> Value:
    chosen: TextElement = Collated(value)
    if mask.by:
        chosen = func.coalesce(Collated(context.row(mask.by)), chosen, type_=Text)
    drawn = hashed(chosen, Purpose.DATE).op("%")(literal(2 * mask.days, Integer))
    # from -days to days without 0: halves of odd numbers, rounded away from zero
    days = Spelled(f"ROUND((2 * CAST({{0}} AS SIGNED) - {2 * mask.days - 1}) / 2)", drawn)
    moved = Spelled("DATE_ADD({0}, INTERVAL {1} DAY)", value, days)
    return _real(value, _bounded(moved, column))


def date_truncate(mask: DateTruncate, value: Value, column: Column, context: MaskContext) -> Value:
    forms = {
        "month": "DATE_FORMAT({0}, '%Y-%m-01')",
        "quarter": "CONCAT(DATE_FORMAT({0}, '%Y-'), LPAD(QUARTER({0}) * 3 - 2, 2, '0'), '-01')",
        "year": "DATE_FORMAT({0}, '%Y-01-01')",
    }
    return _real(value, _bounded_first(Spelled(forms[mask.to], value), column), "0001-01-01")


def age_band(mask: AgeBand, value: Value, column: Column, context: MaskContext) -> Value:
    if column.family is Family.NUMBER:
        return Spelled(f"GREATEST(FLOOR({{0}} / {mask.years}) * {mask.years}, {-mask.years})", value)
    first = Spelled(f"CONCAT(LPAD(YEAR({{0}}) - YEAR({{0}}) % {mask.years}, 4, '0'), '-01-01')", value)
    return _real(value, _bounded_first(first, column), f"{mask.years:04}-01-01")


def _bounded_first(made: Value, column: Column) -> Value:
    """A band may begin before what a TIMESTAMP holds."""
    return Spelled(f"GREATEST({{0}}, '{FIRST_SECOND}')", made) if column.base_type == "timestamp" else made


def between(mask: Between, value: Value, column: Column, context: MaskContext) -> Value:
    if column.family is Family.NUMBER:
        return mask.masked(value, column, context)
    unit = "DAY" if column.family is Family.DATE else "SECOND"
    steps = mask.steps(value, column, context)
    made = Spelled(
        f"DATE_ADD(CAST({{0}} AS DATETIME), INTERVAL {{1}} {unit})", literal(str(mask.low), Text), steps
    )
    return case((present(value), made), else_=null())


def scramble(mask: Scramble, value: Value, column: Column, context: MaskContext) -> Value:
    if column.family is not Family.NUMBER:
        return unless_empty(value, mask.fake(Collated(value), column.length, context))
    most = MOST[column.base_type]
    whole = literal(2 * most + 1 if "unsigned" in column.type else most, Integer)
    return case((present(value), work_function("scrambled_number", value, whole)), else_=null())


FAKES: dict[type[Mask], Any] = {Url: url, Mac: mac, Uuid: uuid, Ip: ip}
MASKED: dict[type[Mask], Any] = {
    Hash: hash_, Uuid: own_uuid, Ip: own_ip,
    Scramble: scramble, Between: between,
    DateShift: date_shift, DateTruncate: date_truncate, AgeBand: age_band,
}  # fmt: skip
