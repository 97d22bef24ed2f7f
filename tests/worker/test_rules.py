"""What a column's rule says beside its mask: conditions, the same as another column, seeds, own SQL."""

# ruff: noqa: E501 - policies and messages are said as they are

import pytest

from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.masks.contact import Email, Phone
from services.anonymize.worker.pipeline import Outcome, anonymize
from services.anonymize.worker.policy import Condition, PolicyError, load_policy
from services.anonymize.worker.preflight import preflight
from tests.worker.building import by_line, column, references, refused, schema_of, table, tell_nobody, unique


def problems(text: str) -> list[str]:
    with pytest.raises(PolicyError) as stopped:
        load_policy(text, "policy.yaml")
    return [by_line(problem) for problem in stopped.value.problems]


def test_a_rule_may_be_another_columns_and_for_some_rows_only():
    policy = load_policy(
        "version: 1\ntables:\n"
        "  a: {columns: {mail: {same_as: b.email}, tel: {same_as: crm.c.phone}}}\n"
        "  b: {columns: {email: {mask: email, case: exact}, city: {mask: city, when: {country: [FR, 'null'], closed: null, vip: true}}}}\n"
        "  crm.c: {columns: {phone: {mask: phone, form: e164}}}\n",
        "policy.yaml",
    )
    a, b = policy.tables["public", "a"], policy.tables["public", "b"]
    assert a.columns["mail"].mask == Email(case="exact")
    assert a.columns["tel"].mask == Phone(form="e164")
    assert a.columns["mail"].at.line == 3
    assert b.columns["city"].when == Condition(
        columns={"country": ("FR", "null"), "closed": (None,), "vip": ("true",)}
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{same_as: t.nam}", "policy.yaml:4: t.x: same_as: the policy names no column t.nam (did you mean t.name?)"),
        ("{same_as: t.x}", "policy.yaml:4: t.x: t.x is the same as another column itself; name that one"),
        ("{same_as: t.name, when: {a: 1}}", "policy.yaml:4: t.x: same_as stands alone; the other column says everything"),
        ("{mask: city, when: [a]}", "policy.yaml:4: t.x.when must be a mapping of names"),
        ("{mask: city, when: {a: {b: c}}}", "policy.yaml:4: t.x: when.a must be a value or a list of values"),
        ("{mask: city, when: {a: []}}", "policy.yaml:4: t.x: when.a names no value, so that no row would be masked"),
        ("{mask: expression, sql: \"1; DROP TABLE t\"}", "policy.yaml:4: t.x: expression.sql: write one expression, without ; and comments"),
        ("{mask: expression, sql: (SELECT 1)}", "policy.yaml:4: t.x: expression.sql: an expression of one row takes no queries; a script can"),
        ("{mask: array, of: keep}", "policy.yaml:4: t.x: array.of: keep does not work on elements"),
        ("{mask: noise}", "policy.yaml:4: t.x: noise: give either percent or amount"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(rule, said):
    assert said in problems(f"version: 1\ntables:\n  t: {{columns: {{name: city,\n    x: {rule}}}}}")


def test_what_a_condition_cannot_do_is_refused():
    one = table("t", column("id", "bigint"), column("mail"), column("code"), uniques=(unique("u", "code"),))
    text = (
        "version: 1\ntables:\n  t:\n    columns:\n      id: {mask: keep, when: {mail: x}}\n      mail: {mask: email, when: {cod: A}}\n"
        "      code: {mask: hash, when: {id: 1}}"
    )
    assert refused(text, schema_of(one)) == [
        "policy.yaml:5: t.id: keep changes no row, so that when says nothing; leave it out",
        "policy.yaml:6: t.mail: verification would find every email that when leaves as it is; mask all rows",
        "policy.yaml:6: t.mail: when looks at cod, which is no column of t (did you mean code?)",
        "policy.yaml:7: t.code: is unique by u, and a fake may meet a value that when leaves; mask all rows",
    ]


def test_keys_and_references_are_masked_in_all_rows_and_alike():
    parent = table("p", column("code", "integer"), uniques=(unique("u", "code"),))
    child = table("c", column("code", "bigint"), oid=2)
    schema = schema_of(parent, child, foreign_keys=(references(child, "code", parent, "code"),))
    policy = "version: 1\ntables: {{p: {{columns: {{code: {0}}}}}, c: {{columns: {{code: {1}}}}}}}"
    said = "policy.yaml:2: c.code references p.code by c_fk; "
    assert refused(policy.format("scramble", "scramble"), schema) == [
        said + "both need the same type and length to be masked alike"
    ]
    assert said + "shuffle draws each side on its own; use hash" in refused(
        policy.format("shuffle", "shuffle"), schema
    )


ROWS = """
CREATE TABLE customers (id int PRIMARY KEY, country text, vip boolean, first_name text, city text, code text, mail text);
INSERT INTO customers VALUES (1, 'FR', true, 'Jean', 'Lyon', 'A-1', 'jean@free.fr'), (2, 'ES', false, 'Ana', 'Bilbao', 'B-2', 'ana@free.fr'),
    (3, NULL, true, '', 'Nice', NULL, 'zoe@other.fr');
CREATE TABLE orders (customer text, first_name text);
INSERT INTO orders VALUES ('1', 'J.'), ('2', 'Anita');
"""
RULES = """
version: 1
tables:
  customers:
    columns:
      id: keep
      country: keep
      vip: keep
      first_name: {mask: first_name, seed_from: id}
      city: {mask: constant, value: X, when: {country: [FR, null], vip: true}}
      code: {mask: expression, sql: "left(code, 2) || id * 7"}
      mail: {mask: email, per_domain: true}
  orders: {columns: {customer: keep, first_name: {mask: first_name, seed_from: customer}}}
"""


def work(server, database: str, policy: str) -> Outcome:
    with Database(address_of(server.url(database)), RunKey(b"k" * 32).settings()) as opened:
        return anonymize(opened, load_policy(policy, "policy.yaml"), {}, 2, tell_nobody)


def test_rules_on_real_rows(server, database):
    with server.connect(database) as connection:
        connection.execute(ROWS)
    assert work(server, database, RULES).passed
    with server.connect(database) as connection:
        rows = connection.execute("SELECT first_name, city, code, mail FROM customers ORDER BY id").fetchall()
        orders = connection.execute("SELECT first_name FROM orders ORDER BY customer").fetchall()
    assert [row[1] for row in rows] == ["X", "Bilbao", "X"]
    assert [row[2] for row in rows] == ["A-7", "B-14", None]
    assert [one for (one,) in orders] == [row[0] for row in rows[:2]]
    assert rows[2][0] == ""
    domains = [row[3].split("@")[1] for row in rows]
    assert domains[0] == domains[1] != domains[2]
    assert all(domain.endswith(".example.invalid") for domain in domains)


def test_a_check_of_the_policy_tries_patterns_and_expressions_too(server, database):
    with server.connect(database) as connection:
        connection.execute(ROWS)
    assert preflight(RULES, "policy.yaml", server.url(database)) == []
    wrong = RULES.replace("left(code, 2)", "left(cod, 2)").replace(
        "{mask: email, per_domain: true}", "{mask: redact, patterns: ['[']}"
    )
    assert [problem.at.line for problem in preflight(wrong, "policy.yaml", server.url(database))] == [11, 12]


def test_sql_that_postgresql_refuses_stops_the_run_before_it_writes(server, database):
    with server.connect(database) as connection:
        connection.execute(ROWS)
    with pytest.raises(MaskingError) as stopped:
        work(server, database, RULES.replace("left(code, 2)", "left(cod, 2)"))
    assert str(stopped.value) == (
        'policy.yaml:11:13: customers.code: expression: PostgreSQL refuses it for text: column "cod" does not exist (SQLSTATE 42703)'
    )
