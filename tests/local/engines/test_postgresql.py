"""Real PostgreSQL behind the emulated RDS: who gets in, what is copied, what is left over."""

import os
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from local.engines import EngineError, NewDatabase, PostgresEngines, Running, Volume
from local.engines.processes import is_alive
from tests.local.engines.folders import engine_folder

pytestmark = pytest.mark.engines

MASTER, PASSWORD = "shop_admin", "it's a secret"
SHOP = NewDatabase(MASTER, PASSWORD, "shop")


@pytest.fixture(scope="module")
def engines() -> Iterator[PostgresEngines]:
    with engine_folder() as folder:
        made = PostgresEngines(folder)
        yield made
        made.close()


@pytest.fixture(scope="module")
def shop(engines: PostgresEngines) -> Volume:
    """A database that no test writes to."""
    volume = engines.create(SHOP)
    engines.start(volume, engines.reserve_port())
    return volume


@pytest.fixture(scope="module")
def snapshot(engines: PostgresEngines, shop: Volume) -> Volume:
    """A snapshot of that database."""
    return engines.snapshot(shop)


def _port(engines: PostgresEngines, volume: Volume) -> int:
    return engines.start(volume, 0).port  # a running engine is left alone


def _connect(port: int, user: str = MASTER, password: str = PASSWORD, database: str = "shop") -> Any:
    parameters = {"host": "127.0.0.1", "sslmode": "disable", "connect_timeout": 5}
    return psycopg.connect(
        port=port, user=user, password=password, dbname=database, autocommit=True, **parameters
    )


def _started_copy(engines: PostgresEngines, volume: Volume) -> tuple[Volume, Running]:
    copy = engines.restore(volume)
    return copy, engines.start(copy, engines.reserve_port())


def test_the_master_user_is_no_superuser_but_what_rds_makes_of_him(
    engines: PostgresEngines, shop: Volume
) -> None:
    with _connect(_port(engines, shop)) as connection:
        role = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        roles = ("pg_monitor", "pg_read_all_settings", "pg_signal_backend", "pg_checkpoint", "rds_superuser")
        member = [
            connection.execute("SELECT pg_has_role(%s, 'USAGE')", [role]).fetchone()[0] for role in roles
        ]
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'"
        ).fetchone()
        connection.execute("CHECKPOINT")
    assert role == (False, True, True)
    assert all(member)
    assert owner == (MASTER,)


def test_a_new_database_is_utf8_and_sorts_alike_on_every_machine(
    engines: PostgresEngines, shop: Volume
) -> None:
    with _connect(_port(engines, shop)) as connection:
        row = connection.execute(
            "SELECT current_setting('server_encoding'), datlocprovider, datlocale, lower('ÉLODIE') "
            "FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert row == ("UTF8", "b", "C.UTF-8", "élodie")


@pytest.mark.parametrize(
    ("user", "password", "database", "message"),
    [
        (MASTER, "wrong", "shop", "password authentication failed"),
        ("rdsadmin", "", "postgres", "pg_hba.conf rejects"),
        (MASTER, PASSWORD, "rdsadmin", "pg_hba.conf rejects"),
        ("nobody", PASSWORD, "shop", "password authentication failed"),
    ],
)
def test_over_tcp_only_the_right_password_opens_a_database_and_rdsadmins_never(
    engines: PostgresEngines, shop: Volume, user: str, password: str, database: str, message: str
) -> None:
    with pytest.raises(psycopg.OperationalError, match=message):
        _connect(_port(engines, shop), user, password, database)


def test_rdss_own_admin_comes_in_by_a_socket_in_a_private_folder(
    engines: PostgresEngines, shop: Volume
) -> None:
    with psycopg.connect(engines.admin_dsn(shop, "shop")) as connection:
        assert connection.execute("SELECT current_user, current_setting('is_superuser')").fetchone() == (
            "rdsadmin",
            "on",
        )
        folder = Path(connection.info.host)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(os.fsencode(folder / ".s.PGSQL.65535")) < 104
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        psycopg.connect(host=str(folder), port=_port(engines, shop), user=MASTER, dbname="shop")


def test_the_engine_listens_on_this_machine_only(engines: PostgresEngines, shop: Volume) -> None:
    with psycopg.connect(engines.admin_dsn(shop, "postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("SHOW log_statement").fetchone() == ("none",)


def test_variables_of_the_callers_own_postgresql_disturb_nothing(
    engines: PostgresEngines, snapshot: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PGPORT": "1",
        "PGOPTIONS": "-c nonsense=1",
        "PGDATA": "/",
        "PGHOST": "example.org",
    }.items():
        monkeypatch.setenv(name, value)
    copy, _ = _started_copy(engines, snapshot)
    engines.set_password(copy, MASTER, "another")
    engines.remove(engines.snapshot(copy))
    engines.remove(copy)


def test_names_and_passwords_may_need_quoting(engines: PostgresEngines) -> None:
    awkward = NewDatabase('O"Brien', "a'b\\c\"d;--", 'Sales "FR"')
    volume = engines.create(awkward)
    port = engines.start(volume, engines.reserve_port()).port
    _connect(port, awkward.master_username, awkward.master_password, str(awkward.database_name)).close()
    engines.set_password(volume, awkward.master_username, "';x\"")
    _connect(port, awkward.master_username, "';x\"", "postgres").close()
    engines.remove(volume)


def test_without_a_database_name_only_postgres_is_made(engines: PostgresEngines) -> None:
    volume = engines.create(NewDatabase(MASTER, PASSWORD, None))
    port = engines.start(volume, engines.reserve_port()).port
    with _connect(port, database="postgres") as connection:
        names = connection.execute(
            "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1"
        ).fetchall()
    assert names == [("postgres",), ("rdsadmin",)]
    engines.remove(volume)


def test_a_snapshot_of_a_busy_engine_is_consistent_and_lives_by_itself(engines: PostgresEngines) -> None:
    volume = engines.create(SHOP)
    port = engines.start(volume, engines.reserve_port()).port
    with _connect(port) as connection:
        connection.execute("CREATE TABLE a (n int PRIMARY KEY); CREATE TABLE b (n int PRIMARY KEY)")
        writer = "import psycopg,sys\nc=psycopg.connect(sys.argv[1])\nn=0\n"
        writer += (
            "while True:\n n+=1\n c.execute('INSERT INTO a VALUES (%s)',[n])\n"
            " c.execute('INSERT INTO b VALUES (%s)',[n])\n c.commit()\n"
        )
        process = subprocess.Popen(
            [
                os.sys.executable,
                "-c",
                writer,
                connection.info.dsn + f" password='{PASSWORD.replace(chr(39), chr(92) + chr(39))}'",
            ]
        )
        try:
            while connection.execute("SELECT count(*) FROM b").fetchone()[0] < 50:
                assert process.poll() is None
            snapshot = engines.snapshot(volume)
        finally:
            process.kill()
            process.wait()
        connection.execute("TRUNCATE a, b")
    copy, running = _started_copy(engines, snapshot)
    with _connect(running.port) as connection:
        in_a, in_b = connection.execute("SELECT (SELECT max(n) FROM a), (SELECT max(n) FROM b)").fetchone()
    assert in_a == in_b >= 50
    for made in (volume, snapshot, copy):
        engines.remove(made)


def test_a_copied_snapshot_outlives_the_first_and_is_not_changed_by_what_is_restored(
    engines: PostgresEngines, shop: Volume
) -> None:
    first = engines.snapshot(shop)
    second = engines.copy_snapshot(first)
    one, running = _started_copy(engines, second)
    with _connect(running.port) as connection:
        connection.execute("CREATE TABLE written_later (n int)")
    engines.remove(first)
    two, running = _started_copy(engines, second)
    with _connect(running.port) as connection:
        assert connection.execute("SELECT to_regclass('written_later')").fetchone() == (None,)
    for made in (one, two, second):
        engines.remove(made)


def test_a_snapshot_of_a_stopped_engine_is_a_copy_of_its_files(
    engines: PostgresEngines, snapshot: Volume
) -> None:
    stopped = engines.restore(snapshot)
    taken = engines.snapshot(stopped)
    copy, running = _started_copy(engines, taken)
    _connect(running.port).close()
    for made in (stopped, taken, copy):
        engines.remove(made)


def test_a_password_changes_on_a_running_and_on_a_stopped_engine(
    engines: PostgresEngines, snapshot: Volume
) -> None:
    volume, running = _started_copy(engines, snapshot)
    engines.set_password(volume, MASTER, "second")
    _connect(running.port, password="second").close()
    engines.stop(volume)
    with pytest.raises(psycopg.OperationalError, match="refused"):
        _connect(running.port, password="second")
    with pytest.raises(EngineError, match="not running"):
        engines.admin_dsn(volume, "shop")
    engines.set_password(volume, MASTER, "third")
    with pytest.raises(psycopg.OperationalError, match="refused"):
        _connect(running.port, password="third")
    again = engines.start(volume, running.port)
    assert again.port == running.port, "a restart keeps the port"
    _connect(again.port, password="third").close()
    engines.remove(volume)


def test_a_taken_port_is_left_to_whoever_has_it(engines: PostgresEngines, snapshot: Volume) -> None:
    volume = engines.restore(snapshot)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        running = engines.start(volume, other.getsockname()[1])
        assert running.port != other.getsockname()[1]
    _connect(running.port).close()
    engines.remove(volume)


def test_a_removed_database_leaves_no_process_and_no_file(engines: PostgresEngines, snapshot: Volume) -> None:
    volume, running = _started_copy(engines, snapshot)
    assert volume.path is not None
    assert running.pid is not None
    assert is_alive(running.pid)
    engines.remove(volume)
    assert not is_alive(running.pid)
    assert list(volume.path.parent.glob(f"{volume.name}*")) == []


def test_a_broken_data_directory_is_reported_with_the_engines_own_words(
    engines: PostgresEngines, snapshot: Volume
) -> None:
    volume = engines.restore(snapshot)
    assert volume.path is not None
    (volume.path / "PG_VERSION").write_text("11\n")
    with pytest.raises(EngineError, match="initialized by PostgreSQL version 11"):
        engines.start(volume, engines.reserve_port())
    engines.remove(volume)


def test_mysql_is_not_behind_this() -> None:
    assert "aurora-postgresql" in PostgresEngines.engine_names
    assert "mysql" not in PostgresEngines.engine_names
