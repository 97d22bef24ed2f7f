"""Sessions of MySQL and MariaDB: the run's key in them, and who gets in."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pymysql import _auth
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import ConnectionProblemError
from services.anonymize.worker.engines import address_of, open_database, try_login
from services.anonymize.worker.engines.mysql.connecting import Database, open_connection
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.preflight import discover_schema
from services.anonymize.worker.sql import KEY_SETTING
from tests.mariadb import ON_MYSQL, MariaDBServer, running_mariadb
from tests.worker.mysql.working import KEY, address, ask, everywhere, opened, work

LOGGING = {
    "performance_schema": "1", "slow_query_log": "1", "long_query_time": "0",
    "log_bin": "binlog", "binlog_format": "ROW",
}  # fmt: skip
ENABLE = (
    "UPDATE performance_schema.setup_instruments SET enabled = 'YES' WHERE name LIKE 'statement/%'",
    "UPDATE performance_schema.setup_consumers SET enabled = 'YES'",
)


@pytest.fixture(scope="module")
def talkative() -> Iterator[MariaDBServer]:
    """A server that writes down whatever it can."""
    with running_mariadb(LOGGING) as server:
        with server.connect_as_admin() as session, session.cursor() as cursor:
            for statement in ENABLE:
                cursor.execute(statement)
        yield server


def use_the_key(server: MariaDBServer) -> None:
    """Work in two sessions with the key, in every way in which masking does."""
    with (
        server.fresh_database("CREATE TABLE t (a varchar(100));\nINSERT INTO t VALUES ('x');\n") as name,
        opened(server, name) as database,
        database.begin() as one,
        database.begin() as other,
    ):
        for connection in (one, other):
            assert connection.exec_driver_sql("SELECT length(@snapveil_key)").scalar_one() == 64
            connection.exec_driver_sql("INSERT INTO t SELECT SHA2(CONCAT(@snapveil_key, a), 256) FROM t")


def test_no_other_session_and_no_log_sees_the_key(talkative):
    secrets = [*KEY.settings().values()]
    seen: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            with talkative.connect_as_admin() as session, session.cursor() as cursor:
                cursor.execute("SELECT info FROM information_schema.processlist WHERE id <> CONNECTION_ID()")
                seen.append(repr(cursor.fetchall()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for _ in range(5):
            use_the_key(talkative)
    finally:
        stop.set()
        watcher.join()
    with talkative.connect_as_admin() as session, session.cursor() as cursor:
        for query in (
            "SELECT sql_text FROM mysql.slow_log",
            "SELECT event_name, sql_text FROM performance_schema.events_statements_history_long",
            "SELECT digest_text FROM performance_schema.events_statements_summary_by_digest",
        ):
            cursor.execute(query)
            seen.append(repr(cursor.fetchall()))
        cursor.execute("FLUSH BINARY LOGS")
    assert "statement/com/Execute" in "".join(seen)
    logs = b"".join(path.read_bytes() for path in talkative.data_directory.glob("binlog.*"))
    assert b"CREATE TABLE t" in logs
    for secret in secrets:
        assert secret not in "".join(seen)
        assert secret.encode() not in logs


def test_a_log_that_would_hold_the_key_is_refused(talkative):
    def refusal() -> str:
        with (
            talkative.fresh_database() as name,
            opened(talkative, name) as database,
            pytest.raises(ConnectionProblemError) as raised,
            database.begin(),
        ):
            pass
        return str(raised.value)

    with everywhere(talkative, "general_log", "1", "0"):
        assert "set general_log = 0 in the temporary database's parameter group" in refusal()
    with everywhere(talkative, "binlog_format", "'MIXED'", "'ROW'"):
        assert "set binlog_format = ROW" in refusal()


def test_a_trigger_that_could_not_be_brought_back_stops_the_run_before_anything_is_written(talkative):
    policy = "version: 1\ntables: {people: {columns: {id: keep, name: {mask: constant, value: x}}}}\n"
    trigger = "CREATE TRIGGER changed BEFORE UPDATE ON people FOR EACH ROW SET @a = 1"
    with talkative.fresh_database("CREATE TABLE people (id int, name varchar(40));\n") as name:
        with talkative.connect_as_admin(name) as session, session.cursor() as cursor:
            cursor.execute(trigger)
        with pytest.raises(MaskingError, match="set log_bin_trust_function_creators = 1 in the temporary"):
            work(talkative, name, policy)
        there = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = database()"
        assert ask(talkative, name, there) == [("changed",)]
        ask(talkative, None, "DROP DATABASE snapveil_work")


def test_sessions_are_set_up_alike_and_without_a_key_only_read(mariadb_server):
    with mariadb_server.fresh_database("CREATE TABLE t (a int);\n") as name:
        with opened(mariadb_server, name) as database, database.begin() as connection:
            assert connection.exec_driver_sql(r"SELECT '\n'").scalar_one() == r"\n"
            assert connection.exec_driver_sql("SELECT @@time_zone, @@foreign_key_checks").one() == (
                "+00:00",
                0,
            )
            assert database.is_mariadb is not ON_MYSQL
            assert database.version >= ((8, 0, 20) if ON_MYSQL else (10, 6))
            assert database.settings[KEY_SETTING] not in repr(database)
        with (
            opened(mariadb_server, name, None) as database,
            database.begin() as connection,
            pytest.raises(DBAPIError, match="READ ONLY"),
        ):
            connection.exec_driver_sql("INSERT INTO t VALUES (1)")


def test_a_login_fails_with_its_reason_and_without_the_password(mariadb_server):
    right = address(mariadb_server, "nothing_such")
    for wrong, reason in (
        (right, "no such database"),
        (replace(right, password="wrong-one"), "wrong user or password"),
        (replace(right, port=1), "nothing listens there"),
        (replace(right, host="nowhere.invalid"), "no such host"),
    ):
        with pytest.raises(ConnectionProblemError, match=reason) as raised:
            try_login(wrong)
        assert wrong.password not in str(raised.value)


def test_a_user_from_whom_the_server_hides_tables_sees_none(mariadb_server):
    tables = "CREATE TABLE seen (x int);\nCREATE TABLE hidden (x int)"
    with mariadb_server.fresh_database(tables) as name, mariadb_server.connect_as_admin() as admin:
        with admin.cursor() as cursor:
            for user, what in (("half", "seen"), ("whole", "*")):
                cursor.execute(f"CREATE USER {user}@'%' IDENTIFIED BY 'w'")
                cursor.execute(f"GRANT SELECT ON {name}.{what} TO {user}@'%'")
            cursor.execute("CREATE ROLE readers")
            cursor.execute("CREATE USER through@'%' IDENTIFIED BY 'w'")
            cursor.execute(f"GRANT SELECT ON {name}.* TO readers")
            cursor.execute("GRANT readers TO through@'%'")
            to = "readers TO through@'%'" if ON_MYSQL else "readers FOR through@'%'"
            cursor.execute(f"SET DEFAULT ROLE {to}")
        place = f"{mariadb_server.host}:{mariadb_server.port}/{name}"
        try:
            with pytest.raises(ConnectionProblemError, match="the server hides the rest; GRANT SELECT ON"):
                discover_schema(f"mysql://half:w@{place}")
            for user in ("whole", "through"):
                _, schema = discover_schema(f"mysql://{user}:w@{place}")
                assert {table.name for table in schema.tables} == {"seen", "hidden"}
        finally:
            with admin.cursor() as cursor:
                cursor.execute("DROP USER half@'%', whole@'%', through@'%'")
                cursor.execute("DROP ROLE readers")


@pytest.fixture(scope="module")
def in_the_clear(mariadb_server) -> Iterator[MariaDBServer]:
    """A server without TLS, which MySQL makes certificates for by itself and MariaDB does not."""
    if not ON_MYSQL:
        yield mariadb_server
        return
    with running_mariadb({"tls_version": "", "auto_generate_certs": "0"}) as server:
        yield server


def test_tls_that_is_asked_for_and_not_there_is_refused_and_preferred_is_done_without(in_the_clear):
    anywhere = replace(address(in_the_clear, ""), tls="prefer")
    try_login(anywhere)
    with pytest.raises(ConnectionProblemError, match="does not offer the TLS"):
        try_login(replace(anywhere, tls="require"))


@pytest.mark.skipif(not ON_MYSQL, reason="MariaDB sends no password that has to be encrypted")
def test_a_password_of_mysql_8_goes_over_tls_where_there_is_any(mariadb_server, in_the_clear, monkeypatch):
    def forget(server: MariaDBServer) -> None:
        """Whom the server has seen lately it lets in by a hash."""
        with server.connect_as_admin() as session, session.cursor() as cursor:
            cursor.execute("FLUSH PRIVILEGES")

    with mariadb_server.connect_as_admin() as session, session.cursor() as cursor:
        cursor.execute("SELECT plugin FROM mysql.user WHERE user = 'master'")
        assert cursor.fetchall() == (("caching_sha2_password",),)
    monkeypatch.setattr(_auth, "_have_cryptography", False)
    for tls in ("prefer", "require"):
        forget(mariadb_server)
        connection = open_connection(replace(address(mariadb_server, ""), tls=tls))
        with connection, connection.cursor() as cursor:
            cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
            ((_, cipher),) = cursor.fetchall()
            assert cipher
    forget(in_the_clear)
    with pytest.raises(ConnectionProblemError, match="can only be sent over TLS, which the server does not"):
        try_login(replace(address(in_the_clear, ""), tls="prefer"))
    monkeypatch.undo()
    try_login(replace(address(in_the_clear, ""), tls="prefer"))


def test_an_address_without_a_database_is_for_the_only_one(mariadb_server):
    anywhere = address(mariadb_server, "")
    try_login(anywhere)
    with pytest.raises(ConnectionProblemError, match="the server has none; write database: in the policy"):
        open_database(anywhere, KEY)
    with mariadb_server.fresh_database() as name:
        database = open_database(anywhere, KEY)
        assert isinstance(database, Database)
        assert database.address.database == name
        database.close()


def test_urls_are_read(mariadb_server):
    found = address_of("mysql://ma%40x:p%2Fw@db.example:3307/shop?tls=require")
    assert (found.user, found.password, found.host, found.port) == ("ma@x", "p/w", "db.example", 3307)
    assert (found.database, found.tls, found.family) == ("shop", "require", "mysql")
    assert address_of("mariadb://u@h/shop").port == 3306
    assert address_of("mysql://u@h/shop?unix_socket=/run/my.sock").host == "/run/my.sock"
    with pytest.raises(ConnectionProblemError, match=r"\?ssl= is not understood"):
        address_of("mysql://u@h/shop?ssl=1")
    assert found.environment()["MYSQL_PWD"] == "p/w"
    assert found.environment()["DATABASE_URL"] == "mysql://ma%40x:p%2Fw@db.example:3307/shop"


def test_a_setting_that_is_too_long_for_its_packet_is_refused(mariadb_server):
    with (
        mariadb_server.fresh_database() as name,
        Database(address(mariadb_server, name), {"a.b": "x" * 251}) as database,
        pytest.raises(ValueError, match="250 bytes"),
        database.begin(),
    ):
        pass
    assert ask(mariadb_server, None, "SELECT @a_b") == [(None,)]
    assert RunKey().settings() != RunKey().settings()
