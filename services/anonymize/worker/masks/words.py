"""Word lists per locale, taken from Faker when a plan is made: never per row, and never from the database."""

import unicodedata
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cache
from random import Random
from typing import Any

from faker import Factory

from services.anonymize.worker.sql import MAX_NAME_BYTES

LIST_LENGTH = 1024
DRAWN = 256  # streets, cities and companies are made one by one, which is half of what a plan costs
PROVIDERS = ("faker.providers.person", "faker.providers.address", "faker.providers.company")
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
    WOMEN = "first_names_female"
    MEN = "first_names_male"
    LAST_NAMES = "last_names"
    STREETS = "streets"
    CITIES = "cities"
    REGIONS = "regions"
    COMPANIES = "companies"
    COUNTRIES = "countries"
    JOBS = "jobs"


FAKER_LOCALES = {
    Locale.FR: "fr_FR",
    Locale.ES: "es_ES",
    Locale.IT: "it_IT",
    Locale.DE: "de_DE",
    Locale.PT: "pt_PT",
    Locale.EN: "en_GB",
}

# What a row may hold for a woman and for a man, lower case: codes, ISO 5218's numbers, forms of address.
GENDER_WORDS: dict[Kind, tuple[str, ...]] = {
    Kind.WOMEN: (
        "f", "w", "2", "female", "woman", "mrs", "mrs.", "ms", "ms.", "miss", "femme", "féminin", "mme",
        "mlle", "madame", "mademoiselle", "mujer", "femenino", "sra", "sra.", "srta", "señora", "donna",
        "femmina", "signora", "sig.ra", "weiblich", "frau", "mulher", "feminino", "senhora",
    ),
    Kind.MEN: (
        "m", "h", "1", "male", "man", "mr", "mr.", "m.", "homme", "masculin", "monsieur", "hombre",
        "masculino", "sr", "sr.", "señor", "uomo", "maschio", "signor", "sig.", "männlich", "herr",
        "homem", "senhor",
    ),
}  # fmt: skip

# What Faker calls the parts of a country that addresses name: regions, provinces, Länder, counties.
REGIONS = {
    Locale.FR: "regions",
    Locale.ES: "regions",
    Locale.IT: "states",
    Locale.DE: "states",
    Locale.PT: "distritos",
    Locale.EN: "counties",
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
    match kind:
        case Kind.FIRST_NAMES:
            return _fitting(_provider(faker, "person").first_names)
        case Kind.WOMEN | Kind.MEN:
            return _fitting(getattr(_provider(faker, "person"), kind))
        case Kind.LAST_NAMES:
            return _fitting(_provider(faker, "person").last_names)
        case Kind.STREETS:
            return _fitting(_drawn(faker.street_name))
        case Kind.CITIES:
            listed = sorted(getattr(_provider(faker, "address"), "cities", ()))  # Italy's come in no order
            return _fitting(Random(SEED).sample(listed, min(DRAWN, len(listed))) or _drawn(faker.city))  # noqa: S311
        case Kind.REGIONS:
            return _fitting(getattr(_provider(faker, "address"), REGIONS[locale]))
        case Kind.COMPANIES:
            return _fitting(_drawn(faker.company))
        case Kind.COUNTRIES:
            return _fitting(_provider(faker, "address").countries)
        case Kind.JOBS:
            if locale is Locale.IT:
                return _fitting(ITALIAN_JOBS)
            return _fitting(_provider(_generator(locale, ("faker.providers.job",)), "job").jobs)


@cache
def country_codes(letters: int) -> tuple[str, ...]:
    """ISO 3166 codes of two or three letters."""
    address = _provider(_generator(Locale.EN), "address")
    return tuple(address.alpha_2_country_codes if letters == 2 else address.alpha_3_country_codes)


def _provider(faker: Any, name: str) -> Any:
    """A provider itself, for the lists that it draws from."""
    return next(found for found in faker.get_providers() if f".{name}" in type(found).__module__)


# Faker has none of Italy's.
ITALIAN_JOBS = (
    "Addetto alle vendite", "Agente immobiliare", "Agronomo", "Amministratore di condominio",
    "Analista", "Archivista", "Architetto", "Assistente sociale", "Autista", "Avvocato", "Barbiere",
    "Barista", "Bibliotecario", "Biologo", "Cameriere", "Capocantiere", "Carpentiere", "Cassiere",
    "Chimico", "Commercialista", "Consulente", "Contabile", "Cuoco", "Dentista",
    "Direttore commerciale", "Disegnatore tecnico", "Educatore", "Elettricista", "Estetista", "Fabbro",
    "Falegname", "Farmacista", "Fattorino", "Fioraio", "Fisioterapista", "Fornaio", "Fotografo",
    "Geologo", "Geometra", "Giardiniere", "Giornalista", "Grafico", "Guardia giurata", "Idraulico",
    "Imbianchino", "Impiegato", "Infermiere", "Ingegnere civile", "Ingegnere informatico", "Insegnante",
    "Interprete", "Istruttore", "Logopedista", "Magazziniere", "Meccanico", "Medico", "Montatore",
    "Muratore", "Notaio", "Operaio", "Operatore ecologico", "Orafo", "Orologiaio", "Ostetrica",
    "Ottico", "Parrucchiere", "Pasticciere", "Perito", "Piastrellista", "Pilota", "Pittore", "Portiere",
    "Postino", "Programmatore", "Psicologo", "Receptionist", "Redattore", "Ricercatore",
    "Responsabile acquisti", "Ristoratore", "Saldatore", "Sarto", "Segretario", "Sistemista",
    "Tassista", "Tecnico", "Tipografo", "Tornitore", "Traduttore", "Veterinario", "Vigile del fuoco",
    "Vivaista",
)  # fmt: skip


@cache
def _generator(locale: Locale, providers: tuple[str, ...] = PROVIDERS) -> Any:
    """Make a generator with the providers that lists come from; all 25 take a second per plan."""
    return Factory.create(FAKER_LOCALES[locale], providers=list(providers))


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
