"""What engines have in common that are a data directory, a process and a port per database."""

import atexit
import itertools
import shutil
import socket
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.engines.placement import Placement, keep
from local.engines.port import Endpoint, EngineError, Running, Volume
from local.engines.processes import ServerKind, Serving

HOST = "127.0.0.1"
START_PATIENCE = 120  # seconds; recovery of a large copy on a busy machine
_PORT_ATTEMPTS = 30

# Clones blocks where the file system can (btrfs, xfs, APFS) and copies them where it cannot.
_COPY = ("cp", "-R", "-p", "-c") if sys.platform == "darwin" else ("cp", "-a", "--reflink=auto")
_LINK = _COPY if sys.platform == "darwin" else ("cp", "-a", "--link")


@dataclass
class Server:
    """A running engine."""

    process: subprocess.Popen[bytes]
    port: int
    listens: bool


class ServedEngines(ABC):
    """Processes that serve data directories below one placement."""

    background = True
    product: str
    engine_names: frozenset[str]  # RDS's
    kind: ServerKind

    def __init__(self, placement: Placement) -> None:
        self._placement = placement
        self._names = itertools.count(1)
        self._servers: dict[Volume, Server] = {}
        self._detached: set[Volume] = set()
        self._template_lock = threading.Lock()
        self._template: Path | None = None
        self._closed = False
        atexit.register(self.close)

    @abstractmethod
    def _make_template(self, volume: Volume) -> None:
        """Fill a new, empty data directory with what every new database starts from."""

    @abstractmethod
    def _command(self, volume: Volume, port: int, *, listens: bool) -> list[str]:
        """How the server is started."""

    @abstractmethod
    def _says_ready(self, volume: Volume, process: subprocess.Popen[bytes]) -> bool:
        """Whether a starting server accepts connections by now."""

    def address(self, identifier: str, region: str) -> str:
        return HOST

    def supports(self, engine: str) -> bool:
        return engine in self.engine_names

    def reserve_port(self) -> int:
        return free_port()

    def prepare(self) -> Path:
        """Make what every new database is a copy of; whoever has time before the first one calls this."""
        with self._template_lock:
            if self._template is None:
                volume = self._volume("template")
                self._make_folder(volume)
                self._make_template(volume)
                self._template = path_of(volume)
            return self._template

    def start(self, volume: Volume, port: int) -> Running:
        server = self._start(volume, port, listens=True)
        return Running(server.port, server.process.pid)

    def stop(self, volume: Volume) -> None:
        self._stop(volume, gently=True)

    def restore(self, snapshot: Volume) -> Volume:
        volume = self._volume("db")
        self._copy(path_of(snapshot), volume)
        return volume

    def copy_snapshot(self, snapshot: Volume) -> Volume:
        # Nothing ever writes to a snapshot, so a copy may share its blocks.
        copy = self._volume("snapshot")
        run([*_LINK, str(path_of(snapshot)), str(path_of(copy))])
        return copy

    def remove(self, volume: Volume) -> None:
        self._stop(volume, gently=False)
        shutil.rmtree(path_of(volume), ignore_errors=True)
        self._log(volume).unlink(missing_ok=True)

    def detach(self, volume: Volume) -> Endpoint:
        server = self._servers[volume]
        self._detached.add(volume)
        keep(self._placement)
        return Endpoint(HOST, server.port, path_of(volume), server.process.pid, self._placement.everything)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        for volume in set(self._servers) - self._detached:
            self._stop(volume, gently=False)
        kept = {path_of(volume).name for volume in self._detached}
        if not kept:
            for folder in self._placement.everything:
                shutil.rmtree(folder, ignore_errors=True)
        for folder in self._placement.data.glob("*-[0-9]*") if kept else ():
            if folder.is_dir() and folder.stem not in kept:  # what lies beside it bears its name
                shutil.rmtree(folder, ignore_errors=True)
        self._placement.lock.close()

    def _new(self) -> Volume:
        """A new database's volume, as the template has it."""
        template = self.prepare()
        volume = self._volume("db")
        self._copy(template, volume)
        return volume

    def _volume(self, kind: str) -> Volume:
        name = f"{kind}-{next(self._names)}"
        return Volume(name, self._placement.data / name)

    def _running(self, volume: Volume) -> Server:
        server = self._servers.get(volume)
        if server is None:
            raise EngineError(f"{volume.name} is not running: nothing to connect to")
        return server

    @contextmanager
    def _served(self, volume: Volume) -> Iterator[Server]:
        """The server of a volume; an engine at rest is started meanwhile without a TCP port."""
        server = self._servers.get(volume)
        if server is not None:
            yield server
            return
        try:
            yield self._start(volume, self.reserve_port(), listens=False)
        finally:
            self._stop(volume, gently=True)

    def _start(self, volume: Volume, port: int, *, listens: bool) -> Server:
        if volume in self._servers:
            return self._servers[volume]
        for _ in range(_PORT_ATTEMPTS):
            server = Server(self._launch(volume, port, listens=listens), port, listens)
            if self._is_ready(volume, server.process):
                self._servers[volume] = server
                return server
            if "Address already in use" not in self._log_text(volume):
                raise EngineError(
                    f"{self.product} did not start on {path_of(volume)}:\n{self._log_text(volume)[-2000:]}"
                )
            port = self.reserve_port()
        raise EngineError(f"no free port found for {path_of(volume)} in {_PORT_ATTEMPTS} attempts")

    def _launch(self, volume: Volume, port: int, *, listens: bool) -> subprocess.Popen[bytes]:
        (path_of(volume) / self.kind.pid_file).unlink(missing_ok=True)
        # A session of its own: Ctrl-C in the terminal ends the demo, which then stops its engines itself.
        with self._log(volume).open("wb") as log:
            return subprocess.Popen(
                self._command(volume, port, listens=listens),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._placement.process_options(),
            )

    def _is_ready(self, volume: Volume, process: subprocess.Popen[bytes]) -> bool:
        """Wait until the server accepts connections; False when it gave up."""
        until = time.monotonic() + START_PATIENCE
        while process.poll() is None:
            if time.monotonic() > until:
                process.kill()
                process.wait()
                raise EngineError(
                    f"{self.product} on {path_of(volume)} was not ready after {START_PATIENCE} s"
                )
            if self._says_ready(volume, process):
                return True
            time.sleep(0.01)
        return False

    def _stop(self, volume: Volume, *, gently: bool) -> None:
        server = self._servers.pop(volume, None)
        if server is not None:
            Serving(server.process.pid, self.kind).end(gently=gently)
            server.process.wait()

    def _copy(self, source: Path, into: Volume) -> None:
        run([*_COPY, str(source), str(path_of(into))])

    def _make_folder(self, volume: Volume) -> None:
        path_of(volume).mkdir()
        self._placement.give(path_of(volume))

    def _run_as_engine(self, command: Sequence[str], **options: Any) -> None:
        run(command, **self._placement.process_options(), **options)

    def _program(self, name: str) -> str:
        return str(self._placement.binaries / name)

    def _log(self, volume: Volume) -> Path:
        return path_of(volume).with_suffix(".log")  # beside the data, so that no snapshot takes it along

    def _log_text(self, volume: Volume) -> str:
        return self._log(volume).read_text(errors="replace")


def free_port() -> int:
    """A port of this machine that nothing uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def run(command: Sequence[str], **options: Any) -> None:
    """Run a program to its end; EngineError with its last words if it fails."""
    try:
        finished = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    except OSError as problem:
        raise EngineError(f"{command[0]} cannot be run: {problem}") from problem
    if finished.returncode != 0:
        raise EngineError(f"{Path(command[0]).name} failed: {finished.stderr.strip()[-2000:]}")


def path_of(volume: Volume) -> Path:
    """A volume's data directory."""
    if volume.path is None:
        raise EngineError(f"{volume.name} has no data directory: it was not made by this engine")
    return volume.path
