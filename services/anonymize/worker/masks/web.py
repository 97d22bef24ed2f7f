"""Masks for what identifies people and machines on the network: logins, URLs, browsers, addresses."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from sqlalchemy import ColumnElement, Integer, Text, case, cast, func, literal, null

from services.anonymize.worker.masks.base import (
    PERMUTATION,
    UNIQUE_TRAITS,
    Example,
    MaskContext,
    SeededMask,
    TextMask,
    Trait,
    present,
)
from services.anonymize.worker.masks.contact import DOMAIN_DIGITS, Reserved
from services.anonymize.worker.masks.dates import as_is
from services.anonymize.worker.masks.names import fitted, plain
from services.anonymize.worker.masks.ranges import (
    ANY_IP_FUNCTIONS,
    ANY_MAC_FUNCTIONS,
    IPV6_BITS,
    RANGE,
    ReservedOrAny,
)
from services.anonymize.worker.masks.words import LOGIN_LENGTH, login_words
from services.anonymize.worker.schema import Column, Family
from services.anonymize.worker.sql import (
    Collated,
    NamedType,
    Purpose,
    TextElement,
    hashed,
    keyed_hex,
    number,
    word,
    work_function,
)

LOGIN_DIGITS, URL_DIGITS, MAC_DIGITS = 16, 16, 10

# Kinds of files, at most four letters each. Any other ending may be a name: /in/camille.roux
FILES = (
    "7z|aspx?|avif?|bmp|css|csv|docx?|eml|eps|gif|gz|heic|html?|ico|ics|jpe?g|js|json|jsp|m4[av]|md|mov|mp[34]|mpe?g"
    "|od[pst]|og[gv]|pdf|php|png|pptx?|psd|rar|rtf|svg|tar|tgz|tiff?|ttf|txt|vcf|wav|web[mp]|woff|xlsx?|xml|zip"
)


class Login(SeededMask):
    """A user name: a first name and a keyed hash, as many digits as the column holds."""

    word: ClassVar[str] = "login"
    keeps: ClassVar[frozenset[Trait]] = UNIQUE_TRAITS
    preserves: ClassVar[str] = "uniqueness, where the column is long enough for the number of rows"
    example: ClassVar[Example] = Example("login", "cdubois", "lucy.d9cb62d08543ed35", "varchar(40)")
    one_case: ClassVar[bool] = True
    needs: ClassVar[int] = 6
    needs_for: ClassVar[str] = "a login"

    @property
    def ignores_case(self) -> bool:
        """Most applications take logins for one that differ in case only."""
        return True

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return None if self.seed_from else 4 * self._digits(column.length)

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        hashed = func.left(keyed_hex(plain(value), Purpose.LOGIN), self._digits(length), type_=Text)
        if length is not None and length < LOGIN_LENGTH + 1 + LOGIN_DIGITS:
            return literal("u") + hashed
        return word(login_words(), plain(value), Purpose.LOGIN) + literal(".") + hashed

    def _digits(self, length: int | None) -> int:
        return LOGIN_DIGITS if length is None else min(LOGIN_DIGITS, length - 1)


class Url(TextMask):
    """A URL under a reserved domain: the same scheme, a host per original host, the same kind of file."""

    word: ClassVar[str] = "url"
    keeps: ClassVar[frozenset[Trait]] = UNIQUE_TRAITS | {Trait.FORMAT}
    preserves: ClassVar[str] = "scheme, one host per original host, a usual kind of file (.jpg)"
    loses: ClassVar[str] = "path and query"
    example: ClassVar[Example] = Example(
        "url",
        "https://www.menuiserie-dubois.fr/equipe/camille.jpg?v=2",
        "https://d3246a68b.example.invalid/85946e7614678c8d.jpg",
    )
    needs: ClassVar[int] = 60
    needs_for: ClassVar[str] = "a URL under a reserved domain"

    domain: Reserved = Field(
        "example.invalid", description="the domain of fakes, one that nobody can register"
    )

    def complaints(self, column: Column) -> Iterator[str]:
        yield from super().complaints(column)
        most = len("https://d.") + DOMAIN_DIGITS + len(self.domain) + 1 + URL_DIGITS + len(".webp")
        if column.length is not None and self.needs <= column.length < most:
            yield f"varchar({column.length}) cannot hold a URL under {self.domain} (needs {most})"

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return 4 * URL_DIGITS

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        scheme = func.substring(value, literal("^([A-Za-z]{2,5})://"), type_=Text)
        host = func.substring(value, literal("^(?:[A-Za-z]+://)?(?:[^/?#]*@)?([^/?#:]*)"), type_=Text)
        kind = func.substring(value, literal(f"^[^?#]*/[^/?#]*(\\.(?:{FILES}))(?:[?#]|$)"), type_=Text)
        return (
            func.coalesce(func.lower(scheme), literal("https"), type_=Text)
            + literal("://d")
            + func.left(
                keyed_hex(plain(func.coalesce(host, literal(""))), Purpose.WEB), DOMAIN_DIGITS, type_=Text
            )
            + literal(f".{self.domain}/")
            + func.left(keyed_hex(value, Purpose.WEB), URL_DIGITS, type_=Text)
            + func.coalesce(kind, literal(""), type_=Text)
        )


DESKTOPS = tuple(
    f"Mozilla/5.0 ({system}) {engine}"
    for system in ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64")
    for engine in (
        "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
        "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
        "Gecko/20100101 Firefox/144.0",
    )
)
MOBILES = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile"
    " Safari/537.36",
    "Mozilla/5.0 (Android 15; Mobile; rv:144.0) Gecko/144.0 Firefox/144.0",
)
BOTS = ("Mozilla/5.0 (compatible; ExampleBot/1.0; +https://bot.example.invalid/)", "ExampleBot/1.0")


class UserAgent(TextMask):
    """A common browser's user agent: a computer's, a telephone's or a robot's, as the original was."""

    word: ClassVar[str] = "user_agent"
    preserves: ClassVar[str] = "computer, telephone or robot"
    loses: ClassVar[str] = "browser and version"
    example: ClassVar[Example] = Example("user_agent", "Acme-Crawler/3.2 (camille@acme.fr)", "ExampleBot/1.0")

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        def one(kinds: tuple[str, ...]) -> TextElement:
            chosen = number(value, Purpose.WEB, len(kinds))  # too long for a list of names
            others = [
                (chosen == literal(place), literal(kind, Text)) for place, kind in enumerate(kinds) if place
            ]
            return case(*others, else_=literal(kinds[0], Text))

        mobile = value.op("~*")(literal("mobi|android|iphone|ipad"))
        bot = value.op("~*")(literal("bot|crawl|spider"))
        return fitted(case((bot, one(BOTS)), (mobile, one(MOBILES)), else_=one(DESKTOPS)), length)


class Mac(TextMask):
    """A network card's address of those that administrators give out themselves: no maker has them."""

    word: ClassVar[str] = "mac"
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.MAC, Family.TEXT})
    keeps: ClassVar[frozenset[Trait]] = UNIQUE_TRAITS | {Trait.FORMAT}
    preserves: ClassVar[str] = "colons, hyphens or none, capitals"
    loses: ClassVar[str] = "the maker"
    example: ClassVar[Example] = Example("mac", "00-1B-44-11-3A-B7", "02-3C-7A-B5-B3-81", "varchar(17)")
    one_case: ClassVar[bool] = True
    needs: ClassVar[int] = 17
    needs_for: ClassVar[str] = "a MAC address"
    scrambles: ClassVar[bool] = True  # what is no address
    instead_for_unique: ClassVar[str] = "range: any, "

    range: ReservedOrAny = Field("reserved", description=RANGE)

    def normal(self, value: TextElement) -> TextElement | None:
        return self._bare(cast(value, Text))

    def functions(self) -> tuple[str, ...]:
        return ANY_MAC_FUNCTIONS if self.range == "any" else ()

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return PERMUTATION if self.range == "any" else 4 * MAC_DIGITS

    @staticmethod
    def _bare(value: TextElement) -> TextElement:
        return func.lower(func.translate(value, literal(":-. "), literal("")), type_=Text)

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        made = literal("02") + func.left(keyed_hex(self._bare(value), Purpose.WEB), MAC_DIGITS, type_=Text)
        if self.range == "any":
            made = work_function("fake_any_mac", value)

        def parted(separator: str) -> TextElement:
            return func.regexp_replace(
                made, literal("(..)(?=.)"), literal(f"\\1{separator}"), literal("g"), type_=Text
            )

        written = case(
            (func.strpos(value, literal(":")) > literal(0), parted(":")),
            (func.strpos(value, literal("-")) > literal(0), parted("-")),
            else_=made,
        )
        if self.range == "any":  # what is no address comes back in its own writing
            address = self._bare(value).op("~")(literal("^[0-9a-f]{12}$"))
            written = case((address, written), else_=made)
        return case((value == func.upper(value), func.upper(written)), else_=written)

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        if column.family is not Family.MAC:
            return super().masked(value, column, context)
        address = cast(self.fake(Collated(value), None, context), NamedType("macaddr"))
        return case((present(value), address), else_=null())


class Ip(TextMask):
    """An address of a range that routes nowhere: 10.0.0.0/8, or 2001:db8::/32 (RFC 3849)."""

    word: ClassVar[str] = "ip"
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.INET, Family.TEXT})
    keeps: ClassVar[frozenset[Trait]] = UNIQUE_TRAITS
    preserves: ClassVar[str] = "the address family; ranges that route nowhere, unless `range: any`"
    loses: ClassVar[str] = "with `range: any`, an IPv4 fake may be somebody's"
    example: ClassVar[Example] = Example("ip", "82.64.12.7", "10.49.41.164")
    one_case: ClassVar[bool] = True
    needs: ClassVar[int] = 15
    needs_for: ClassVar[str] = "an IP address"
    scrambles: ClassVar[bool] = True  # what is no address
    instead_for_unique: ClassVar[str] = "range: any, "

    version: Literal["keep", "4"] = Field("keep", description="the address family of fakes")
    range: ReservedOrAny = Field("reserved", description=f"{RANGE}; IPv6 stays under 2001:db8::/32")

    @model_validator(mode="after")
    def _families_stay(self) -> Self:
        if self.range == "any" and self.version != "keep":
            raise ValueError("range: any keeps IPv4 and IPv6 apart; leave version out")
        return self

    def normal(self, value: TextElement) -> TextElement | None:
        return func.lower(cast(value, Text), type_=Text)

    def functions(self) -> tuple[str, ...]:
        return ANY_IP_FUNCTIONS if self.range == "any" else ()

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return IPV6_BITS if self.range == "any" else None

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        if self.range == "any":
            return work_function("fake_any_ip", value, literal(length or 64, Integer))
        four = func.host(
            _inet("10.0.0.0") + hashed(value, Purpose.IP).op("&")(literal(2**24 - 1)), type_=Text
        )
        if self.version == "4" or (length is not None and length < 39):
            return four
        six = func.host(_inet("2001:db8::") + hashed(value, Purpose.IP), type_=Text)
        return case((func.strpos(value, literal(":")) > literal(0), six), else_=four)

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        if column.family is not Family.INET:
            return super().masked(value, column, context)
        alone = func.host(as_is(value, column))  # as a text column holds it
        address = cast(self.fake(Collated(alone), None, context), NamedType("inet"))
        size: ColumnElement[Any] = func.masklen(value)
        if self.version == "4":  # of an address of the other family, whose networks may be longer
            size = func.least(size, literal(32))
        return case((present(value), func.set_masklen(address, size)), else_=null())


def _inet(address: str) -> ColumnElement[Any]:
    return cast(literal(address, Text), NamedType("inet"))
