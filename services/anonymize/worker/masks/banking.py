"""Masks for bank accounts."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field
from sqlalchemy import Integer, Text, cast, func, literal

from services.anonymize.worker.masks.base import (
    PERMUTATION,
    UNIQUE_TRAITS,
    Example,
    MaskContext,
    TextMask,
    Trait,
)
from services.anonymize.worker.masks.iban import FAKE_IBAN, IBAN_COUNTRIES, WHOLE_IBAN
from services.anonymize.worker.masks.local import row_country
from services.anonymize.worker.masks.ranges import ANY_IBAN_FUNCTIONS, RANGE, ReservedOrAny
from services.anonymize.worker.numbering import COUNTRY_WORDS
from services.anonymize.worker.schema import Column
from services.anonymize.worker.sql import TextElement, work_function


def _iban_country(word: str) -> str:
    code = word.strip().upper()
    if code not in IBAN_COUNTRIES:
        raise ValueError(
            f"{word} is no country whose IBANs are known here; there are {', '.join(IBAN_COUNTRIES)}"
        )
    return code


class Iban(TextMask):
    """An IBAN of the same country with right check digits and a bank code that no bank has."""

    word: ClassVar[str] = "iban"
    keeps: ClassVar[frozenset[Trait]] = UNIQUE_TRAITS | {Trait.LENGTH, Trait.FORMAT}
    preserves: ClassVar[str] = (
        "country, check digits and grouping; a bank code that no bank has, unless `range: any`"
    )
    loses: ClassVar[str] = "with `range: any`, a fake may be somebody's account"
    example: ClassVar[Example] = Example(
        "iban", "FR76 3000 6000 0112 3456 7890 189", "FR76 9999 9254 4307 6116 4098 694"
    )
    scrambles: ClassVar[bool] = True
    needs: ClassVar[int] = 27
    needs_for: ClassVar[str] = "an IBAN"
    instead_for_unique: ClassVar[str] = "range: any, "

    country: Annotated[str, AfterValidator(_iban_country)] = Field(
        "FR", description="the country of a fake whose original is no IBAN of a country that is known"
    )
    country_from: str | None = Field(None, description="a column of the same row that holds that country")
    range: ReservedOrAny = Field("reserved", description=RANGE)

    @property
    def room(self) -> int:
        """A permuted IBAN is as long as it was."""
        return self.needs if self.range == "reserved" else 1

    def normal(self, value: TextElement) -> TextElement | None:
        if self.range == "any":
            return None
        upper = func.upper(cast(value, Text))
        return func.regexp_replace(upper, literal("[^A-Z0-9]"), literal(""), literal("g"), type_=Text)

    def reads(self) -> tuple[str, ...]:
        return (self.country_from,) if self.country_from and self.range == "reserved" else ()

    def functions(self) -> tuple[str, ...]:
        return ANY_IBAN_FUNCTIONS if self.range == "any" else (WHOLE_IBAN, FAKE_IBAN)

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return PERMUTATION if self.range == "any" else None

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        if self.range == "any":
            return work_function("fake_any_iban", value)
        home: TextElement = literal(self.country, Text)
        if self.country_from is not None:
            words = {code: spelled for code, spelled in COUNTRY_WORDS.items() if code in IBAN_COUNTRIES}
            words.setdefault(self.country, (self.country.lower(),))
            home = row_country(context.row(self.country_from), self.country, words)
        fake = work_function("fake_iban", value, home, literal(length or 64, Integer))
        return fake if length is None or length >= 27 else func.left(fake, length, type_=Text)
