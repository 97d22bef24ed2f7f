"""The example shop: real-looking, the same every time, and fully named by its policy."""

import re
from typing import LiteralString

import psycopg
import pytest
import yaml
from psycopg import sql

from examples.shop import load
from examples.shop.load import load_shop, sample
from tests.examples.conftest import CUSTOMERS, Shop

Connection = psycopg.Connection[tuple[object, ...]]

pytestmark = pytest.mark.engines

COLUMNS: LiteralString = """
SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname,
       a.attname, a.attgenerated <> ''
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
"""


def texts(connection: Connection, query: LiteralString) -> list[str]:
    """The first column of a query's rows."""
    return [str(row[0]) for row in connection.execute(query).fetchall()]


def number(connection: Connection, query: LiteralString) -> int:
    """The one number that a query gives."""
    return int(texts(connection, query)[0])


def is_valid_iban(iban: str) -> bool:
    """ISO 13616: moved by four and read as a number, it leaves 1 modulo 97."""
    plain = iban.replace(" ", "")
    return int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


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
    assert counts["products"] > 300
    assert counts["crm.Contacts Pro"] > 0
    assert counts["crm.referrals"] > 0


def test_every_partition_but_the_default_has_orders(connection: Connection) -> None:
    filled = set(texts(connection, "SELECT DISTINCT tableoid::regclass FROM orders"))
    assert filled == {
        "orders_until_2022", "orders_2023", "orders_2024", "orders_2025", "orders_2026_h1", "orders_2026_h2",
    }  # fmt: skip


def digests(shop: Shop) -> dict[str, str]:
    """A digest of every table's rows."""
    with psycopg.connect(shop.conninfo) as connection:
        connection.execute("SET timezone = 'UTC'")
        query = sql.SQL("SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t")
        return {
            table: str(
                connection.execute(query.format(sql.Identifier(*table.split(".", 1)))).fetchall()[0][0]
            )
            for table in shop.counts
        }


def test_the_same_size_gives_the_same_rows(shops: tuple[Shop, Shop]) -> None:
    assert shops[0].counts == shops[1].counts
    assert digests(shops[0]) == digests(shops[1])


def test_a_customer_is_the_same_person_at_every_size(server: str, shop: Shop) -> None:
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE small OWNER master")
    small = shop.conninfo.replace("dbname=one", "dbname=small")
    load_shop(small, 20)
    people: LiteralString = "SELECT c::text FROM customers c WHERE id <= 20 ORDER BY id"
    with psycopg.connect(small) as here, psycopg.connect(shop.conninfo) as there:
        assert texts(here, people) == texts(there, people)


def test_a_shop_without_customers_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one customer, not 0"):
        load_shop("host=nowhere.invalid", 0)


def test_progress_names_the_parts_and_nothing_else(shop: Shop) -> None:
    assert shop.said[:3] == ("customers", "addresses", "orders")
    assert shop.said[-1] == "materialized view and statistics"


def test_every_iban_is_valid_and_some_are_written_in_groups(connection: Connection) -> None:
    ibans = texts(connection, "SELECT iban FROM payments WHERE iban IS NOT NULL")
    bodies = texts(connection, "SELECT body FROM support_tickets")
    quoted_ibans = [
        found[0] for body in bodies if (found := re.search(r"\b(FR|ES|IT)\d{2}[A-Z0-9]{18,23}\b", body))
    ]
    assert quoted_ibans
    assert {iban[:2] for iban in ibans} == {"FR", "ES", "IT"}
    assert [iban for iban in ibans + quoted_ibans if not is_valid_iban(iban)] == []
    assert 0 < sum(" " in iban for iban in ibans) < len(ibans) / 2
    assert {len(iban.replace(" ", "")) for iban in ibans} == {24, 27}  # Spain; France and Italy


def test_national_check_digits_hold_as_well(connection: Connection) -> None:
    for iban in texts(
        connection, "SELECT DISTINCT replace(iban, ' ', '') FROM payments WHERE iban LIKE 'FR%'"
    ):
        assert int(iban[4:]) % 97 == 0  # the RIB key completes bank, branch and account
    weights = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)
    for iban in texts(
        connection, "SELECT DISTINCT replace(iban, ' ', '') FROM payments WHERE iban LIKE 'ES%'"
    ):
        for digits, control in (("00" + iban[4:12], iban[12]), (iban[14:], iban[13])):
            rest = 11 - sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11
            assert int(control) == {10: 1, 11: 0}.get(rest, rest)


def test_emails_are_unique_whatever_their_case_and_come_in_several(connection: Connection) -> None:
    assert number(connection, "SELECT count(DISTINCT lower(email)) FROM customers") == CUSTOMERS
    assert number(connection, "SELECT count(*) FROM customers WHERE email <> lower(email)") > 0
    shared: LiteralString = """
        SELECT count(*) FROM newsletter n JOIN customers c ON lower(c.email) = lower(n.email)
    """
    assert number(connection, shared) > CUSTOMERS / 4


def test_phones_are_written_in_many_ways_per_country(connection: Connection) -> None:
    for country, code, width in (("FR", "33", 9), ("ES", "34", 9), ("IT", "39", 10)):
        query: LiteralString = "SELECT phone FROM customers WHERE country = %s AND phone IS NOT NULL"
        phones = [str(row[0]) for row in connection.execute(query, [country])]
        national = [re.sub(rf"^(?:\+|00){code}|\D", "", phone) for phone in phones]
        trunk = "0" if country == "FR" else ""
        assert {len(digits.removeprefix(trunk)) for digits in national} == {width}
        assert len({re.sub(r"\d", "9", phone) for phone in phones}) >= 6
        assert any(phone.startswith(f"+{code}") for phone in phones)
        assert any(phone.startswith(f"00{code}") for phone in phones)


def test_cities_have_one_of_their_own_postcodes(connection: Connection) -> None:
    rows = connection.execute("SELECT city, postcode FROM addresses").fetchall()
    pairs = {(str(city), str(code)) for city, code in rows}
    known = {("Lille", "59000"), ("Nantes", "44000"), ("Zaragoza", "50001"), ("Roma", "00184")}
    assert known <= pairs
    per_code: LiteralString = """
        SELECT count(DISTINCT city) AS cities FROM addresses GROUP BY country, postcode ORDER BY cities DESC
    """
    assert number(connection, per_code) == 1


def test_word_lists_are_rich(shop: Shop) -> None:
    with psycopg.connect(shop.conninfo, autocommit=True) as connection:
        connection.execute((load.HERE / "words.sql").read_bytes())
        rows = connection.execute(
            "SELECT country, kind, count(DISTINCT word), count(*) FROM word GROUP BY 1, 2"
        ).fetchall()
        unused = connection.execute(
            "SELECT word FROM word WHERE kind = 'last_name' AND word NOT IN (SELECT last_name FROM slot)"
        ).fetchall()
    found = {(str(country), str(kind)): int(str(distinct)) for country, kind, distinct, _ in rows}
    assert [row for row in rows if row[2] != row[3]] == []
    assert unused == []
    for country in ("FR", "ES", "IT"):
        assert found[country, "first_f"] + found[country, "first_m"] >= 150
        assert found[country, "last_name"] >= 200
        assert found[country, "street"] >= 100
        assert found[country, "city"] >= 60


def test_tickets_quote_their_own_writer(connection: Connection) -> None:
    tickets = connection.execute(
        "SELECT body, contact_first_name, contact_last_name, contact_email, contact_phone"
        " FROM support_tickets"
    ).fetchall()
    named = 0
    for body, first, last, email, phone in tickets:
        assert str(email) in str(body)
        national = re.sub(r"\D", "", str(phone))[-9:]
        assert national in re.sub(r"\D", "", str(body))
        assert "{" not in str(body)
        named += str(first) in str(body) or str(last) in str(body)
    assert named > len(tickets) / 2
    strangers: LiteralString = """
        SELECT count(*) FROM support_tickets t JOIN customers c ON c.id = t.customer_id
        WHERE t.contact_email <> c.email AND NOT EXISTS (
            SELECT FROM audit_log a
            WHERE a.table_name = 'customers' AND a.row_id = c.id AND a.old_row ->> 'email' = t.contact_email)
    """
    assert number(connection, strangers) == 0


def test_old_values_live_on_in_the_audit_table(connection: Connection) -> None:
    changed: LiteralString = """
        SELECT count(*) FROM audit_log a JOIN customers c ON c.id = a.row_id
        WHERE a.table_name = 'customers'
          AND a.old_row ->> 'email' <> c.email AND a.new_row ->> 'email' = c.email
    """
    assert number(connection, changed) > 0
    assert number(connection, "SELECT count(*) FROM audit_log WHERE table_name = 'addresses'") > 0


def test_the_triggers_go_on_recording(connection: Connection) -> None:
    before = number(connection, "SELECT count(*) FROM audit_log")
    connection.execute("UPDATE customers SET phone = '+33 1 99 00 12 34' WHERE id = 3")
    connection.execute("UPDATE customers SET loyalty_points = 0 WHERE id = 3")
    assert number(connection, "SELECT count(*) FROM audit_log") == before + 1


def test_identity_columns_go_on_after_the_generated_rows(connection: Connection) -> None:
    new: LiteralString = """
        INSERT INTO customers (country, first_name, last_name, email, password_hash, created_at, updated_at)
        VALUES ('IT', 'Ada', 'Neri', 'ada@example.invalid', '!', now(), now()) RETURNING id
    """
    assert number(connection, new) == CUSTOMERS + 1
    order: LiteralString = """
        INSERT INTO orders (ordered_on, customer_id, address_id, status, country, contact_email, total_cents)
        VALUES ('2027-05-01', 1, 1, 'basket', 'IT', 'ada@example.invalid', 0) RETURNING id
    """
    highest = number(connection, "SELECT max(id) FROM orders")
    assert number(connection, order) == highest + 1


def test_statistics_hold_real_values(connection: Connection) -> None:
    surnames = texts(
        connection,
        "SELECT unnest(most_common_vals::text::text[]) FROM pg_stats"
        " WHERE tablename = 'customers' AND attname = 'last_name'",
    )
    assert "Martin" in surnames
    assert number(connection, "SELECT count(*) FROM pg_stats_ext WHERE most_common_vals IS NOT NULL") == 1


def test_the_materialized_view_knows_every_customer(connection: Connection) -> None:
    assert number(connection, "SELECT count(*) FROM customer_value") == CUSTOMERS
    same: LiteralString = """
        SELECT count(*) FROM customer_value v JOIN customers c ON (c.id, c.email) = (v.customer_id, v.email)
    """
    assert number(connection, same) == CUSTOMERS


def test_the_policy_names_every_table_and_column_and_no_other(connection: Connection) -> None:
    policy = yaml.safe_load(load.POLICY.read_text(encoding="utf-8"))
    columns: dict[str, set[str]] = {}
    generated: dict[str, set[str]] = {}
    for table, column, is_generated in connection.execute(COLUMNS).fetchall():
        (generated if is_generated else columns).setdefault(str(table), set()).add(str(column))
    assert set(policy["tables"]) == set(columns)
    for table, rule in policy["tables"].items():
        if isinstance(rule, dict):
            assert set(rule["columns"]) == columns[table], table
    assert generated == {"customers": {"full_name", "email_domain"}}


def test_the_worker_reads_the_policy() -> None:
    from services.anonymize.worker.policy import load_policy

    assert len(load_policy(load.POLICY.read_text(encoding="utf-8"), load.POLICY.name).tables) == 13


def test_the_sample_shows_three_countries_with_everything(shop: Shop) -> None:
    people = sample(shop.conninfo)
    assert [person.country for person in people] == ["FR", "ES", "IT"]
    for person in people:
        assert all((person.name, person.email, person.phone, person.city, person.iban, person.ticket))
    assert sample(shop.conninfo) == people


def test_the_sample_finds_the_same_people_after_masking(shop: Shop) -> None:
    before = sample(shop.conninfo, n=5)
    with psycopg.connect(shop.conninfo) as connection:
        connection.execute("UPDATE customers SET first_name = 'X', last_name = 'Y', email = md5(email)")
        connection.execute("UPDATE customers SET phone = '0000000000' WHERE phone IS NOT NULL")
        connection.execute("UPDATE payments SET iban = 'FR0000000000000000' WHERE iban IS NOT NULL")
        with connection.cursor() as cursor:
            after = [row[0] for row in cursor.execute(load.SAMPLE_QUERY, {"n": 5}).fetchall()]
        connection.rollback()
    assert after == [person.id for person in before]
    assert len(after) == 5


def test_scripts_are_all_there_is() -> None:
    assert {path.name for path in load.HERE.glob("*.sql")} == set(load.SCRIPTS)
