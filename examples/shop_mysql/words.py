"""The words of examples/shop (names, streets, sentences, articles), read from its SQL for another engine."""

import math
import re
import unicodedata
from collections.abc import Iterator

from examples.shop.load import HERE

SLOTS = 1024
_LIST = re.compile(r"SELECT pg_temp\.list\('(\w+)', '(\w\w)', ([\d.]+), '(.*?)'\);", re.DOTALL)
_ARTICLE = re.compile(r"\((\d+), '((?:[^']|'')*)', (\d+), (\d+)\)")
_MAKES = re.compile(r"\((\d), '(\w+)'\)")
COLUMNS = (
    *("first_f", "first_m", "last_name", "street", "postcode", "city", "domain", "trade", "form"),
    *("bank", "branch"),
)


def slots() -> Iterator[tuple[str | int, ...]]:
    """Rows of `slot`: country, number and a word of each kind; frequent words fill more slots than others."""
    found: dict[tuple[str, int], dict[str, str]] = {}
    for kind, country, bend, text in _LIST.findall(_read("words.sql")):
        words = [word.strip().replace("''", "'") for word in text.split(",")]
        for no, word in enumerate(words):
            for n in range(_first(no, len(words), float(bend)), _first(no + 1, len(words), float(bend))):
                found.setdefault((country, n), {}).update(_columns(kind, word))
    for (country, n), words_of in sorted(found.items()):
        yield country, n, *(words_of[column] for column in COLUMNS)


def spellings(rows: list[tuple[str | int, ...]]) -> dict[str, str]:
    """How names stand in an e-mail address: lower case, without accents, spaces and apostrophes."""
    names = {str(row[2 + COLUMNS.index(column)]) for row in rows for column in COLUMNS[:3]}
    return {name: re.sub(r"[^a-z-]", "", _plain(name).lower()) for name in names}


def statements_of(script: str, table: str) -> list[str]:
    """The INSERT statements into a table in one of the shop's scripts, which any database understands."""
    return re.findall(rf"^INSERT INTO {table} .*?;$", _read(script), re.DOTALL | re.MULTILINE)


def articles() -> Iterator[tuple[int, str, str, int, int, int, str]]:
    """The products: category, SKU, name, price in cents, weight in grams, years of warranty, make."""
    text = _read("catalogue.sql").partition("INSERT INTO products")[2]
    for item, (category, name, price, weight) in enumerate(_ARTICLE.findall(text), start=1):
        for make_no, make in _MAKES.findall(text.partition("CROSS JOIN")[2]):
            cents = int(price) * (70 + 20 * int(make_no)) // 100 // 10 * 10 + 9
            sku = f"{category}-{item}-{make_no}"
            title = f"{name.replace(chr(39) * 2, chr(39))} {make}"
            yield int(category), sku, title, cents, int(weight), 1 + int(make_no), make


def _first(no: int, many: int, bend: float) -> int:
    return math.ceil(SLOTS * math.pow(no / many, 1 / bend) - 0.5)


def _columns(kind: str, word: str) -> dict[str, str]:
    if kind == "city":
        return {"postcode": word[:5], "city": word[6:]}
    if kind == "bank":
        return dict(zip(("bank", "branch"), word.split(), strict=True))
    return {kind: word}


def _plain(name: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", name) if not unicodedata.combining(sign))


def _read(script: str) -> str:
    return (HERE / script).read_text(encoding="utf-8")
