"""Several targets of one source: one copy serves all, each has its own way, production hears of all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from local.accounts import DEVELOPMENT
from local.templates import kept
from services.receiver.looking import copies_of
from shared import names
from shared.database.port import Databases, Kind, Snapshot
from shared.database.tagging import read_tags
from shared.events import RefreshRequested, TargetRequested
from shared.messaging import Queue
from shared.records import Status
from tests.infra.stacks.reading import statements_in
from tests.local.declarations import Template, changed
from tests.loop.conftest import Scene, a_scene

DAY, HOURS = timedelta(hours=24), timedelta(hours=2)
MINE, DATA = "snapveil-dev-shop-fr", "snapveil-dev-data"
CHECK = "SELECT count(*) FROM orders"


def a_team(kind: Kind = Kind.INSTANCE, **says: Any) -> Iterator[Scene]:
    """A source with the target of its own name and one of a team."""
    yield from a_scene(kind, grace="2h", more_targets={"data": says})


@pytest.fixture
def team() -> Iterator[Scene]:
    yield from a_team()


def refresh(scene: Scene) -> str:
    """Ask production for a refresh, let everything happen that follows, and return its run."""
    scene.world.send("restore", RefreshRequested(source="shop-fr"))
    scene.world.run(at_most=DAY)
    return scene.run().run_id


def look(scene: Scene, hours: float = 1) -> None:
    """Let time pass, then have all targets looked at, and what follows from it happen."""
    scene.wait(hours)
    scene.world.send("receiver", RefreshRequested(source="shop-fr"))
    scene.world.run(at_most=HOURS)


def ask(scene: Scene, **wish: object) -> None:
    number = len(scene.world.deliveries)
    wish = {"source": "shop-fr", "request": f"{number:08x}" * 4, **wish}
    scene.world.send("receiver", TargetRequested.model_validate(wish))
    scene.world.run(at_most=HOURS)


def told(scene: Scene, kind: str) -> list[dict[str, Any]]:
    return [
        json.loads(event.body)
        for event in scene.world.events
        if event.account == DEVELOPMENT and event.type == kind
    ]


def test_one_copy_serves_every_target_and_production_hears_once(team: Scene) -> None:
    run = refresh(team)
    assert team.instances("development") == {MINE: run, DATA: run}
    copied = [line for key in ("shop-fr", "data") for line in team.development.history(f"target#{key}")]
    assert len([line for line in copied if "CopySnapshot" in line.why]) == 1
    assert [one["run_id"] for one in told(team, "SnapshotReceived")] == [run]
    replaced = told(team, "TargetReplaced")
    assert {one["target"]: one["others"] for one in replaced} == {MINE: [DATA]}
    assert len(replaced) == 1
    assert team.run().status is Status.SUCCEEDED
    assert "developers use snapveil-dev-shop-fr, snapveil-dev-data" in str(team.production.history(run))
    look(team)
    look(team)
    assert len(told(team, "TargetReplaced")) == 2, "an event between accounts may be lost: it is told again"
    assert team.world.leftovers().empty


def test_a_target_that_fails_its_check_holds_up_no_other() -> None:
    with contextmanager(a_team)(checks=[CHECK]) as team:
        orders = 0
        team.world.answers = lambda _: orders
        run = refresh(team)
        assert team.instances("development")[MINE] == run
        assert DATA not in team.instances("development")
        (failed,) = told(team, "StageFailed")
        assert failed["reason"].startswith(f"{DATA}: ")
        assert f"{CHECK} said 0" in failed["reason"]
        assert told(team, "TargetReplaced") == []
        assert team.run().status is Status.RUNNING
        orders = 7
        look(team)
        assert team.instances("development") == {MINE: run, DATA: run}
        assert [one["others"] for one in told(team, "TargetReplaced")] == [[DATA]]
        assert team.run().status is Status.SUCCEEDED


def test_one_target_goes_back_and_the_other_stays(team: Scene) -> None:
    old = refresh(team)
    team.wait(3)
    team.backup()
    new = refresh(team)
    ask(team, back=True, target="data")
    standing = team.instances("development")
    assert (standing[MINE], standing[DATA]) == (new, old)
    look(team, hours=3)
    assert team.instances("development") == {MINE: new, DATA: old}
    assert len(copies(team)) == 2


def test_a_wake_lost_with_its_process_comes_again_and_a_copy_made_twice_is_no_error(team: Scene) -> None:
    """The first delivery dies before it has woken the other target. Later both see what is shared before
    either sees a copy: the second call finds it made."""
    died: list[RefreshRequested] = []
    blind: list[str] = []
    send = Queue.send

    def dies(queue: Queue, message: Any, delay: int = 0) -> None:
        if isinstance(message, RefreshRequested) and not died:
            died.append(message)
            raise RuntimeError("killed")
        send(queue, message, delay)

    def sees_late(source: str, databases: Databases) -> tuple[Snapshot, ...]:
        found = copies_of(source, databases)
        if found and not blind:
            blind.append(found[0].name)
            return ()
        return found

    with patch.object(Queue, "send", dies), patch("services.receiver.reconciler.copies_of", sees_late):
        run = refresh(team)
    assert died[0].target == "data"
    assert blind
    notes = [line.why for key in ("shop-fr", "data") for line in team.development.history(f"target#{key}")]
    assert any("DBSnapshotAlreadyExists" in why for why in notes)
    assert team.instances("development") == {MINE: run, DATA: run}
    assert told(team, "StageFailed") == []
    assert len(told(team, "TargetReplaced")) == 1


def test_records_of_before_a_second_target_keep_their_meaning() -> None:
    with contextmanager(a_scene)(Kind.INSTANCE) as scene:
        run = refresh(scene)
        delivery = scene.development.delivery(run)
        assert delivery.replaced_at
        add_target(scene)
        before = [event.type for event in scene.world.events]
        look(scene)
        assert scene.instances("development") == {MINE: run, DATA: run}
        after = [event.type for event in scene.world.events][len(before) :]
        assert set(after) <= {"TargetReplaced"}
        assert scene.development.delivery(run).replaced_at == delivery.replaced_at


def test_a_request_for_no_target_of_the_source_is_refused(team: Scene) -> None:
    ask(team, target="shop-es")
    ask(team, source="shop-es", target="data")
    reasons = str(team.world.leftovers().dead_letters)
    assert reasons == "{'snapveil-receiver-dlq': 2}"


def test_clusters_their_instances_copy_and_secret_bear_the_documents_tags() -> None:
    """The role may give these tags only where the template says so."""
    tags = {"team": "data", "cost": "7"}
    with contextmanager(a_scene)(
        Kind.CLUSTER,
        templates={"development": changed(kept()["development"], _with_tags)},
        more_targets={"data": {"tags": tags}},
    ) as scene:
        run = refresh(scene)
        rds = scene.world.client("development", "rds")
        found = {
            one.get("DBInstanceIdentifier") or one["DBClusterIdentifier"]: read_tags(one["TagList"])
            for one in (
                *rds.describe_db_clusters()["DBClusters"],
                *rds.describe_db_instances()["DBInstances"],
            )
        }
        ours = {names.RUN_ID_TAG: run, names.SOURCE_TAG: "shop-fr"}
        own = {name: tags for name, tags in found.items() if not name.startswith(DATA)}
        assert own == {MINE: ours, f"{MINE}-1": ours}
        assert found == own | {DATA: ours | tags, f"{DATA}-1": ours | tags}
        secrets = scene.world.client("development", "secretsmanager")
        kept_tags = read_tags(secrets.describe_secret(SecretId=names.master_secret(DATA))["Tags"])
        assert kept_tags == ours | tags
        (copy,) = rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
        assert read_tags(copy["TagList"]) == ours, "the copy is of both, and bears what both say"


def _with_tags(template: Template) -> None:
    for statement in statements_in(template["Resources"]["ReceiverRole"]):
        if statement.get("Sid") == "TagWhatIsMade":
            statement["Condition"]["ForAllValues:StringEquals"]["aws:TagKeys"] += ["team", "cost"]


def copies(scene: Scene) -> set[str]:
    """The runs whose copies development holds."""
    rds = scene.world.client("development", "rds")
    found = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    return {run for one in found if (run := names.run_of(one["DBSnapshotIdentifier"]))}


def add_target(scene: Scene) -> None:
    """Add a target to the document of development, as an operator does."""
    ssm = scene.world.client("development", "ssm")
    document = json.loads(ssm.get_parameter(Name="/snapveil/config")["Parameter"]["Value"])
    mine = document["targets"]["shop-fr"]
    document["targets"]["data"] = {**mine, "source": "shop-fr", "name": DATA}
    ssm.put_parameter(Name="/snapveil/config", Value=json.dumps(document), Overwrite=True)
