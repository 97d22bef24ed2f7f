"""Masks for what people and companies are called and where they live: words from lists, chosen by the value
itself."""

import hashlib
from functools import cache
from typing import ClassVar

from pydantic import Field
from sqlalchemy import Text, case, cast, func, literal

from services.anonymize.worker.masks.base import Example, MaskContext, SeededMask, Trait
from services.anonymize.worker.masks.local import GenderedMask, LocalMask
from services.anonymize.worker.masks.words import Kind, Locale, country_codes, words
from services.anonymize.worker.sql import Collated, Purpose, TextElement, number, word

NUMBER_FIRST = {Locale.FR: ", ", Locale.EN: " "}  # "12, rue X" and "12 X Road"; elsewhere the number follows
HOUSE_NUMBERS = 180


def plain(value: TextElement) -> TextElement:
    """A value as it is compared: `MARTIN ` and `Martin` get the same fake."""
    return func.lower(func.btrim(value), type_=Text)


def fitted(fake: TextElement, length: int | None) -> TextElement:
    """A fake cut to the column's length."""
    return fake if length is None else func.left(fake, length, type_=Text)


class _ListedMask(SeededMask, LocalMask):
    kind: ClassVar[Kind]
    purpose: ClassVar[Purpose]
    preserves: ClassVar[str] = "the language of the row"
    needs: ClassVar[int] = 2
    needs_for: ClassVar[str] = "a word"

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        return fitted(
            self.by_locale(
                context, lambda locale: word(words(self.kind, locale), plain(value), self.purpose)
            ),
            length,
        )


class FirstName(_ListedMask, GenderedMask):
    """A first name."""

    word: ClassVar[str] = "first_name"
    preserves: ClassVar[str] = "the language of the row, and with `gender_from` its gender"
    example: ClassVar[Example] = Example(
        "{mask: first_name, locale_from: country}", "Camille", "Etelvina", row={"country": "ES"}
    )
    kind: ClassVar[Kind] = Kind.FIRST_NAMES
    purpose: ClassVar[Purpose] = Purpose.FIRST_NAME

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        chosen = plain(value)
        return fitted(
            self.by_locale(context, lambda locale: self.first_name(locale, chosen, context)), length
        )


class LastName(_ListedMask):
    """A last name."""

    word: ClassVar[str] = "last_name"
    example: ClassVar[Example] = Example("last_name", "Dubois", "Marty")
    kind: ClassVar[Kind] = Kind.LAST_NAMES
    purpose: ClassVar[Purpose] = Purpose.LAST_NAME


class City(_ListedMask):
    """A city."""

    word: ClassVar[str] = "city"
    example: ClassVar[Example] = Example("{mask: city, locale: it}", "Lyon", "Cinaglio")
    kind: ClassVar[Kind] = Kind.CITIES
    purpose: ClassVar[Purpose] = Purpose.CITY


class Region(_ListedMask):
    """A region, province or county of the row's country."""

    word: ClassVar[str] = "region"
    example: ClassVar[Example] = Example("{mask: region, locale: de}", "Bretagne", "Sachsen", "varchar(60)")
    kind: ClassVar[Kind] = Kind.REGIONS
    purpose: ClassVar[Purpose] = Purpose.COUNTRY


class Company(_ListedMask):
    """A company's name."""

    word: ClassVar[str] = "company"
    example: ClassVar[Example] = Example("company", "Menuiserie Dubois SARL", "Pierre")
    kind: ClassVar[Kind] = Kind.COMPANIES
    purpose: ClassVar[Purpose] = Purpose.COMPANY


class Job(_ListedMask):
    """A job title."""

    word: ClassVar[str] = "job"
    kind: ClassVar[Kind] = Kind.JOBS
    purpose: ClassVar[Purpose] = Purpose.JOB
    example: ClassVar[Example] = Example("{mask: job, locale: de}", "Notaire", "Augenoptiker")


class Country(LocalMask):
    """A country, as a code of two or three letters where the value is one, else by its name."""

    word: ClassVar[str] = "country"
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.FORMAT, Trait.JOINS, Trait.NULLS})
    preserves: ClassVar[str] = "code or name, capitals"
    loses: ClassVar[str] = "the country that locale_from and country_from of other masks may read"
    example: ClassVar[Example] = Example("country", "FR", "IQ", "char(2)")
    needs: ClassVar[int] = 2
    needs_for: ClassVar[str] = "a country code"

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        def code(letters: int) -> TextElement:
            chosen = word(country_codes(letters), plain(value), Purpose.COUNTRY)
            return case((value == func.lower(value), func.lower(chosen)), else_=chosen)

        written = func.length(func.btrim(value))
        name = self.by_locale(
            context, lambda locale: word(words(Kind.COUNTRIES, locale), plain(value), Purpose.COUNTRY)
        )
        if length == 2:
            return code(2)
        return fitted(
            case((written == literal(2), code(2)), (written == literal(3), code(3)), else_=name), length
        )


class FullName(SeededMask, LocalMask, GenderedMask):
    """First and last name in one column."""

    word: ClassVar[str] = "full_name"
    preserves: ClassVar[str] = FirstName.preserves
    example: ClassVar[Example] = Example("full_name", "Camille Dubois", "Odette Devaux")
    needs: ClassVar[int] = 8
    needs_for: ClassVar[str] = "a first and a last name"

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        def both(locale: Locale) -> TextElement:
            first = self.first_name(locale, plain(value), context)
            return (
                first + literal(" ") + word(words(Kind.LAST_NAMES, locale), plain(value), Purpose.LAST_NAME)
            )

        return fitted(self.by_locale(context, both), length)


class Street(SeededMask, LocalMask):
    """A street with a house number, as the country writes it."""

    word: ClassVar[str] = "street"
    preserves: ClassVar[str] = _ListedMask.preserves
    example: ClassVar[Example] = Example("street", "12 rue de la République", "117, rue de Dias")
    needs: ClassVar[int] = 8
    needs_for: ClassVar[str] = "a house number and a street"

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        house = cast(number(plain(value), Purpose.STREET, HOUSE_NUMBERS, "house") + literal(1), Text)

        def address(locale: Locale) -> TextElement:
            street = word(words(Kind.STREETS, locale), plain(value), Purpose.STREET)
            if separator := NUMBER_FIRST.get(locale):
                return house + literal(separator) + street
            return street + literal(" ") + house

        return fitted(self.by_locale(context, address), length)


UNITS = ("AB", "DE", "HJ", "LN", "PQ", "RS", "UW", "XY")

# French départements by their two digits, Corsica's 20 left out; Spanish provinces; Italian CAP start at 00.
POSTCODE_STARTS = {
    Locale.FR: tuple(f"{n:02}" for n in range(1, 96) if n != 20),
    Locale.ES: tuple(f"{n:02}" for n in range(1, 53)),
    Locale.IT: tuple(f"{n:02}" for n in range(1, 98)),
    Locale.DE: tuple(f"{n:02}" for n in range(1, 100)),
    Locale.PT: tuple(f"{n}" for n in range(10, 99)),
    Locale.EN: (
        "B",
        "BA",
        "BN",
        "BS",
        "CF",
        "DE",
        "EX",
        "GL",
        "LE",
        "LS",
        "M",
        "NE",
        "NG",
        "OX",
        "PL",
        "S",
        "SO",
    ),
}


@cache
def _city_postcodes(locale: Locale) -> tuple[str, ...]:
    """A postcode for every word of the locale's list of cities, at the same place."""
    starts = POSTCODE_STARTS[locale]
    codes = []
    for place, city in enumerate(words(Kind.CITIES, locale)):
        low = int(hashlib.sha256(city.encode()).hexdigest()[:8], 16)
        start = starts[place % len(starts)]
        if locale is Locale.PT:
            codes.append(f"{start}{low % 100:02}-{low // 100 % 1000:03}")
        elif locale is Locale.EN:
            codes.append(f"{start}{low % 29 + 1} {low // 29 % 10}{UNITS[low // 290 % len(UNITS)]}")
        else:
            codes.append(f"{start}{low % 1000:03}")
    return tuple(codes)


class Postcode(SeededMask, LocalMask):
    """A postcode of the row's country in its shape."""

    word: ClassVar[str] = "postcode"
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.FORMAT, Trait.JOINS, Trait.NULLS})
    preserves: ClassVar[str] = "the shape of the country; with `city_from`, one postcode per masked city"
    example: ClassVar[Example] = Example(
        "{mask: postcode, city_from: city}", "69003", "31822", "char(5)", {"city": "Lyon"}
    )
    needs: ClassVar[int] = 5
    needs_for: ClassVar[str] = "a postcode"
    instead_for_unique: ClassVar[str] = "scramble, "

    city_from: str | None = Field(
        None,
        description="a column of the same row under mask city: every fake city has one postcode; give it the"
        " city's own locale and seed_from",
    )

    def reads(self) -> tuple[str, ...]:
        return (*super().reads(), *((self.city_from,) if self.city_from else ()))

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        if self.city_from is not None:
            chosen = plain(value)
            for name in filter(None, (self.city_from, self.seed_from)):  # as the city's own rule says
                said = func.nullif(plain(Collated(context.row(name))), literal(""))
                chosen = func.coalesce(said, chosen, type_=Text)
            made = self.by_locale(context, lambda locale: word(_city_postcodes(locale), chosen, Purpose.CITY))
            return (
                made
                if length is None or length >= 8
                else fitted(func.replace(made, literal("-"), literal("")), length)
            )

        def code(locale: Locale) -> TextElement:
            start = word(POSTCODE_STARTS[locale], plain(value), Purpose.POSTCODE)
            low = number(plain(value), Purpose.POSTCODE, 1000, "low")
            ending = func.lpad(cast(low, Text), 3, literal("0"), type_=Text)
            if locale is Locale.PT:
                middle = func.lpad(
                    cast(number(plain(value), Purpose.POSTCODE, 100, "middle"), Text), 2, literal("0")
                )
                return start + middle + literal("-") + ending
            if (
                locale is Locale.EN
            ):  # M14 3QX: a district, and a unit that ends in two letters Royal Mail uses
                unit = word(UNITS, plain(value), Purpose.POSTCODE, "unit")
                return (
                    start
                    + cast(low % literal(29) + literal(1), Text)
                    + literal(" ")
                    + func.left(ending, 1)
                    + unit
                )
            return start + ending

        fake = self.by_locale(context, code)
        if length is None or length >= 8:
            return fake
        return case((func.length(fake) <= literal(length), fake), else_=code(Locale.FR))
