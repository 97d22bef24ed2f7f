"""Real MariaDB behind the emulated RDS: who gets in, what is copied, what is left over."""

import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest

from local.engines import (
    BothFamilies,
    EngineError,
    MariaDBEngines,
    NewDatabase,
    Running,
    Volume,
)
from local.engines.processes import is_alive, serving
from tests.local.engines.folders import engine_folder
from tests.mariadb import require_mariadb

pytestmark = pytest.mark.engines

MASTER, PASSWORD = "shop_admin", "it's a secret"
SHOP = NewDatabase(MASTER, PASSWORD, "shop", "mariadb")


@pytest.fixture(scope="module")
def engines() -> Iterator[MariaDBEngines]:
    require_mariadb()
    with engine_folder() as folder:
        made = MariaDBEngines(folder)
        yield made
        made.close()
        assert list(folder.iterdir()) == []


@pytest.fixture(scope="module")
def shop(engines: MariaDBEngines) -> Volume:
    """A database that no test writes to."""
    volume = engines.create(SHOP)
    engines.start(volume, engines.reserve_port())
    return volume


@pytest.fixture(scope="module")
def snapshot(engines: MariaDBEngines, shop: Volume) -> Volume:
    """A snapshot of that database."""
    return engines.snapshot(shop)


def _port(engines: MariaDBEngines, volume: Volume) -> int:
    return engines.start(volume, 0).port  # a running engine is left alone


def connect(port: int, user: str = MASTER, password: str = PASSWORD, database: str | None = "shop") -> Any:
    return pymysql.connect(
        host="127.0.0.1", port=port, user=user, password=password, database=database, autocommit=True
    )


def ask(connection: Any, question: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchall()


def _started_copy(engines: MariaDBEngines, volume: Volume) -> tuple[Volume, Running]:
    copy = engines.restore(volume)
    return copy, engines.start(copy, engines.reserve_port())


def test_the_master_user_has_what_rds_gives_and_neither_super_nor_file(
    engines: MariaDBEngines, shop: Volume
) -> None:
    with connect(_port(engines, shop)) as connection:
        granted = ask(connection, "SHOW GRANTS")[0][0]
        with pytest.raises(pymysql.err.OperationalError, match="SUPER"):
            ask(connection, "SET GLOBAL general_log = 1")
        with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
            ask(connection, "SELECT 1 INTO OUTFILE '/tmp/out'")
    assert granted.startswith("GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, ")
    assert granted.endswith("WITH GRANT OPTION")


@pytest.mark.parametrize(
    ("user", "password"), [(MASTER, "wrong"), ("rdsadmin", ""), ("root", ""), ("", ""), ("mariadb.sys", "")]
)
def test_over_tcp_only_the_right_password_opens_a_database_and_rdsadmins_never(
    engines: MariaDBEngines, shop: Volume, user: str, password: str
) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        connect(_port(engines, shop), user, password)


def test_rdss_own_admin_comes_in_by_a_socket_in_a_private_folder(
    engines: MariaDBEngines, shop: Volume
) -> None:
    socket = Path(engines.socket(shop))
    with pymysql.connect(unix_socket=str(socket), user="rdsadmin") as connection:
        assert ask(connection, "SELECT CURRENT_USER()") == (("rdsadmin@localhost",),)
        assert "ALL PRIVILEGES" in ask(connection, "SHOW GRANTS")[0][0]
        assert ask(connection, "SELECT @@bind_address, @@skip_name_resolve") == (("127.0.0.1", 1),)
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert len(str(socket)) < 104
    assert engines.admin_dsn(shop, "a b/c").startswith("mysql://rdsadmin@localhost/a%20b%2Fc?unix_socket=%2F")


def test_files_are_private_and_whoever_serves_them_is_known(engines: MariaDBEngines, shop: Volume) -> None:
    assert shop.path is not None
    assert stat.S_IMODE(shop.path.stat().st_mode) == 0o700
    served = serving(shop.path)
    assert served is not None
    assert served.pid == engines.start(shop, 0).pid


def test_names_and_passwords_may_need_quoting(engines: MariaDBEngines) -> None:
    awkward = NewDatabase("O'Brien\\", "a'b\\c\"d;--%s", "Sales `FR` %s", "mysql")
    volume = engines.create(awkward)
    port = engines.start(volume, engines.reserve_port()).port
    connect(port, awkward.master_username, awkward.master_password, awkward.database_name).close()
    engines.set_password(volume, awkward.master_username, "';x\"\\")
    connect(port, awkward.master_username, "';x\"\\", None).close()
    engines.remove(volume)


def test_a_new_password_gives_back_what_the_master_user_lost_and_is_in_no_log(
    engines: MariaDBEngines, snapshot: Volume
) -> None:
    volume, running = _started_copy(engines, snapshot)
    with pymysql.connect(unix_socket=engines.socket(volume), user="rdsadmin", autocommit=True) as admin:
        ask(admin, "SET GLOBAL general_log = 1")
        ask(admin, f"DROP USER {MASTER}@'%'")
        engines.set_password(volume, MASTER, "quite-another")
        with connect(running.port, password="quite-another") as connection:
            assert "CREATE USER" in ask(connection, "SHOW GRANTS")[0][0]
        logged = [
            row[0] for row in ask(admin, "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log")
        ]
        assert any("DROP USER" in statement for statement in logged)
        assert not any("quite-another" in statement for statement in logged)
    engines.remove(volume)


_WRITER = """
import pymysql, sys
_, port, user, password = sys.argv
c = pymysql.connect(host="127.0.0.1", port=int(port), user=user, password=password, database="shop")
k, n = c.cursor(), 0
while True:
    n += 1
    k.execute("INSERT INTO a VALUES (%s, repeat('x', 500))", n)
    k.execute("INSERT INTO b VALUES (%s, repeat('x', 500))", n)
    c.commit()
"""


def test_a_snapshot_of_a_busy_engine_is_consistent_and_lives_by_itself(engines: MariaDBEngines) -> None:
    volume = engines.create(SHOP)
    port = engines.start(volume, engines.reserve_port()).port
    with connect(port) as connection:
        for table in "ab":
            ask(connection, f"CREATE TABLE {table} (n int PRIMARY KEY, t text)")
        process = subprocess.Popen([sys.executable, "-c", _WRITER, str(port), MASTER, PASSWORD])
        taken, committed = [], []
        try:
            while len(taken) < 5:
                before = ask(connection, "SELECT count(*) FROM b")[0][0]
                assert process.poll() is None
                if before > 50 * (len(taken) + 1):
                    committed.append(before)
                    taken.append(engines.snapshot(volume))
        finally:
            process.kill()
            process.wait()
        ask(connection, "TRUNCATE a")
    for snapshot, least in zip(taken, committed, strict=True):
        copy, running = _started_copy(engines, snapshot)
        with connect(running.port) as connection:
            in_a, in_b = ask(connection, "SELECT (SELECT max(n) FROM a), (SELECT max(n) FROM b)")[0]
            checked = ask(connection, "CHECK TABLE a, b EXTENDED")
        assert in_a == in_b >= least, "whole transactions, and none lost that was committed before"
        assert {row[3] for row in checked} == {"OK"}
        for made in (snapshot, copy):
            engines.remove(made)
    engines.remove(volume)


def test_what_belongs_to_a_running_server_is_in_no_snapshot(snapshot: Volume) -> None:
    assert snapshot.path is not None
    left = {path.name for path in snapshot.path.iterdir()}
    assert not left & {"mariadbd.pid", "ibtmp1"}


def test_a_copied_snapshot_outlives_the_first_and_is_not_changed_by_what_is_restored(
    engines: MariaDBEngines, shop: Volume
) -> None:
    first = engines.snapshot(shop)
    second = engines.copy_snapshot(first)
    one, running = _started_copy(engines, second)
    with connect(running.port) as connection:
        ask(connection, "CREATE TABLE written_later (n int)")
    engines.remove(first)
    two, running = _started_copy(engines, second)
    with connect(running.port) as connection:
        assert ask(connection, "SHOW TABLES") == ()
    for made in (one, two, second):
        engines.remove(made)


def test_a_password_changes_on_a_running_and_on_a_stopped_engine(
    engines: MariaDBEngines, snapshot: Volume
) -> None:
    volume, running = _started_copy(engines, snapshot)
    engines.set_password(volume, MASTER, "second")
    connect(running.port, password="second").close()
    engines.stop(volume)
    with pytest.raises(EngineError, match="not running"):
        engines.admin_dsn(volume, "shop")
    engines.set_password(volume, MASTER, "third")
    with pytest.raises(pymysql.err.OperationalError, match="refused"):
        connect(running.port, password="third")
    again = engines.start(volume, running.port)
    assert again.port == running.port, "a restart keeps the port"
    connect(again.port, password="third").close()
    engines.remove(volume)


def test_a_taken_port_is_left_to_whoever_has_it(
    engines: MariaDBEngines, shop: Volume, snapshot: Volume
) -> None:
    volume = engines.restore(snapshot)
    running = engines.start(volume, _port(engines, shop))
    assert running.port != _port(engines, shop)
    connect(running.port).close()
    engines.remove(volume)


def test_a_removed_database_leaves_no_process_and_no_file(engines: MariaDBEngines, snapshot: Volume) -> None:
    volume, running = _started_copy(engines, snapshot)
    assert volume.path is not None
    assert running.pid is not None
    engines.remove(volume)
    assert not is_alive(running.pid)
    assert list(volume.path.parent.glob(f"{volume.name}*")) == []


def test_a_broken_data_directory_is_reported_with_the_engines_own_words(
    engines: MariaDBEngines, snapshot: Volume
) -> None:
    volume = engines.restore(snapshot)
    assert volume.path is not None
    (volume.path / "ibdata1").write_bytes(b"no tablespace")
    with pytest.raises(EngineError, match=r"(?s)MariaDB did not start.*ibdata1"):
        engines.start(volume, engines.reserve_port())
    engines.remove(volume)


def test_a_server_variable_can_be_wanted_for_all_engines() -> None:
    require_mariadb()
    with engine_folder() as folder:
        engines = MariaDBEngines(folder, settings={"log_bin": "binlog"})
        volume = engines.create(SHOP)
        with connect(engines.start(volume, engines.reserve_port()).port) as connection:
            assert ask(connection, "SELECT @@log_bin, @@binlog_format")[0][0] == 1
        engines.close()


def test_the_name_of_an_engine_decides_which_family_it_is_of() -> None:
    require_mariadb()
    with engine_folder() as folder:
        engines = BothFamilies(folder)
        assert not engines.supports("oracle-ee")
        one = engines.create(NewDatabase("shop", PASSWORD, "shop", "aurora-mysql"))
        two = engines.create(NewDatabase("shop", PASSWORD, "shop", "postgres"))
        for volume, file in ((one, "ibdata1"), (two, "PG_VERSION")):
            copy = engines.restore(engines.copy_snapshot(engines.snapshot(volume)))
            assert copy.path is not None
            assert (copy.path / file).exists()
            engines.remove(copy)
            with pytest.raises(EngineError, match="was removed"):
                engines.start(copy, 0)
        engines.close()
        assert list(folder.iterdir()) == []
