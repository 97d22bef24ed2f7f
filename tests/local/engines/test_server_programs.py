"""Where MariaDB's and MySQL's servers are looked for, and what is said where there is none."""

import subprocess
from pathlib import Path

import pytest

from local.engines import EngineError, packages, server_programs
from local.engines.packages import Packaged
from local.engines.placement import Programs
from local.engines.server_programs import MARIADB, MYSQL, installed

OF_MARIADB = "mariadbd  Ver 10.11.18-MariaDB for debian-linux-gnu on x86_64 (Debian 12)"
OLD = "mariadbd  Ver 10.3.39-MariaDB for debian-linux-gnu on x86_64"
OF_MYSQL = "mysqld  Ver 8.0.43 for Linux on x86_64 (MySQL Community Server - GPL)"
DEBIANS_MYSQL = "mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))"
OLD_MYSQL = "mysqld  Ver 5.7.44 for Linux on x86_64 (MySQL Community Server (GPL))"


def _program(folder: Path, name: str, prints: str) -> Path:
    return _script(folder, name, f"cat <<'END'\n{prints}\nEND")


def _script(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize(
    ("wanted", "name", "version", "taken"),
    [
        (MARIADB, "mariadbd", OF_MARIADB, True),
        (MARIADB, "mysqld", OF_MARIADB, True),
        (MARIADB, "mariadbd", OLD, False),
        (MARIADB, "mysqld", OF_MYSQL, False),
        (MARIADB, "mariadbd", "not to be run here", False),
        (MYSQL, "mysqld", OF_MYSQL, True),
        (MYSQL, "mysqld", DEBIANS_MYSQL, True),
        (MYSQL, "mysqld", OLD_MYSQL, False),
        (MYSQL, "mysqld", OF_MARIADB, False),
    ],
)
def test_a_server_on_the_path_is_taken_if_it_is_the_product_and_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: Packaged, name: str, version: str, taken: bool
) -> None:
    file = _program(tmp_path, name, version)
    monkeypatch.setattr(server_programs, "_ALSO", "")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert installed(wanted) == (Programs(file.resolve()) if taken else None)


def test_of_the_packages_only_those_are_wanted_that_the_machine_has_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _apt_that_depends(tmp_path)
    _script(
        tmp_path, "dpkg-query", 'case "$3" in libsystemd0|mariadb-common) printf installed;; *) exit 1;; esac'
    )
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert MARIADB.wanted(packages.Source([])) == ["mariadb-server-core", "mariadb-client-core", "libaio1t64"]


def test_of_another_release_every_library_is_wanted_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _apt_that_depends(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    source = packages.Source([], alone=True)
    assert MYSQL.wanted(source) == ["mysql-server-core", "libelogind0", "libaio1t64"]


def _apt_that_depends(folder: Path) -> None:
    _program(
        folder,
        "apt-cache",
        "package\n  Depends: mariadb-common\n |Depends: libelogind0\n  Depends: libsystemd0\n"
        "  PreDepends: libaio1t64\n  Depends: <virtual-thing>\n    provider",
    )


def test_what_a_release_lacks_is_looked_for_in_the_newer_one_of_the_same_mirror(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mirror is the one that apt uses already: no address stands in our code."""
    programs = tmp_path / "programs"
    _script(programs, "apt-cache", 'case "$*" in *newer*|*libc6) echo Package;; *) exit 100;; esac')
    _script(
        programs,
        "apt-get",
        'case "$1" in indextargets) echo "Other http://other.example/";'
        ' echo "Debian http://mirror.example/debian/";; esac',
    )
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    source = MYSQL.source(tmp_path / "lists")
    assert source.alone
    [written] = (tmp_path / "lists").rglob("*.sources")
    assert "URIs: http://mirror.example/debian/\nSuites: unstable\n" in written.read_text()
    assert MYSQL.wanted(source)[0] == "mysql-server-core"


def test_without_apt_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match=r"install version 10\.6 or newer, .*dnf install mariadb-server"):
        MARIADB.unpack(tmp_path / "mariadb")
    with pytest.raises(EngineError, match=r"install version 8\.0 or newer, .*`make mysql`"):
        MYSQL.unpack(tmp_path / "mysql")
    assert list(tmp_path.iterdir()) == []


def test_a_mirror_that_does_not_answer_is_told_in_one_line_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    _program(programs, "apt-cache", "Package: mariadb-server-core")
    _program(programs, "dpkg", "")
    _script(programs, "apt-get", "echo 'E: Could not resolve the mirror' >&2\nexit 100")
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    with pytest.raises(
        EngineError, match=r"^apt-get download failed: E: Could not resolve the mirror\. There"
    ):
        MARIADB.unpack(tmp_path / "environment" / "mariadb")
    assert [path.name for path in (tmp_path / "environment").iterdir()] == ["mariadb.lock"]


def test_a_server_with_a_c_library_of_its_own_is_started_by_its_own_loader(tmp_path: Path) -> None:
    libraries = tmp_path / "usr" / "lib" / "x86_64-linux-gnu"
    libraries.mkdir(parents=True)
    ours = MARIADB.in_folder(tmp_path)
    assert ours.command() == [str(tmp_path / "usr/sbin/mariadbd")]
    assert ours.environment() == {"LD_LIBRARY_PATH": str(libraries)}
    loader = libraries / "ld-linux-x86-64.so.2"
    loader.touch()
    alone = MARIADB.in_folder(tmp_path)
    assert alone.command() == [
        str(loader), "--library-path", str(libraries), str(tmp_path / "usr/sbin/mariadbd")
    ]  # fmt: skip
    assert alone.environment() == {}


def test_programs_move_with_their_loader(tmp_path: Path) -> None:
    """A checkout in /root: the programs go to where their user can reach them."""
    tree = tmp_path / "here" / "mysql"
    loader = _script(tree, "ld-linux.so.2", 'exec "$3"')
    server = _script(tree, "mysqld", "echo started")
    moved = Programs(server, (tree,), (tree,), loader).moved(tmp_path / "there")
    assert moved.loader == tmp_path / "there" / "mysql" / "ld-linux.so.2"
    shown = subprocess.run(moved.command(), capture_output=True, text=True, check=True)
    assert shown.stdout == "started\n"
