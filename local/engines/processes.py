"""Which process serves a data directory, and how to end it, also after the run that started it was killed."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path


def serving_pid(data_directory: Path) -> int | None:
    """The process that PostgreSQL's pid file names, if it still is a server of this very directory.

    The pid file of a crashed server may name a process that is somebody else's by now, so its working
    directory (a server enters its data directory) or its command line must agree before it gets a signal.
    """
    try:
        pid = int((data_directory / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return pid if _serves(pid, data_directory) else None


def _serves(pid: int, data_directory: Path) -> bool:
    proc = Path(f"/proc/{pid}")
    if Path("/proc/self").exists():
        try:
            return (proc / "cwd").samefile(data_directory)
        except OSError:
            return False
    shown = subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False)
    return str(data_directory) in shown.stdout


def end(pid: int, *, gently: bool, patience: float = 30) -> None:
    """Stop a PostgreSQL server that is not our child, and wait until it is gone.

    `gently` writes everything down first (fast shutdown); otherwise the data is as after a power cut.
    """
    for number in (signal.SIGINT if gently else signal.SIGQUIT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if _gone_within(pid, patience):
            return


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
