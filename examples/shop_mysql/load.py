"""Fills an empty MySQL or MariaDB database with the example shop, and reads customers before and after."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from pymysql.connections import Connection
from pymysql.cursors import Cursor

from examples.shop.load import DEFAULT_CUSTOMERS, Person
from examples.shop_mysql import words
from local.mysql import connect, quoted

HERE = Path(__file__).parent
POLICY = HERE / "policy.yaml"

SCRIPTS = ("schema.sql", "generate.sql", "constraints.sql", "history.sql")

_DRAW = re.compile(r"\bdraw\(([a-z.]+), (\d+)\)")
_FILLED = re.compile(r"\bfilled\((.+), (\w+)\)(?=,| END|$)", re.MULTILINE)
_SEQUENCE = re.compile(r"\bseq_1_to_(\d+)\b(?: (n)\b)?")
_COUNTED = (
    "(WITH RECURSIVE counted (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM counted WHERE seq < {0})"
    " SELECT seq FROM counted) AS {1}"
)
_PLACEHOLDERS = {
    "{name}": "concat({0}.first_name, ' ', {0}.last_name)",
    "{first}": "{0}.first_name",
    "{last}": "{0}.last_name",
    "{email}": "{0}.email",
    "{phone}": "{0}.phone",
}

_WORDS = """
CREATE /*M! TEMPORARY */ TABLE slot (
    country char(2), n int, {columns}, PRIMARY KEY (country, n)
);
CREATE /*M! TEMPORARY */ TABLE spelling (word varchar(80) COLLATE utf8mb4_bin PRIMARY KEY, ascii varchar(80));
CREATE /*M! TEMPORARY */ TABLE sentence (
    kind varchar(20), language char(2), n int AUTO_INCREMENT PRIMARY KEY, subject varchar(200), words text
)"""
_PHRASES = """
CREATE /*M! TEMPORARY */ TABLE phrase (KEY (kind, language, no)) AS
SELECT kind, language, subject, words,
       row_number() OVER (PARTITION BY kind, language ORDER BY n) - 1 AS no,
       count(*) OVER (PARTITION BY kind, language) AS many
FROM sentence"""

# Chooses by what no mask changes (ids, countries, payment methods, absence), so that the same people come
# back from a masked copy. The ticket's line is the one with the sender's e-mail address and phone number.
_SAMPLE = """
WITH eligible AS (
    SELECT c.id, row_number() OVER (PARTITION BY c.country ORDER BY c.id) AS turn
    FROM customers c
    WHERE c.phone IS NOT NULL
      AND EXISTS (SELECT 1 FROM support_tickets t WHERE t.customer_id = c.id)
      AND EXISTS (SELECT 1 FROM orders o JOIN payments p ON p.order_id = o.id
                  WHERE o.customer_id = c.id AND p.method IN ('sepa_debit', 'transfer'))
), chosen AS (
    SELECT c.* FROM eligible e JOIN customers c ON c.id = e.id
    ORDER BY e.turn, field(c.country, 'FR', 'ES', 'IT') LIMIT %s
)
SELECT c.id, c.country, c.full_name, c.email, coalesce(c.phone, ''), coalesce(a.city, ''),
       coalesce((SELECT p.iban FROM orders o JOIN payments p ON p.order_id = o.id
                 WHERE o.customer_id = c.id AND p.iban IS NOT NULL ORDER BY p.id LIMIT 1), ''),
       coalesce((SELECT substring_index(substring_index(t.body, '\\n', 3), '\\n', -1) FROM support_tickets t
                 WHERE t.customer_id = c.id ORDER BY t.id LIMIT 1), '')
FROM chosen c
LEFT JOIN addresses a ON a.customer_id = c.id AND a.is_default
ORDER BY field(c.country, 'FR', 'ES', 'IT'), c.id"""


def load_shop(
    url: str, customers: int = DEFAULT_CUSTOMERS, progress: Callable[[str], None] | None = None
) -> dict[str, int]:
    """Create the shop with that many customers in an empty database; return the rows per table.

    `url` is mysql://user:password@host:port/database. `progress` hears a few words at the start of each
    part.

    Raises ValueError for less than one customer, and what PyMySQL raises when the database is not empty.
    """
    if customers < 1:
        raise ValueError(f"a shop needs at least one customer, not {customers}")
    with connect(url) as connection, connection.cursor() as cursor:
        is_mariadb = "mariadb" in str(connection.get_server_info()).lower()  # type: ignore[no-untyped-call]
        if not is_mariadb:
            cursor.execute(f"SET SESSION cte_max_recursion_depth = {customers:d}")
        for script in SCRIPTS:
            if script == "generate.sql":
                _load_words(cursor)
            for statement in _statements((HERE / script).read_text(encoding="utf-8"), customers):
                cursor.execute(statement if is_mariadb else _counting(statement))
                if progress is not None and cursor.description and cursor.description[0][0] == "progress":
                    progress(str(cursor.fetchall()[0][0]))
        return count_rows(connection)


def count_rows(connection: Connection) -> dict[str, int]:
    """Exact rows of every table of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = database() AND table_type = 'BASE TABLE' ORDER BY 1"
        )
        counts = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM {quoted(table)}")  # noqa: S608 (quoted)
            counts[table] = int(cursor.fetchall()[0][0])
        return counts


def sample(url: str, n: int = 3) -> Sequence[Person]:
    """`n` customers from different countries, the same ids before and after masking."""
    with connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(_SAMPLE, [n])
        return [Person(*row) for row in cursor.fetchall()]


def _load_words(cursor: Cursor) -> None:
    """Make the temporary tables that generate.sql draws from, and fill the catalogue."""
    columns = ", ".join(f"{column} varchar(80)" for column in words.COLUMNS)
    for statement in _WORDS.format(columns=columns).split(";\n"):
        cursor.execute(statement)
    rows = list(words.slots())
    places = ", ".join(["%s"] * len(rows[0]))
    cursor.executemany(f"INSERT INTO slot VALUES ({places})", rows)  # noqa: S608 (a row of %s)
    cursor.executemany("INSERT INTO spelling VALUES (%s, %s)", list(words.spellings(rows).items()))
    for script, table in (
        ("sentences.sql", "sentence"),
        ("catalogue.sql", "countries"),
        ("catalogue.sql", "categories"),
    ):
        for statement in words.statements_of(script, table):
            cursor.execute(statement)
    cursor.execute(_PHRASES)
    cursor.executemany(
        "INSERT INTO products (category_id, sku, name, price_cents, weight_grams, attributes)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [
            (category, sku, name, price, weight, json.dumps({"make": make, "warranty_years": years}))
            for category, sku, name, price, weight, years, make in words.articles()
        ],
    )


def _statements(script: str, customers: int) -> list[str]:
    """The statements of a script, with its draws and placeholders written out."""
    text = re.sub(r"^\s*--.*\n", "", script, flags=re.MULTILINE)
    text = _FILLED.sub(lambda found: _filled(found[1], found[2]), text)
    text = _DRAW.sub(
        lambda found: f"cast(conv(mid({found[1]}, {5 * int(found[2]) - 4}, 5), 16, 10) AS signed)", text
    )
    text = text.replace(":customers", str(customers))
    return [statement for part in re.split(r";\n", text) if (statement := part.strip())]


def _counting(statement: str) -> str:
    """A statement without MariaDB's sequences of numbers, which MySQL has to count."""
    return _SEQUENCE.sub(lambda found: _COUNTED.format(found[1], found[2] or "numbers"), statement)


def _drawn(digest: str, which: int) -> str:
    return f"cast(conv(mid({digest}, {5 * which - 4}, 5), 16, 10) AS signed)"


def _filled(sentence: str, person: str) -> str:
    for placeholder, value in _PLACEHOLDERS.items():
        sentence = f"replace({sentence}, '{placeholder}', {value.format(person)})"
    return sentence
