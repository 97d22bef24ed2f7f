"""The record of a run on this machine, for machines: `result.json`."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from cli.watch import STAGES, RunView
from shared.records import Verification

if TYPE_CHECKING:
    from local.leftovers import Leftovers as Found
    from local.record import Published


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class StageTime(_Part):
    """When a stage began and how long it took."""

    name: str
    started: datetime
    seconds: float


class PublishedEvent(_Part):
    """One event, in the order in which they were published, and the account that published it."""

    type: str
    account: str
    time: datetime


class DatabaseFacts(_Part):
    """A database of the run. `rows` counts each table exactly; `running` says whether `dsn` still answers."""

    dsn: str
    data_directory: str | None
    rows: Mapping[str, int]
    running: bool


class Leftovers(_Part):
    """What the run left in the embedded cloud: all of it must be empty."""

    temporary_databases: tuple[str, ...] = ()
    unacknowledged_messages: Mapping[str, int] = {}
    dlq_depth: Mapping[str, int] = {}
    databases_beside_targets: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    masked_snapshots: tuple[str, ...] = ()
    shared_snapshots: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that was left, by name."""
        return tuple(f"{kind} {name}" for kind, found in self for name in found)


class Result(_Part):
    """A whole run. `status` is "succeeded" only if everything is proven; otherwise `reason` says why not."""

    version: int = 1
    kind: str
    run_id: str | None
    status: str
    reason: str | None = None
    started: datetime
    seconds: float
    stages: tuple[StageTime, ...] = ()
    events: tuple[PublishedEvent, ...] = ()
    source: DatabaseFacts | None = None
    target: DatabaseFacts | None = None
    verification: Verification | None = None
    leftovers: Leftovers = Leftovers()
    kept: bool = False

    def written(self) -> str:
        """Return it as JSON."""
        return self.model_dump_json(indent=2) + "\n"


def stage_times(view: RunView) -> tuple[StageTime, ...]:
    """Return the stages that began."""
    return tuple(
        StageTime(name=stage.name, started=stage.started, seconds=round(stage.seconds(view.at) or 0, 3))
        for stage in (view.stage(name) for name in STAGES)
        if stage.started is not None
    )


def events_of(published: Iterable["Published"]) -> tuple[PublishedEvent, ...]:
    """Return the events in order; one that went to a topic and a bus alike is told once."""
    seen: set[tuple[str, str]] = set()
    events: list[PublishedEvent] = []
    for one in published:
        if (one.account, one.body) not in seen:
            seen.add((one.account, one.body))
            at = one.time if one.time.tzinfo else one.time.replace(tzinfo=UTC)
            events.append(PublishedEvent(type=one.type, account=one.account, time=at))
    return tuple(events)


def leftovers_of(found: "Found") -> Leftovers:
    """Return what was found, under the words of the record."""
    return Leftovers(
        temporary_databases=found.temporary_databases,
        unacknowledged_messages=dict(found.unacknowledged_messages),
        dlq_depth=dict(found.dead_letters),
        databases_beside_targets=found.databases_beside_targets,
        secrets=found.secrets,
        masked_snapshots=found.masked_snapshots,
        shared_snapshots=found.shared_snapshots,
    )
