"""Masks for what people and companies are called and where they live: words from lists, chosen by the value
itself."""

from typing import ClassVar

from sqlalchemy import Text, case, cast, func, literal

from services.anonymize.worker.masks.base import MaskContext
from services.anonymize.worker.masks.local import LocalMask
from services.anonymize.worker.masks.words import Kind, Locale, words
from services.anonymize.worker.sql import Purpose, TextElement, number, word

NUMBER_FIRST = {Locale.FR: ", ", Locale.EN: " "}  # "12, rue X" and "12 X Road"; elsewhere the number follows
HOUSE_NUMBERS = 180


def plain(value: TextElement) -> TextElement:
    """A value as it is compared: `MARTIN ` and `Martin` get the same fake."""
    return func.lower(func.btrim(value), type_=Text)


def fitted(fake: TextElement, length: int | None) -> TextElement:
    """A fake cut to the column's length."""
    return fake if length is None else func.left(fake, length, type_=Text)


class _ListedMask(LocalMask):
    kind: ClassVar[Kind]
    purpose: ClassVar[Purpose]
    preserves: ClassVar[str] = "language of the row, joinability, NULL and empty values"
    needs: ClassVar[int] = 2
    needs_for: ClassVar[str] = "a word"

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        return fitted(
            self.by_locale(
                context, lambda locale: word(words(self.kind, locale), plain(value), self.purpose)
            ),
            length,
        )


class FirstName(_ListedMask):
    """A first name."""

    word: ClassVar[str] = "first_name"
    kind: ClassVar[Kind] = Kind.FIRST_NAMES
    purpose: ClassVar[Purpose] = Purpose.FIRST_NAME


class LastName(_ListedMask):
    """A last name."""

    word: ClassVar[str] = "last_name"
    kind: ClassVar[Kind] = Kind.LAST_NAMES
    purpose: ClassVar[Purpose] = Purpose.LAST_NAME


class City(_ListedMask):
    """A city."""

    word: ClassVar[str] = "city"
    kind: ClassVar[Kind] = Kind.CITIES
    purpose: ClassVar[Purpose] = Purpose.CITY


class Company(_ListedMask):
    """A company's name."""

    word: ClassVar[str] = "company"
    kind: ClassVar[Kind] = Kind.COMPANIES
    purpose: ClassVar[Purpose] = Purpose.COMPANY


class FullName(LocalMask):
    """First and last name in one column."""

    word: ClassVar[str] = "full_name"
    preserves: ClassVar[str] = _ListedMask.preserves
    needs: ClassVar[int] = 8
    needs_for: ClassVar[str] = "a first and a last name"

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        def both(locale: Locale) -> TextElement:
            first = word(words(Kind.FIRST_NAMES, locale), plain(value), Purpose.FIRST_NAME)
            return (
                first + literal(" ") + word(words(Kind.LAST_NAMES, locale), plain(value), Purpose.LAST_NAME)
            )

        return fitted(self.by_locale(context, both), length)


class Street(LocalMask):
    """A street with a house number, as the country writes it."""

    word: ClassVar[str] = "street"
    preserves: ClassVar[str] = _ListedMask.preserves
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


class Postcode(LocalMask):
    """A postcode of the row's country in its shape."""

    word: ClassVar[str] = "postcode"
    preserves: ClassVar[str] = "shape of the country, joinability, NULL and empty values"
    needs: ClassVar[int] = 5
    needs_for: ClassVar[str] = "a postcode"

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
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
                unit = word(
                    ("AB", "DE", "HJ", "LN", "PQ", "RS", "UW", "XY"), plain(value), Purpose.POSTCODE, "unit"
                )
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
