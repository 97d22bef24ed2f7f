"""Word lists per locale, taken from Faker when a plan is made: never per row, and never from the database."""

import unicodedata
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cache
from typing import Any

from faker import Factory

from services.anonymize.worker.sql import MAX_NAME_BYTES

LIST_LENGTH = 1024
DRAWN = 256  # streets, cities and companies are made one by one, which is half of what a plan costs
PROVIDERS = [f"faker.providers.{name}" for name in ("person", "address", "company")]
SEED = 20260101  # the lists are no secret; which word a value gets is the run key's


class Locale(StrEnum):
    """A locale with word lists."""

    FR = "fr"
    ES = "es"
    IT = "it"
    DE = "de"
    PT = "pt"
    EN = "en"


class Kind(StrEnum):
    """What a list holds."""

    FIRST_NAMES = "first_names"
    LAST_NAMES = "last_names"
    STREETS = "streets"
    CITIES = "cities"
    COMPANIES = "companies"


FAKER_LOCALES = {
    Locale.FR: "fr_FR",
    Locale.ES: "es_ES",
    Locale.IT: "it_IT",
    Locale.DE: "de_DE",
    Locale.PT: "pt_PT",
    Locale.EN: "en_GB",
}

# Country codes and languages, lower case, that a row may hold for each locale.
LOCALE_CODES: dict[Locale, tuple[str, ...]] = {
    Locale.FR: (
        "fr",
        "fra",
        "france",
        "be",
        "bel",
        "lu",
        "mc",
        "gp",
        "mq",
        "gf",
        "re",
        "yt",
        "french",
        "français",
    ),
    Locale.ES: ("es", "esp", "spain", "espagne", "españa", "ad", "mx", "ar", "spanish", "español"),
    Locale.IT: ("it", "ita", "italy", "italie", "italia", "sm", "va", "italian", "italiano"),
    Locale.DE: (
        "de",
        "deu",
        "ger",
        "germany",
        "allemagne",
        "deutschland",
        "at",
        "ch",
        "li",
        "german",
        "deutsch",
    ),
    Locale.PT: ("pt", "prt", "por", "portugal", "br", "portuguese", "português"),
    Locale.EN: ("en", "gb", "gbr", "uk", "ie", "us", "usa", "au", "nz", "ca", "united kingdom", "english"),
}


def locale_of(word: str) -> Locale | None:
    """Return the locale for a policy's word: fr, FR, fr_FR, France."""
    plain = word.strip().lower()
    for locale, codes in LOCALE_CODES.items():
        if plain in codes or plain.replace("-", "_").split("_")[0] in codes:
            return locale
    return None


@cache
def words(kind: Kind, locale: Locale) -> tuple[str, ...]:
    """Return a list of different words that fit PostgreSQL's `name` type (63 bytes)."""
    faker = _generator(locale)
    faker.seed_instance(SEED)
    person = next(provider for provider in faker.get_providers() if ".person" in type(provider).__module__)
    match kind:
        case Kind.FIRST_NAMES:
            return _fitting(person.first_names)
        case Kind.LAST_NAMES:
            return _fitting(person.last_names)
        case Kind.STREETS:
            return _fitting(_drawn(faker.street_name))
        case Kind.CITIES:
            return _fitting(_drawn(faker.city))
        case Kind.COMPANIES:
            return _fitting(_drawn(faker.company))


@cache
def _generator(locale: Locale) -> Any:
    """Make a generator with the three providers that the lists come from; all 25 take a second per plan."""
    return Factory.create(FAKER_LOCALES[locale], providers=PROVIDERS)


@cache
def login_words() -> tuple[str, ...]:
    """Return first names as they stand in addresses: ASCII, lower case, at most 10 letters."""
    plain = (unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower() for name in
             words(Kind.FIRST_NAMES, Locale.FR) + words(Kind.FIRST_NAMES, Locale.ES))  # fmt: skip
    return _fitting(name for name in plain if name.isalpha() and len(name) <= LOGIN_LENGTH)


LOGIN_LENGTH = 10


def _drawn(draw: Callable[[], str]) -> Iterable[str]:
    return (draw() for _ in range(DRAWN))


def _fitting(candidates: Iterable[str]) -> tuple[str, ...]:
    different = dict.fromkeys(candidate.strip() for candidate in candidates)
    return tuple(
        candidate
        for candidate in different
        if candidate and candidate.isprintable() and len(candidate.encode()) <= MAX_NAME_BYTES
    )[:LIST_LENGTH]
