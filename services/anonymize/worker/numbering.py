# A table reads better in long lines.
# ruff: noqa: E501
"""Telephone numbers per country: how they are dialled, and which of them belong to nobody.

France (Arcep), the United Kingdom (Ofcom) and Germany (Bundesnetzagentur) reserve numbers for fiction. Spain, Italy and
Portugal reserve none; numbers from parts of their plans that are not assigned stand in, so that no fake can ring.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """Numbers that belong to nobody: national significant numbers that start so, followed by `digits` free digits.
    They stand for numbers whose significant number starts with one of `instead_of`; the last range takes the rest."""

    instead_of: str
    start: str
    digits: int


@dataclass(frozen=True)
class Country:
    """How a country's numbers are written. `groups` are digits per group of a significant number, by its length."""

    code: str
    calling_code: str
    trunk: str
    words: tuple[str, ...]  # what a row may hold for the country, lower case
    ranges: tuple[Range, ...]
    pairs: bool = False  # grouped by two from the end, else by three from the start


COUNTRIES = {
    country.code: country
    for country in (
        Country(
            "FR", "33", "0", ("fr", "fra", "france", "mc", "french", "français"),
            (Range("67", "63998", 4), Range("2", "26191", 4), Range("3", "35301", 4), Range("4", "46571", 4),
             Range("5", "53649", 4), Range("", "19900", 4)),
            pairs=True,
        ),
        Country("ES", "34", "", ("es", "esp", "spain", "espagne", "españa", "spanish", "español"),
                (Range("67", "75", 7), Range("", "99", 7))),
        Country("IT", "39", "", ("it", "ita", "italy", "italie", "italia", "italian", "italiano"),
                (Range("3", "399", 7), Range("", "0100", 6))),
        Country("DE", "49", "0", ("de", "deu", "ger", "germany", "allemagne", "deutschland", "german", "deutsch"),
                (Range("1", "17139200", 2), Range("4", "4066969", 3), Range("6", "6990009", 3),
                 Range("8", "8999998", 3), Range("", "3023125", 3))),
        Country("PT", "351", "", ("pt", "prt", "por", "portugal", "portuguese", "português"),
                (Range("9", "99", 7), Range("", "299", 6))),
        Country("GB", "44", "0", ("gb", "gbr", "uk", "en", "united kingdom", "english"),
                (Range("7", "7700900", 3), Range("2", "2079460", 3), Range("", "1632960", 3))),
    )
}  # fmt: skip

COUNTRY_WORDS = {code: country.words for code, country in COUNTRIES.items()}

# Other neighbours' calling codes, for reading originals: with a trunk zero in national writing, and without.
TRUNK_ZERO = (
    *(country.calling_code for country in COUNTRIES.values() if country.trunk),
    "32",
    "41",
    "43",
    "31",
)
NO_TRUNK = (*(country.calling_code for country in COUNTRIES.values() if not country.trunk), "352")


def country_of(word: str) -> str | None:
    """Return the country code for a policy's word: fr, FR, France."""
    plain = word.strip().lower()
    return next((code for code, words in COUNTRY_WORDS.items() if plain in words), None)


def belongs_to_nobody() -> str:
    """Return a regular expression for such numbers as they are dialled inside their country."""
    return "^(?:" + "|".join(
        f"{country.trunk}{taken.start}[0-9]{{{taken.digits}}}"
        for country in COUNTRIES.values() for taken in country.ranges
    ) + ")$"  # fmt: skip
