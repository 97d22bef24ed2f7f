"""The ways in which a table is masked on PostgreSQL, on tables that are easily masked wrong or not as they were."""

# ruff: noqa: E501 - statements and messages are said as they are

from services.anonymize.worker.plan import Method
from tests.worker.conftest import Server
from tests.worker.killing import ask, fill, work


def test_an_update_leaves_no_composite_value_that_is_null_in_part(server: Server, database: str) -> None:
    fill(
        server,
        database,
        """
        CREATE TYPE called AS (first text, last text);
        CREATE TABLE people (id int, name called); CREATE TABLE staff () INHERITS (people);
        INSERT INTO people VALUES (1, ROW('Jean', NULL)), (2, ROW('Jean', 'Dupont')), (3, NULL)
        """,
    )
    rules = '{columns: {id: keep, name: "null"}}'
    outcome = work(server, database, f"version: 1\ntables: {{people: {rules}, staff: {rules}}}")
    assert outcome.passed
    assert {done.plan.method for done in outcome.tables} == {Method.UPDATE}
    assert ask(server, database, "SELECT count(name::text) FROM people") == [(0,)]


def test_a_key_that_is_checked_at_the_commit_does_not_stop_an_update(server: Server, database: str) -> None:
    fill(
        server,
        database,
        """
        CREATE TABLE codes (code char(2) UNIQUE DEFERRABLE INITIALLY DEFERRED); CREATE TABLE others () INHERITS (codes);
        INSERT INTO codes SELECT lpad(n::text, 2, '0') FROM generate_series(0, 99) n;
        CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
        CREATE TRIGGER changed AFTER UPDATE ON codes FOR EACH ROW EXECUTE FUNCTION nothing()
        """,
    )
    rules = "{columns: {code: scramble}}"
    assert work(server, database, f"version: 1\ntables: {{codes: {rules}, others: {rules}}}").passed
    assert ask(server, database, "SELECT count(DISTINCT code) FROM codes") == [(100,)]


def test_tables_whose_names_differ_by_where_a_dot_belongs_are_two(server: Server, database: str) -> None:
    fill(
        server,
        database,
        """
        CREATE SCHEMA "a.b"; CREATE TABLE "a.b".c (name text); INSERT INTO "a.b".c VALUES ('Jean Dupont');
        CREATE SCHEMA a; CREATE TABLE a."b.c" (name text); INSERT INTO a."b.c" VALUES ('Jean Dupont')
        """,
    )
    policy = "version: 1\ntables: {}\ndefaults: [{match: {column: name}, rule: full_name}]"
    assert work(server, database, policy).passed
    left = """SELECT count(*) FROM (SELECT name FROM "a.b".c UNION ALL SELECT name FROM a."b.c") all_names WHERE name = 'Jean Dupont'"""
    assert ask(server, database, left) == [(0,)]
