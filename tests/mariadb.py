"""A MariaDB server of one's own, for tests: the embedded cloud's engine, with a master user as on RDS."""

import itertools
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import pymysql
import pytest
from pymysql.connections import Connection

from local.engines import EngineError, NewDatabase, Volume
from local.engines.mariadb import MariaDBEngines
from local.engines.mysql import MySQLEngines
from local.engines.server_programs import MARIADB, MYSQL, find_programs

MASTER = "master"
ON_MYSQL = os.environ.get("SNAPVEIL_TEST_SERVER") == "mysql"  # `make mysql`: the same tests, on MySQL
ENGINES = MySQLEngines if ON_MYSQL else MariaDBEngines
_names = itertools.count(1)


@dataclass(frozen=True)
class MariaDBServer:
    """Where a server answers and who may log in; `engines` and `volume` stop, restart and copy it."""

    host: str
    port: int
    user: str
    password: str
    socket: str
    engines: MariaDBEngines
    volume: Volume

    @property
    def data_directory(self) -> Path:
        """The server's files, for tests that search them once it is stopped (`engines.stop(volume)`)."""
        assert self.volume.path is not None
        return self.volume.path

    def connect(self, database: str | None = None) -> Connection:
        """A connection as the master user, who is no superuser; every statement commits by itself."""
        return pymysql.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            database=database,
            charset="utf8mb4",
            autocommit=True,
        )

    def connect_as_admin(self, database: str | None = None) -> Connection:
        """A connection as rdsadmin, who may do everything (SET GLOBAL, SUPER)."""
        return pymysql.connect(
            unix_socket=self.socket, user="rdsadmin", database=database, charset="utf8mb4", autocommit=True
        )

    @contextmanager
    def fresh_database(self, statements: str = "") -> Iterator[str]:
        """A new, empty database, dropped afterwards; `statements`, separated by `;` at line ends, fill it."""
        name = f"fresh_{next(_names)}"
        try:
            with self.connect() as connection, connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name}")
                cursor.execute(f"USE {name}")
                for statement in filter(str.strip, statements.split(";\n")):
                    cursor.execute(statement.rstrip().rstrip(";"))
            yield name
        finally:
            with self.connect() as connection, connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS {name}")


def require_mariadb() -> None:
    """Skip where no MariaDB can be had, and say what to install; in CI that is a failure."""
    try:
        find_programs(MYSQL if ON_MYSQL else MARIADB)
    except EngineError as problem:
        if os.environ.get("CI"):
            pytest.fail(str(problem))
        pytest.skip(str(problem))


@contextmanager
def running_mariadb(settings: Mapping[str, str] | None = None) -> Iterator[MariaDBServer]:
    """Run a server, with server variables of one's own (`{"log_bin": "binlog"}`)."""
    require_mariadb()
    root = Path(tempfile.mkdtemp(prefix="snapveil-tests-"))
    root.chmod(0o755)
    engines = ENGINES(root, database_bytes=80_000_000, settings=settings)
    try:
        password = secrets.token_hex(8)
        volume = engines.create(NewDatabase(MASTER, password, None))
        running = engines.start(volume, engines.reserve_port())
        socket = engines.socket(volume)
        yield MariaDBServer("127.0.0.1", running.port, MASTER, password, socket, engines, volume)
    finally:
        engines.close()
        rmtree(root, ignore_errors=True)
