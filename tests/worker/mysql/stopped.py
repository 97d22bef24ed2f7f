"""A server with a past that can be copied, started and searched byte by byte while it stands.

What is searched is what RDS would snapshot: the files as they are when the server stands still, and
nothing is flushed for us. What is compressed or encoded in them is read, too.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection

from local.engines import Volume
from local.engines.served import path_of
from services.anonymize.worker.connecting import Address
from tests.mariadb import MASTER, ON_MYSQL, MariaDBServer, running_mariadb
from tests.worker.mysql.decoding import readings

DATABASE = "shop"
MARK = b"qzvx"
_MARKED = re.compile(rb"qzvx([a-z]{2})")
_DIGITS = re.compile(rb"0612987[0-9]")

# Logs as small as they may be, so that their laps are short.
SETTINGS = {
    "log_bin": "binlog",
    "binlog_format": "ROW",
    "log_bin_trust_function_creators": "1",
    "server_id": "1",
    "skip_slave_start": "1",
    "innodb_autoextend_increment": "2",
} | (
    {"skip_log_bin": "0", "innodb_redo_log_capacity": "8M"}
    if ON_MYSQL
    else {"innodb_log_file_size": "4M", "aria_log_file_size": "8M", "aria_checkpoint_interval": "1"}
)
REPLICATION = (
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'production', SOURCE_USER = 'u', SOURCE_PASSWORD = 'qzvxsb'"
    if ON_MYSQL
    else "CHANGE MASTER TO MASTER_HOST = 'production', MASTER_USER = 'u', MASTER_PASSWORD = 'qzvxsb'"
)
# MariaDB copies from several servers, each under a name.
NAMED = "CHANGE MASTER 'pro d' TO MASTER_HOST = 'production', MASTER_USER = 'u', MASTER_PASSWORD = 'qzvxsb'"
RELAYED = "mariadbd-relay-bin-pro@0020d.000001"  # whose rows no statement of ours brings there
MADE_ANEW = "#innodb_temp"  # by every start
EMPTY_QUERY = 1065  # a statement for the other server
# A transaction that nobody ends: the snapshot is taken in its middle.
PREPARED = (
    "XA START 'open'",
    "INSERT INTO orders VALUES (0, 'qzvxpt', 'x')",
    "XA END 'open'",
    "XA PREPARE 'open'",
)


@dataclass(frozen=True)
class Engine:
    """A running server."""

    yard: "Yard"
    volume: Volume
    port: int

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self.port, MASTER, DATABASE, self.yard.server.password, family="mysql")

    def connect(self, user: str = MASTER, password: str | None = None) -> Connection:
        known = password if password is not None else self.yard.server.password
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user=user, password=known, database=DATABASE,
            charset="utf8mb4", autocommit=True,
        )  # fmt: skip

    def connect_as_admin(self) -> Connection:
        socket = self.yard.server.engines.socket(self.volume)
        return pymysql.connect(unix_socket=socket, user="rdsadmin", charset="utf8mb4", autocommit=True)

    def search(self, *secrets_too: str) -> Counter[str]:
        """Count every marked value in every file, as `code in file`, while the server stands still."""
        snapshot = self.yard.server.engines.snapshot(self.volume)
        try:
            return search(snapshot, *secrets_too)
        finally:
            self.yard.server.engines.remove(snapshot)

    def search_stopped(self, *secrets_too: str) -> Counter[str]:
        """The same once the server was stopped, and has written down what it had in memory only."""
        self.yard.server.engines.stop(self.volume)
        return search(self.volume, *secrets_too)


class Yard:
    """Where servers' files lie; they are copied from one another."""

    def __init__(self, server: MariaDBServer) -> None:
        self.server = server

    @contextmanager
    def copy(self, past: Volume) -> Iterator[Engine]:
        """A server on a copy of a past."""
        engines = self.server.engines
        volume = engines.restore(past)
        try:
            yield Engine(self, volume, engines.start(volume, engines.reserve_port()).port)
        finally:
            engines.remove(volume)


@contextmanager
def yard() -> Iterator[Yard]:
    """A place for servers' files that is removed in the end."""
    with running_mariadb(SETTINGS) as server:
        yield Yard(server)


def make_past(yard: Yard, history: str) -> Volume:
    """Make a database with a past; a snapshot of it is what a restored copy begins with."""
    server = yard.server
    with server.connect_as_admin() as root, root.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {DATABASE}")
        for name in ("general_log", "slow_query_log"):
            cursor.execute(f"SET GLOBAL {name} = 1")
        cursor.execute("SET GLOBAL long_query_time = 0")
    with server.connect(DATABASE) as master, master.cursor() as cursor:
        for statement in filter(str.strip, history.split(";\n")):
            try:
                cursor.execute(statement)
            except pymysql.MySQLError as error:
                if error.args[0] != EMPTY_QUERY:
                    raise
        for statement in PREPARED:
            cursor.execute(statement)
        with server.connect_as_admin() as root, root.cursor() as admin:
            admin.execute(REPLICATION)
            if not ON_MYSQL:
                admin.execute(NAMED)
                admin.execute(f"GRANT SLAVE MONITOR ON *.* TO {MASTER}@'%'")
                with (path_of(server.volume) / RELAYED).open("ab") as relayed:
                    relayed.write(b"qzvxry")
            for name in ("general_log", "slow_query_log"):
                admin.execute(f"SET GLOBAL {name} = 0")
        snapshot = server.engines.snapshot(server.volume)
    server.engines.stop(server.volume)
    return snapshot


def search(volume: Volume, *secrets_too: str) -> Counter[str]:
    """Count every marked value in every file, as `code in file`."""
    found: Counter[str] = Counter()
    for path in path_of(volume).rglob("*"):
        if not path.is_file() or MADE_ANEW in path.parts:
            continue
        content = path.read_bytes()
        name = path.relative_to(path_of(volume))
        for read in readings(content, MARK):
            lowered = read.lower() if MARK.upper() in read else read
            found.update(f"{code.decode()} in {name}" for code in _MARKED.findall(lowered))
            found.update(f"phone in {name}" for _ in _DIGITS.findall(read))
        found.update(f"secret in {name}" for secret in secrets_too if secret.encode() in content)
    return found
