# ruff: noqa: E501 - what is asked and what is expected stand side by side
"""Rule sets that other tools publish, as policies: each plans, runs and gives what its page says."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.engines.postgresql.discovery import discover
from services.anonymize.worker.engines.postgresql.planning import make_plan
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.masks import MASKS
from services.anonymize.worker.pipeline import anonymize
from services.anonymize.worker.policy import Policy, load_policy
from services.anonymize.worker.schema import Schema
from tests.worker.building import tell_nobody

RULE_SETS = Path(__file__).parents[2] / "examples" / "rule-sets"
Ask = Callable[[str], list[tuple]]

# Each asks before its first pause, and judges what it is told behind it.


def postgresql_anonymizer(ask: Ask) -> Iterator[None]:
    paid = "SELECT fk_customer_id, count(*) FROM payout GROUP BY 1 ORDER BY 1"
    one_by_one = "SELECT fk_customer_id FROM payout ORDER BY id"
    named = "SELECT firstname, lastname FROM customer UNION ALL SELECT full_name, NULL FROM employee"
    totals, payers, people = ask(paid), ask(one_by_one), ask(named)
    yield
    assert ask("SELECT phone, birth::text, postcode FROM customer ORDER BY id") == [
        ("06XXXXXXXX11", "1971-01-01", "69xxx"), (None, "1958-01-01", "69xxx"), ("34XXXXXXXX42", "1990-01-01", "01xxx"),
    ]  # fmt: skip
    assert ask(paid) == totals
    assert ask(one_by_one) != payers
    assert ask("SELECT first_day::text, height, hair FROM employee ORDER BY id") == [
        ("2019-07-01", 180, "dark"), ("2021-01-01", 160, "blond"),
    ]  # fmt: skip
    assert not set(ask(named)) & set(people)


def greenmask(ask: Ask) -> Iterator[None]:
    employees = (
        "SELECT nationalidnumber, loginid, birthdate FROM humanresources.employee ORDER BY businessentityid"
    )
    before = ask(employees)
    yield
    for (number, login, birth), (fake, user, shifted) in zip(before, ask(employees), strict=True):
        assert fake != number
        assert len(fake) == 9
        assert fake.isdigit()
        assert user != login
        assert 0 < abs((shifted - birth).days) <= 3927
    people = ask("SELECT name, surname, sex FROM personal_data ORDER BY id")
    assert people[1][0] == people[2][0]  # Elsa is one name, whoever has it
    assert people[0][1] == people[2][1]
    assert [sex for _, _, sex in people] == ["M", "F", "F"]


def pynonymizer(ask: Ask) -> Iterator[None]:
    yield
    assert ask("SELECT count(*) FROM sylius_order JOIN sylius_user USING (email)") == [(2,)]
    same = "SELECT count(*) FROM sylius_user WHERE email = ALL (ARRAY[username, username_canonical, email_canonical])"
    assert ask(same) == [(2,)]
    phones = [phone for (phone,) in ask("SELECT phone_number FROM sylius_address ORDER BY id")]
    assert phones[0].startswith("06 39 98 ")
    assert phones[1].startswith("+39 399 ")
    assert ask("SELECT (SELECT count(*) FROM sylius_payment) + (SELECT count(*) FROM ext_log_entries)") == [
        (0,)
    ]
    salts = "salt IN ('k3n9x0v7q2', 'p0w4z8r1m6')"
    assert ask(f"SELECT count(*) FROM sylius_user WHERE confirmation_token IS NOT NULL OR {salts}") == [(0,)]


def pganonymize(ask: Ask) -> Iterator[None]:
    yield
    assert ask("SELECT last_name FROM auth_user") == [("Bar",), ("Bar",)]
    reserved = "email LIKE '%@example.invalid' AND password LIKE '$2y$10$.%'"
    assert ask(f"SELECT count(*) FROM auth_user WHERE {reserved}") == [(2,)]
    assert ask("SELECT count(*) FROM auth_user WHERE is_superuser AND username <> 'admin'") == [(1,)]
    assert ask("SELECT count(*) FROM django_session") == [(0,)]


def neosync(ask: Ask) -> Iterator[None]:
    ids = "SELECT id FROM users ORDER BY id"
    before = ask(ids)
    yield
    users = ask("SELECT first_name, last_name, email, age FROM users")
    assert not {first for first, *_ in users} & {"Agathe", "Elsa"}
    assert all(email.endswith("@example.invalid") and 18 <= age <= 90 for _, _, email, age in users)
    assert ask(ids) == before


OUTCOMES: dict[str, Callable[[Ask], Iterator[None]]] = {
    "postgresql-anonymizer": postgresql_anonymizer, "greenmask": greenmask, "pynonymizer": pynonymizer,
    "pganonymize": pganonymize, "neosync": neosync,
}  # fmt: skip


def test_every_rule_set_is_looked_at():
    assert {path.name for path in RULE_SETS.iterdir() if path.is_dir()} == set(OUTCOMES)


def test_published_rule_sets_give_what_their_pages_say(server, database):
    """All in one database and one run, under the policies put together."""

    def ask(query: str) -> list[tuple]:
        with server.connect(database) as connection:
            return connection.execute(query.encode()).fetchall()

    policies = {
        peer: load_policy((RULE_SETS / peer / "policy.yaml").read_text(), f"{peer}/policy.yaml")
        for peer in OUTCOMES
    }
    with server.connect(database) as connection:
        for peer in OUTCOMES:
            connection.execute((RULE_SETS / peer / "schema.sql").read_text().encode())
    outcomes = [outcome(ask) for outcome in OUTCOMES.values()]
    for outcome in outcomes:
        next(outcome)
    with Database(address_of(server.url(database)), RunKey(b"k" * 32).settings()) as opened:
        with opened.begin() as connection:
            schema = discover(connection)
        for policy in policies.values():
            make_plan(policy, only(schema, policy))
        together = {name: rule for policy in policies.values() for name, rule in policy.tables.items()}
        assert len(together) == len(schema.tables)
        whole = policies["neosync"].model_copy(update={"tables": together})
        done = anonymize(opened, whole, {}, 2, tell_nobody)
    assert [finding.detail for finding in done.findings if not finding.passed] == []
    assert [next(outcome, "judged") for outcome in outcomes] == ["judged"] * len(outcomes)


def only(schema: Schema, policy: Policy) -> Schema:
    """The tables that a policy names, as if there were no others."""
    tables = tuple(table for table in schema.tables if (table.schema, table.name) in policy.tables)
    oids = {table.oid for table in tables}
    keys = tuple(key for key in schema.foreign_keys if key.table in oids)
    return replace(schema, tables=tables, foreign_keys=keys)


FILLED = {
    "low: …, high: …": "low: 1, high: 2", "low: a, high: b": "low: 1, high: 2", "length: n": "length: 9",
    "[…]": "[a]", "{…}": "{a: email}", "keep: …, end: …": "keep: 1, end: 1", "sql: …": "sql: x", "…": "1",
}  # fmt: skip


def filled(rule: str) -> str:
    """A rule of the page with something where it says three dots."""
    for dots, value in FILLED.items():
        rule = rule.replace(dots, value)
    return rule


def test_every_rule_that_the_page_says_can_be_read():
    page = (RULE_SETS.parents[1] / "docs" / "coming-from.md").read_text()
    ours = " ".join(row.split("|")[2] for row in page.splitlines() if row.startswith(("| `", "| a ")))
    for rule in re.findall("`({mask: [^`]+})`", ours):
        load_policy(f"version: 1\ntables: {{t: {{columns: {{x: {filled(rule)}}}}}}}", "policy.yaml")
    words = re.findall("`([a-z_]+)`", ours)
    assert set(words) - set(MASKS) <= {"truncate"}
    assert len(words) > 60
