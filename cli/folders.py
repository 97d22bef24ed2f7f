"""Where runs on this machine leave their files: `.snapveil/<demo or try>/<time>-<process>/`, each run apart.

A folder is in use while its process holds the lock in it, and kept while `kept.json` names engines that were
left running in it. Everything else is history, of which the newest few stay.
"""

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TextIO

from local.engines.processes import Serving, serving

RESULT = "result.json"
HISTORY = 3
_LOCK, _KEPT = "owner.lock", "kept.json"

Kind = Literal["demo", "try"]
KINDS: tuple[Kind, ...] = ("demo", "try")


@dataclass(frozen=True)
class Kept:
    """An engine that was left running: what it holds, where it answers, and what to remove with it."""

    what: str
    dsn: str
    port: int
    host: str
    data_directory: str | None
    pid: int | None
    belongings: tuple[str, ...]

    @property
    def running(self) -> bool:
        """Whether the engine still serves this directory; its process id may be somebody else's by now."""
        return self._serving() is not None

    def stop(self) -> bool:
        """Stop the engine; False if it had ended before."""
        server = self._serving()
        if server is None:
            return False
        server.end(gently=False)
        return True

    def _serving(self) -> Serving | None:
        return serving(Path(self.data_directory)) if self.data_directory else None


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run."""

    path: Path
    kind: Kind

    @property
    def result(self) -> Path:
        """The run's own record."""
        return self.path / RESULT

    @property
    def latest_result(self) -> Path:
        """The record of the last run of this kind."""
        return self.path.parent / RESULT

    def write_result(self, text: str) -> None:
        """Write the run's record, and make it the latest."""
        for path in (self.result, self.latest_result):
            _write(path, text)

    def keep(self, engines: Sequence[Kept]) -> None:
        """Remember the engines that are left running, so that `snapveil local down` finds them."""
        _write(self.path / _KEPT, json.dumps([asdict(engine) for engine in engines], indent=2))

    @property
    def kept(self) -> tuple[Kept, ...]:
        """The engines that were left running."""
        try:
            content = json.loads((self.path / _KEPT).read_text())
        except FileNotFoundError:
            return ()
        return tuple(Kept(**{**one, "belongings": tuple(one["belongings"])}) for one in content)

    @property
    def in_use(self) -> bool:
        """Whether the process of this run still lives."""
        try:
            with (self.path / _LOCK).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)


@contextlib.contextmanager
def run_folder(root: Path, kind: Kind) -> Iterator[RunFolder]:
    """Make a folder for a run, hold it while the run lasts, and remove the oldest that nobody uses."""
    above = root / kind
    above.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), (root / ".gitignore").open("x") as ignore:
        ignore.write("*\n")  # it may lie in somebody's repository, and personal data may lie in it
    folder = RunFolder(_new(above), kind)
    with _held(folder.path / _LOCK):
        for old in _finished(root, kind)[HISTORY - 1 :]:
            old.remove()
        yield folder


def run_folders(root: Path) -> list[RunFolder]:
    """Every run's folder, newest first."""
    found = [
        RunFolder(path, kind)
        for kind in KINDS
        for path in (root / kind).glob("*-*")
        if path.is_dir() and not path.is_symlink()
    ]
    return sorted(found, key=lambda folder: folder.path.name, reverse=True)


def stop_kept(folder: RunFolder) -> list[Kept]:
    """Stop the engines of a run and remove what belongs to them; return those that still ran.

    All are stopped before anything is removed: engines of one run share folders.
    """
    stopped = [engine for engine in folder.kept if engine.stop()]
    for engine in folder.kept:
        for path in engine.belongings:
            shutil.rmtree(path, ignore_errors=True)
    return stopped


def remove_everything(root: Path) -> bool:
    """Remove the folder for runs once no run is in it; False if there was none."""
    there = root.is_dir()
    with contextlib.suppress(OSError):  # a run that began meanwhile keeps its folder
        for kind in KINDS:
            if (root / kind).is_dir():
                (root / kind / RESULT).unlink(missing_ok=True)
                (root / kind).rmdir()
        (root / ".gitignore").unlink(missing_ok=True)
        root.rmdir()
    return there


def _finished(root: Path, kind: Kind) -> list[RunFolder]:
    return [
        folder
        for folder in run_folders(root)
        if folder.kind == kind and not folder.kept and not folder.in_use and folder.result.exists()
    ]


def _new(above: Path) -> Path:
    stem = f"{datetime.now():%Y%m%dT%H%M%S}-{os.getpid()}"
    for number in range(1, 1000):
        path = above / (stem if number == 1 else f"{stem}-{number}")
        with contextlib.suppress(FileExistsError):
            path.mkdir()
            return path
    raise FileExistsError(f"{above / stem} and a thousand like it are there already")


@contextlib.contextmanager
def _held(path: Path) -> Iterator[TextIO]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def _write(path: Path, text: str) -> None:
    """Replace a file in one step: whoever reads it sees the old or the new one, never half of it."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)
