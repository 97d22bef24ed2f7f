"""Fills an empty PostgreSQL database with the example shop, and reads customers to show before and after."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import class_row

HERE = Path(__file__).parent
POLICY = HERE / "policy.yaml"
DEFAULT_CUSTOMERS = 20_000

# One session runs them all: word lists and building blocks are temporary objects, which vanish with it.
SCRIPTS = (
    "schema.sql",
    "catalogue.sql",
    "words.sql",
    "sentences.sql",
    "generate.sql",
    "constraints.sql",
    "history.sql",
)

ROOT_TABLES = """
SELECT n.nspname, c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('public', 'crm')
ORDER BY 1, 2
"""

# Chooses by what no mask changes (ids, countries, payment methods, absence), so that the same people come
# back from a masked copy. The ticket's line is the one with the sender's e-mail address and phone number.
SAMPLE_QUERY = """
WITH eligible AS (
    SELECT c.id, row_number() OVER (PARTITION BY c.country ORDER BY c.id) AS turn
    FROM customers c
    WHERE c.phone IS NOT NULL
      AND EXISTS (SELECT FROM support_tickets t WHERE t.customer_id = c.id)
      AND EXISTS (SELECT FROM orders o JOIN payments p ON (p.order_id, p.ordered_on) = (o.id, o.ordered_on)
                  WHERE o.customer_id = c.id AND p.method IN ('sepa_debit', 'transfer'))
), chosen AS (
    SELECT c.* FROM eligible e JOIN customers c ON c.id = e.id
    ORDER BY e.turn, array_position(ARRAY['FR', 'ES', 'IT'], c.country::text) LIMIT %(n)s
)
SELECT c.id, c.country::text AS country, c.full_name AS name, c.email, coalesce(c.phone, '') AS phone,
       coalesce(a.city, '') AS city, coalesce(p.iban, '') AS iban,
       coalesce(nullif(split_part(t.body, E'\\n', 3), ''), t.body, '') AS ticket
FROM chosen c
LEFT JOIN addresses a ON a.customer_id = c.id AND a.is_default
LEFT JOIN LATERAL (
    SELECT p.iban FROM orders o JOIN payments p ON (p.order_id, p.ordered_on) = (o.id, o.ordered_on)
    WHERE o.customer_id = c.id AND p.method IN ('sepa_debit', 'transfer') ORDER BY p.id LIMIT 1
) AS p ON true
LEFT JOIN LATERAL (
    SELECT t.body FROM support_tickets t WHERE t.customer_id = c.id ORDER BY t.id LIMIT 1
) AS t ON true
ORDER BY array_position(ARRAY['FR', 'ES', 'IT'], c.country::text), c.id
"""


@dataclass(frozen=True)
class Person:
    """One customer as a developer sees him; an absent value is an empty text."""

    id: int
    country: str
    name: str
    email: str
    phone: str
    city: str
    iban: str
    ticket: str


def load_shop(
    conninfo: str, customers: int = DEFAULT_CUSTOMERS, progress: Callable[[str], None] | None = None
) -> dict[str, int]:
    """Create the shop with that many customers in an empty database; return the rows per table.

    Tables are named as in a policy (`customers`, `crm.referrals`); a partitioned table counts once.
    `progress` hears a few words at the start of each part. Needs the rights of the database's owner, no more.

    Raises ValueError for less than one customer, and what psycopg raises when the database is not empty.
    """
    if customers < 1:
        raise ValueError(f"a shop needs at least one customer, not {customers}")
    with psycopg.connect(conninfo, autocommit=True, application_name="shop") as connection:
        if progress is not None:
            tell = progress
            connection.add_notice_handler(lambda notice: tell(notice.message_primary or ""))
        connection.execute("SELECT set_config('shop.customers', %s, false)", [str(customers)])
        for script in SCRIPTS:
            connection.execute((HERE / script).read_bytes())
        return count_rows(connection)


def count_rows(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, int]:
    """Exact rows of every table of the shop, named as in a policy."""
    counts: dict[str, int] = {}
    for schema, table in connection.execute(ROOT_TABLES).fetchall():
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(str(schema), str(table)))
        row = connection.execute(query).fetchone()
        assert row is not None  # noqa: S101 - an aggregate without GROUP BY always gives a row
        counts[str(table) if schema == "public" else f"{schema}.{table}"] = int(str(row[0]))
    return counts


def sample(conninfo: str, n: int = 3) -> Sequence[Person]:
    """`n` customers from different countries, the same ids before and after masking."""
    with psycopg.connect(conninfo) as connection, connection.cursor(row_factory=class_row(Person)) as cursor:
        return cursor.execute(SAMPLE_QUERY, {"n": n}).fetchall()
