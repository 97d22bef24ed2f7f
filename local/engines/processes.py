"""Which process serves a data directory, and how to end it, also after the run that started it was killed."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ServerKind:
    """How one kind of server is known and told to end."""

    pid_file: str
    gently: signal.Signals
    """Write everything down first, and wait for nobody."""
    at_once: signal.Signals
    """Leave the data as after a power cut."""


POSTGRESQL = ServerKind("postmaster.pid", signal.SIGINT, signal.SIGQUIT)
# mariadbd takes SIGQUIT for SIGTERM, and a snapshot may have left it stopped: only SIGKILL ends it at once.
MARIADB = ServerKind("mariadbd.pid", signal.SIGTERM, signal.SIGKILL)
MYSQL = ServerKind("mysqld.pid", signal.SIGTERM, signal.SIGKILL)


@dataclass(frozen=True)
class Serving:
    """A process that serves a data directory."""

    pid: int
    kind: ServerKind

    def end(self, *, gently: bool, patience: float = 30) -> None:
        """Stop the server, which need not be our child, and wait until it is gone.

        `gently` writes everything down first; otherwise the data is as after a power cut. `patience`, in
        seconds, is what it gets before it is killed.
        """
        for number in (self.kind.gently if gently else self.kind.at_once, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
            if _gone_within(self.pid, patience):
                return


def serving(data_directory: Path) -> Serving | None:
    """The process that a pid file names, if it still is a server of this very directory.

    The pid file of a crashed server may name a process that is somebody else's by now, so its working
    directory (a server enters its data directory) or its command line must agree before it gets a signal.
    """
    for kind in (POSTGRESQL, MARIADB, MYSQL):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError):
            pid = int((data_directory / kind.pid_file).read_text().split("\n", 1)[0])
            if _serves(pid, data_directory):
                return Serving(pid, kind)
    return None


def _serves(pid: int, data_directory: Path) -> bool:
    proc = Path(f"/proc/{pid}")
    if Path("/proc/self").exists():
        try:
            return (proc / "cwd").samefile(data_directory)
        except OSError:
            return False
    shown = subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False)
    return str(data_directory) in shown.stdout


@contextlib.contextmanager
def suspended(pid: int, patience: float = 30) -> Iterator[None]:
    """Let a process stand still, with all its threads and every write that one of them had begun.

    Raises TimeoutError when it does not within `patience` seconds.
    """
    os.kill(pid, signal.SIGSTOP)
    try:
        until = time.monotonic() + patience
        while not _stands_still(pid):
            if time.monotonic() > until:
                raise TimeoutError(f"process {pid} did not stand still within {patience} s")
            time.sleep(0.001)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _stands_still(pid: int) -> bool:
    tasks = Path(f"/proc/{pid}/task")
    if tasks.exists():
        # The state follows the program's name, which stands in brackets and may hold brackets itself.
        states = [stat.read_text().rpartition(")")[2].split()[0] for stat in tasks.glob("*/stat")]
        return all(state in "Tt" for state in states)
    shown = subprocess.run(
        ["ps", "-p", str(pid), "-o", "state="], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip().startswith("T")


def _gone_within(pid: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not is_alive(pid):
            return True
        time.sleep(0.02)
    return False


def is_alive(pid: int) -> bool:
    """Whether a process of that id exists and is not merely waiting to be buried."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
