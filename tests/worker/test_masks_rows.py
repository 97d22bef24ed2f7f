"""Masks that take values from other rows or tables, on real tables: what is kept, and that nothing of it remains."""

# ruff: noqa: E501 - policies and messages are said as they are

from collections import Counter

from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.pipeline import Outcome, anonymize
from services.anonymize.worker.policy import load_policy
from tests.worker.building import column, refused, schema_of, table, tell_nobody, unique

SALARIES = """
CREATE TABLE people (id int PRIMARY KEY, country char(2) NOT NULL, salary numeric(8,2), code text UNIQUE, note text);
INSERT INTO people SELECT n, CASE WHEN n % 3 = 0 THEN 'ES' ELSE 'FR' END, CASE WHEN n % 10 > 0 THEN 1000 + n END,
       CASE WHEN n % 7 > 0 THEN 'C' || n END, CASE n % 4 WHEN 0 THEN '' WHEN 1 THEN 'x' || n % 5 END FROM generate_series(1, 400) n;
CREATE TABLE visits (id int, day date, place text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
INSERT INTO visits SELECT n % 100, date '2020-01-01' + n, 'place ' || n FROM generate_series(0, 600) n;
"""
MIXED = """
version: 1
tables:
  people:
    columns:
      {id: keep, country: keep, salary: {mask: shuffle, within: country}, code: shuffle, note: sample}
  visits: {columns: {id: keep, day: keep, place: shuffle}}
"""


def work(server, database: str, policy: str, key: bytes = b"k" * 32) -> Outcome:
    with Database(address_of(server.url(database)), RunKey(key).settings()) as opened:
        return anonymize(opened, load_policy(policy, "policy.yaml"), {}, 2, tell_nobody)


def rows(server, database: str, query: str) -> list[tuple]:
    with server.connect(database) as connection:
        return connection.execute(query.encode()).fetchall()


def test_shuffled_values_stay_in_their_group_and_sampled_ones_are_the_columns_own(server, database):
    people, visits = (
        "SELECT id, country, salary, code, note FROM people ORDER BY id",
        "SELECT id, day, place FROM visits ORDER BY id, day",
    )
    with server.connect(database) as connection:
        connection.execute(SALARIES)
    before, places = rows(server, database, people), rows(server, database, visits)
    assert work(server, database, MIXED).passed
    after, moved = rows(server, database, people), rows(server, database, visits)
    assert [row[:2] for row in after] == [row[:2] for row in before]
    assert Counter(row[1:3] for row in after) == Counter(row[1:3] for row in before)
    assert (
        sum(one[2] == other[2] for one, other in zip(before, after, strict=True) if one[2] is not None) == 0
    )
    for place in (2, 3, 4):  # NULL stays NULL and an empty text stays empty
        assert [row[place] in {None, ""} for row in after] == [row[place] in {None, ""} for row in before]
    assert Counter(row[3] for row in after) == Counter(row[3] for row in before)
    assert {row[4] for row in after} <= {row[4] for row in before}
    assert sorted(row[2] for row in moved) == sorted(row[2] for row in places)
    assert sum(one == other for one, other in zip(places, moved, strict=True)) == 0
    assert rows(server, database, "SELECT count(*) FROM pg_namespace WHERE nspname = 'snapveil_work'") == [
        (0,)
    ]


PLACES = """
CREATE TABLE places (id int PRIMARY KEY, country text, city text, postcode text, latitude numeric);
INSERT INTO places SELECT n, 'C' || n % 3, CASE WHEN n % 5 > 0 THEN 'city ' || n END, CASE WHEN n % 4 > 0 THEN 'code ' || n END, n FROM generate_series(1, 120) n;
"""
TOGETHER = """
version: 1
tables:
  places:
    columns:
      id: keep
      country: keep
      city: {mask: shuffle, within: country}
      postcode: {mask: shuffle, within: country, along: city}
      latitude: {mask: shuffle, within: country, along: city}
"""


def test_columns_that_belong_together_change_rows_together(server, database):
    with server.connect(database) as connection:
        connection.execute(PLACES)
    together = "SELECT country, city, postcode, latitude FROM places ORDER BY id"
    before = rows(server, database, together)
    assert work(server, database, TOGETHER, b"t" * 32).passed
    after = rows(server, database, together)
    assert Counter(after) == Counter(before)
    assert sum(one == other for one, other in zip(before, after, strict=True) if one[1] is not None) == 0
    assert [one for one in before if one[1] is None] == [one for one in after if one[1] is None]


TICKETS = """
CREATE TABLE customers (id int PRIMARY KEY, first_name text, last_name text);
INSERT INTO customers VALUES (1, 'Camille', 'Dubois'), (2, 'Ana', NULL), (3, 'Nobody', 'Else');
CREATE TABLE tickets (id int, customer_id int REFERENCES customers, agent text, body text);
INSERT INTO tickets VALUES (1, 1, 'Luc', 'Madame Dubois (Camille) writes to Luc'), (2, 2, NULL, 'Ana again'), (3, NULL, 'Zoé', 'Ana and Zoé'),
    (4, 1, '', '');
"""
NAMED = """
version: 1
tables:
  customers: {columns: {id: keep, first_name: first_name, last_name: last_name}}
  tickets:
    columns:
      {id: keep, customer_id: keep, agent: keep, body: {mask: redact, names_from: [agent, customer_id.last_name, customer_id.first_name]}}
"""


def test_names_behind_a_foreign_key_are_redacted_as_they_were_before_masking(server, database):
    with server.connect(database) as connection:
        connection.execute(TICKETS)
    assert work(server, database, NAMED).passed
    assert rows(server, database, "SELECT body FROM tickets ORDER BY id") == [
        ("Madame [name] ([name]) writes to [name]",), ("[name] again",), ("Ana and [name]",), ("",),
    ]  # fmt: skip


def test_a_whole_name_behind_a_foreign_key_goes_before_a_part_that_stands_in_the_row(server, database):
    tables = """
CREATE TABLE customers (id int PRIMARY KEY, name text);
INSERT INTO customers VALUES (1, 'Anna Maria Rossi');
CREATE TABLE calls (id int, customer int REFERENCES customers, called text, body text);
INSERT INTO calls VALUES (1, 1, 'Anna', 'Anna Maria Rossi rang; ask for Anna');
"""
    policy = """
version: 1
tables:
  customers: {columns: {id: keep, name: full_name}}
  calls: {columns: {id: keep, customer: keep, called: first_name, body: {mask: redact, names_from: [called, customer.name]}}}
"""
    with server.connect(database) as connection:
        connection.execute(tables)
    assert work(server, database, policy).passed
    assert rows(server, database, "SELECT body FROM calls") == [("[name] rang; ask for [name]",)]


def test_names_behind_a_key_that_is_written_in_another_case_are_redacted(server, database):
    tables = """
CREATE EXTENSION citext;
CREATE TABLE agents (code citext PRIMARY KEY, name text);
INSERT INTO agents VALUES ('ana', 'Zoé');
CREATE TABLE calls (id int, agent citext REFERENCES agents, body text);
INSERT INTO calls VALUES (1, 'ana', 'Zoé rang'), (2, 'ANA', 'ring Zoé');
"""
    policy = """
version: 1
tables:
  agents: {columns: {code: keep, name: first_name}}
  calls: {columns: {id: keep, agent: keep, body: {mask: redact, names_from: [agent.name]}}}
"""
    with server.connect(database) as connection:
        connection.execute(tables)
    assert work(server, database, policy).passed
    assert rows(server, database, "SELECT body FROM calls ORDER BY id") == [
        ("[name] rang",),
        ("ring [name]",),
    ]


def test_what_they_need_and_do_not_find_is_told():
    keyless = table("t", column("a"), column("n", "bigint"))
    assert refused("version: 1\ntables: {t: {columns: {a: shuffle, n: keep}}}", schema_of(keyless)) == [
        "policy.yaml:2: t.a: shuffle tells rows apart by a key without NULLs, and t has none; add one"
    ]
    keyed = table(
        "t",
        column("id", "bigint", not_null=True),
        column("a"),
        uniques=(unique("u", "a", "id"), unique("p", "id")),
    )
    assert refused("version: 1\ntables: {t: {columns: {id: keep, a: shuffle}}}", schema_of(keyed)) == [
        "policy.yaml:2: t.a: is unique by u, and shuffle may bring equal values together in a key of several columns; use hash"
    ]
    assert refused(
        "version: 1\ntables: {t: {columns: {id: keep, a: {mask: redact, names_from: [id.x]}}}}",
        schema_of(keyed),
    ) == [
        "policy.yaml:2: t.a: is unique by u, and redact may make two values equal; use hash, null or keep",
        "policy.yaml:2: t.a: redact reads through id, which is no foreign key of one column",
    ]
