"""Operators' commands: a first policy for any database, and a check that writes nothing."""

# ruff: noqa: E501 - policies and messages are said as they are

import re
from pathlib import Path

import pytest

from examples.shop.load import load_shop
from services.anonymize.worker import ConnectionProblemError, preflight, suggest_policy
from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.guessing import by_name
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.pipeline import anonymize
from services.anonymize.worker.policy import load_policy
from services.anonymize.worker.schema import Family
from tests.worker.building import by_line, tell_nobody

HERE = Path(__file__).parent


def rules(text: str, table: str) -> dict[str, str]:
    """The columns' lines of one table of a policy."""
    block = re.search(rf"^  {re.escape(table)}:\n    columns:\n((?:      .*\n)+)", text, re.M)
    assert block, text
    return dict(line.strip().split(": ", 1) for line in block[1].splitlines())


def test_the_suggestion_plans_against_a_schema_with_everything(server, database):
    with server.connect(database) as connection:
        connection.execute((HERE / "torture.sql").read_text().encode())
        connection.execute("SELECT lo_from_bytea(0, 'a picture')")
    text = suggest_policy(server.url(database))
    assert "\nlarge_objects: drop" in text
    assert preflight(text, "policy.yaml", server.url(database)) == []
    people = rules(text, "people")
    assert people["email"] == "email"
    assert people["first_name"] == "{mask: first_name, locale_from: country}"
    assert people["phone"].startswith("{mask: phone, country_from: country}")
    assert people["born"] == "keep"
    assert people["note"] == '{mask: redact, names_from: ["first_name", "last_name"]}'
    assert '"mail": email' in people["profile"]
    assert "full_name" not in people
    assert rules(text, '"Sales Ops.Order Lines"')['"Customer Mail"'] == "email"
    assert "  audit: truncate" in text


def test_a_table_that_the_user_may_not_read_is_named(server, database):
    with server.connect(database) as connection:
        connection.execute("CREATE ROLE stranger LOGIN PASSWORD 'x'; CREATE TABLE t (email text)")
    try:
        with pytest.raises(
            ConnectionProblemError, match=r"^t: permission denied .* give the address of a user who may"
        ):
            suggest_policy(re.sub("//[^@]*@", "//stranger:x@", server.url(database)))
    finally:
        with server.connect(database) as connection:
            connection.execute("DROP ROLE stranger")


def test_names_that_yaml_and_patterns_would_read_otherwise_are_written_so_that_they_are_not(server, database):
    names = ("a.b", "br[1]", "st*r", "what?", "[x]", "~", "null", "a: b", "#c", "two\nlines", "<<", "%(x)s")
    tables = "".join(f'CREATE TABLE "{name}" ("{name}" text, email text);' for name in names)
    with server.connect(database) as connection:
        connection.execute(
            f'{tables} CREATE SCHEMA "x.y"; CREATE TABLE "x.y".z (email text); CREATE SCHEMA "s*";'
            ' CREATE TABLE "s*".z (email text)'.encode()
        )
    policy = load_policy(suggest_policy(server.url(database)), "policy.yaml")
    assert {(schema, name) for schema, name in policy.tables} == {
        *(("public", name) for name in names), ("x.y", "z"), ("s*", "z"),
    }  # fmt: skip
    assert policy.patterns == ()
    assert all(rule.columns["email"].mask.word == "email" for rule in policy.tables.values())


def test_a_tax_number_is_no_iban_though_it_looks_like_one(server, database):
    with server.connect(database) as connection:
        connection.execute(
            "CREATE TABLE t (vat_number varchar(20), siren text, account text);"
            "INSERT INTO t VALUES ('FR12345678901', '612345678', 'FR7630006000011234567890189')"
        )
    found = rules(suggest_policy(server.url(database)), "t")
    assert found == {"vat_number": "vat", "siren": "siren", "account": "iban"}


def test_what_the_plan_refuses_gets_the_next_best(server, database):
    with server.connect(database) as connection:
        connection.execute(
            "CREATE TABLE t (email varchar(20), phone text UNIQUE, prenom text NOT NULL UNIQUE, ean text, contact text);"
            "INSERT INTO t VALUES ('a@b.fr', '0612345678', 'Jean', '3012345678901', 'x@y.fr')"
        )
    text = suggest_policy(server.url(database))
    found = rules(text, "t")
    assert found["email"].startswith("hash  # email is refused: varchar(20) cannot hold an e-mail")
    assert found["phone"].startswith("hash  # ")
    assert found["prenom"].startswith("hash  # ")
    assert found["ean"] == "{mask: keep, not_phones: true}"
    assert found["contact"] == "email"
    assert preflight(text, "policy.yaml", server.url(database)) == []


def test_documents_of_several_shapes_are_masked_where_they_are_deepest(server, database):
    with server.connect(database) as connection:
        connection.execute(
            'CREATE TABLE t (doc jsonb); INSERT INTO t VALUES (\'{"contact": "jean@free.fr", "tags": "a"}\'),'
            """('{"contact": {"email": "jean@free.fr"}, "tags": ["a"]}')"""
        )
    text = suggest_policy(server.url(database))
    assert '{mask: json, paths: {"contact.email": email, "tags[]": keep}, others: drop}' in text
    assert preflight(text, "policy.yaml", server.url(database)) == []


def test_the_suggestion_for_the_shop_masks_and_passes_verification(server, database):
    load_shop(server.url(database), 200)
    text = suggest_policy(server.url(database))
    assert preflight(text, "policy.yaml", server.url(database)) == []
    with Database(address_of(server.url(database)), RunKey().settings()) as with_key:
        outcome = anonymize(with_key, load_policy(text, "policy.yaml"), {}, 2, tell_nobody)
    assert [finding.detail for finding in outcome.findings if not finding.passed] == []


def test_the_shops_own_policy_masks_and_passes_verification(server, database):
    load_shop(server.url(database), 200)
    text = (HERE.parents[1] / "examples" / "shop" / "policy.yaml").read_text()
    with Database(address_of(server.url(database)), RunKey().settings()) as with_key:
        outcome = anonymize(with_key, load_policy(text, "policy.yaml"), {}, 2, tell_nobody)
    assert [finding.detail for finding in outcome.findings if not finding.passed] == []


def test_preflight_tells_problems_and_writes_nothing(server, database):
    with server.connect(database) as connection:
        connection.execute("CREATE TABLE t (mail text)")
    url = server.url(database)
    assert [
        by_line(found)
        for found in preflight("version: 1\ntables: {t: {columns: {mial: email}}}", "p.yaml", url)
    ] == [
        "p.yaml:2: t.mail: the policy does not name it; add it under tables.t.columns (p.yaml:2:23)",
        "p.yaml:2: t.mial: no such column (did you mean mail?)",
    ]
    assert [by_line(found) for found in preflight("version: 1", "p.yaml", url)] == [
        "p.yaml:1: tables is missing; name every table under it"
    ]


def test_a_database_without_tables_gets_an_empty_policy(server, database):
    text = suggest_policy(server.url(database))
    assert preflight(text, "policy.yaml", server.url(database)) == []


@pytest.mark.parametrize(("user", "password", "name", "said"), [
    ("master", "wrong", None, "wrong user or password"),
    ("nobody_knows", "x", None, "wrong user or password"),
    ("master", None, "no_such_database", "no such database"),
])  # fmt: skip
def test_what_cannot_be_opened_is_said(server, database, user, password, name, said):
    with pytest.raises(ConnectionProblemError, match=said):
        suggest_policy(server.url(name or database, user, password))


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("email", "email"), ("customerEmail", "email"), ("courriel", "email"), ("Prénom", "first_name"), ("nom", "last_name"),
        ("apellido1", "last_name"), ("cognome", "last_name"), ("vorname", "first_name"), ("home_phone", "phone"),
        ("telefono", "phone"), ("code_postal", "postcode"), ("indirizzo", "street"), ("IBAN", "iban"), ("siret", "siret"),
        ("last_ip", "ip"), ("address_line_1", "street"), ("mot_de_passe", "password_hash"), ("api_token", "token"), ("vat_number", "vat"), ("dni", "nif"), ("userAgent", "user_agent"), ("quantity", None), ("emails_sent", None),
        ("sku", None), ("status", None), ("priority", None),
    ],
)  # fmt: skip
def test_names_in_six_languages(name, mask):
    assert by_name(name, Family.TEXT, person=False) == mask


def test_a_name_is_a_persons_in_a_table_of_persons_only():
    assert by_name("name", Family.TEXT, person=True) == "full_name"
    assert by_name("name", Family.TEXT, person=False) is None
    assert by_name("birth_date", Family.DATE, person=False) == "date_shift"
    assert by_name("birth_date", Family.TEXT, person=False) is None
