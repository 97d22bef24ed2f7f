"""The whole loop through real engines, by the very commands that people type."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from examples.shop_mysql import load as shop_mysql
from local import mysql
from tests.cli.conftest import Server
from tests.cli.test_commands import POLICY
from tests.cli.test_copying import checksum
from tests.mariadb import MariaDBServer

pytestmark = pytest.mark.engines

SNAPVEIL = [sys.executable, "-m", "cli.main"]
CODE = Path(__file__).parents[2]
PATIENCE = 240
MINE = """
version: 1
include: [base.yaml]
key: {secret: snapveil-mask-key-mine}
after:
  - sql: UPDATE "Sales"."Order Lines" SET "Ship To" = 'nowhere'
"""
_STEERING = {"SIZE", "SOURCE", "ENGINE", "KEEP"}
EVENTS = [
    ("DatabaseRestored", "111111111111"),
    ("DatabaseAnonymized", "111111111111"),
    ("SnapshotShared", "111111111111"),
    ("SnapshotReceived", "222222222222"),
    ("TargetReplaced", "222222222222"),
]


def environment(**variables: str) -> dict[str, str]:
    """The caller's environment without what would steer the commands."""
    inherited = {name: value for name, value in os.environ.items() if name not in _STEERING}
    return inherited | {"PYTHONPATH": str(CODE)} | variables


def snapveil(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in a folder."""
    return subprocess.run(
        [*SNAPVEIL, *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a space in its name; whatever a test leaves running is stopped.

    It is none of pytest's: those are closed to other users whenever a session starts, and root's engines run
    as another user.
    """
    with tempfile.TemporaryDirectory(prefix="snapveil-test-") as above:
        place = Path(above) / "some where"
        place.mkdir()
        place.parent.chmod(0o755)
        yield place
        snapveil(place, "local", "down")
        assert processes_of(place) == []


def processes_of(folder: Path) -> list[str]:
    """Name the processes that work in a folder or were told of it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            where = os.readlink(process / "cwd")  # noqa: PTH115 - a folder that is gone is no Path
        except OSError:
            continue
        if int(process.name) != os.getpid() and (
            str(folder).encode() in told or where.startswith(str(folder))
        ):
            found.append(f"{process.name} {told[:200]!r}")
    return found


def result_of(folder: Path, kind: str) -> dict[str, Any]:
    """The record of the last run."""
    found: dict[str, Any] = json.loads((folder / ".snapveil" / kind / "result.json").read_text())
    return found


def assert_proven(result: dict[str, Any]) -> None:
    """The record says that everything ended as it should, in the order in which it should."""
    assert result["status"] == "succeeded", result["reason"]
    assert [(event["type"], event["account"]) for event in result["events"]] == EVENTS
    assert [stage["name"] for stage in result["stages"]] == [
        "restore", "anonymize", "snapshot", "receiver", "clean-up"
    ]  # fmt: skip
    assert all(stage["seconds"] > 0 for stage in result["stages"])
    assert result["verification"]["passed"]
    assert result["verification"]["run_id"] == result["run_id"]
    assert {name: found for name, found in result["leftovers"].items() if found} == {}


def values(url: str, query: bytes) -> set[str]:
    """The values of one column."""
    with psycopg.connect(url) as connection:
        return {str(row[0]) for row in connection.execute(query).fetchall()}


def test_the_demo_of_a_cluster_runs_to_its_proven_end_and_leaves_nothing(folder: Path) -> None:
    finished = snapveil(folder, "demo", SIZE="60", SOURCE="cluster")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    result = result_of(folder, "demo")
    assert_proven(result)
    assert (result["kept"], result["target"]["running"]) == (False, False)
    assert result["source"]["rows"]["customers"] == result["target"]["rows"]["customers"] == 60
    assert "what developers see" in finished.stdout
    assert "KEEP=1 make demo" in finished.stdout
    assert not Path(result["target"]["data_directory"]).exists()
    assert processes_of(folder) == []


def test_try_masks_a_copy_and_leaves_the_original_as_it_was(folder: Path, torture: str) -> None:
    """With a policy of two files, a step after the rules, and a mask key that lasts."""
    (folder / "base.yaml").write_text(POLICY)
    (folder / "mine.yaml").write_text(MINE)
    before = checksum(torture)
    refused = snapveil(folder, "try", torture, "--policy", "mine.yaml")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "the secret snapveil-mask-key-mine, which stays in production" in refused.stderr
    key = secrets.token_hex(32)
    finished = snapveil(folder, "try", torture, "--policy", "mine.yaml", SNAPVEIL_MASK_KEY=key)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    result = result_of(folder, "try")
    assert_proven(result)
    assert "word" not in result["source"]["dsn"]
    assert result["target"]["rows"] == {**result["source"]["rows"], "audit": 0}
    shipped = b'SELECT DISTINCT "Ship To" FROM "Sales"."Order Lines"'
    assert values(result["target"]["dsn"], shipped) == {"nowhere"}
    written = [path.read_text("utf-8", "replace") for path in folder.rglob("*.json")]
    assert not any(key in text for text in (finished.stdout, finished.stderr, *written))
    names = b'SELECT "First Name" FROM people'
    assert values(torture, names).isdisjoint(values(result["target"]["dsn"], names))
    assert values(
        result["target"]["dsn"], b"SELECT count(*) FROM people JOIN hr.staff ON person_id = id"
    ) == {"20"}
    assert "note: event trigger watch_ddl is left out of the copy" in finished.stdout
    assert "Prénom1" in finished.stdout
    assert list(folder.rglob("*.dump")) == []
    assert checksum(torture) == before


def test_a_run_that_fails_says_why_and_cleans_up(folder: Path, server: Server) -> None:
    script = (
        "CREATE TABLE people (id int PRIMARY KEY, email text); INSERT INTO people VALUES (1, 'a@b.test');"
    )
    url = server.create("failing", script)
    policy = "tables:\n  people: {columns: {id: keep, email: email}}\nscript: {file: mask.sql}\nversion: 1\n"
    (folder / "policy.yaml").write_text(policy)
    (folder / "mask.sql").write_text("UPDATE people SET nothing = 1;\n")
    finished = snapveil(folder, "try", url)
    assert finished.returncode == 1, finished.stdout + finished.stderr
    assert "the run failed: anonymize: " in finished.stderr
    result = result_of(folder, "try")
    assert (result["status"], result["target"], result["kept"]) == ("failed", None, False)
    assert [event["type"] for event in result["events"]] == ["DatabaseRestored", "StageFailed"]
    assert not any(result["leftovers"].values())
    assert processes_of(folder) == []


def emails_of(url: str) -> set[str]:
    with mysql.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT email FROM customers")
        return {email for (email,) in cursor.fetchall()}


def test_a_demo_on_aurora_mysql_can_be_looked_at_until_it_is_taken_down(folder: Path) -> None:
    finished = snapveil(folder, "demo", "--size", "60", ENGINE="aurora-mysql", KEEP="1")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    result = result_of(folder, "demo")
    assert_proven(result)
    source, target = result["source"], result["target"]
    assert len(emails_of(source["dsn"])) == len(emails_of(target["dsn"])) == 60
    assert emails_of(source["dsn"]).isdisjoint(emails_of(target["dsn"]))
    assert "snapveil-dev-shop (answers)" in snapveil(folder, "local", "status").stdout
    assert "stopped snapveil-dev-shop" in snapveil(folder, "local", "down").stdout


def test_try_masks_a_copy_of_a_mariadb(folder: Path, mariadb_server: MariaDBServer) -> None:
    with mariadb_server.fresh_database() as database:
        login = mariadb_server.user, mariadb_server.password
        url = mysql.url_of(mariadb_server.host, mariadb_server.port, *login, database)
        shop_mysql.load_shop(url, 60)
        (folder / "policy.yaml").write_bytes(shop_mysql.POLICY.read_bytes())
        finished = snapveil(folder, "try", url)
        assert finished.returncode == 0, finished.stdout + finished.stderr
        result = result_of(folder, "try")
        assert_proven(result)
        assert emails_of(url).isdisjoint(emails_of(result["target"]["dsn"]))


def test_an_interrupted_demo_ends_at_once_and_leaves_no_process(folder: Path) -> None:
    log = folder / "output.txt"
    with log.open("w") as output:
        demo = subprocess.Popen(
            [*SNAPVEIL, "demo", "--size", "60"],
            cwd=folder,
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    until = time.monotonic() + PATIENCE
    while "\nrestore " not in log.read_text() and demo.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
    demo.send_signal(signal.SIGINT)
    assert demo.wait(timeout=PATIENCE) == 130, log.read_text()
    assert "everything was cleaned up" in log.read_text()
    assert processes_of(folder) == []
