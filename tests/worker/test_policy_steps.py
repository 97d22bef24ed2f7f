"""Policies on a real database: steps before and after, keys masked alike, one policy for every country."""

from dataclasses import replace
from pathlib import Path

import pytest

from examples.shop.load import load_shop
from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.pipeline import Outcome, anonymize
from services.anonymize.worker.policy import load_policy, read_policy
from services.anonymize.worker.preflight import check_schema, discover_schema
from tests.worker.building import tell_nobody

COUNTRIES = Path(__file__).parents[2] / "examples" / "shop" / "countries"
TABLES = """
CREATE TABLE customers (email text PRIMARY KEY, note text);
CREATE TABLE orders (id int PRIMARY KEY, customer text UNIQUE REFERENCES customers (email));
CREATE TABLE refunds (order_customer text REFERENCES orders (customer), reason text);
INSERT INTO customers VALUES ('jean@free.fr', 'call +33 6 12 34 56 78'), ('zoe@free.fr', NULL);
INSERT INTO orders VALUES (1, 'jean@free.fr');
INSERT INTO refunds VALUES ('jean@free.fr', 'late');
"""
POLICY = """
version: 1
before:
  - sql: UPDATE refunds SET reason = 'was late'; DELETE FROM customers WHERE email LIKE 'zoe@%'
  - script: more.sql
after:
  - sql: UPDATE customers SET note = 'none'
defaults:
  - {match: {column: "*"}, rule: keep}
tables:
  customers: {columns: {email: email}}
"""


def work(server, database: str, policy: str, files: dict[str, bytes] | None = None) -> Outcome:
    with Database(address_of(server.url(database)), RunKey(b"k" * 32).settings()) as opened:
        return anonymize(opened, load_policy(policy, "policy.yaml"), files or {}, 2, tell_nobody)


def test_steps_run_around_the_rules_and_everything_is_cleaned_and_verified_after_them(server, database):
    with server.connect(database) as connection:
        connection.execute(TABLES)
    outcome = work(server, database, POLICY, {"more.sql": "\ufeffUPDATE orders SET id = id + 1".encode()})
    assert [finding.detail for finding in outcome.findings if not finding.passed] == []
    assert [(step.when, step.step) for step in outcome.steps] == [
        ("before", "sql at policy.yaml:4:10"),
        ("before", "more.sql"),
        ("after", "sql at policy.yaml:7:10"),
    ]
    assert outcome.cleaning.tables == 3  # the step after may have left old rows in any table
    with server.connect(database) as connection:
        rows = connection.execute(
            "SELECT c.email, c.note, o.id, r.reason FROM customers c JOIN orders o ON o.customer = c.email"
            " JOIN refunds r ON r.order_customer = o.customer"
        ).fetchall()
    assert len(rows) == 1
    assert rows[0][0].endswith("@example.invalid")
    assert rows[0][1:] == ("none", 2, "was late")


def test_a_step_that_fails_stops_the_run_and_says_where_it_stands(server, database):
    with server.connect(database) as connection:
        connection.execute(TABLES)
    with pytest.raises(MaskingError, match=r"^policy\.yaml:7:10: sql: column \"nto\" of relation"):
        work(server, database, POLICY.replace("SET note", "SET nto"), {"more.sql": b"SELECT 1"})


def test_a_file_that_is_not_utf_8_is_named(server, database):
    with server.connect(database) as connection:
        connection.execute(TABLES)
    with pytest.raises(MaskingError, match=r"^policy\.yaml:5:13: script: more\.sql is not UTF-8$"):
        work(server, database, POLICY, {"more.sql": b"SELECT '\xe9'"})


def test_one_policy_serves_every_country_with_what_is_different_there(server, database):
    load_shop(server.url(database), 20)
    family, schema = discover_schema(server.url(database))
    spanish = replace(schema, tables=tuple(table for table in schema.tables if table.name != "Contacts Pro"))
    assert check_schema(read_policy(COUNTRIES / "fr.yaml"), family, schema).problems == ()
    checked = check_schema(read_policy(COUNTRIES / "es.yaml"), family, spanish)
    assert checked.problems == ()
    customers = checked.policy.tables["public", "customers"].columns
    assert customers["vat_number"].mask.word == "nif"
    assert customers["first_name"].mask.model_dump()["locale"] == "es"
    assert customers["profile"].mask.word == "json"
    said = [
        problem.message
        for problem in check_schema(read_policy(COUNTRIES / "es.yaml"), family, schema).problems
    ]
    assert any(
        message.startswith("crm.Contacts Pro.Interlocuteur: the policy does not name it") for message in said
    )
