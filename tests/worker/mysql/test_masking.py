"""What masking MySQL's family refuses, works around, and says."""

# ruff: noqa: E501 - policies and messages are said as they are

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pymysql
import pytest
from sqlalchemy.exc import OperationalError

from services.anonymize.worker import run
from services.anonymize.worker.checkpoints import Checkpoints
from services.anonymize.worker.engines.mysql.catalog import global_rights
from services.anonymize.worker.engines.mysql.discovery import discover
from services.anonymize.worker.engines.mysql.masking import mask
from services.anonymize.worker.engines.mysql.planning import make_plan
from services.anonymize.worker.engines.mysql.scripting import ENDS_TRANSACTION, parts_of
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.policy import PolicyError, load_policy, resolve
from services.anonymize.worker.schema import Schema, Unique
from services.anonymize.worker.schema_file import read_schema
from shared.bundle import read_bundle
from tests.mariadb import ON_MYSQL, MariaDBServer
from tests.worker.building import column, references, schema_of, table, tell_nobody
from tests.worker.mysql.working import ask, opened, work
from tests.worker.test_run import LedgerOfTests

pytestmark = pytest.mark.usefixtures("without_cleaning")

PEOPLE = """CREATE TABLE people (id int PRIMARY KEY, email varchar(100) COLLATE utf8mb4_bin NOT NULL);
INSERT INTO people VALUES (1, 'anna@old.example.org');
"""


def refused(policy: str, schema: Schema) -> list[str]:
    try:
        make_plan(resolve(load_policy(policy, "policy.yaml"), schema), schema)
    except PolicyError as error:
        return [str(problem) for problem in error.problems]
    return []


def text(name: str, **known: object):
    return column(name, "varchar(100)", collation="utf8mb4_bin", charset="utf8mb4", **known)


def test_a_policy_is_held_to_the_same_rules_as_for_postgresql():
    people = table("people", text("email"), text("name"), uniques=(Unique("people_name", ("name",)),))
    found = refused("version: 1\ntables: {people: {columns: {name: first_name}}}\n", schema_of(people))
    assert any("people.email: the policy does not name it" in said for said in found)
    assert any("people.name: is unique by people_name" in said for said in found)


def test_a_plan_takes_foreign_keys_away_and_proves_those_over_masked_columns():
    people = table("people", text("email"), oid=1, uniques=(Unique("email", ("email",)),))
    letters = table("letters", text("email"), oid=2)
    schema = schema_of(people, letters, foreign_keys=(references(letters, "email", people, "email"),))
    written = load_policy(
        "version: 1\ntables: {people: {columns: {email: email}}, letters: {columns: {email: email}}}\n", "p"
    )
    plan = make_plan(resolve(written, schema), schema)
    assert plan.dismantle == ("ALTER TABLE `shop`.`letters` DROP FOREIGN KEY `letters_fk`",)
    assert plan.rebuild[0].startswith("ALTER TABLE `shop`.`letters` ADD CONSTRAINT `letters_fk` FOREIGN KEY")
    (proof,) = plan.proofs
    assert proof in plan.checks
    assert "LEFT JOIN `shop`.`people` p ON c.`email` = p.`email`" in proof.query


def test_two_values_that_become_one_stop_the_run_and_are_not_said(mariadb_server):
    statements = """CREATE TABLE people (id int PRIMARY KEY, email varchar(100) COLLATE utf8mb4_bin NOT NULL UNIQUE);
INSERT INTO people VALUES (1, 'Anna@old.example.org'), (2, 'anna@old.example.org');
"""
    policy = "version: 1\ntables: {people: {columns: {id: keep, email: email}}}\n"
    with (
        mariadb_server.fresh_database(statements) as name,
        pytest.raises(
            MaskingError,
            match=r"people\.email: is unique by email, and holds values that email takes for one",
        ) as raised,
    ):
        work(mariadb_server, name, policy)
    assert "old.example.org" not in str(raised.value)


def test_what_only_the_server_notices_stops_the_table_before_it_is_changed(mariadb_server):
    statements = """CREATE TABLE people (id int PRIMARY KEY, name varchar(20), note varchar(10), UNIQUE KEY by_name (name));
INSERT INTO people VALUES (1, 'Anna', 'x'), (2, 'Bob', 'y');
"""
    policy = "version: 1\ntables: {people: {columns: {id: keep, name: {mask: constant, value: Same}, note: keep}}}\n"
    with mariadb_server.fresh_database(statements) as name, opened(mariadb_server, name) as database:
        with database.begin() as connection:
            found = discover(connection)
        (people,) = found.tables
        believed = replace(found, tables=(replace(people, uniques=()),))
        plan = make_plan(resolve(load_policy(policy, "p"), believed), believed)
        checkpoints = Checkpoints(database)
        checkpoints.prepare()
        with pytest.raises(MaskingError, match=r"people: two rows have the same value for the key by_name"):
            mask(database, checkpoints, plan, {}, 1, tell_nobody)
        assert ask(mariadb_server, name, "SELECT name FROM people ORDER BY id") == [("Anna",), ("Bob",)]
        ask(mariadb_server, None, "DROP DATABASE snapveil_work")


def test_what_a_table_cannot_hold_is_said_of_each_rule_before_anything_is_written(mariadb_server):
    violated = "CONSTRAINT `kinds` failed for held (error 4025)"
    if ON_MYSQL:  # a copy's checks have names of their own
        violated = "Check constraint 'held_chk_1' is violated. (error 3819)"
    statements = """CREATE TABLE held (id int PRIMARY KEY, age tinyint unsigned, kind varchar(9), note varchar(9) NOT NULL,
  CONSTRAINT kinds CHECK (kind IN ('x', 'y')));
INSERT INTO held VALUES (1, 20, 'x', 'one'), (2, NULL, NULL, 'two');
"""
    policy = """version: 1
tables:
  held:
    columns:
      id: keep
      age: {mask: constant, value: 300}
      kind: {mask: constant, value: z}
      note: {mask: expression, sql: "nullif(note, note)"}
"""
    with mariadb_server.fresh_database(statements) as name:
        with pytest.raises(MaskingError) as raised:
            work(mariadb_server, name, policy)
        assert [line.partition(": held.")[::2] for line in str(raised.value).splitlines()] == [
            ("policy.yaml:6:12", "age: constant makes what the column cannot hold: Out of range value for column 'age' at row 1 (error 1264)"),
            ("policy.yaml:7:13", f"kind: constant makes what the column cannot hold: {violated}"),
            ("policy.yaml:8:13", "note: expression makes what the column cannot hold: Column 'note' cannot be null (error 1048)"),
        ]  # fmt: skip
        with pytest.raises(MaskingError, match=r"held\.age: expression: the server refuses it for tinyint"):
            work(
                mariadb_server,
                name,
                policy.replace("{mask: constant, value: 300}", "{mask: expression, sql: count(*)}"),
            )
        assert ask(mariadb_server, name, "SELECT note FROM held ORDER BY id") == [("one",), ("two",)]
        assert ask(mariadb_server, None, "SHOW TABLES FROM snapveil_work LIKE 'fitting%'") == []
        ask(mariadb_server, None, "DROP DATABASE snapveil_work")


def test_a_pattern_inside_a_document_is_tried_before_anything_is_written(mariadb_server):
    policy = "version: 1\ntables: {people: {columns: {d: {mask: json, paths: {x: {mask: redact, patterns: ['y*']}}}}}}\n"
    with (
        mariadb_server.fresh_database("CREATE TABLE people (d json);\n") as name,
        pytest.raises(MaskingError, match=r"people\.d: x: y\* is no regular expression of the server"),
    ):
        work(mariadb_server, name, policy)


def test_a_reference_that_leads_nowhere_already_is_said_before_anything_is_written(mariadb_server):
    statements = """CREATE TABLE people (email varchar(100) PRIMARY KEY);
CREATE TABLE letters (email varchar(100), CONSTRAINT letters_to FOREIGN KEY (email) REFERENCES people (email));
SET foreign_key_checks = 0;
INSERT INTO letters VALUES ('gone@old.example.org');
"""
    policy = "version: 1\ntables: {people: {columns: {email: email}}, letters: {columns: {email: email}}}\n"
    with (
        mariadb_server.fresh_database(statements) as name,
        pytest.raises(
            MaskingError, match=r"letters\.email: holds references by letters_to that lead nowhere"
        ),
    ):
        work(mariadb_server, name, policy)


def test_a_copy_is_made_from_what_the_server_says_where_like_would_lose_something(mariadb_server):
    with mariadb_server.fresh_database(PEOPLE) as name, opened(mariadb_server, name) as database:
        ask(
            mariadb_server,
            name,
            "ALTER TABLE people ADD CONSTRAINT has_at CHECK (email LIKE '%@%'), COMMENT 'a''b\\\\c'",
        )
        before = ask(mariadb_server, name, "SHOW CREATE TABLE people")
        with database.begin() as connection:
            found = discover(connection)
        schema = replace(
            found, tables=(replace(found.tables[0], copy_loses="the names of its checks (has_at)"),)
        )
        written = load_policy("version: 1\ntables: {people: {columns: {id: keep, email: email}}}\n", "p")
        plan = make_plan(resolve(written, schema), schema)
        assert "made from SHOW CREATE TABLE, because LIKE would lose the names" in plan.tables[0].why
        checkpoints = Checkpoints(database)
        checkpoints.prepare()
        mask(database, checkpoints, plan, {}, 1, tell_nobody)
        assert ask(mariadb_server, name, "SHOW CREATE TABLE people") == before
        assert ask(mariadb_server, name, "SELECT email FROM people") != [("anna@old.example.org",)]
        ask(mariadb_server, None, "DROP DATABASE snapveil_work")


def test_a_trigger_in_anothers_name_is_made_anew_in_the_workers_and_said(mariadb_server):
    trigger = "CREATE DEFINER=app@`10.%` TRIGGER t BEFORE UPDATE ON people FOR EACH ROW SET NEW.email = 'é'"
    with mariadb_server.fresh_database(PEOPLE) as name:
        with mariadb_server.connect_as_admin(name) as admin, admin.cursor() as cursor:
            cursor.execute(trigger)
        outcome = work(
            mariadb_server, name, "version: 1\ntables: {people: {columns: {id: keep, email: email}}}\n"
        )
        assert [finding for finding in outcome.findings if not finding.passed] == []
        (done,) = outcome.tables
        assert "trigger t is made anew in the worker's name, because making it in app@10.%'s" in done.plan.why
        body = "SELECT definer, action_statement FROM information_schema.triggers WHERE trigger_schema = database()"
        assert ask(mariadb_server, name, body) == [("master@%", "SET NEW.email = 'é'")]


def test_tables_are_emptied_whatever_refers_to_them_and_numbers_go_on(mariadb_server):
    statements = """CREATE TABLE baskets (id int PRIMARY KEY AUTO_INCREMENT, up int, CONSTRAINT within FOREIGN KEY (up) REFERENCES baskets (id)) AUTO_INCREMENT=40;
INSERT INTO baskets (up) VALUES (NULL);
CREATE TABLE items (id int PRIMARY KEY, basket int, CONSTRAINT items_in FOREIGN KEY (basket) REFERENCES baskets (id));
INSERT INTO items VALUES (1, 40);
"""
    with mariadb_server.fresh_database(statements) as name:
        outcome = work(mariadb_server, name, "version: 1\ntables: {baskets: truncate, items: truncate}\n")
        assert [finding for finding in outcome.findings if not finding.passed] == []
        ask(mariadb_server, name, "INSERT INTO baskets (up) VALUES (NULL)")
        assert ask(mariadb_server, name, "SELECT id FROM baskets") == [(41,)]


@pytest.mark.skipif(ON_MYSQL, reason="MySQL keeps no history of its own in a table")
def test_a_table_with_a_history_is_emptied_of_that_too(mariadb_server):
    statements = """CREATE TABLE prices (id int PRIMARY KEY, n int) WITH SYSTEM VERSIONING;
INSERT INTO prices VALUES (1, 1);
UPDATE prices SET n = 2;
"""
    with mariadb_server.fresh_database(statements) as name:
        outcome = work(mariadb_server, name, "version: 1\ntables: {prices: truncate}\n")
        assert [finding for finding in outcome.findings if not finding.passed] == []
        assert ask(mariadb_server, name, "SELECT count(*) FROM prices FOR SYSTEM_TIME ALL") == [(0,)]


def test_rights_are_read_as_either_server_writes_them():
    mysql = [
        "GRANT SELECT, TRIGGER ON *.* TO `m`@`%` WITH GRANT OPTION",
        "GRANT ROLE_ADMIN,SET_USER_ID ON *.* TO `m`@`%`",
    ]
    assert {"SET_USER_ID", "TRIGGER"} <= global_rights(mysql)
    mariadb = [
        "GRANT SELECT, SET USER ON *.* TO `m`@`%` IDENTIFIED BY PASSWORD '*0'",
        "GRANT SUPER ON `a`.* TO `m`@`%`",
    ]
    assert global_rights(mariadb) == {"SELECT", "SET USER"}


def test_another_database_on_the_server_is_refused(mariadb_server):
    with (
        mariadb_server.fresh_database(PEOPLE) as name,
        mariadb_server.fresh_database(PEOPLE) as other,
        pytest.raises(MaskingError, match=rf"another database with tables: {other} \(people\)"),
    ):
        work(mariadb_server, name, "version: 1\ntables: {people: keep}\n")


def test_customers_scripts_run_before_and_after(mariadb_server):
    policy = """version: 1
before: [{script: before.sql}]
after: [{script: after.sql}, {script: count.sh}]
tables: {people: {columns: {id: keep, email: email}}, made: keep}
"""
    before = b"""DELIMITER //
CREATE TRIGGER t AFTER INSERT ON made FOR EACH ROW BEGIN SET @a = 1; SET @b = 2; END//
DELIMITER ;
INSERT INTO made VALUES (1); INSERT INTO made VALUES (2);
"""
    after = b"UPDATE made SET n = n + 1; UPDATE people SET email = concat('x', email);"
    count = b'#!/bin/sh\ntest "$MYSQL_USER" = master && test -n "$MYSQL_PWD" && test -n "$MYSQL_DATABASE"\n'
    with mariadb_server.fresh_database(f"{PEOPLE}CREATE TABLE made (n int);\n") as name:
        outcome = work(mariadb_server, name, policy, before_sql=before, after_sql=after, count_sh=count)
        assert [finding for finding in outcome.findings if not finding.passed] == []
        assert ask(mariadb_server, name, "SELECT n FROM made") == [(2,), (3,)]
        assert ask(mariadb_server, name, "SELECT left(email, 1), right(email, 8) FROM people") == [
            ("x", ".invalid")
        ]


def test_sql_is_taken_apart_as_mysqls_own_client_does():
    assert [part.strip() for part in parts_of("a; b;\nDELIMITER $$\nc; d$$\ne$$\ndelimiter ;\nf;")] == [
        "a; b;", "c; d", "e", "f;",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "said", "reason"),
    [
        (1146, "Table 'shop.x' doesn't exist", "Table 'shop.x' doesn't exist (error 1146)"),
        (1406, "Data too long for column 'name' at row 3", "Data too long for column 'name' at row 3 (error 1406)"),
        (1062, "Duplicate entry 'anna@x.org' for key 'people.email'", "two rows have the same value for the key people.email"),
        (1366, "Incorrect string value: 'anna' for column 'x'", "error 1366; its message may quote a value and is withheld"),
        (1064, "You have an error near 'anna'", "error 1064; its message may quote a value and is withheld"),
        (2013, "Lost connection", "the connection to the database broke"),
    ],
)  # fmt: skip
def test_a_message_that_may_quote_a_value_is_withheld(number, said, reason):
    error = pymysql.OperationalError(number, said)
    assert reason_of(error).startswith(reason)
    assert reason_of(OperationalError("SELECT 1", None, error)).startswith(reason)
    assert "anna" not in reason_of(error)


def worker(
    server: MariaDBServer, secret: dict, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> LedgerOfTests:
    (folder / "policy").mkdir()
    (folder / "policy" / "policy.yaml").write_text(
        "version: 1\ntables: {people: {columns: {id: keep, email: email}}}\n"
    )
    secrets = SimpleNamespace(get_secret_value=lambda SecretId: {"SecretString": json.dumps(secret)})  # noqa: N803
    remembered = LedgerOfTests()
    monkeypatch.setattr(run, "client", lambda service: {"secretsmanager": secrets}[service])
    monkeypatch.setattr(run, "Ledger", lambda table: remembered)
    for name, value in {
        "RUN_ID": "shop-20260101t0000-00000000", "LEDGER_TABLE": "ledger", "SECRET_ID": "secret",
        "POLICY_URI": str(folder / "policy"), "POLICY_DIGEST": read_bundle(str(folder / "policy")).digest,
        "DATABASE_RESOURCE_ID": "db-1", "REPORT_URI": str(folder / "report.json"), "CONNECTIONS": "2",
        "LOGIN_PATIENCE_SECONDS": "0.5", "TLS": "disable",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"SNAPVEIL_{name}", value)
    return remembered


@pytest.mark.parametrize("engine", ["mariadb", "mysql"])
def test_the_worker_masks_what_a_secret_of_the_family_says(mariadb_server, engine, tmp_path, monkeypatch):
    with mariadb_server.fresh_database(PEOPLE) as name:
        secret = {"engine": engine, "host": mariadb_server.host, "port": mariadb_server.port,
                  "username": mariadb_server.user, "password": mariadb_server.password}  # fmt: skip
        ledger = worker(mariadb_server, secret, tmp_path, monkeypatch)
        assert run.main() == 0, ledger.failure
        assert ledger.verification is not None
        assert (ledger.verification.passed, ledger.verification.rows_masked) == (True, 1)
        assert json.loads((tmp_path / "report.json").read_text())["tables"][0]["method"] == "copy"
        family, schema = read_schema((tmp_path / "schema.json").read_text())
        assert (family, schema.database) == ("mysql", name)
        assert "anna" not in (tmp_path / "report.json").read_text()


def test_a_secret_of_another_engine_is_refused_by_name(mariadb_server, tmp_path, monkeypatch):
    secret = {"engine": "oracle-ee", "host": "h", "port": 1, "username": "u", "password": "p"}
    ledger = worker(mariadb_server, secret, tmp_path, monkeypatch)
    assert run.main() == 1
    assert ledger.failure is not None
    assert "'oracle-ee' is no engine that Snapveil masks" in ledger.failure


def test_statements_of_a_step_are_one_transaction_unless_one_ends_it(mariadb_server):
    policy = """version: 1
before: [{{sql: "{sql}"}}]
tables: {{people: {{columns: {{id: keep, email: email}}}}}}
"""
    with mariadb_server.fresh_database(PEOPLE) as name:
        before = ask(mariadb_server, name, "SELECT * FROM people")
        failing = policy.format(sql="UPDATE people SET id = id + 9; UPDATE nowhere SET id = 1; COMMIT_NOT")
        with pytest.raises(MaskingError, match=r"^policy\.yaml:2:16: sql: Table '.*nowhere' doesn't exist"):
            work(mariadb_server, name, failing)
        assert ask(mariadb_server, name, "SELECT * FROM people") == before
        ask(mariadb_server, None, "DROP DATABASE snapveil_work")
        commented = "-- first\\nUPDATE people SET id = id + 9; -- last"
        work(mariadb_server, name, policy.format(sql=commented))
        assert ask(mariadb_server, name, "SELECT id FROM people") == [(key + 9,) for key, *_ in before]


@pytest.mark.parametrize(
    ("statements", "ends"),
    [
        ("UPDATE t SET note = 'x'; UPDATE t\nSET n = 1", False),
        ("UPDATE t SET password = 'x'", False),
        ("set password = 'x'", True),
        ("UPDATE t SET n = 1; /* now */ SET DEFAULT ROLE a TO b", True),
        ("SET @@autocommit = 1", True),
        ("UPDATE t SET n = 1; COMMIT", True),
        ("EXECUTE IMMEDIATE CONCAT('COM', 'MIT')", True),
    ],
)
def test_what_ends_a_transaction_is_told(statements, ends):
    assert bool(ENDS_TRANSACTION.search(statements)) is ends
