"""The worker's whole work on real databases: a schema with everything in it, and what verification must stop."""

# ruff: noqa: E501 - policies and messages are said as they are

import json
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.pipeline import Outcome, anonymize
from services.anonymize.worker.policy import PolicyError, load_policy
from services.anonymize.worker.progress import Advance
from services.anonymize.worker.report import as_json, write_report
from tests.worker.building import tell_nobody
from tests.worker.conftest import Server

HERE = Path(__file__).parent
KEY = RunKey(b"0123456789abcdef0123456789abcdef")


def work(
    server: Server, database: str, policy: str, tell: Callable[[Advance], None] = tell_nobody, **files: bytes
) -> Outcome:
    named = {name.replace("_", "."): content for name, content in files.items()}
    with Database(address_of(server.url(database)), KEY.settings()) as with_key:
        return anonymize(with_key, load_policy(policy, "policy.yaml"), named, 2, tell)


def fill(server: Server, database: str, statements: str) -> None:
    with server.connect(database) as connection:
        connection.execute(statements.encode())


def ask(server: Server, database: str, query: str) -> list[tuple]:
    with server.superuser(database) as connection:
        return connection.execute(query.encode()).fetchall()


def failed(outcome: Outcome) -> dict[str, str]:
    return {finding.name: finding.detail for finding in outcome.findings if not finding.passed}


def test_everything_at_once(server, database, tmp_path):
    fill(server, database, (HERE / "torture.sql").read_text())
    oids = "SELECT oid, relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 1"
    numbered = ask(server, database, oids)
    secrets_seen: list[str] = []
    stop = threading.Event()
    watcher = threading.Thread(target=watch_for_key, args=(server, stop, secrets_seen))
    watcher.start()
    told: list[Advance] = []
    try:
        outcome = work(server, database, (HERE / "torture.yaml").read_text(), told.append)
    finally:
        stop.set()
        watcher.join()
    assert not failed(outcome)
    assert outcome.passed
    assert secrets_seen == ["looked"]
    methods = {done.plan.table.label: done.plan.method.value for done in outcome.tables}
    assert methods == {
        "people": "rewrite", "letters": "rewrite", "stays": "rewrite", "subscribers": "rewrite", "carts": "rewrite",
        "Sales Ops.Order Lines": "rewrite", "visits": "rewrite", "by_mail": "update", "parents": "update",
        "children": "update", "cards": "update", "bound": "update", "audit": "truncate",
    }  # fmt: skip
    assert [advance.step for advance in told if advance.step == "verifying"]
    assert any(
        advance.tables_done == advance.tables_total > 0 for advance in told if advance.step == "masking"
    )
    assert ask(server, database, oids) == numbered
    assert ask(server, database, "SELECT count(*) FROM audit") == [(0,)]
    assert ask(server, database, "SELECT count(*) FROM letters JOIN people USING (email)") == [(50,)]
    joined = "SELECT count(*) FROM subscribers s JOIN people p ON p.email = s.address JOIN carts ON owner_mail = email"
    assert ask(server, database, joined) == [(50,)]
    assert ask(
        server, database, "SELECT count(*) FROM people WHERE full_name = first_name || ' ' || last_name"
    ) == [(300,)]
    assert ask(server, database, "SELECT count(*) FROM people WHERE profile->>'mail' = email") == [(300,)]
    assert ask(server, database, "SELECT bool_and(one LIKE '%@example.invalid') FROM per_country") == [
        (True,)
    ]
    assert ask(server, database, "SELECT count(*) FROM pg_namespace WHERE nspname = 'snapveil_work'") == [
        (0,)
    ]
    forced = "SELECT array_agg(relname ORDER BY relname) FROM pg_class WHERE relforcerowsecurity"
    assert ask(server, database, forced) == [(["bound", "people"],)]
    assert "mail.fr" not in dump(server, database)
    report = tmp_path / "reports" / "report.json"
    write_report(str(report), as_json("run", "digest", outcome))
    assert json.loads(report.read_text())["passed"] is True
    assert "mail.fr" not in report.read_text()


def watch_for_key(server: Server, stop: threading.Event, seen: list[str]) -> None:
    """Look for the key and every seed in the text of all statements, while and after they run."""
    secrets = [value.lstrip("-") for value in KEY.settings().values()]
    with server.superuser() as connection:
        while not stop.wait(0.02):
            running = connection.execute("SELECT string_agg(query, ' ') FROM pg_stat_activity")
            text = running.fetchone()[0] or ""  # type: ignore[index]
            seen += [secret for secret in secrets if secret in text]
        kept = connection.execute("SELECT count(*) FROM pg_database").fetchone()
        assert kept
    seen.append("looked")


def dump(server: Server, database: str) -> str:
    """Every row of every table as text."""
    with server.superuser(database) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname !~ '^(pg_|information)'"
            " UNION ALL SELECT format('%I.%I', schemaname, matviewname) FROM pg_matviews"
        ).fetchall()
        rows = [connection.execute(f"SELECT t::text FROM {name} t".encode()).fetchall() for (name,) in tables]
        return str(rows) + str(
            connection.execute("SELECT most_common_vals, histogram_bounds FROM pg_stats").fetchall()
        )


def test_statements_kept_by_pg_stat_statements_hold_no_key(server, database):
    fill(
        server,
        database,
        "CREATE TABLE t (mail text, phone text); INSERT INTO t VALUES ('a@b.fr', '0612345678')",
    )
    texts: list[str] = []

    def look(advance: Advance) -> None:
        if advance.step == "cleaning":  # before cleaning resets them
            texts.extend(text for (text,) in ask(server, database, "SELECT query FROM pg_stat_statements"))

    assert work(
        server, database, "version: 1\ntables: {t: {columns: {mail: email, phone: phone}}}", look
    ).passed
    assert any("ALTER TABLE" in text for text in texts)
    secrets = [value.lstrip("-") for value in KEY.settings().values()]
    assert not [text for text in texts if any(secret in text for secret in secrets)]


KEPT = "version: 1\ntables: {a: {columns: {mail: email, phone: phone, iban: iban}}, b: {columns: {x: keep}}}"


@pytest.mark.parametrize(
    ("type_", "value", "check"),
    [
        ("text", "write to Jean.Dupont@free.fr please", "no original e-mail"),
        ("jsonb", '{"deep": [{"m": "jean.dupont@free.fr"}]}', "no original e-mail"),
        ("json", '{"deep": "jean.dupont\\u0040free.fr"}', "no original e-mail"),
        ("text[]", "{x,jean.dupont@free.fr}", "no original e-mail"),
        ("varchar(30)", "0612345678", "no original telephone number"),
        ("text", "rappeler au +33 6 12 34 56 78 ce soir", "no original telephone number"),
        ("text", "rappeler au 06.12.34.56.78.", "no original telephone number"),
        ("jsonb", '{"tel": 33612345678}', "no original telephone number"),
        ("text", "fr76 3000 6000 0112 3456 7890 189 merci", "no original IBAN"),
    ],
)  # fmt: skip
def test_an_original_in_a_kept_column_fails_verification(server, database, type_, value, check):
    fill(
        server,
        database,
        "CREATE TABLE a (mail text, phone text, iban text);"
        "INSERT INTO a VALUES ('Jean.Dupont@free.fr', '06 12 34 56 78', 'FR7630006000011234567890189');"
        f"CREATE TABLE b (x {type_}); INSERT INTO b VALUES ('{value}'), (NULL)",
    )
    outcome = work(server, database, KEPT)
    assert list(failed(outcome)) == [check]
    assert failed(outcome)[check].endswith("b.x (1)")
    assert "dupont" not in as_json("r", "d", outcome).lower()


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("COMMENT ON COLUMN a.mail IS 'such as jean.dupont@free.fr'", "column mail of table a"),
        ("CREATE VIEW v AS SELECT 'jean.dupont@free.fr'::text", "view v"),
        ("ALTER TABLE b ALTER x SET DEFAULT 'jean.dupont@free.fr'", "default value for column x of table b"),
        ("CREATE INDEX i ON b (x) WHERE x <> 'jean.dupont@free.fr'", "index i"),
        ("ALTER TABLE b ADD CONSTRAINT c CHECK (x <> 'jean.dupont@free.fr')", "constraint c on table b"),
        ("CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'jean.dupont@free.fr'$$", "function f()"),
        ("CREATE POLICY p ON b USING (x <> 'jean.dupont@free.fr')", "policy p on table b"),
        ("CREATE TYPE kind AS ENUM ('jean.dupont@free.fr')", "type kind"),
        ("COMMENT ON SCHEMA public IS 'jean.dupont@free.fr'", "schema public"),
        ("CREATE SEQUENCE s; COMMENT ON SEQUENCE s IS 'jean.dupont@free.fr'", "sequence s"),
        ("CREATE AGGREGATE g (text) (sfunc = textcat, stype = text, initcond = 'jean.dupont@free.fr')",
         "function g(text)"),
        ("CREATE STATISTICS s ON (x || 'jean.dupont@free.fr') FROM b", "statistics object s"),
    ],
)  # fmt: skip
def test_an_original_in_the_schemas_own_words_fails_verification(server, database, statement, where):
    fill(
        server,
        database,
        "CREATE TABLE a (mail text, phone text, iban text); INSERT INTO a VALUES ('jean.dupont@free.fr', NULL, NULL);"
        f"CREATE TABLE b (x text); {statement}",
    )
    said = failed(work(server, database, KEPT))["no original e-mail"]
    assert said == f"columns still hold an original e-mail: {where} (1)"


def test_large_objects_stop_the_run_until_the_policy_says_what_becomes_of_them(server, database):
    fill(server, database, "CREATE TABLE t (mail text); SELECT lo_from_bytea(0, 'jean.dupont@free.fr')")
    policy = "version: 1\ntables: {t: {columns: {mail: email}}}"
    with pytest.raises(
        PolicyError, match="1 large objects, which no mask reaches; write large_objects: drop"
    ):
        work(server, database, policy)
    assert work(server, database, policy + "\nlarge_objects: keep").passed
    assert ask(server, database, "SELECT count(*) FROM pg_largeobject_metadata") == [(1,)]
    assert work(server, database, policy + "\nlarge_objects: drop").passed
    assert ask(server, database, "SELECT count(*) FROM pg_largeobject_metadata") == [(0,)]


def test_codes_that_look_like_telephone_numbers_do_not_fail_it(server, database):
    fill(
        server,
        database,
        "CREATE TABLE a (mail text, phone text, iban text); INSERT INTO a VALUES ('a@b.fr', '06 12 34 56 78', NULL);"
        "CREATE TABLE b (x text); INSERT INTO b VALUES ('0145678901'), ('3012345678901'), ('2024-01-02 10:11:12')",
    )
    assert work(server, database, KEPT).passed


def test_unknown_keys_in_documents_stop_the_run_before_it_writes(server, database):
    fill(
        server,
        database,
        "CREATE TABLE t (id int, doc jsonb); INSERT INTO t VALUES"
        """ (1, '{"a": {"mail": "x@y.fr", "new": 1}}'), (2, '{"jean@free.fr": 1}'), (3, '{"a": 5}')""",
    )
    with pytest.raises(MaskingError) as stopped:
        work(server, database, "version: 1\ntables:\n  t:\n    columns:\n      id: keep\n"
                               "      doc: {mask: json, paths: {a.mail: email}}")  # fmt: skip
    said = str(stopped.value)
    assert "policy.yaml:6:12: t.doc has unknown key at a.new, which paths does not say" in said
    assert "t.doc has a number at a" in said
    assert "a key of 12 characters" in said
    assert "jean" not in said
    assert ask(server, database, "SELECT doc->'a'->>'mail' FROM t WHERE id = 1") == [("x@y.fr",)]


def test_an_unnamed_column_stops_the_run_before_it_writes(server, database):
    fill(
        server,
        database,
        "CREATE TABLE t (mail text, loyalty_tier text); INSERT INTO t VALUES ('x@y.fr', 'gold')",
    )
    with pytest.raises(PolicyError, match=r"t\.loyalty_tier: the policy does not name it"):
        work(server, database, "version: 1\ntables: {t: {columns: {mail: email}}}")
    assert ask(server, database, "SELECT mail FROM t") == [("x@y.fr",)]


def test_another_database_with_tables_stops_the_run(server, database):
    fill(server, database, "CREATE TABLE t (mail text)")
    with server.superuser() as connection:
        connection.execute("CREATE TABLE forgotten (x int)")
    try:
        with pytest.raises(
            MaskingError, match=r"another database with tables: postgres \(public.forgotten\)"
        ):
            work(server, database, "version: 1\ntables: {t: keep}")
    finally:
        with server.superuser() as connection:
            connection.execute("DROP TABLE forgotten")


def test_tables_of_a_role_that_grants_nothing_stop_the_run(server, database):
    with server.superuser(database) as connection:
        connection.execute("CREATE TABLE t (mail text)")
    with pytest.raises(MaskingError, match="t: owned by postgres, whose rights master lacks"):
        work(server, database, "version: 1\ntables: {t: {columns: {mail: email}}}")


SCRIPTED = "version: 1\nscript: {{file: mask.{kind}, run: {run}}}\ntables: {{t: {{columns: {{id: keep, mail: {mail}}}}}}}"
FILLED = "CREATE TABLE t (id int, mail text); INSERT INTO t SELECT i, 'p' || i || '@free.fr' FROM generate_series(1, 9) i"
UPDATE = b"UPDATE t SET mail = 'user-' || id || '@example.test' WHERE id > 0"


def test_a_script_masks_instead_of_rules_and_is_verified(server, database):
    fill(server, database, FILLED)
    assert work(
        server, database, SCRIPTED.format(kind="sql", run="instead", mail="script"), mask_sql=UPDATE
    ).passed
    assert ask(server, database, "SELECT mail FROM t WHERE id = 3") == [("user-3@example.test",)]


def test_a_script_that_forgets_a_row_fails_verification(server, database):
    fill(server, database, FILLED)
    script = UPDATE.replace(b"id > 0", b"id > 2")
    outcome = work(
        server, database, SCRIPTED.format(kind="sql", run="instead", mail="script"), mask_sql=script
    )
    assert failed(outcome) == {"no original e-mail": "columns still hold an original e-mail: t.mail (2)"}


def test_a_program_runs_before_the_rules_with_the_connection_in_its_environment(server, database):
    fill(server, database, FILLED)
    program = b"""#!/usr/bin/env python3
import os
assert os.environ["DATABASE_URL"].startswith("postgresql://") and os.environ["PGPASSWORD"]
assert "AWS_SECRET_ACCESS_KEY" not in os.environ
import pathlib
pathlib.Path(pathlib.Path("where").read_text()).write_text(os.environ["PGDATABASE"])
"""
    place = HERE / f"{database}.txt"
    try:
        policy = SCRIPTED.format(kind="py", run="before", mail="email")
        files = {"mask.py": program, "where": str(place).encode()}
        with Database(address_of(server.url(database)), KEY.settings()) as with_key:
            assert anonymize(with_key, load_policy(policy, "policy.yaml"), files, 1, tell_nobody).passed
        assert place.read_text() == database
    finally:
        place.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"mask_sql": b"SELECT 1 / 0"}, "division_by_zero"),
        (
            {"mask_sql": b"DO $$ BEGIN RAISE 'bad jean@free.fr'; END $$"},
            "its message may quote a value and is withheld",
        ),
        ({}, "does not lie beside the policy"),
    ],
)
def test_a_failing_script_fails_the_run_without_quoting_values(server, database, files, said):
    fill(server, database, FILLED)
    with pytest.raises(MaskingError) as stopped:
        work(server, database, SCRIPTED.format(kind="sql", run="before", mail="email"), **files)
    assert "free.fr" not in str(stopped.value)
    assert said in str(stopped.value).replace("DivisionByZero", "division_by_zero")


def test_a_failing_program_says_its_exit_code(server, database):
    fill(server, database, FILLED)
    with pytest.raises(MaskingError, match=r"mask\.sh ended with exit code 3"):
        work(
            server,
            database,
            SCRIPTED.format(kind="sh", run="before", mail="email"),
            mask_sh=b"#!/bin/sh\nexit 3\n",
        )


def test_a_check_that_masks_cannot_honour_is_named_without_values(server, database):
    fill(server, database, FILLED + "; ALTER TABLE t ADD CONSTRAINT french CHECK (mail LIKE '%.fr')")
    with pytest.raises(MaskingError) as stopped:
        work(server, database, "version: 1\ntables: {t: {columns: {id: keep, mail: email}}}")
    assert 'new row for relation "t" violates check constraint "french"' in str(stopped.value)
    assert "@" not in str(stopped.value)


def test_addresses_that_differ_in_case_only_need_to_be_told_apart(server, database):
    fill(
        server,
        database,
        "CREATE TABLE t (id int, mail text UNIQUE); INSERT INTO t VALUES (1, 'a@b.fr'), (2, 'A@b.fr')",
    )
    with pytest.raises(MaskingError, match="case: exact"):
        work(server, database, "version: 1\ntables: {t: {columns: {id: keep, mail: email}}}")
    assert work(
        server, database, "version: 1\ntables: {t: {columns: {id: keep, mail: {mask: email, case: exact}}}}"
    ).passed


def test_the_same_key_gives_the_same_fakes_and_another_key_others(server, database):
    fill(server, database, "CREATE TABLE t (mail text); INSERT INTO t VALUES ('a@b.fr')")
    policy = load_policy("version: 1\ntables: {t: {columns: {mail: email}}}", "policy.yaml")
    fakes = []
    for key in (b"a" * 32, b"a" * 32, b"b" * 32):
        with server.connect(database) as connection:
            connection.execute("UPDATE t SET mail = 'a@b.fr'")
        with Database(address_of(server.url(database)), RunKey(key).settings()) as with_key:
            anonymize(with_key, policy, {}, 1, tell_nobody)
        fakes += ask(server, database, "SELECT mail FROM t")
    assert fakes[0] == fakes[1] != fakes[2]


def test_the_key_has_no_text():
    assert "a" * 8 not in repr(RunKey(b"a" * 32))
    assert psycopg  # the driver is the only thing that ever sees its settings
