"""A copy is what its table was, or the run stops before anything is written."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pymysql
import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.engines.mysql import deadlocks
from services.anonymize.worker.engines.mysql.discovery import discover
from services.anonymize.worker.engines.mysql.residue import tables
from services.anonymize.worker.engines.mysql.residue.quarantine import quarantine
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.policy import PolicyError, Quarantine
from tests.mariadb import ON_MYSQL, MariaDBServer
from tests.worker.mysql.working import ask, definitions, everywhere, opened, rows, work

pytestmark = pytest.mark.usefixtures("without_cleaning")
of_mysql = pytest.mark.skipif(not ON_MYSQL, reason="MariaDB has none of it")

EMAILS = "version: 1\ntables: {people: {columns: {id: keep, email: email}}}\n"


def refused(server: MariaDBServer, name: str, policy: str, match: str) -> None:
    """Masking stops, and the database is what it was."""
    before = rows(server, name), definitions(server, name)
    with pytest.raises((MaskingError, PolicyError), match=match):
        work(server, name, policy)
    assert (rows(server, name), definitions(server, name)) == before
    for own in ("snapveil_old", "snapveil_work"):
        ask(server, None, f"DROP DATABASE IF EXISTS {own}")


def test_values_that_differ_in_spaces_at_their_ends_are_two_to_a_key_that_pads_none(
    mariadb_server: MariaDBServer,
) -> None:
    collation = "utf8mb4_0900_bin" if ON_MYSQL else "utf8mb4_nopad_bin"
    statements = f"""CREATE TABLE people (id int PRIMARY KEY, email varchar(80) COLLATE {collation} UNIQUE);
INSERT INTO people VALUES (1, 'anna@old.example.org'), (2, 'anna@old.example.org ');
"""
    with mariadb_server.fresh_database(statements) as name:
        refused(mariadb_server, name, EMAILS, r"people\.email: is unique by email, and holds values that")
        assert work(mariadb_server, name, EMAILS.replace("email: email", "email: hash")).passed


def test_a_point_of_a_system_of_reference_is_not_made_one_of_none(mariadb_server: MariaDBServer) -> None:
    statements = """CREATE TABLE places (id int PRIMARY KEY, at point);
INSERT INTO places VALUES (1, ST_GeomFromText('POINT(48 2)', 4326)), (2, NULL);
"""
    policy = "version: 1\ntables: {places: {columns: {id: keep, at: geo_round}}}\n"
    with mariadb_server.fresh_database(statements) as name:
        refused(mariadb_server, name, policy, r"places\.at: holds points of a spatial reference system")
        ask(mariadb_server, name, "UPDATE places SET at = POINT(2.123456, 48.123456) WHERE id = 1")
        assert work(mariadb_server, name, policy).passed
        assert ask(mariadb_server, name, "SELECT ST_X(at), ST_Y(at) FROM places WHERE id = 1") == [
            (2.12, 48.12)
        ]


@of_mysql
def test_a_unique_index_over_an_expression_lets_nobody_mask_what_it_looks_at(
    mariadb_server: MariaDBServer,
) -> None:
    statements = """CREATE TABLE people (
  id int PRIMARY KEY, email varchar(80), name varchar(80),
  other varchar(80) GENERATED ALWAYS AS (concat(name, id)),
  UNIQUE KEY lowered ((lower(email))), UNIQUE KEY by_other ((concat(other, '!')))
);
"""
    policy = "version: 1\ntables: {people: {columns: {id: keep, email: email, name: full_name}}}\n"
    with mariadb_server.fresh_database(statements) as name:
        refused(
            mariadb_server, name, policy, r"people\.email: is unique by lowered, which looks at it through"
        )
        refused(
            mariadb_server, name, policy, r"people\.name: is unique by by_other, which looks at it through"
        )


@of_mysql
def test_a_primary_key_that_the_server_made_is_kept_seen_or_not(mariadb_server: MariaDBServer) -> None:
    with mariadb_server.fresh_database() as name:
        with mariadb_server.connect_as_admin(name) as admin, admin.cursor() as cursor:
            cursor.execute("SET SESSION sql_generate_invisible_primary_key = 1")
            cursor.execute("CREATE TABLE people (id int, email varchar(80), CHECK (id > 0))")
            cursor.execute("INSERT INTO people VALUES (7, 'a@old.example.org'), (8, 'b@old.example.org')")
            cursor.execute("DELETE FROM people WHERE id = 7")
        before = definitions(mariadb_server, name)
        with everywhere(mariadb_server, "show_gipk_in_create_table_and_information_schema", "0", "1"):
            refused(mariadb_server, name, EMAILS, r"people\.my_row_id: the policy does not name it")
            policy = EMAILS.replace("id: keep", "id: keep, my_row_id: keep")
            assert work(mariadb_server, name, policy).passed
        assert definitions(mariadb_server, name) == before
        assert ask(mariadb_server, name, "SELECT my_row_id, id FROM people") == [(2, 8)]


@of_mysql
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("sql_require_primary_key", r"^people: the server refuses what masking makes of it: .*primary key"),
        ("sql_generate_invisible_primary_key", r"^people: .* but another `my_row_id`, PRIMARY KEY"),
    ],
)
def test_a_table_that_the_server_would_not_make_as_it_is_stops_the_run_first(mariadb_server, setting, said):
    statements = "CREATE TABLE people (id int, email varchar(80), CONSTRAINT at CHECK (email LIKE '%@%'));\n"
    with mariadb_server.fresh_database(statements) as name, everywhere(mariadb_server, setting, "1", "0"):
        refused(mariadb_server, name, EMAILS, said)


@pytest.fixture
def app(mariadb_server: MariaDBServer) -> Iterator[str]:
    """A user of the application's."""
    account = "app@`10.%`"
    ask(mariadb_server, None, f"CREATE USER {account}")
    yield account
    ask(mariadb_server, None, f"DROP USER {account}")


@of_mysql
def test_a_trigger_keeps_the_name_it_was_made_in_where_mysql_lets_the_worker_use_it(mariadb_server, app):
    statements = """CREATE TABLE people (id int PRIMARY KEY, email varchar(80));
INSERT INTO people VALUES (1, 'anna@old.example.org');
"""
    made = {"of_app": app, "of_nobody": "nobody@`%`", "of_system": "rdsadmin@localhost"}
    with mariadb_server.fresh_database(statements) as name:
        with mariadb_server.connect_as_admin(name) as admin, admin.cursor() as cursor:
            for trigger, definer in made.items():
                body = "BEFORE UPDATE ON people FOR EACH ROW SET @a = 1"
                cursor.execute(f"CREATE DEFINER={definer} TRIGGER {trigger} {body}")
        outcome = work(mariadb_server, name, EMAILS)
        assert [finding for finding in outcome.findings if not finding.passed] == []
        (done,) = outcome.tables
        assert "of_app" not in done.plan.why
        for trigger in ("of_nobody", "of_system"):
            assert f"trigger {trigger} is made anew in the worker's name" in done.plan.why
        definers = (
            "SELECT trigger_name, definer FROM information_schema.triggers WHERE trigger_schema = database()"
        )
        assert dict(ask(mariadb_server, name, definers)) == {
            "of_app": "app@10.%", "of_nobody": "master@%", "of_system": "master@%",
        }  # fmt: skip


def test_a_check_keeps_its_name_which_mysql_has_once_in_a_database(mariadb_server: MariaDBServer) -> None:
    statements = """CREATE TABLE people (
  id int PRIMARY KEY, email varchar(80), CONSTRAINT at CHECK (email LIKE '%@%'));
INSERT INTO people VALUES (1, 'anna@old.example.org');
"""
    with mariadb_server.fresh_database(statements) as name:
        before = definitions(mariadb_server, name)
        for _ in range(2):
            assert work(mariadb_server, name, EMAILS).passed
            assert definitions(mariadb_server, name) == before
        with opened(mariadb_server, name, None) as database, database.begin() as connection:
            (people,) = discover(connection).tables
        lost = "the names of its checks (at)" if ON_MYSQL else None
        assert people.copy_loses == lost


def test_an_index_that_the_server_made_for_a_foreign_key_keeps_its_name_and_place(
    mariadb_server: MariaDBServer,
) -> None:
    statements = """CREATE TABLE people (id int PRIMARY KEY, email varchar(80));
CREATE TABLE letters (
  person int, email varchar(80), FOREIGN KEY (person) REFERENCES people (id), KEY (email)
);
CREATE TABLE visits (
  id int PRIMARY KEY, who int, at date, FOREIGN KEY `f``k` (who) REFERENCES people (id), KEY (at)
);
INSERT INTO people VALUES (1, 'anna@old.example.org');
INSERT INTO letters VALUES (1, 'anna@old.example.org');
"""
    policy = """
version: 1
tables:
  people: {columns: {id: keep, email: email}}
  letters: {columns: {person: keep, email: email}}
  visits: keep
"""
    with mariadb_server.fresh_database(statements) as name:
        before = [ask(mariadb_server, name, f"SHOW CREATE TABLE {table}") for table in ("letters", "visits")]
        assert work(mariadb_server, name, policy).passed
        after = [ask(mariadb_server, name, f"SHOW CREATE TABLE {table}") for table in ("letters", "visits")]
        assert after == before


def test_the_next_number_is_right_before_anybody_opened_the_table(mariadb_server: MariaDBServer) -> None:
    """A restored server has just started: MySQL's catalog then says the last number instead of the next."""
    people = "CREATE TABLE people (id int AUTO_INCREMENT PRIMARY KEY, email varchar(99));\n"
    fill = "INSERT INTO people (email) VALUES ('a@b.fr'), ('c@d.fr'), ('e@f.fr');\n"
    engines = mariadb_server.engines
    with mariadb_server.fresh_database(people + fill) as name:
        copy = engines.restore(engines.snapshot(mariadb_server.volume))
        try:
            port = engines.start(copy, engines.reserve_port()).port
            restored = replace(mariadb_server, port=port, volume=copy)
            with opened(restored, name) as database, database.begin() as connection:
                assert discover(connection).tables[0].next_number == 4
        finally:
            engines.remove(copy)


SETTINGS = {
    "sql_select_limit": "1", "sql_quote_show_create": "0", "unique_checks": "0", "completion_type": "2",
    "transaction_read_only" if ON_MYSQL else "tx_read_only": "1", "max_join_size": "1",
    **({} if ON_MYSQL else {"sql_if_exists": "1", "alter_algorithm": "INSTANT"}),
}  # fmt: skip


def test_no_setting_of_the_server_changes_what_is_done(mariadb_server: MariaDBServer) -> None:
    statements = """CREATE TABLE people (
  id int PRIMARY KEY, email varchar(80) UNIQUE, CONSTRAINT at CHECK (email LIKE '%@%')
);
CREATE TABLE letters (id int PRIMARY KEY, email varchar(80), FOREIGN KEY (email) REFERENCES people (email));
INSERT INTO people VALUES (1, 'anna@old.example.org'), (2, 'bob@old.example.org');
INSERT INTO letters VALUES (1, 'bob@old.example.org');
"""
    policy = """
version: 1
tables: {}
defaults: [{match: {column: email}, rule: email}, {match: {column: id}, rule: keep}]
"""
    with mariadb_server.fresh_database(statements) as name, ExitStack() as stack:
        before = definitions(mariadb_server, name)
        for setting, value in SETTINGS.items():
            ((was,),) = ask(mariadb_server, None, f"SELECT @@GLOBAL.{setting}")
            said = f"'{was}'" if isinstance(was, str) else str(was)
            stack.enter_context(everywhere(mariadb_server, setting, value, said))
        outcome = work(mariadb_server, name, policy)
        assert outcome.passed
        assert outcome.rows_masked == 3
        stack.close()
        assert definitions(mariadb_server, name) == before


@of_mysql
def test_a_table_in_a_file_with_others_is_named_its_old_pages_stay(
    mariadb_server: MariaDBServer,
) -> None:
    with mariadb_server.connect_as_admin() as admin, admin.cursor() as cursor:
        cursor.execute("CREATE TABLESPACE together ADD DATAFILE 'together.ibd'")
        try:
            people = "CREATE TABLE people (id int PRIMARY KEY, email varchar(99)) TABLESPACE together;\n"
            with mariadb_server.fresh_database() as name:
                cursor.execute(f"USE {name}")
                cursor.execute(people.rstrip(";\n"))
                with opened(mariadb_server, name) as database:
                    (left,) = quarantine(database, Quarantine(keep={"users": ("*",)})).left
                    assert left.startswith(f"table {name}/people lies in one file with others")
        finally:
            cursor.execute("DROP TABLESPACE together")


def test_a_rebuild_that_the_server_ended_for_a_deadlock_is_done_again(
    mariadb_server: MariaDBServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two rebuilds of tables that a foreign key ties may wait for each other on MySQL."""
    ended = DBAPIError("ALTER", None, pymysql.OperationalError(1213, "Deadlock found"))
    ends = [ended, ended]
    attempt = tables.attempt

    def unlucky(connection: Connection, statements: list[str], what: str) -> list[str]:
        if ends:
            raise ends.pop()
        return attempt(connection, statements, what)

    monkeypatch.setattr(tables, "attempt", unlucky)
    people = "CREATE TABLE people (id int PRIMARY KEY);\n"
    with mariadb_server.fresh_database(people) as name, opened(mariadb_server, name) as database:
        with database.begin() as connection:
            found = discover(connection).tables
        assert not tables.rebuild_tables(database, found, 1).left
        assert ends == []
        ends += [ended] * deadlocks.TURNS
        monkeypatch.setattr(deadlocks, "PAUSE", 0)
        with pytest.raises(DBAPIError, match="Deadlock"):
            tables.rebuild_tables(database, found, 1)
