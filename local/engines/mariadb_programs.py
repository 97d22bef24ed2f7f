"""Where MariaDB's server comes from: the PATH, or the distribution's packages, unpacked without root.

No wheel holds it. On Debian and Ubuntu anybody may download packages and unpack them anywhere, so `make
setup` puts them beside the wheels, into the virtual environment (`python -m local.engines`).
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from local.engines.placement import Programs
from local.engines.port import EngineError

UNPACKED = Path(sys.prefix) / "mariadb"
LEAST = (10, 6)
_ALSO = "/usr/sbin"  # where Debian installs servers, and which is not on everybody's PATH
_PACKAGES = ("mariadb-server-core", "mariadb-client-core")
_ONLY_DEPENDS = [
    f"--no-{what}" for what in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
]
_MISSING = (
    "There is no MariaDB server here: install version 10.6 or newer, so that `mariadbd` is on the PATH "
    "(Debian, Ubuntu: `make setup` unpacks mariadb-server-core by itself when apt reaches its mirror; "
    "Fedora: dnf install mariadb-server; macOS: brew install mariadb)"
)


def find_programs() -> Programs:
    """MariaDB's server on the PATH, else the unpacked one; it is unpacked now if set-up could not.

    Raises EngineError with what to install where there is none.
    """
    found = _found()
    if isinstance(found, EngineError):
        raise EngineError(str(found))
    return found


@cache
def _found() -> Programs | EngineError:
    """Look once: whoever has none is not made to wait for apt again."""
    try:
        return _look()
    except EngineError as problem:
        return problem


def _look() -> Programs:
    installed = _installed()
    if installed is not None:
        return Programs(installed)
    server = _server_in(UNPACKED)
    if not server.exists():
        unpack(UNPACKED)
    return Programs(server, (UNPACKED,), _libraries_in(UNPACKED))


def unpack(into: Path) -> None:
    """Download the distribution's packages and unpack them; two that do it at a time do it once.

    Raises EngineError with the reason and what to install instead.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise EngineError(_MISSING)
    into.parent.mkdir(parents=True, exist_ok=True)
    try:
        with into.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not into.exists():
                with tempfile.TemporaryDirectory(prefix=f"{into.name}-", dir=into.parent) as folder:
                    _unpack(Path(folder)).rename(into)
    except OSError as problem:
        raise EngineError(f"{into} cannot be written: {problem}. {_MISSING}") from problem


def _unpack(folder: Path) -> Path:
    folder.chmod(0o755)
    made, packages = folder / "made", folder / "packages"
    made.mkdir()
    packages.mkdir()
    state = _package_lists(folder)
    _run("apt-get", "download", "-qq", *state, *_with_dependencies(state), cwd=packages)
    for package in sorted(packages.glob("*.deb")):
        _run("dpkg", "--extract", str(package), str(made))
    libraries = os.pathsep.join(map(str, _libraries_in(made)))
    found = _version(_server_in(made), {"LD_LIBRARY_PATH": libraries})
    if found is None or found < LEAST:
        raise EngineError(f"The distribution's MariaDB is {found or 'not to be run here'}. {_MISSING}")
    return made


def _package_lists(folder: Path) -> list[str]:
    """Options that make apt know the packages: none if it does already, else lists fetched for us alone."""
    if _run("apt-cache", "show", _PACKAGES[0], refuse=False):
        return []
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    state = ["-o", f"Dir::State::Lists={folder / 'lists'}", "-o", f"Dir::Cache={folder / 'cache'}"]
    if os.geteuid() == 0:
        state += ["-o", "APT::Sandbox::User=root"]
    patience = ["-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10"]
    _run("apt-get", "update", "-qq", *state, *patience)
    return state


def _with_dependencies(state: Sequence[str]) -> list[str]:
    """The packages, and of what they depend on that which the machine does not have."""
    wanted: list[str] = list(_PACKAGES)
    for package in wanted:  # grows while it is read
        shown = _run("apt-cache", "depends", *_ONLY_DEPENDS, *state, package)
        alternatives: list[str] = []
        for bar, name in re.findall(r"^ *(\|?)(?:Pre)?Depends: (\S+)", shown, re.MULTILINE):
            if not name.startswith("<"):  # a name that several packages provide, and that none bears
                alternatives.append(name)
            if not bar:
                if alternatives and not any(one in wanted or _is_installed(one) for one in alternatives):
                    wanted.append(alternatives[0])
                alternatives = []
    return wanted


def _is_installed(package: str) -> bool:
    return _run("dpkg-query", "-W", "-f=${db:Status-Status}", package, refuse=False) == "installed"


def _installed() -> Path | None:
    for name in ("mariadbd", "mysqld"):
        found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), _ALSO)))
        version = _version(Path(found), {}) if found else None
        if found and version is not None and version >= LEAST:
            return Path(found).resolve()
    return None


def _version(server: Path, environment: dict[str, str]) -> tuple[int, int] | None:
    """A server's version; None if it is MySQL's or does not run."""
    command = [str(server), "--no-defaults", "--version"]
    try:
        shown = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
        )
    except OSError:
        return None
    numbers = re.search(r"Ver (\d+)\.(\d+)\.\S*MariaDB", shown.stdout)
    return (int(numbers[1]), int(numbers[2])) if numbers else None


def _server_in(folder: Path) -> Path:
    return folder / "usr" / "sbin" / "mariadbd"


def _libraries_in(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in (folder / "usr" / "lib").glob("*-linux-*") if path.is_dir()))


def _run(*command: str, cwd: Path | None = None, refuse: bool = True) -> str:
    """What a program prints; if it fails, EngineError or, unless we refuse that, nothing."""
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return done.stdout
    if not refuse:
        return ""
    last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
    raise EngineError(f"{' '.join(command[:2])} failed: {' '.join(last)}. {_MISSING}")
