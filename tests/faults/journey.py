"""The journey that faults befall: the second week of a source, from a request to a target replaced.

The first week passes once, without faults; every journey then begins in a forked copy of that world.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from unittest.mock import patch

from benchmarks.night import quietly
from local.documents import LocalSource, Pacing
from local.rds import Timings
from local.world import World
from shared import names
from shared.database.port import Kind
from shared.events import RefreshRequested
from tests.faults.calls import Wire
from tests.loop.conftest import POLICY, Scene

SOURCE = "shop-fr"
OLD_RUNS = (f"{SOURCE}-20200102t0305-00000001", f"{SOURCE}-20200109t0305-00000002")
ASKED = RefreshRequested(source=SOURCE)
AGAIN = RefreshRequested(source=SOURCE, requested_by="operator", request="a" * 32)
LONGEST = timedelta(days=4)
AFTERWARDS = 2
"""Hours for which the schedules, and the sweeps among them, go on after everything is quiet."""
PACING = Pacing(first="6m", longest="30m", deadlines={"anonymize": "6h", "receiver": "5h"})
TIMINGS = replace(Timings.aws_like(), restore=300, backup=300, snapshot=240, copy=300, delete=240)
"""Every state is seen about once: what is tried at one look need not be tried at ten alike."""


@dataclass
class Story:
    """What happened on the way; whether that was right says `judge`."""

    scene: Scene
    first: str
    source_before: Any
    alarms: list[str] = field(default_factory=list)
    shares: list[str] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)
    missing_since: datetime | None = None
    gap: timedelta = timedelta()
    again: bool = False
    """Whether somebody asks again during the second run, and the source lets requests wait."""


@contextlib.contextmanager
def first_week(kind: Kind, *, again: bool = False) -> Iterator[tuple[Story, Wire]]:
    """Open a world, let a first journey end in it, and ask for the second."""
    during_run: Literal["join", "queue"] = "queue" if again else "join"
    sources = {SOURCE: LocalSource(f"{SOURCE}-prod", POLICY, kind, during_run=during_run)}
    with quietly(), World(sources, pacing=PACING, timings=TIMINGS) as world:
        scene = Scene(world, kind, SOURCE)
        scene.create_source()
        world.send("restore", ASKED)
        world.run(at_most=LONGEST)
        scene.wait(hours=7 * 24)
        world.run(at_most=LONGEST)
        scene.backup()
        world.run(at_most=LONGEST)
        _leave_old_copies(scene)
        story = Story(scene, scene.run().run_id, source_of(scene), again=again)
        wire = Wire(world)
        with wire.connected(), _alarms_heard(story.alarms):
            yield story, wire


def _leave_old_copies(scene: Scene) -> None:
    """Begin copies of older data in development: one is beyond those to keep already, the next will be."""
    rds = scene.world.client("development", "rds")
    (newest,) = copies_in_development(scene)
    kind = "DBClusterSnapshot" if scene.kind is Kind.CLUSTER else "DBSnapshot"
    copy = rds.copy_db_cluster_snapshot if scene.kind is Kind.CLUSTER else rds.copy_db_snapshot
    for run in OLD_RUNS:
        copy(
            **{
                f"Source{kind}Identifier": newest,
                f"Target{kind}Identifier": names.development_copy(run),
                "Tags": [{"Key": names.RUN_ID_TAG, "Value": run}],
            }
        )


def copies_in_development(scene: Scene) -> list[str]:
    """List the copies that the development account holds, by name."""
    rds = scene.world.client("development", "rds")
    if scene.kind is Kind.CLUSTER:
        clusters = rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
        return sorted(one["DBClusterSnapshotIdentifier"] for one in clusters)
    listed = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    return sorted(one["DBSnapshotIdentifier"] for one in listed)


def travel(story: Story, wire: Wire) -> None:
    """Let the second week pass until nothing more happens, and the sweeps after it."""
    world = story.scene.world
    wire.watch = lambda call, params: _watch(story, call.stage, call.operation, params)
    world.send("restore", ASKED)
    if story.again:
        ledger, late = story.scene.production, world.now + timedelta(hours=2)
        world.run(until=lambda: ledger.lock_holder(SOURCE) or world.now > late, at_most=LONGEST)
        world.send("restore", AGAIN)
    world.run(at_most=LONGEST)
    for _ in range(AFTERWARDS):
        story.scene.wait(1)
        world.run(at_most=LONGEST)
    _look_at_target(story)


def source_of(scene: Scene) -> Any:
    """Describe production's own database and its backups."""
    rds = scene.world.client("production", "rds")
    name = scene.database
    if scene.kind is Kind.CLUSTER:
        backups = rds.describe_db_cluster_snapshots(DBClusterIdentifier=name, SnapshotType="automated")
        return (
            rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"],
            backups["DBClusterSnapshots"],
        )
    return (
        rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"],
        rds.describe_db_snapshots(DBInstanceIdentifier=name, SnapshotType="automated")["DBSnapshots"],
    )


def _watch(story: Story, stage: str, operation: str, params: Any) -> None:
    if operation.endswith("SnapshotAttribute") and params.get("ValuesToAdd"):
        _look_at_share(story, params)
    if stage == "receiver":
        _look_at_target(story)


def _look_at_share(story: Story, params: Any) -> None:
    scene = story.scene
    run = scene.run()
    rds = scene.world.client("production", "rds")
    if scene.kind is Kind.CLUSTER:
        name = params["DBClusterSnapshotIdentifier"]
        (found,) = rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)["DBClusterSnapshots"]
        of = found.get("DbClusterResourceId")
    else:
        name = params["DBSnapshotIdentifier"]
        (found,) = rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]
        of = found.get("DbiResourceId")
    accounts = params["ValuesToAdd"]
    story.shares.append(name)
    verified = run.resource_id and scene.production.verification(run.run_id, run.resource_id)
    if not verified or not verified.passed or not name.endswith(run.run_id):
        story.wrongs.append(f"{name} was shared without a verification")
    if of != run.resource_id:
        story.wrongs.append(f"{name} is of {of}, not of {run.resource_id}")
    if accounts != [scene.world.accounts["development"].number]:
        story.wrongs.append(f"{name} was shared with {accounts}")


def _look_at_target(story: Story) -> None:
    """Note since when the target's name belongs to nobody; whatever held it must stand beside meanwhile."""
    scene, now = story.scene, story.scene.world.now
    standing = scene.instances("development")
    if scene.target in standing:
        if story.missing_since is not None:
            story.gap = max(story.gap, now - story.missing_since)
            story.missing_since = None
        return
    story.missing_since = story.missing_since or now
    if not any(name.startswith(scene.target) for name in standing):
        story.wrongs.append("neither the target nor anything that could replace it stood")


@contextlib.contextmanager
def _alarms_heard(alarms: list[str]) -> Iterator[None]:
    def measure(name: str, *_: Any) -> None:
        if name == "LeftDirty":
            alarms.append(name)

    with patch("shared.observability._measure", measure):
        yield
