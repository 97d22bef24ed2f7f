"""Masks for official identifiers and cards: a number of the same format with right check digits."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field
from sqlalchemy import Text, literal

from services.anonymize.worker.masks import formats
from services.anonymize.worker.masks.base import (
    PERMUTATION,
    UNIQUE_TRAITS,
    Example,
    MaskContext,
    TextMask,
    Trait,
)
from services.anonymize.worker.masks.formats import Format
from services.anonymize.worker.masks.local import row_country
from services.anonymize.worker.masks.permuting import PERMUTING
from services.anonymize.worker.numbering import COUNTRY_WORDS
from services.anonymize.worker.schema import Column
from services.anonymize.worker.sql import (
    WORK_SCHEMA,
    Purpose,
    TextElement,
    function_statement,
    text_literal,
    work_function,
)


class Identifier(TextMask):
    """A kind of identifier: a permutation of the numbers of each of its formats."""

    keeps: ClassVar[frozenset[Trait]] = UNIQUE_TRAITS | {Trait.LENGTH, Trait.FORMAT}
    loses: ClassVar[str] = "a fake may be the number of somebody else: no range is reserved for fiction"
    scrambles: ClassVar[bool] = True
    formats: ClassVar[tuple[Format, ...]]
    head: ClassVar[str] = "''"  # SQL for the start of an invalid original that stays

    def functions(self) -> tuple[str, ...]:
        return (*PERMUTING, *formats.statements(self.word, self.formats, self.head))

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return PERMUTATION

    def home(self, context: MaskContext) -> TextElement:
        """The country of a value that says none; nothing where it does not matter."""
        return literal("", Text)

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        return work_function(f"fake_{self.word}", value, self.home(context))


class Siren(Identifier):
    """A French company's SIREN."""

    word: ClassVar[str] = "siren"
    preserves: ClassVar[str] = "the check digit, grouping; agrees with `siret` and `tva`"
    example: ClassVar[Example] = Example("siren", "552 100 554", "637 920 331", "varchar(11)")
    formats: ClassVar[tuple[Format, ...]] = (formats.SIREN,)


class Siret(Identifier):
    """A French establishment's SIRET, which begins with its company's masked SIREN."""

    word: ClassVar[str] = "siret"
    preserves: ClassVar[str] = "the check digits, grouping; agrees with `siren`"
    example: ClassVar[Example] = Example("siret", "552 100 554 00013", "637 920 331 64977", "varchar(20)")
    formats: ClassVar[tuple[Format, ...]] = (formats.SIRET,)


class Tva(Identifier):
    """A French VAT number, which holds the company's masked SIREN."""

    word: ClassVar[str] = "tva"
    preserves: ClassVar[str] = "the key, grouping, FR or not; agrees with `siren` and `vat`"
    example: ClassVar[Example] = Example("tva", "FR40303265045", "FR64168058014", "varchar(20)")
    formats: ClassVar[tuple[Format, ...]] = (formats.FRENCH_VAT,)


class Nir(Identifier):
    """A French social security number, with its key or without."""

    word: ClassVar[str] = "nir"
    preserves: ClassVar[str] = "the sex, the key, grouping"
    example: ClassVar[Example] = Example(
        "nir", "2 95 10 99 126 111 93", "2 00 03 64 580 862 37", "varchar(21)"
    )
    formats: ClassVar[tuple[Format, ...]] = formats.NIR

    @property
    def ignores_case(self) -> bool:
        """The letter of 2A and 2B may become a digit, which has no case."""
        return True


class Nif(Identifier):
    """A Spanish tax number: DNI, NIE, a company's CIF, and the former K, L and M."""

    word: ClassVar[str] = "nif"
    preserves: ClassVar[str] = "the kind of number, the control character, hyphens; agrees with `vat`"
    example: ClassVar[Example] = Example("nif", "X-5253868-R", "X-4636195-Q", "varchar(12)")
    formats: ClassVar[tuple[Format, ...]] = formats.NIF


class CodiceFiscale(Identifier):
    """An Italian person's or company's codice fiscale."""

    word: ClassVar[str] = "codice_fiscale"
    preserves: ClassVar[str] = "person or company, the check character; agrees with `vat`"
    loses: ClassVar[str] = "the name and birth date that the code spells"
    example: ClassVar[Example] = Example("codice_fiscale", "RCCMNL83S18D969H", "YBJHFO34C23T300C", "char(16)")
    formats: ClassVar[tuple[Format, ...]] = formats.CODICE_FISCALE


class SteuerId(Identifier):
    """A German person's tax identification number."""

    word: ClassVar[str] = "steuer_id"
    preserves: ClassVar[str] = "the check digit, the rule of repeated digits, grouping"
    loses: ClassVar[str] = "speed: it takes several times as long as the other identifiers"
    example: ClassVar[Example] = Example("steuer_id", "36 574 261 809", "31 784 659 121", "varchar(14)")
    formats: ClassVar[tuple[Format, ...]] = (formats.STEUER_ID,)


VAT_COUNTRIES = tuple(sorted({one.prefix for one in formats.VAT}))
_ISO = {"GR": "EL"}  # Greece's VAT numbers begin otherwise than its ISO code says


def _vat_country(word: str) -> str:
    code = word.strip().upper()
    code = _ISO.get(code, code)
    if code not in VAT_COUNTRIES:
        raise ValueError(
            f"{word} is no country whose VAT numbers are known here; there are {', '.join(VAT_COUNTRIES)}"
        )
    return code


class Vat(Identifier):
    """A European VAT number of the same country, a company's where persons have another kind."""

    word: ClassVar[str] = "vat"
    preserves: ClassVar[str] = (
        "the country, check digits in the EU, XI and GB, the shape elsewhere; agrees with `siren`, `nif`"
    )
    example: ClassVar[Example] = Example("vat", "DE136695976", "DE754862277", "varchar(14)")
    formats: ClassVar[tuple[Format, ...]] = formats.VAT
    head: ClassVar[str] = "coalesce(substring(original from '^ *[A-Z]{2}(?=.*[0-9])'), '')"

    country: Annotated[str, AfterValidator(_vat_country)] = Field(
        "FR", description="the country of numbers that are written without one"
    )
    country_from: str | None = Field(None, description="a column of the same row that holds that country")

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return None if self.country_from else PERMUTATION  # one number may be of two countries' formats

    def reads(self) -> tuple[str, ...]:
        return (self.country_from,) if self.country_from else ()

    def home(self, context: MaskContext) -> TextElement:
        if self.country_from is None:
            return literal(self.country, Text)
        words = {code: COUNTRY_WORDS.get(code, (code.lower(),)) for code in VAT_COUNTRIES}
        words["EL"] = COUNTRY_WORDS["GR"]
        return row_country(context.row(self.country_from), self.country, words)


# What payment providers give out for tests: no bank issues these. The rest of a fake's digits is drawn.
TEST_RANGES = (
    ("4", "400000"), ("5", "555555"), ("2", "222300"), ("34", "343434"), ("37", "378282"), ("35", "353011"),
    ("36", "361489"), ("30", "305693"), ("6", "601111"),
)  # fmt: skip
OTHER_RANGE = "999999"
_STARTS = " ".join(
    f"WHEN starts_with(plain, {text_literal(first)}) THEN {text_literal(start)}"
    for first, start in TEST_RANGES
)
FAKE_TEST_CARD = function_statement(
    "fake_test_card",
    "original text",
    "text",
    "plpgsql",
    f"""
DECLARE
  plain text := {WORK_SCHEMA}.compact(original); body text;
BEGIN
  IF plain !~ '^[0-9]{{12,19}}$' THEN RETURN {WORK_SCHEMA}.scrambled(original, 'card'); END IF;
  body := left((CASE {_STARTS} ELSE '{OTHER_RANGE}' END) || lpad((
    (hashtextextended(plain, current_setting('{Purpose.CARD.setting}')::bigint) & 9223372036854775807)
    % 1000000000000)::text, 12, '0'), length(plain) - 1);
  RETURN {WORK_SCHEMA}.poured(body || {WORK_SCHEMA}.luhn(body), original);
END
""",
)


class Card(Identifier):
    """A payment card's number of the same brand and length that passes the Luhn test."""

    word: ClassVar[str] = "card"
    preserves: ClassVar[str] = "the brand's first digit, the check digit, grouping"
    loses: ClassVar[str] = "with `range: any`, a fake may be somebody's card"
    example: ClassVar[Example] = Example("card", "4970 1012 3456 7890", "4000 0067 1710 2353", "varchar(23)")
    formats: ClassVar[tuple[Format, ...]] = formats.CARDS

    instead_for_unique: ClassVar[str] = "range: any, "

    range: Literal["test", "any"] = Field(
        "test", description="test: ranges that providers reserve for tests; any: unique, over all numbers"
    )

    def injective_bits(self, column: Column, context: MaskContext) -> int | None:
        return PERMUTATION if self.range == "any" else None

    def functions(self) -> tuple[str, ...]:
        return (*super().functions(), FAKE_TEST_CARD)

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        if self.range == "any":
            return super().fake(value, length, context)
        return work_function("fake_test_card", value)


IDENTIFIERS: tuple[type[Identifier], ...] = (
    Card, Siren, Siret, Tva, Vat, Nir, Nif, CodiceFiscale, SteuerId,
)  # fmt: skip
