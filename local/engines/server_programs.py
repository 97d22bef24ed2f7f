"""Where MariaDB's and MySQL's servers come from: the PATH, or packages, unpacked without root.

No wheel holds them. On Debian and Ubuntu anybody may download packages and unpack them anywhere, so `make
setup` puts MariaDB beside the wheels, into the virtual environment (`python -m local.engines`). Debian has
MySQL in its unstable release only, so that it is got where somebody asks for it (`make mysql`).
"""

import os
import re
import shutil
import sys
from functools import cache
from pathlib import Path

from local.engines.packages import Packaged
from local.engines.placement import Programs
from local.engines.port import EngineError

HOME = Path(sys.prefix)
_ALSO = "/usr/sbin"  # where Debian installs servers, and which is not on everybody's PATH

MARIADB = Packaged(
    product="MariaDB",
    name="mariadb",
    packages=(("mariadb-server-core",), ("mariadb-client-core",)),
    servers=("mariadbd", "mysqld"),
    version=re.compile(r"Ver (\d+)\.(\d+)\.\S*MariaDB"),
    least=(10, 6),
    missing=(
        "There is no MariaDB server here: install version 10.6 or newer, so that `mariadbd` is on the PATH "
        "(Debian, Ubuntu: `make setup` unpacks mariadb-server-core by itself when apt reaches its mirror; "
        "Fedora: dnf install mariadb-server; macOS: brew install mariadb)"
    ),
)

MYSQL = Packaged(
    product="MySQL",
    name="mysql",
    packages=(("mysql-server-core", "mysql-server-core-8.4", "mysql-server-core-8.0"),),
    servers=("mysqld",),
    version=re.compile(r"Ver (\d+)\.(\d+)\.(?!\S*MariaDB)"),
    least=(8, 0),
    missing=(
        "There is no MySQL server here: install version 8.0 or newer, so that `mysqld` is on the PATH "
        "(Debian, Ubuntu: `make mysql` unpacks mysql-server-core when apt reaches its mirror; "
        "Fedora: dnf install community-mysql-server; macOS: brew install mysql)"
    ),
    newer_release="unstable",
)


def find_programs(of: Packaged = MARIADB) -> Programs:
    """A server on the PATH, else the unpacked one; MariaDB is unpacked now if set-up could not.

    Raises EngineError with what to install where there is none.
    """
    found = _found(of)
    if isinstance(found, EngineError):
        raise EngineError(str(found))
    return found


@cache
def _found(of: Packaged) -> Programs | EngineError:
    """Look once: whoever has none is not made to wait for apt again."""
    try:
        return installed(of) or unpacked(of)
    except EngineError as problem:
        return problem


@cache
def is_here(of: Packaged) -> bool:
    """Whether there is a server, without fetching one."""
    return installed(of) is not None or of.in_folder(HOME / of.name).server.exists()


def unpacked(of: Packaged) -> Programs:
    """The unpacked server, unpacked now if it was not. Raises EngineError."""
    if not of.in_folder(HOME / of.name).server.exists():
        of.unpack(HOME / of.name)
    return of.in_folder(HOME / of.name)


def installed(of: Packaged) -> Programs | None:
    """The server on the PATH, if it is that product and new enough."""
    for name in of.servers:
        found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), _ALSO)))
        if found and of.runs(programs := Programs(Path(found).resolve())):
            return programs
    return None
