"""Masks for what reaches a person: e-mail addresses and telephone numbers."""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from sqlalchemy import Integer, Text, func, literal

from services.anonymize.worker.masks.base import (
    PERMUTATION,
    UNIQUE_TRAITS,
    Example,
    MaskContext,
    SeededMask,
    TextMask,
    Trait,
    short_type,
)
from services.anonymize.worker.masks.local import row_country
from services.anonymize.worker.masks.names import plain
from services.anonymize.worker.masks.ranges import ANY_PHONE_FUNCTIONS, RANGE, ReservedOrAny
from services.anonymize.worker.masks.telephones import PHONES
from services.anonymize.worker.masks.words import LOGIN_LENGTH, login_words
from services.anonymize.worker.numbering import COUNTRIES, COUNTRY_WORDS, country_of
from services.anonymize.worker.schema import Column
from services.anonymize.worker.sql import Purpose, TextElement, keyed_hex, word, work_function

# RFC 2606 and RFC 6761: nobody can register these, so no mail to a fake ever arrives.
RESERVED_DOMAINS = (
    r"(?:[a-z0-9-]+\.)*example\.(?:com|net|org)",
    r"(?:[a-z0-9-]+\.)+(?:invalid|test|example)",
)
RESERVED = "@(?:" + "|".join(RESERVED_DOMAINS) + ")$"

MOST_DIGITS, FEWEST_DIGITS = 20, 12
DOMAIN_DIGITS = 8


def _reserved(domain: str) -> str:
    if not re.search(RESERVED, "@" + domain.lower()):
        raise ValueError(f"{domain} may belong to someone; end it with .invalid, .test or .example")
    return domain.lower()


Reserved = Annotated[str, AfterValidator(_reserved)]


class Email(SeededMask):
    """A first name and a keyed hash under a reserved domain; addresses that differ in case only stay one
    address."""

    word: ClassVar[str] = "email"
    keeps: ClassVar[frozenset[Trait]] = UNIQUE_TRAITS | {Trait.FORMAT}
    preserves: ClassVar[str] = "uniqueness up to case; no mail to a fake ever arrives"
    example: ClassVar[Example] = Example(
        "email", "Camille.Dubois@free.fr", "caridad.a3f10c306fdaedb36d71@example.invalid", "varchar(254)"
    )
    one_case: ClassVar[bool] = True

    domain: Reserved = Field(
        "example.invalid", description="the domain of fakes, one that nobody can register"
    )
    per_domain: bool = Field(
        False,
        description="each original domain becomes a subdomain of `domain`, so that colleagues stay together",
    )
    case: Literal["ignore", "exact"] = Field(
        "ignore", description="exact: addresses that differ in case only stay different"
    )

    instead_for_alike: ClassVar[str] = "write case: exact, or use hash"

    @property
    def ignores_case(self) -> bool:
        """An address is one however it is capitalised, unless the policy says `case: exact`."""
        return self.case == "ignore"

    @property
    def domain_length(self) -> int:
        """The length of a fake's domain."""
        return len(self.domain) + (DOMAIN_DIGITS + 2 if self.per_domain else 0)

    def digits_in(self, length: int | None) -> int:
        """Digits of hash for which a column of this length has room beside one letter, the @ and the
        domain."""
        return MOST_DIGITS if length is None else min(MOST_DIGITS, length - self.domain_length - 2)

    def names_in(self, length: int | None) -> bool:
        """Whether a column of this length has room for a first name as well."""
        return length is None or length >= LOGIN_LENGTH + 1 + MOST_DIGITS + 1 + self.domain_length

    def complaints(self, column: Column) -> Iterator[str]:
        yield from super().complaints(column)
        if column.length is not None and self.digits_in(column.length) < FEWEST_DIGITS:
            needed = FEWEST_DIGITS + 2 + self.domain_length
            yield f"{short_type(column)} cannot hold an e-mail (needs {needed})"

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return None if self.seed_from else 4 * context.email_digits

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        address = plain(value) if self.case == "ignore" else value
        hashed = func.left(keyed_hex(address, Purpose.EMAIL), context.email_digits, type_=Text)
        domain: TextElement = literal("@" + self.domain)
        if self.per_domain:
            under = plain(func.split_part(address, literal("@"), 2, type_=Text))
            label = func.left(keyed_hex(under, Purpose.WEB), DOMAIN_DIGITS, type_=Text)
            domain = literal("@d") + label + literal("." + self.domain)
        if context.email_names:
            return word(login_words(), address, Purpose.EMAIL) + literal(".") + hashed + domain
        return literal("u") + hashed + domain


def _known_country(name: str) -> str:
    code = country_of(name)
    if code is None:
        raise ValueError(f"{name} is no country with a numbering plan here; there are {', '.join(COUNTRIES)}")
    return code


CountryWord = Annotated[str, AfterValidator(_known_country)]


class Phone(TextMask):
    """A number that belongs to nobody, of the same country, of the same kind and written alike."""

    word: ClassVar[str] = "phone"
    keeps: ClassVar[frozenset[Trait]] = UNIQUE_TRAITS | {Trait.FORMAT}
    preserves: ClassVar[str] = (
        "country, mobile or not, written form; ranges that belong to nobody, unless `range: any`"
    )
    loses: ClassVar[str] = "with `range: any`, a fake may be somebody's number"
    example: ClassVar[Example] = Example("phone", "+33 6 12 34 56 78", "+33 6 39 98 59 94", "varchar(20)")
    instead_for_unique: ClassVar[str] = "range: any, "
    scrambles: ClassVar[bool] = True

    country: CountryWord = Field("FR", description="the country of numbers in national form")
    country_from: str | None = Field(None, description="a column of the same row that holds that country")
    form: Literal["keep", "national", "e164"] = Field("keep", description="how fakes are written")
    range: ReservedOrAny = Field("reserved", description=f"{RANGE}; the writing then stays as it is")

    @model_validator(mode="after")
    def _form_stays(self) -> Self:
        if self.range == "any" and self.form != "keep":
            raise ValueError("range: any leaves numbers in their writing; leave form out")
        return self

    def reads(self) -> tuple[str, ...]:
        return (self.country_from,) if self.country_from and self.range == "reserved" else ()

    def complaints(self, column: Column) -> Iterator[str]:
        yield from super().complaints(column)
        needed, what = (11, "a national number") if self.form == "national" else (16, "an E.164 number")
        if self.range == "reserved" and column.length is not None and column.length < needed:
            hint = "; form: national needs 11" if self.form == "keep" and column.length >= 11 else ""
            yield f"{short_type(column)} cannot hold {what} (needs {needed}{hint})"

    def functions(self) -> tuple[str, ...]:
        return ANY_PHONE_FUNCTIONS if self.range == "any" else PHONES

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return PERMUTATION if self.range == "any" else None

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        if self.range == "any":
            return work_function("fake_any_phone", value)
        home: TextElement = literal(self.country, Text)
        if self.country_from is not None:
            home = row_country(context.row(self.country_from), self.country, COUNTRY_WORDS)
        return work_function(
            "fake_phone", value, home, literal(self.form, Text), literal(length or 64, Integer)
        )
