"""What stays after a process, and `down`, which puts it away."""

import subprocess
import sys
from pathlib import Path

import pytest

from local.engines import Endpoint
from local.state import Kept, down, keep, kept, new_directory, owned

HOLD = """
import sys
from pathlib import Path
from local.state import owned
with owned(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_each_cloud_gets_a_directory_of_its_own(tmp_path: Path) -> None:
    first, second = new_directory(tmp_path, "demo"), new_directory(tmp_path, "demo")
    assert first != second
    assert first.parent == second.parent == tmp_path / "demo"


def test_a_directory_has_one_owner(tmp_path: Path) -> None:
    directory = new_directory(tmp_path, "demo")
    with owned(directory), pytest.raises(BlockingIOError), owned(directory):
        pass
    with owned(directory):
        pass


def test_down_removes_what_nobody_uses_and_says_so(tmp_path: Path) -> None:
    directory = new_directory(tmp_path, "demo")
    (directory / "functions").mkdir()
    (tmp_path / "demo" / "result.json").write_text("{}")
    assert down(tmp_path) == [f"removed {directory}"]
    assert not directory.exists()
    assert (tmp_path / "demo" / "result.json").exists()
    assert down(tmp_path) == []


def test_down_leaves_alone_what_a_living_process_uses_and_not_what_a_dead_one_used(tmp_path: Path) -> None:
    directory = new_directory(tmp_path, "try")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert down(tmp_path) == [f"left {directory}: another process uses it"]
        assert directory.exists()
    finally:
        holder.kill()
        holder.communicate()
    assert down(tmp_path) == [f"removed {directory}"]


def test_a_kept_database_is_listed_until_down_removes_its_files(tmp_path: Path) -> None:
    data = tmp_path / "elsewhere" / "db-1"
    data.mkdir(parents=True)
    endpoint = Endpoint("127.0.0.1", 54321, data, None, (data.parent,))
    left = Kept("the development database of shop-fr", endpoint)
    keep(tmp_path, "demo", left)
    assert kept(tmp_path) == [left]
    assert down(tmp_path) == ["stopped the development database of shop-fr (port 54321)"]
    assert not data.parent.exists()
    assert kept(tmp_path) == []


def test_down_has_nothing_to_do_where_nothing_was(tmp_path: Path) -> None:
    assert down(tmp_path / "never") == []
