"""Where MariaDB's server is looked for, and what is said where there is none."""

from pathlib import Path

import pytest

from local.engines import EngineError, mariadb_programs
from local.engines.server_programs import unpack

MARIADB = "mariadbd  Ver 10.11.18-MariaDB for debian-linux-gnu on x86_64 (Debian 12)"
OLD = "mariadbd  Ver 10.3.39-MariaDB for debian-linux-gnu on x86_64"
MYSQL = "mysqld  Ver 8.0.43 for Linux on x86_64 (MySQL Community Server - GPL)"


def _program(folder: Path, name: str, prints: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\ncat <<'END'\n{prints}\nEND\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize(
    ("name", "version", "taken"),
    [
        ("mariadbd", MARIADB, True),
        ("mysqld", MARIADB, True),
        ("mariadbd", OLD, False),
        ("mysqld", MYSQL, False),
        ("mariadbd", "not to be run here", False),
    ],
)
def test_a_server_on_the_path_is_taken_if_it_is_mariadb_and_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, version: str, taken: bool
) -> None:
    file = _program(tmp_path, name, version)
    monkeypatch.setattr(mariadb_programs, "_ALSO", "")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert mariadb_programs._installed() == (file.resolve() if taken else None)


def test_of_the_packages_only_those_are_wanted_that_the_machine_has_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(
        tmp_path,
        "apt-cache",
        "package\n  Depends: mariadb-common\n |Depends: libelogind0\n  Depends: libsystemd0\n"
        "  PreDepends: libaio1t64\n  Depends: <virtual-thing>\n    provider",
    )
    (tmp_path / "dpkg-query").write_text(
        '#!/bin/sh\ncase "$3" in libsystemd0|mariadb-common) printf installed;; *) exit 1;; esac\n'
    )
    (tmp_path / "dpkg-query").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert mariadb_programs._with_dependencies([]) == [
        "mariadb-server-core",
        "mariadb-client-core",
        "libaio1t64",
    ]


def test_without_apt_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match=r"install version 10\.6 or newer, .*dnf install mariadb-server"):
        unpack(tmp_path / "mariadb")
    assert list(tmp_path.iterdir()) == []


def test_a_mirror_that_does_not_answer_is_told_in_one_line_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    _program(programs, "apt-cache", "Package: mariadb-server-core")
    _program(programs, "dpkg", "")
    (programs / "apt-get").write_text("#!/bin/sh\necho 'E: Could not resolve the mirror' >&2\nexit 100\n")
    (programs / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    with pytest.raises(
        EngineError, match=r"^apt-get download failed: E: Could not resolve the mirror\. There"
    ):
        unpack(tmp_path / "cache" / "mariadb")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["mariadb.lock"]
