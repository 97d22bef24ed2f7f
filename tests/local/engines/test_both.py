"""What holds for engines of both families: logins, snapshots, ports, and what is left over."""

import json
import socket
import subprocess
import sys

import pytest

from local.engines import EngineError, NewDatabase
from local.engines.processes import is_alive
from tests.local.engines.families import MARIADB_SHOP, MASTER, PASSWORD, POSTGRESQL_SHOP, Family, ask

pytestmark = pytest.mark.engines

SHOPS = {"mariadb": MARIADB_SHOP, "postgresql": POSTGRESQL_SHOP}
AWKWARD = {
    "mariadb": NewDatabase("O'Brien\\", "a'b\\c\"d;--%s", "Sales `FR` %s", "mysql"),
    "postgresql": NewDatabase('O"Brien', "a'b\\c\"d;--", 'Sales "FR"'),
}
BROKEN = {  # a file, what it is overwritten with, and what the engine says
    "mariadb": ("ibdata1", b"no tablespace", r"(?s)(MariaDB|MySQL) did not start.*ibdata1"),
    "postgresql": ("PG_VERSION", b"11\n", "initialized by PostgreSQL version 11"),
}
SNAPSHOTS = {"mariadb": 5, "postgresql": 1}  # MariaDB's files are copied while its process stands still


@pytest.fixture(params=["mariadb", "postgresql"])
def family(request: pytest.FixtureRequest) -> Family:
    made: Family = request.getfixturevalue(request.param)
    return made


def test_names_and_passwords_may_need_quoting(family: Family) -> None:
    engines, awkward = family.engines, AWKWARD[family.name]
    volume = engines.create(awkward)
    port = engines.start(volume, engines.reserve_port()).port
    family.connect(port, awkward.master_username, awkward.master_password, awkward.database_name).close()
    engines.set_password(volume, awkward.master_username, "';x\"\\")
    family.connect(port, awkward.master_username, "';x\"\\", None).close()
    engines.remove(volume)


_WRITER = """
import json, sys
import {driver} as driver
c = driver.connect(**json.loads(sys.argv[1]))
k, n = c.cursor(), 0
while True:
    n += 1
    k.execute("INSERT INTO a VALUES (%s, repeat('x', 500))", [n])
    k.execute("INSERT INTO b VALUES (%s, repeat('x', 500))", [n])
    c.commit()
"""


def _writer(family: Family, port: int) -> subprocess.Popen[bytes]:
    driver, database = ("pymysql", "database") if family.name == "mariadb" else ("psycopg", "dbname")
    login = {"host": "127.0.0.1", "port": port, "user": MASTER, "password": PASSWORD, database: "shop"}
    return subprocess.Popen([sys.executable, "-c", _WRITER.format(driver=driver), json.dumps(login)])


def test_a_snapshot_of_a_busy_engine_is_consistent_and_lives_by_itself(family: Family) -> None:
    engines = family.engines
    volume = engines.create(SHOPS[family.name])
    port = engines.start(volume, engines.reserve_port()).port
    with family.connect(port) as connection:
        for table in "ab":
            ask(connection, f"CREATE TABLE {table} (n int PRIMARY KEY, t text)")
        process = _writer(family, port)
        taken, committed = [], []
        try:
            while len(taken) < SNAPSHOTS[family.name]:
                before = ask(connection, "SELECT count(*) FROM b")[0][0]
                assert process.poll() is None
                if before > 50 * (len(taken) + 1):
                    committed.append(before)
                    taken.append(engines.snapshot(volume))
        finally:
            process.kill()
            process.wait()
        ask(connection, "TRUNCATE TABLE a")
    for snapshot, least in zip(taken, committed, strict=True):
        copy, running = family.started_copy(snapshot)
        with family.connect(running.port) as connection:
            in_a, in_b = ask(connection, "SELECT (SELECT max(n) FROM a), (SELECT max(n) FROM b)")[0]
            if family.name == "mariadb":
                assert {row[3] for row in ask(connection, "CHECK TABLE a, b EXTENDED")} == {"OK"}
        assert in_a == in_b >= least, "whole transactions, and none lost that was committed before"
        for made in (snapshot, copy):
            engines.remove(made)
    engines.remove(volume)


def test_a_copied_snapshot_outlives_the_first_and_is_not_changed_by_what_is_restored(
    family: Family,
) -> None:
    first = family.engines.snapshot(family.shop)
    second = family.engines.copy_snapshot(first)
    one, running = family.started_copy(second)
    with family.connect(running.port) as connection:
        ask(connection, "CREATE TABLE written_later (n int)")
    family.engines.remove(first)
    two, running = family.started_copy(second)
    with family.connect(running.port) as connection:
        found = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'written_later'"
        assert ask(connection, found)[0][0] == 0
    for made in (one, two, second):
        family.engines.remove(made)


def test_a_password_changes_on_a_running_and_on_a_stopped_engine(family: Family) -> None:
    engines = family.engines
    volume, running = family.started_copy()
    engines.set_password(volume, MASTER, "second")
    family.connect(running.port, password="second").close()
    engines.stop(volume)
    with pytest.raises(EngineError, match="not running"):
        engines.admin_dsn(volume, "shop")
    engines.set_password(volume, MASTER, "third")
    with pytest.raises(family.refused, match="refused"):
        family.connect(running.port, password="third")
    again = engines.start(volume, running.port)
    assert again.port == running.port, "a restart keeps the port"
    family.connect(again.port, password="third").close()
    engines.remove(volume)


def test_a_taken_port_is_left_to_whoever_has_it(family: Family) -> None:
    volume = family.engines.restore(family.snapshot)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        running = family.engines.start(volume, other.getsockname()[1])
        assert running.port != other.getsockname()[1]
    family.connect(running.port).close()
    family.engines.remove(volume)


def test_a_removed_database_leaves_no_process_and_no_file(family: Family) -> None:
    volume, running = family.started_copy()
    assert volume.path is not None
    assert running.pid is not None
    assert is_alive(running.pid)
    family.engines.remove(volume)
    assert not is_alive(running.pid)
    assert list(volume.path.parent.glob(f"{volume.name}*")) == []


def test_a_broken_data_directory_is_reported_with_the_engines_own_words(family: Family) -> None:
    name, content, said = BROKEN[family.name]
    volume = family.engines.restore(family.snapshot)
    assert volume.path is not None
    (volume.path / name).write_bytes(content)
    with pytest.raises(EngineError, match=said):
        family.engines.start(volume, family.engines.reserve_port())
    family.engines.remove(volume)
