"""The sweep of development as its function runs: it deletes what was shown, while the newest build fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from local.accounts import DEVELOPMENT
from services.receiver.retention import due
from shared import names
from shared.config import Development, read
from shared.database.factory import databases_of
from shared.database.port import Kind
from shared.due import Due
from shared.events import RefreshRequested
from tests.loop.conftest import Scene, a_scene

DAY, HOURS = timedelta(hours=24), timedelta(hours=2)
CHECK = "SELECT count(*) FROM orders"
OLD = ("shop-fr-20200102t0305-00000001", "shop-fr-20200109t0305-00000002")
KEPT = "shop-fr-20200116t0305-00000004"
STRANGER = "shop-es-20200102t0305-00000003"


@pytest.fixture
def failing() -> Iterator[Scene]:
    """A target whose newest data do not pass their check, and copies of older data."""
    with contextmanager(a_scene)(Kind.INSTANCE, checks=[CHECK]) as scene:
        scene.world.answers = lambda _: 0
        scene.world.send("restore", RefreshRequested(source="shop-fr"))
        scene.world.run(at_most=DAY)
        (newest,) = copies(scene)
        rds = scene.world.client("development", "rds")
        for run in (*OLD, KEPT, STRANGER):
            rds.copy_db_snapshot(
                SourceDBSnapshotIdentifier=newest,
                TargetDBSnapshotIdentifier=names.development_copy(run),
                Tags=[{"Key": names.RUN_ID_TAG, "Value": run}],
            )
        scene.wait(hours=1)
        yield scene


def copies(scene: Scene) -> list[str]:
    listed = scene.world.client("development", "rds").describe_db_snapshots(SnapshotType="manual")
    return [one["DBSnapshotIdentifier"] for one in listed["DBSnapshots"]]


def shown(scene: Scene) -> list[Due]:
    """What an operator is shown of the development account."""
    ssm = scene.world.client("development", "ssm")
    text = ssm.get_parameter(Name="/snapveil/config")["Parameter"]["Value"]
    config = read(text, "/snapveil/config")
    assert isinstance(config, Development)
    databases = databases_of(DEVELOPMENT, lambda service: scene.world.client("development", service))
    return list(due(scene.development, databases, config, scene.world.now))


def test_it_deletes_what_an_operator_was_shown_and_tells_what_is_nobodys(
    failing: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = shown(failing)
    going = {one.name for one in listed if not one.stays}
    assert going == {names.development_copy(run) for run in OLD}
    assert [one.name for one in listed if one.stays] == [names.development_copy(STRANGER)]
    before, databases = set(copies(failing)), failing.instances("development")
    capsys.readouterr()
    failing.world.fire_schedule("development", "sweep-receiver")
    failing.world.run(at_most=HOURS)
    assert before - set(copies(failing)) == going
    assert failing.instances("development") == databases
    history = failing.development.history(f"target#{failing.source}")
    assert {line.why.split(":")[0] for line in history if line.what == "deletes"} == going
    said = capsys.readouterr().out
    assert '"Orphans":[1.0]' in said.replace(" ", "")
    assert {one.name for one in shown(failing) if not one.stays} == set()
