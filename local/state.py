"""What stays after a process: directories of clouds, and databases that were left running on purpose.

Under the root (`.snapveil`) each purpose (demo, try) has its directories `cloud-…`, locked by the process
that uses them, and `kept-….json` for each database that still answers. `down` puts all of it away.
"""

import contextlib
import fcntl
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from local.engines import Endpoint, remove_detached

LOCK = "owner.lock"


@dataclass(frozen=True)
class Kept:
    """A database that was left running, and how to describe it to its user."""

    description: str
    endpoint: Endpoint


def new_directory(root: Path, purpose: str) -> Path:
    """Make a directory for one cloud."""
    parent = root / purpose
    parent.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="cloud-", dir=parent))
    directory.chmod(
        0o755
    )  # the engines' unprivileged user passes through; what is private has its own folder
    return directory


@contextlib.contextmanager
def owned(directory: Path) -> Iterator[None]:
    """Hold a directory's lock: as long as this process lives, nobody puts it away."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def keep(root: Path, purpose: str, kept: Kept) -> Path:
    """Remember a database that is left running, for `down`."""
    parent = root / purpose
    parent.mkdir(parents=True, exist_ok=True)
    endpoint = kept.endpoint
    record = {
        "description": kept.description,
        "host": endpoint.host,
        "port": endpoint.port,
        "pid": endpoint.pid,
        "data_directory": str(endpoint.data_directory) if endpoint.data_directory else None,
        "belongings": [str(path) for path in endpoint.belongings],
    }
    path = parent / f"kept-{endpoint.port}.json"
    path.write_text(json.dumps(record, indent=2))
    return path


def kept(root: Path) -> list[Kept]:
    """List the databases that were left running, by purpose."""
    return [_read(path) for path in sorted(root.glob("*/kept-*.json"))]


def down(root: Path) -> list[str]:
    """Stop what was left running and remove directories that nobody uses; tell each in one line."""
    done: list[str] = []
    for path in sorted(root.glob("*/kept-*.json")):
        left = _read(path)
        remove_detached(left.endpoint)
        path.unlink()
        done.append(f"stopped {left.description} (port {left.endpoint.port})")
    for directory in sorted(root.glob("*/cloud-*")):
        with contextlib.ExitStack() as held:
            if not _free(directory, held):
                done.append(f"left {directory}: another process uses it")
                continue
            shutil.rmtree(directory)
            done.append(f"removed {directory}")
    return done


def _free(directory: Path, held: contextlib.ExitStack) -> bool:
    """Take the lock of a directory if its owner is gone."""
    try:
        lock: TextIO = held.enter_context((directory / LOCK).open("a"))
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(path: Path) -> Kept:
    record = json.loads(path.read_text())
    data_directory = record["data_directory"]
    return Kept(
        record["description"],
        Endpoint(
            record["host"],
            record["port"],
            Path(data_directory) if data_directory else None,
            record["pid"],
            tuple(Path(belonging) for belonging in record["belongings"]),
        ),
    )
