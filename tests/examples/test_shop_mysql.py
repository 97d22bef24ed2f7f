"""The example shop in MySQL's SQL: the same every time, as varied as the other, and named by its policy."""

import re
from collections.abc import Iterator
from typing import Any

import pymysql
import pytest
import yaml

from examples.shop_mysql import load
from examples.shop_mysql.load import load_shop, sample
from local.mysql import url_of
from tests.examples.test_shop import is_valid_iban
from tests.mariadb import ON_MYSQL, MariaDBServer

pytestmark = pytest.mark.engines

CUSTOMERS = 400


class Shop:
    """A loaded shop: where it is, what the loader counted and what it said."""

    def __init__(self, server: MariaDBServer, database: str, customers: int = CUSTOMERS) -> None:
        self.url = url_of(server.host, server.port, server.user, server.password, database)
        self.said: list[str] = []
        self.counts = load_shop(self.url, customers, self.said.append)
        self._connection = server.connect(database)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def texts(self, query: str) -> list[str]:
        return [str(row[0]) for row in self.rows(query)]

    def number(self, query: str) -> int:
        return int(self.rows(query)[0][0])

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def shop(mariadb_server: MariaDBServer) -> Iterator[Shop]:
    with mariadb_server.fresh_database() as database:
        made = Shop(mariadb_server, database)
        yield made
        made.close()


def test_rows_stand_in_the_proportions_of_a_shop(shop: Shop) -> None:
    counts = shop.counts
    assert counts["customers"] == CUSTOMERS
    per_customer = {table: rows / CUSTOMERS for table, rows in counts.items()}
    assert per_customer["addresses"] == pytest.approx(1.5, abs=0.2)
    assert per_customer["newsletter"] == pytest.approx(0.6, abs=0.1)
    assert per_customer["orders"] == pytest.approx(3, abs=0.6)
    assert counts["order_lines"] / counts["orders"] == pytest.approx(2, abs=0.2)
    assert counts["payments"] / counts["orders"] == pytest.approx(1 / 3, abs=0.1)
    assert per_customer["support_tickets"] == pytest.approx(0.3, abs=0.1)
    assert counts["products"] == 320
    assert counts["Contacts Pro"] > 0
    assert counts["referrals"] > 0
    assert shop.said[:3] == ["customers", "addresses", "orders"]
    assert shop.said[-1] == "statistics"


def test_the_same_size_gives_the_same_rows_and_a_person_is_the_same_at_every_size(
    mariadb_server: MariaDBServer, shop: Shop
) -> None:
    with mariadb_server.fresh_database() as database:
        again = Shop(mariadb_server, database)
        tables = ", ".join(f"`{table}`" for table in shop.counts)
        for (_, one), (_, two) in zip(
            shop.rows(f"CHECKSUM TABLE {tables}"), again.rows(f"CHECKSUM TABLE {tables}"), strict=True
        ):
            assert one == two
        again.close()
    with mariadb_server.fresh_database() as database:
        small = Shop(mariadb_server, database, customers=20)
        people = "SELECT id, full_name, email, phone, profile FROM customers WHERE id <= 20 ORDER BY id"
        assert small.rows(people) == shop.rows(people)
        small.close()


def test_a_shop_without_customers_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one customer, not 0"):
        load_shop("mysql://nobody@nowhere.invalid/shop", 0)


def test_every_iban_is_valid_and_some_are_written_in_groups(shop: Shop) -> None:
    ibans = shop.texts("SELECT iban FROM payments WHERE iban IS NOT NULL")
    quoted = [
        found[0]
        for body in shop.texts("SELECT body FROM support_tickets")
        if (found := re.search(r"\b(FR|ES|IT)\d{2}[A-Z0-9]{18,23}\b", body))
    ]
    assert quoted
    assert {iban[:2] for iban in ibans} == {"FR", "ES", "IT"}
    assert [iban for iban in ibans + quoted if not is_valid_iban(iban)] == []
    assert 0 < sum(" " in iban for iban in ibans) < len(ibans) / 2
    assert {len(iban.replace(" ", "")) for iban in ibans} == {24, 27}  # Spain; France and Italy


def test_emails_differ_whatever_their_case_and_come_in_several(shop: Shop) -> None:
    assert len({email.lower() for email in shop.texts("SELECT email FROM customers")}) == CUSTOMERS
    assert shop.number("SELECT count(*) FROM customers WHERE BINARY email <> lower(email)") > 0
    joined = "SELECT count(*) FROM newsletter n JOIN customers c ON c.email = n.email"
    assert shop.number(joined) > CUSTOMERS / 4


def test_tickets_quote_their_own_writer(shop: Shop) -> None:
    tickets = shop.rows(
        "SELECT body, contact_first_name, contact_last_name, contact_email FROM support_tickets"
    )
    assert all(email in body and "{" not in body for body, _, _, email in tickets)
    named = [first in body or last in body for body, first, last, _ in tickets]
    assert sum(named) > len(tickets) / 2


def test_old_values_live_on_in_the_audit_table_and_the_triggers_go_on(shop: Shop) -> None:
    changed = """
        SELECT count(*) FROM audit_log a JOIN customers c ON c.id = a.row_id
        WHERE a.table_name = 'customers'
          AND json_value(a.old_row, '$.email') <> c.email AND json_value(a.new_row, '$.email') = c.email
    """
    assert shop.number(changed) > 0
    before = shop.number("SELECT count(*) FROM audit_log")
    shop.rows("UPDATE customers SET phone = '+33 1 99 00 12 34' WHERE id = 3")
    shop.rows("UPDATE customers SET loyalty_points = 0 WHERE id = 3")
    assert shop.number("SELECT count(*) FROM audit_log") == before + 1


def test_every_foreign_key_holds_although_none_was_checked(shop: Shop) -> None:
    keys = shop.rows(
        "SELECT table_name, column_name, referenced_table_name, referenced_column_name"
        " FROM information_schema.key_column_usage"
        " WHERE table_schema = database() AND referenced_table_name IS NOT NULL"
    )
    assert len(keys) == 12
    for table, column, parent, key in keys:
        orphans = f"SELECT count(*) FROM {table} c LEFT JOIN {parent} p ON p.{key} = c.{column}"
        assert shop.number(f"{orphans} WHERE p.{key} IS NULL AND c.{column} IS NOT NULL") == 0, column


def test_statistics_hold_real_values(shop: Shop) -> None:
    stored = "mysql.column_stats WHERE db_name = database() AND max_value IS NOT NULL"
    if ON_MYSQL:
        stored = "information_schema.column_statistics WHERE schema_name = database()"
    found = shop.number(
        f"SELECT count(*) FROM {stored} AND table_name = 'customers' AND column_name = 'last_name'"
    )
    assert found == 1


def test_one_column_has_the_character_set_of_then(shop: Shop) -> None:
    columns = shop.texts(
        "SELECT concat(table_name, '.', column_name) FROM information_schema.columns"
        " WHERE table_schema = database() AND character_set_name = 'latin1'"
    )
    assert columns == ["newsletter.first_name"]
    assert shop.number("SELECT count(*) FROM newsletter WHERE first_name LIKE '%é%'") > 0


def test_the_policy_names_every_table_and_column_and_no_other(shop: Shop) -> None:
    from services.anonymize.worker.policy import load_policy

    text = load.POLICY.read_text(encoding="utf-8")
    assert len(load_policy(text, load.POLICY.name).tables) == len(shop.counts)
    policy = yaml.safe_load(text)
    columns: dict[str, set[str]] = {}
    for table, column in shop.rows(
        "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE table_schema = database() AND table_type = 'BASE TABLE'"
        " AND coalesce(generation_expression, '') = ''"
    ):
        columns.setdefault(table, set()).add(column)
    assert set(policy["tables"]) == set(columns)
    for table, rule in policy["tables"].items():
        if isinstance(rule, dict):
            assert set(rule["columns"]) == columns[table], table


def test_the_sample_shows_three_countries_and_finds_the_same_people_after_masking(shop: Shop) -> None:
    people = sample(shop.url)
    assert [person.country for person in people] == ["FR", "ES", "IT"]
    for person in people:
        assert all((person.name, person.email, person.phone, person.city, person.iban, person.ticket))
    shop.rows(
        "UPDATE customers SET first_name = 'X', last_name = 'Y', email = concat(id, '@example.invalid')"
    )
    assert [person.id for person in sample(shop.url)] == [person.id for person in people]


def test_a_database_that_is_not_empty_is_refused(shop: Shop) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="already exists"):
        load_shop(shop.url, 1)


def test_scripts_are_all_there_is() -> None:
    assert {path.name for path in load.HERE.glob("*.sql")} == set(load.SCRIPTS)
