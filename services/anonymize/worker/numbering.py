# A table reads better in long lines.
# ruff: noqa: E501
"""Telephone numbers per country: how they are dialled, and which of them belong to nobody.

France (Arcep), the United Kingdom (Ofcom), Germany (Bundesnetzagentur), Ireland (ComReg), Sweden (PTS) and North America
(555-0100 to 555-0199) reserve numbers for fiction. The other countries reserve none; small blocks from parts of their
plans that are not assigned stand in, so that no fake can ring. Estonia and Lithuania have no such block among their
mobile numbers, and a block of the other numbers takes their place.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """Numbers that belong to nobody: national significant numbers that start so, followed by `digits` free digits.
    They stand for numbers whose significant number starts with one of `instead_of`; the last range takes the rest."""

    instead_of: str
    start: str
    digits: int
    first: int = 0  # the first of them that is reserved


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
        Country("IE", "353", "0", ("ie", "irl", "ireland", "irlande", "irlanda", "irland"),
                (Range("8", "84999", 4), Range("", "2091", 5))),
        Country("SE", "46", "0", ("se", "swe", "sweden", "suède", "suecia", "schweden", "sverige"),
                (Range("7", "7017406", 2, first=5), Range("3", "3139006", 2), Range("4", "4062804", 2),
                 Range("9", "9803192", 2), Range("", "8465004", 2))),
        Country("US", "1", "", ("us", "usa", "united states", "états-unis", "états"),
                (Range("3", "31255501", 2), Range("4", "41555501", 2), Range("5", "51255501", 2),
                 Range("6", "61755501", 2), Range("7", "70255501", 2), Range("89", "80855501", 2),
                 Range("", "20255501", 2))),
        Country("CA", "1", "", ("ca", "can", "canada", "kanada"),
                (Range("2", "20455501", 2), Range("4", "41655501", 2), Range("5", "51455501", 2),
                 Range("6", "60455501", 2), Range("7", "78055501", 2), Range("", "90255501", 2))),
        Country("AT", "43", "0", ("at", "aut", "austria", "autriche", "österreich"),
                (Range("6", "649999", 4), Range("", "84999", 4))),
        Country("BE", "32", "0", ("be", "bel", "belgium", "belgique", "belgië"),
                (Range("4", "40999", 4), Range("", "9999", 4))),
        Country("BG", "359", "0", ("bg", "bgr", "bulgaria", "bulgarie"),
                (Range("89", "84999", 4), Range("", "4999", 4))),
        Country("HR", "385", "0", ("hr", "hrv", "croatia", "croatie", "hrvatska"),
                (Range("9", "96999", 4), Range("", "7999", 4))),
        Country("CY", "357", "", ("cy", "cyp", "cyprus", "chypre"), (Range("9", "9800", 4), Range("", "1999", 4))),
        Country("CZ", "420", "", ("cz", "cze", "cs", "czechia", "tchéquie", "česko"),
                (Range("67", "76999", 4), Range("", "10000", 4))),
        Country("DK", "45", "", ("dk", "dnk", "da", "denmark", "danemark", "danmark"),
                (Range("2345678", "8209", 4), Range("", "1999", 4)), pairs=True),
        Country("EE", "372", "", ("ee", "est", "estonia", "estonie", "eesti"), (Range("", "8299", 3),)),
        Country("FI", "358", "0", ("fi", "fin", "finland", "finlande", "suomi"),
                (Range("45", "59999", 4), Range("", "9999", 4))),
        Country("GR", "30", "", ("gr", "grc", "el", "greece", "grèce", "griechenland"),
                (Range("6", "680000", 4), Range("", "910000", 4))),
        Country("HU", "36", "06", ("hu", "hun", "hungary", "hongrie", "ungarn", "magyarország"),
                (Range("2357", "37999", 4), Range("", "9799", 4))),
        Country("LV", "371", "", ("lv", "lva", "latvia", "lettonie", "latvija"),
                (Range("2", "2308", 4), Range("", "1999", 4))),
        Country("LT", "370", "0", ("lt", "ltu", "lithuania", "lituanie", "lietuva"), (Range("", "9999", 4),)),
        Country("LU", "352", "", ("lu", "lux", "luxembourg", "luxemburg"),
                (Range("6", "62299", 4), Range("", "1999", 4))),
        Country("MT", "356", "", ("mt", "mlt", "malta", "malte"), (Range("79", "9809", 4), Range("", "1999", 4))),
        Country("NL", "31", "0", ("nl", "nld", "netherlands", "pays-bas", "pays", "nederland", "niederlande"),
                (Range("6", "60999", 4), Range("", "82999", 4))),
        Country("PL", "48", "", ("pl", "pol", "poland", "pologne", "polska", "polen"),
                (Range("45678", "40999", 4), Range("", "10999", 4))),
        Country("RO", "40", "0", ("ro", "rou", "romania", "roumanie", "românia"),
                (Range("7", "70239", 4), Range("", "96999", 4))),
        Country("SK", "421", "0", ("sk", "svk", "slovakia", "slovaquie", "slovensko"),
                (Range("9", "99999", 4), Range("", "39999", 4))),
        Country("SI", "386", "0", ("si", "svn", "slovenia", "slovénie", "slovenija"),
                (Range("34567", "7999", 4), Range("", "9799", 4))),
        Country("CH", "41", "0", ("ch", "che", "switzerland", "suisse", "schweiz", "svizzera", "li"),
                (Range("7", "70999", 4), Range("", "96999", 4))),
    )
}  # fmt: skip

COUNTRY_WORDS = {code: country.words for code, country in COUNTRIES.items()}

# Calling codes by how a number goes on behind them, for reading originals: with a trunk zero in national writing, with
# Hungary's 06, and without any.
TRUNK_ZERO, TRUNK_SIX, NO_TRUNK = (
    tuple(dict.fromkeys(country.calling_code for country in COUNTRIES.values() if country.trunk == trunk))
    for trunk in ("0", "06", "")
)


def country_of(word: str) -> str | None:
    """Return the country code for a policy's word: fr, FR, France."""
    plain = word.strip().lower()
    return next((code for code, words in COUNTRY_WORDS.items() if plain in words), None)


def belongs_to_nobody() -> str:
    """Return a regular expression for such numbers as they are dialled inside their country.

    A number says no country when it is dialled: a block may be assigned in another one, which is why blocks are small.
    """
    return "^(?:" + "|".join(
        f"{country.trunk}{taken.start}{_reserved(taken)}[0-9]{{{taken.digits}}}"
        for country in COUNTRIES.values() for taken in country.ranges
    ) + ")$"  # fmt: skip


def _reserved(taken: Range) -> str:
    """A look ahead that leaves out what comes before a range's first number."""
    before = "|".join(f"{number:0{taken.digits}}" for number in range(taken.first))
    return f"(?!(?:{before})$)" if before else ""
