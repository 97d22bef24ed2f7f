"""A driven world with one source of each kind, its nightly backup made, and a worker that obeys."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from local.accounts import PRODUCTION, REGION
from local.documents import LocalSource, Pacing
from local.task_runners import Outcome, TaskStart
from local.world import World
from shared.database.port import Kind
from shared.records import Check, Progress, Run, Verification

# The clock is driven: the fewer looks, the fewer calls. From 15 s on, a run would have 127 deliveries for 70.
PACING = Pacing(first="6m", longest="15m", deadlines={"anonymize": "6h", "receiver": "5h"})
ENGINES = {Kind.INSTANCE: "postgres", Kind.CLUSTER: "aurora-postgresql"}
POLICY = {"policy.yaml": b"version: 1\ntables: {}\n"}


class Scene:
    """The world of one test."""

    def __init__(self, world: World, kind: Kind, source: str, engine: str | None = None) -> None:
        self.world = world
        self.kind = kind
        self.engine = engine or ENGINES[kind]
        self.source = source
        self.database = f"{source}-prod"
        self.target = f"snapveil-dev-{source}"
        self.production = world.ledger("production")
        self.development = world.ledger("development")
        self.verdict = True
        self.effect: Callable[[], None] = lambda: None
        world.tasks.outcome = self._outcome

    def create_source(self) -> None:
        rds = self.world.client("production", "rds")
        common: dict[str, Any] = {"MasterUsername": "shop_admin", "MasterUserPassword": "production-password"}
        if self.kind is Kind.CLUSTER:
            rds.create_db_cluster(
                DBClusterIdentifier=self.database, Engine=self.engine, DatabaseName="shop", **common
            )
            self.wait(1)
            rds.create_db_instance(
                DBInstanceIdentifier=f"{self.database}-1",
                DBClusterIdentifier=self.database,
                Engine=self.engine,
                DBInstanceClass="db.r6g.large",
            )
        else:
            rds.create_db_instance(
                DBInstanceIdentifier=self.database,
                Engine=self.engine,
                DBInstanceClass="db.r6g.large",
                AllocatedStorage=20,
                DBName="shop",
                **common,
            )
        self.wait(2)
        self.backup()

    def backup(self) -> None:
        self.world.rds.automated_snapshot(PRODUCTION, REGION, self.database)
        self.wait(1)

    def wait(self, hours: float) -> None:
        self.world.jump(self.world.now + timedelta(hours=hours))

    def run(self) -> Run:
        """The newest run that production's ledger knows."""
        return max(self.production.runs(), key=lambda run: run.started_at)

    def instances(self, account: str) -> dict[str, str]:
        """Databases by name, each with the run whose tag it bears."""
        rds = self.world.client(account, "rds")
        listed = (
            [(found["DBClusterIdentifier"], found) for found in rds.describe_db_clusters()["DBClusters"]]
            if self.kind is Kind.CLUSTER
            else [
                (found["DBInstanceIdentifier"], found) for found in rds.describe_db_instances()["DBInstances"]
            ]
        )
        return {
            name: next(
                (tag["Value"] for tag in found.get("TagList", []) if tag["Key"] == "snapveil:run-id"), ""
            )
            for name, found in listed
        }

    def types(self) -> list[str]:
        """The types of what was published; what goes over topic and bus counts once."""
        published = [(event.account, event.type) for event in self.world.events]
        return [
            kind
            for number, (_, kind) in enumerate(published)
            if number == 0 or published[number - 1][1] != kind
        ]

    def _outcome(self, start: TaskStart) -> Outcome:
        run_id = start.environment["SNAPVEIL_RUN_ID"]
        resource_id = start.environment["SNAPVEIL_DATABASE_RESOURCE_ID"]
        self.production.record_progress(run_id, Progress(step="masking", tables_total=3, rows_total=100))

        def finish() -> None:
            self.effect()
            self.production.record_verification(
                run_id,
                Verification(
                    run_id=run_id,
                    policy_digest=start.environment["SNAPVEIL_POLICY_DIGEST"],
                    database_resource_id=resource_id,
                    passed=self.verdict,
                    checks=(Check(name="originals", passed=self.verdict, examined=3, detail="as told"),),
                    tables_masked=3,
                    columns_masked=9,
                    rows_masked=100,
                    seconds=1.0,
                ),
            )

        return Outcome(effect=finish)


@pytest.fixture(params=[Kind.INSTANCE, Kind.CLUSTER])
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    """Both kinds of source."""
    yield from a_scene(request.param)


@pytest.fixture
def instance() -> Iterator[Scene]:
    """A source that is an instance, where the kind makes no difference."""
    yield from a_scene(Kind.INSTANCE)


def a_scene(
    kind: Kind,
    templates: Mapping[str, Any] | None = None,
    engine: str | None = None,
    **target: Any,
) -> Iterator[Scene]:
    source = "shop-fr"
    sources = {source: LocalSource(f"{source}-prod", POLICY, kind, **target)}
    with World(sources, pacing=PACING, templates=templates) as world:
        scene = Scene(world, kind, source, engine)
        scene.create_source()
        yield scene
