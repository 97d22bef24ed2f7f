"""Copying a user's MySQL or MariaDB database: everything of it comes along, and nothing of it changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest
from pymysql.cursors import Cursor

from cli.loop import Filling
from cli.originals import examined
from local import mysql
from local.copying.copying import CopyError
from local.copying.mysql_copying import _in_mariadb, copy
from local.copying.mysql_original import examine, label_of, read_url, reading, rows
from local.copying.original import OriginalError
from shared.database.port import Kind
from tests.mariadb import ON_MYSQL, MariaDBServer, running_mariadb

TORTURE = Path(__file__).with_name("torture_mysql.sql")
OF_MARIADB = """CREATE SEQUENCE numbers START 5 INCREMENT 5;
DO nextval(numbers), nextval(numbers);
"""
OF_MYSQL = """CREATE TABLE own (
    code varchar(36) NOT NULL DEFAULT (uuid()),
    tags json NOT NULL DEFAULT (json_array()),
    home point NOT NULL SRID 4326,
    name varchar(40) COLLATE utf8mb4_0900_as_cs,
    KEY lowered ((lower(name)) DESC),
    KEY tagged ((CAST(tags->'$[*]' AS CHAR(20) ARRAY))),
    SPATIAL KEY (home),
    CONSTRAINT own_name CHECK (name <> 'x') NOT ENFORCED
);
INSERT INTO own VALUES
    ('a', '["é", 1.0]', ST_GeomFromText('POINT(48 2)', 4326), 'x'),
    ('b', '{}', ST_GeomFromText('POINT(49 2)', 4326), NULL);
"""
TABLES = ["counted", "log", *(["own"] if ON_MYSQL else []), "parted", "people of the town", "stamped"]
READER = "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON {}.* TO reader@'%'"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u:p@host:port/db", "cannot be read"),
        ("mysql://u:p@host", "names no database"),
        (
            "mysql://u:p@host/db?ssl=1",
            r"\?ssl= is not understood; only unix_socket and tls=prefer, require, disable",
        ),
        ("mysql://u:p@host/db?tls=1", r"\?tls=1 is not understood"),
    ],
)
def test_an_address_that_is_none_is_refused_with_an_example(url: str, said: str) -> None:
    with pytest.raises(OriginalError, match=said) as refused:
        read_url(url)
    assert "mysql://user:password@host:3306/database" in str(refused.value)
    assert ":p@" not in str(refused.value)


def test_an_address_is_shown_without_its_password() -> None:
    assert mysql.without_password("mysql://u%40x:p@h:1/d") == "mysql://u%40x@h:1/d"
    assert label_of("mariadb://u:p@h/d") == "h:3306/d"


def test_collations_of_mysql_8_become_those_of_the_same_alphabet() -> None:
    statement = "CREATE TABLE t (a text COLLATE utf8mb4_0900_as_cs) COLLATE=utf8mb4_0900_ai_ci"
    assert _in_mariadb(statement) == (
        "CREATE TABLE t (a text COLLATE utf8mb4_uca1400_nopad_as_cs) COLLATE=utf8mb4_uca1400_nopad_ai_ci"
    )


def url_of(server: MariaDBServer, database: str, user: str | None = None, password: str | None = None) -> str:
    return mysql.url_of(server.host, server.port, user or server.user, password or server.password, database)


def user(cursor: Cursor, name: str) -> None:
    cursor.execute(f"DROP USER IF EXISTS {name}@'%'")
    cursor.execute(f"CREATE USER {name}@'%' IDENTIFIED BY 'word'")


@pytest.fixture(scope="module")
def torture(mariadb_server: MariaDBServer) -> Iterator[str]:
    """The address of a database that has what real ones have, for a user who may read it and no more."""
    with mariadb_server.fresh_database(
        TORTURE.read_text() + (OF_MYSQL if ON_MYSQL else OF_MARIADB)
    ) as database:
        with mariadb_server.connect_as_admin() as admin, admin.cursor() as cursor:
            user(cursor, "reader")
            cursor.execute(READER.format(database))
            cursor.execute(
                f"GRANT {'SHOW_ROUTINE ON *.*' if ON_MYSQL else 'SELECT ON mysql.proc'} TO reader@'%'"
            )
        yield url_of(mariadb_server, database, "reader", "word")


@pytest.fixture(scope="module")
def embedded() -> Iterator[MariaDBServer]:
    """Another server, as the embedded cloud has one."""
    with running_mariadb() as server:
        yield server


@contextmanager
def empty(server: MariaDBServer, database: str) -> Iterator[str]:
    """An empty database with the original's name, for the master user."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {database}")
        cursor.execute(f"CREATE DATABASE {database}")
        yield url_of(server, database)
        cursor.execute(f"DROP DATABASE {database}")


def told(url: str) -> dict[str, object]:
    """What a database says of itself, and a checksum of what it holds."""
    with reading(url) as connection:
        original = examine(url)
        tables = [*original.tables]
        found: dict[str, object] = {
            f"rows of {table}": rows(connection, f"CHECKSUM TABLE {mysql.quoted(table)} EXTENDED")[0][1]
            for table in tables
        }
        for kind, names in (("TABLE", tables), ("VIEW", original.views), ("SEQUENCE", original.sequences)):
            for name in names:
                shown = str(rows(connection, f"SHOW CREATE {kind} {mysql.quoted(name)}")[0][1])
                found[f"{kind} {name}"] = shown.replace("`reader`@`%`", "?").replace("`master`@`%`", "?")
        for kind, names in (
            ("FUNCTION", ["shout"]),
            ("PROCEDURE", ["note"]),
            ("TRIGGER", ["first_of_all", "second_of_all"]),
        ):
            for name in names:
                found[f"{kind} {name}"] = rows(connection, f"SHOW CREATE {kind} {name}")[0][1:3]
        found["order"] = rows(
            connection,
            "SELECT trigger_name, action_order FROM information_schema.triggers"
            " WHERE trigger_schema = database() ORDER BY 1",
        )
        for name in original.sequences:
            found[f"next of {name}"] = rows(connection, f"SELECT next_not_cached_value FROM {name}")
        found["names"] = rows(
            connection,
            "SELECT `First ``Name`, hex(old_name), hex(raw), ratio, flags, hidden, place"
            " FROM `people of the town` ORDER BY id LIMIT 3",
        )
        return found


@pytest.mark.engines
def test_everything_comes_along_and_nothing_of_the_original_changes(
    embedded: MariaDBServer, torture: str
) -> None:
    before = told(torture)
    original = examine(torture)
    assert original.notes == ("table counted is of MyISAM, which knows no transactions: read as it was then",)
    said: list[str] = []
    with empty(embedded, original.name) as url:
        assert copy(original, url, said.append) == ()
        assert told(url) == before
        with reading(url) as connection:
            assert rows(connection, "SELECT event_name, status FROM information_schema.events") == (
                ("nightly", "DISABLED"),
            )
            assert rows(
                connection,
                "SELECT DISTINCT definer FROM information_schema.triggers WHERE trigger_schema = database()",
            ) == (("master@%",),)
            assert rows(connection, "SELECT shout('a'), count(*) FROM a_view_of_a_view") == (("A!", 3003),)
    assert said == [f"copying table {n} of {len(TABLES)}: {name}" for n, name in enumerate(TABLES, 1)]
    assert told(torture) == before


@pytest.mark.engines
def test_the_original_is_read_in_one_state_and_refuses_every_change(
    mariadb_server: MariaDBServer, torture: str
) -> None:
    database = str(mysql.parameters_of(torture)["database"])
    with reading(url_of(mariadb_server, database)) as connection:
        assert rows(connection, "SELECT count(*) FROM log") == ((0,),)
        with mariadb_server.connect(database) as other:
            rows(other, "INSERT INTO log (what) VALUES ('later')")
            assert rows(connection, "SELECT count(*) FROM log") == ((0,),)
            rows(other, "DELETE FROM log")
        with pytest.raises(pymysql.err.OperationalError, match="READ ONLY"):
            rows(connection, "UPDATE log SET what = ''")


@pytest.mark.engines
def test_a_name_that_rds_does_not_take_is_made_by_the_master_user(
    mariadb_server: MariaDBServer, embedded: MariaDBServer
) -> None:
    name = "it's-a `name`"
    try:
        with mariadb_server.connect() as connection:
            rows(connection, f"CREATE DATABASE {mysql.quoted(name)} CHARACTER SET latin1")
            rows(connection, f"CREATE TABLE {mysql.quoted(name)}.t (a text)")
        found = examined(url_of(mariadb_server, name))
        assert (found.name, found.rds_name, found.engines[Kind.CLUSTER]) == (name, None, "aurora-mysql")
        assert (mariadb_server.password in found.url, mariadb_server.password in found.shown) == (True, False)
        url = url_of(embedded, name)
        heard: list[str] = []
        found.fill(Path(), Filling(url, "", embedded.user, embedded.password, heard.append, heard.append))
        with reading(url) as connection:
            assert rows(connection, "SELECT @@character_set_database") == (("latin1",),)
        assert heard == [f"reading {found.label}", "copying table 1 of 1: t"]
    finally:
        with mariadb_server.connect() as connection:
            rows(connection, f"DROP DATABASE IF EXISTS {mysql.quoted(name)}")


@pytest.mark.engines
def test_a_view_of_what_is_not_here_is_left_out_and_named(
    mariadb_server: MariaDBServer, embedded: MariaDBServer
) -> None:
    with (
        mariadb_server.fresh_database("CREATE TABLE far (n int);\n") as elsewhere,
        mariadb_server.fresh_database(f"CREATE VIEW v AS SELECT n FROM {elsewhere}.far;\n") as database,
        empty(embedded, database) as url,
    ):
        original = examine(url_of(mariadb_server, database))
        assert copy(original, url, lambda _: None) == ("view v, which reads what is not in this database",)


@pytest.mark.engines
def test_a_table_that_the_embedded_engine_refuses_is_named_and_no_value_is_told(
    mariadb_server: MariaDBServer, embedded: MariaDBServer
) -> None:
    script = "CREATE TABLE t (a varchar(9));\nINSERT INTO t VALUES ('Marie'), ('Marie');\n"
    with mariadb_server.fresh_database(script) as database, empty(embedded, database) as url:
        original = examine(url_of(mariadb_server, database))
        with mysql.connect(url) as connection:
            rows(connection, "CREATE TABLE t (a varchar(9) PRIMARY KEY)")
        with pytest.raises(CopyError, match=r"the copy stopped at table t: .*already exists"):
            copy(original, url, lambda _: None)


@pytest.mark.engines
def test_the_servers_refusals_are_told_without_the_password(
    mariadb_server: MariaDBServer, torture: str
) -> None:
    with mariadb_server.connect_as_admin() as admin, admin.cursor() as cursor:
        user(cursor, "blind")
        rows(admin, f"GRANT SELECT ON {mysql.parameters_of(torture)['database']}.* TO blind@'%'")
    for url, said in (
        (torture.replace(":word@", ":wrong@"), "refused the user or the password"),
        (torture.replace("/fresh_", "/nowhere_"), "is not there, or this user may not enter it"),
        *(
            []
            if ON_MYSQL
            else [(f"{torture}?tls=require", "does not offer the TLS that tls=require asks for")]
        ),
        ("mysql://u:word@127.0.0.1:1/db", r"^nothing answers at 127\.0\.0\.1:1; "),
        (
            torture.replace("reader:", "blind:"),
            r"GRANT SHOW VIEW, TRIGGER, EVENT ON `fresh_\d+`\.\* TO 'blind'",
        ),
    ):
        with pytest.raises(OriginalError, match=said) as refused:
            examine(url)
        assert "word" not in str(refused.value).replace("password", "")
