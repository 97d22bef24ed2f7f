"""Choosing by locale, country or gender: fixed in the policy, or by a column of the same row."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from sqlalchemy import ColumnElement, Text, case, cast, func, literal

from services.anonymize.worker.masks.base import MaskContext, TextMask
from services.anonymize.worker.masks.words import GENDER_WORDS, LOCALE_CODES, Kind, Locale, locale_of, words
from services.anonymize.worker.sql import Purpose, TextElement, WordFor, word


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
        others = {locale.value: fake(locale) for locale in Locale if locale != default}
        return case(others, value=_found(context.row(self.locale_from), LOCALE_CODES), else_=fake(default))


class GenderedMask(TextMask):
    """A mask whose first names fit the row's gender."""

    gender_from: str | None = Field(
        None,
        description="a column of the same row that holds a gender or a form of address: f, 2, Mme, Herr",
    )

    def reads(self) -> tuple[str, ...]:
        return (*super().reads(), *((self.gender_from,) if self.gender_from else ()))

    def first_name(self, locale: Locale, value: TextElement, context: MaskContext) -> TextElement:
        """A first name that a value chooses; a row that says no gender that is known gets one of all."""

        def of(kind: Kind) -> TextElement:
            return word(words(kind, locale), value, Purpose.FIRST_NAME)

        if self.gender_from is None:
            return of(Kind.FIRST_NAMES)
        gender = _found(context.row(self.gender_from), GENDER_WORDS)
        return case({kind.value: of(kind) for kind in GENDER_WORDS}, value=gender, else_=of(Kind.FIRST_NAMES))


def plain_code(value: ColumnElement[str]) -> TextElement:
    """A country or locale code for comparison: `fr_FR` and `FR ` become `fr`, `France` stays a word."""
    return func.split_part(
        func.replace(func.lower(func.btrim(cast(value, Text))), literal("-"), literal("_")),
        literal("_"),
        1,
        type_=Text,
    )


def row_country(
    value: ColumnElement[str], default: str, words: Mapping[str, tuple[str, ...]]
) -> ColumnElement[str]:
    """The country of `words` that a row's value names; any other is the default's."""
    return func.coalesce(_found(value, words), literal(default, Text), type_=Text)


def by_country(
    value: ColumnElement[str],
    fakes: Mapping[str, TextElement],
    default: str,
    words: Mapping[str, tuple[str, ...]],
) -> TextElement:
    """The fake of the country that a row's value names; any other gets the default's."""
    others = {country: fake for country, fake in fakes.items() if country != default}
    named = {country: words[country] for country in others}
    return case(others, value=_found(value, named), else_=fakes[default]) if others else fakes[default]


def _found(value: ColumnElement[str], words: Mapping[Any, tuple[str, ...]]) -> TextElement:
    """What a row's value stands for, at first as it is written: comparing it with every word of every
    country costs ten times as much, and so does its plain form."""
    named: dict[str, str] = {}
    for name, spelled in words.items():
        named = dict.fromkeys(spelled, str(name)) | named  # what comes first has the word
    written = {word.upper(): name for word, name in named.items()} | named
    raw = cast(value, Text)
    return func.coalesce(WordFor(written, raw), WordFor(named, plain_code(value)), type_=Text)
