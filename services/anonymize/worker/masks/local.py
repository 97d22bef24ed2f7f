"""Choosing by locale or country: fixed in the policy, or by a column of the same row."""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field
from sqlalchemy import ColumnElement, Text, case, cast, func, literal

from services.anonymize.worker.masks.base import MaskContext, TextMask
from services.anonymize.worker.masks.words import LOCALE_CODES, Locale, locale_of
from services.anonymize.worker.sql import TextElement

ChosenT = TypeVar("ChosenT")


def _known_locale(word: str) -> str:
    locale = locale_of(word)
    if locale is None:
        raise ValueError(f"{word} is no locale; there are {', '.join(Locale)}")
    return locale.value


LocaleWord = Annotated[str, AfterValidator(_known_locale)]


class LocalMask(TextMask):
    """A mask that speaks the language of the row."""

    locale: LocaleWord = Field(
        Locale.FR.value,
        description=f"the language of fakes: {', '.join(Locale)}; also the fallback of locale_from",
    )
    locale_from: str | None = Field(
        None, description="a column of the same row that holds a country or a language code"
    )

    def reads(self) -> tuple[str, ...]:
        return (*super().reads(), *((self.locale_from,) if self.locale_from else ()))

    def by_locale(self, context: MaskContext, fake: Callable[[Locale], TextElement]) -> TextElement:
        """The fake in the row's language; a row that names no known one gets the policy's `locale`."""
        default = Locale(self.locale)
        if self.locale_from is None:
            return fake(default)
        code = plain_code(context.row(self.locale_from))
        others = [
            (codes_match(code, LOCALE_CODES[locale]), fake(locale)) for locale in Locale if locale != default
        ]
        return case(*others, else_=fake(default))


def plain_code(value: ColumnElement[str]) -> TextElement:
    """A country or locale code for comparison: `fr_FR` and `FR ` become `fr`, `France` stays a word."""
    return func.split_part(
        func.replace(func.lower(func.btrim(cast(value, Text))), literal("-"), literal("_")),
        literal("_"),
        1,
        type_=Text,
    )


def codes_match(code: TextElement, codes: Iterable[str]) -> ColumnElement[bool]:
    """Whether a code is one of those."""
    return code.in_([literal(word, Text) for word in codes])


def by_country(
    code: TextElement, fakes: Mapping[str, TextElement], default: str, words: Mapping[str, tuple[str, ...]]
) -> TextElement:
    """The fake of a row's country; any other country gets the default's."""
    branches = [
        (codes_match(code, words[country]), fake) for country, fake in fakes.items() if country != default
    ]
    return case(*branches, else_=fakes[default]) if branches else fakes[default]
