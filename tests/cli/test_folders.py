"""Where runs leave their files: apart from each other, and gone when nobody needs them."""

import json
from pathlib import Path

from cli.folders import HISTORY, Kept, remove_everything, run_folder, run_folders, stop_kept

NOBODY = Kept(
    what="snapveil-dev-shop",
    dsn="postgresql://u:p@127.0.0.1:1/shop",
    host="127.0.0.1",
    port=1,
    data_directory="/nonexistent",
    pid=999_999,
    belongings=(),
)


def a_finished_run(root: Path, text: str = "{}") -> Path:
    """Run nothing, and leave a record."""
    with run_folder(root, "demo") as folder:
        folder.write_result(text)
        return folder.path


def test_a_run_writes_its_own_record_and_the_latest(tmp_path: Path) -> None:
    first = a_finished_run(tmp_path, '{"run": 1}')
    second = a_finished_run(tmp_path, '{"run": 2}')
    assert first != second
    assert json.loads((first / "result.json").read_text()) == {"run": 1}
    assert json.loads((tmp_path / "demo" / "result.json").read_text()) == {"run": 2}
    assert (tmp_path / ".gitignore").read_text() == "*\n"


def test_two_runs_at_once_are_apart_and_in_use(tmp_path: Path) -> None:
    with run_folder(tmp_path, "demo") as one, run_folder(tmp_path, "demo") as other:
        assert one.path != other.path
        assert all(folder.in_use for folder in run_folders(tmp_path))
    assert not any(folder.in_use for folder in run_folders(tmp_path))


def test_only_the_newest_finished_runs_stay(tmp_path: Path) -> None:
    with run_folder(tmp_path, "demo") as running:
        running.write_result("{}")
        with run_folder(tmp_path, "demo") as kept:
            kept.write_result("{}")
            kept.keep([NOBODY])
        finished = [a_finished_run(tmp_path) for _ in range(HISTORY + 2)]
        there = {folder.path for folder in run_folders(tmp_path)}
    assert there == {running.path, kept.path, *finished[-HISTORY:]}


def test_what_was_kept_is_remembered_and_put_away(tmp_path: Path) -> None:
    belonging = tmp_path / "elsewhere"
    belonging.mkdir()
    with run_folder(tmp_path, "try") as folder:
        folder.keep([Kept(**{**NOBODY.__dict__, "belongings": (str(belonging),)})])
    (found,) = run_folders(tmp_path)
    assert found.kept[0].what == "snapveil-dev-shop"
    assert not found.kept[0].running
    assert stop_kept(found) == []
    assert not belonging.exists()


def test_everything_goes_but_a_run_that_has_not_ended(tmp_path: Path) -> None:
    root = tmp_path / ".snapveil"
    assert not remove_everything(root)
    with run_folder(root, "demo") as folder:
        remove_everything(root)
        assert folder.path.is_dir()
    folder.remove()
    assert remove_everything(root)
    assert not root.exists()
