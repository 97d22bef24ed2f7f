"""Real MariaDB engines: one data directory, one process and one port per database."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pymysql
from pymysql.connections import Connection

from local.engines.mariadb_accounts import ADMIN, first_statements, let_in, prepare_database
from local.engines.placement import place
from local.engines.port import EngineError, NewDatabase, Volume
from local.engines.processes import MARIADB, suspended
from local.engines.served import HOST, ServedEngines, path_of, run
from local.engines.server_programs import MARIADB as MARIADB_SERVER
from local.engines.server_programs import find_programs
from local.mysql import socket_url

# What RDS's parameter groups set for us (logs in tables, no host names), and what a local one may skip. What
# decides where old values may be left is as on RDS: a file per table, the doublewrite buffer, undo in
# ibdata1. RDS keeps a binary log only while backups are on; a restored copy that nobody backs up has none.
SETTINGS = {
    "character_set_server": "utf8mb4",
    "default_time_zone": "+00:00",
    "skip_name_resolve": "1",
    "log_output": "TABLE",
    "local_infile": "1",
    "innodb_buffer_pool_size": "128M",
    "innodb_flush_method": "fsync",  # through the page cache, which is what a snapshot reads
    "innodb_use_native_aio": "0",  # a write is a thread's own, so that it ends before the thread stands still
    "key_buffer_size": "8M",
}
_OF_MARIADB = {
    "collation_server": "utf8mb4_general_ci",
    "loose_performance_schema": "0",
    "innodb_log_file_size": "32M",
    "loose_innodb_log_file_buffering": "1",
    "loose_debug_no_sync": "1",
    "aria_pagecache_buffer_size": "16M",
    "aria_log_file_size": "8M",  # cleaning writes it full once, and waits for two checkpoints
    "aria_checkpoint_interval": "1",
}


class MariaDBEngines(ServedEngines):
    """MariaDB that `find_programs` finds, writing below `root` (or in a private folder).

    `settings` are server variables for every engine that is started: a test may want a binary log.
    """

    product = "MariaDB"
    engine_names = frozenset(("mariadb", "mysql", "aurora-mysql"))
    kind = MARIADB
    packaged = MARIADB_SERVER
    own_settings: Mapping[str, str] = _OF_MARIADB
    made_anew = ("ibtmp1",)  # by every start
    unlogged = "SET SESSION sql_log_bin = 0, sql_log_off = 1, slow_query_log = 0"

    def __init__(
        self, root: Path, database_bytes: int | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(place(root, database_bytes, find_programs(self.packaged)))
        self._settings = {**SETTINGS, **self.own_settings, **(settings or {})}

    def create(self, new: NewDatabase) -> Volume:
        volume = self._new()
        with self._maintenance(volume) as connection:
            prepare_database(connection, new)
        return volume

    def set_password(self, volume: Volume, role: str, password: str) -> None:
        with self._maintenance(volume) as connection:
            let_in(connection, role, password)

    def snapshot(self, volume: Volume) -> Volume:
        """Copy the files while the server stands still: what a power cut would leave, and what RDS takes.

        No lock of MariaDB's own will do: its background threads write pages under any of them, and BACKUP
        STAGE counts on a tool that collects the redo log meanwhile. A stopped process writes nothing, each
        write that it had begun is whole, and the server that starts from the copy recovers as after a crash.
        Its clients see what RDS documents of a single-AZ snapshot: a short pause.
        """
        snapshot = self._volume("snapshot")
        server = self._servers.get(volume)
        try:
            with suspended(server.process.pid) if server else contextlib.nullcontext():
                self._copy(path_of(volume), snapshot)
        except (ProcessLookupError, TimeoutError) as problem:
            raise EngineError(f"{self.product} on {path_of(volume)} cannot be copied: {problem}") from problem
        for left in (self.kind.pid_file, *self.made_anew):
            (path_of(snapshot) / left).unlink(missing_ok=True)
        return snapshot

    def remove(self, volume: Volume) -> None:
        super().remove(volume)
        shutil.rmtree(self._temporary(volume), ignore_errors=True)

    def admin_dsn(self, volume: Volume, database_name: str) -> str:
        return socket_url(self.socket(volume), ADMIN, database_name)

    def socket(self, volume: Volume) -> str:
        """The socket by which RDS's own superuser, who has no password, comes in."""
        return self._socket(self._running(volume).port)

    def _make_template(self, volume: Volume) -> None:
        """Make the system tables once; every new database is a copy of them."""
        folder = self._placement.binaries.parent
        statements = first_statements([folder / "share" / name for name in ("mysql", "mariadb", ".")])
        command = [*self._command(volume, 0, listens=False), "--bootstrap"]
        run(command, input=statements, **self._placement.process_options())

    @contextlib.contextmanager
    def _maintenance(self, volume: Volume) -> Iterator[Connection]:
        """A connection as RDS's superuser, of whom nothing reaches a log."""
        with self._served(volume) as server:
            connection = pymysql.connect(
                unix_socket=self._socket(server.port), user=ADMIN, charset="utf8mb4", autocommit=True
            )
            with connection, connection.cursor() as cursor:
                cursor.execute(self.unlogged)
                yield connection

    def _command(self, volume: Volume, port: int, *, listens: bool) -> list[str]:
        program, temporary = self._placement.programs.server, self._temporary(volume)
        if not temporary.exists():
            temporary.mkdir()
            self._placement.give(temporary)
        settings = self._settings | {
            "datadir": str(path_of(volume)),
            "tmpdir": str(temporary),
            "secure_file_priv": str(temporary),
            "socket": self._socket(port),
            "pid_file": self.kind.pid_file,
            "bind_address": HOST,
            "port": str(port),
            "skip_networking": "0" if listens else "1",
        }
        if self._placement.programs.trees:  # unpacked, not where it was built for
            share = program.parents[1] / "share" / "mysql"
            settings |= {"basedir": str(program.parents[1]), "lc_messages_dir": str(share)}
        return [
            *self._placement.programs.command(),
            "--no-defaults",
            *(f"--{name}={value}" for name, value in settings.items()),
        ]

    def _says_ready(self, volume: Volume, process: subprocess.Popen[bytes]) -> bool:
        return "ready for connections" in self._log_text(volume)

    def _socket(self, port: int) -> str:
        return str(self._placement.sockets / f"{port}.sock")

    def _temporary(self, volume: Volume) -> Path:
        """Where sorts and temporary tables spill to: beside the data, so that no snapshot holds them."""
        return path_of(volume).with_suffix(".tmp")
