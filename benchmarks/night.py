"""A night in which many sources are refreshed at once, on a driven clock, with what goes wrong in the cloud.

Everything is as deployed: the same stages, queues, buses and schedules; only engines, workers and time are
not real. The same seed tells the same story.
"""

import logging
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from benchmarks.meters import Meters
from local.accounts import PRODUCTION, REGION
from local.documents import LocalSource, Pacing
from local.leftovers import Leftovers
from local.rds import Limits, Timings
from local.task_runners import Outcome, TaskStart
from local.world import World
from shared.database.port import Kind
from shared.events import RefreshRequested, SweepRequested
from shared.records import Check, Run, Status, Verification

POLICY = {"policy.yaml": b"version: 1\ntables: {}\n"}
SLICE = timedelta(minutes=10)
ENDED = {Status.SUCCEEDED, Status.FAILED}
_LOUD = ("snapveil", "service_undefined", "local.rds.timeline", "local.sources")


@dataclass(frozen=True)
class Plan:
    """What kind of night it is.

    `failures` is the chance of each restore, copy and worker; `throttled` that of each RDS call to be refused
    even after boto3's retries. `room` is what the quotas of instances and of clusters leave for databases of
    ours.
    """

    sources: int = 100
    clusters_of_ten: int = 4
    seed: int = 1
    failures: float = 0.02
    throttled: float = 0.005
    room: int = 40
    masking: tuple[int, int] = (20, 150)  # minutes, at least and at most
    limits: Limits = field(default_factory=Limits)
    timings: Timings = field(default_factory=Timings.aws_like)
    pacing: Pacing = field(default_factory=Pacing)
    longest: timedelta = timedelta(hours=48)


@dataclass(frozen=True)
class Night:
    """What came of it."""

    plan: Plan
    runs: tuple[Run, ...]
    meters: Meters
    deliveries: Mapping[str, int]
    left: Leftovers
    unfinished: tuple[str, ...]
    duration: timedelta
    database_time: timedelta
    """How long temporary databases stood ready, all together."""

    def having(self, *status: Status) -> list[Run]:
        """List the runs of a status."""
        return [run for run in self.runs if run.status in status]


def source_names(plan: Plan) -> dict[str, Kind]:
    """Name the sources, clusters spread evenly among instances."""
    return {
        f"shop-{number:03}": Kind.CLUSTER if number * 7 % 10 < plan.clusters_of_ten else Kind.INSTANCE
        for number in range(1, plan.sources + 1)
    }


def simulate(plan: Plan) -> Night:
    """Let one night pass."""
    kinds = source_names(plan)
    sources = {name: LocalSource(f"{name}-prod", POLICY, kind) for name, kind in kinds.items()}
    chance = random.Random(plan.seed)  # noqa: S311 - a story to tell again, not a secret
    with quietly(), World(sources, timings=plan.timings, pacing=plan.pacing) as world:
        world.rds.limits = Limits(instances=10**6, clusters=10**6)
        create_sources(world, kinds)
        world.rds.limits = replace(
            plan.limits,
            instances=world.rds.usage(PRODUCTION).instances + plan.room,
            clusters=world.rds.usage(PRODUCTION).clusters + plan.room,
        )
        world.tasks.outcome = workers(world, plan, chance)
        world.engines.fails = lambda _: chance.random() < plan.failures
        meters = Meters(world, chance, plan.throttled)
        delivered = len(world.deliveries)
        began = world.now
        with meters.watching():
            for name in kinds:
                world.send("restore", RefreshRequested(source=name, requested_by="schedule"))
            _let_pass(world, plan, len(kinds))
        for stage in ("restore", "snapshot"):
            world.send(stage, SweepRequested())
        world.run(at_most=timedelta(hours=12))
        runs = tuple(sorted(world.ledger("production").runs(), key=lambda run: run.run_id))
        ends = [end for run in runs for end in (run.removed_at, run.replaced_at) if end]
        lives = [run.removed_at - run.restored_at for run in runs if run.removed_at and run.restored_at]
        return Night(
            plan=plan,
            runs=runs,
            meters=meters,
            deliveries=Counter(one.stage for one in world.deliveries[delivered:]),
            left=world.leftovers(),
            unfinished=tuple(run.run_id for run in runs if run.status not in ENDED),
            duration=max(ends, default=began) - began,
            database_time=sum(lives, timedelta()),
        )


def _let_pass(world: World, plan: Plan, expected: int) -> None:
    """Let time pass until every run ended, or the night has been as long as it may be."""
    began, ledger = world.now, world.ledger("production")
    while world.now - began < plan.longest:
        for _ in range(6):
            until(world, world.now + SLICE)
        runs = list(ledger.runs())
        if len(runs) == expected and all(run.status in ENDED for run in runs):
            return


def until(world: World, moment: datetime) -> None:
    """Let things happen until a moment."""
    world.run(until=lambda: world.now >= moment, at_most=timedelta(days=2))


def create_sources(world: World, kinds: Mapping[str, Kind]) -> None:
    """Make the sources' databases, each with a backup of last night."""
    rds = world.client("production", "rds")
    common: dict[str, Any] = {"MasterUsername": "shop_admin", "MasterUserPassword": "production-password"}
    clusters = [name for name, kind in kinds.items() if kind is Kind.CLUSTER]
    for name in kinds:
        if name in clusters:
            rds.create_db_cluster(DBClusterIdentifier=f"{name}-prod", Engine="aurora-postgresql", **common)
        else:
            rds.create_db_instance(
                DBInstanceIdentifier=f"{name}-prod",
                Engine="postgres",
                DBInstanceClass="db.r6g.large",
                AllocatedStorage=200,
                **common,
            )
    wait(world, 2)
    for name in clusters:
        rds.create_db_instance(
            DBInstanceIdentifier=f"{name}-prod-1",
            DBClusterIdentifier=f"{name}-prod",
            Engine="aurora-postgresql",
            DBInstanceClass="db.r6g.large",
        )
    wait(world, 2)
    back_up(world, kinds)


def back_up(world: World, sources: Iterable[str]) -> None:
    """Make a backup of every source, as RDS does each night."""
    for name in sources:
        world.rds.automated_snapshot(PRODUCTION, REGION, f"{name}-prod")
    wait(world, 1)


def wait(world: World, hours: float) -> None:
    """Let time pass, and deliver what the schedules asked for meanwhile."""
    world.jump(world.now + timedelta(hours=hours))
    while world.deliver():  # what the hourly schedules asked for meanwhile
        pass


def workers(world: World, plan: Plan, chance: random.Random) -> Any:
    """Say what each worker does: mask for a while and verify, or be killed."""
    ledger = world.ledger("production")

    def outcome(start: TaskStart) -> Outcome:
        seconds = 60 * chance.uniform(*plan.masking)
        if chance.random() < plan.failures:
            return Outcome(after=seconds, exit_code=137, reason="OutOfMemoryError: container killed")
        return Outcome(after=seconds, effect=lambda: _verified(start))

    def _verified(start: TaskStart) -> None:
        told = start.environment
        ledger.record_verification(
            told["SNAPVEIL_RUN_ID"],
            Verification(
                run_id=told["SNAPVEIL_RUN_ID"],
                policy_digest=told["SNAPVEIL_POLICY_DIGEST"],
                database_resource_id=told["SNAPVEIL_DATABASE_RESOURCE_ID"],
                passed=True,
                checks=(Check(name="originals", passed=True, examined=3, detail="none found"),),
                tables_masked=3,
                columns_masked=9,
                rows_masked=100,
                seconds=1.0,
            ),
        )

    return outcome


@contextmanager
def quietly() -> Iterator[None]:
    """Leave out the log lines and metrics of a hundred runs: what matters is counted."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with patch("shared.observability.single_metric"):
            yield
    finally:
        logging.disable(before)
