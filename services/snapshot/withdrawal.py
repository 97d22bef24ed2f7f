"""Withdrawal: the anonymized snapshot goes when development has its copy, the run failed or it expired."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.snapshot.freshness import tell as tell_ages
from shared import names, quotas
from shared.database.port import Condition, Databases, Kind, Snapshot
from shared.decision import Act, Decision, Finish, Wait
from shared.due import Due
from shared.events import (
    Event,
    MessageError,
    RemovalRequested,
    SnapshotReceived,
    StageFailed,
    StageName,
    TargetReplaced,
    Trigger,
)
from shared.records import Run
from shared.runs import fail_run, resume_run
from shared.stage import Drop

if TYPE_CHECKING:
    from shared.config import Production
    from shared.ledger import Ledger


@dataclass(frozen=True)
class Seen:
    """What one look shows."""

    now: datetime
    masked: Snapshot | None
    shared: Snapshot | None
    shared_with: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Unshare:
    """Take back the right to copy."""

    accounts: frozenset[str]


@dataclass(frozen=True)
class DeleteSnapshot:
    """Delete one of the run's snapshots."""

    name: str


Action = Unshare | DeleteSnapshot


def decide(run: Run, seen: Seen, longest_share: timedelta) -> Decision[Action]:
    """Say what to withdraw next; pure."""
    if not _due(run, seen.now, longest_share):
        return Finish(why="the snapshot is still to be copied")
    for snapshot in (seen.masked, seen.shared):
        if snapshot is not None and snapshot.condition is Condition.PENDING:
            return Wait(f"{snapshot.name}, which is {snapshot.status}")
        if snapshot is not None and snapshot.condition is Condition.DELETING:
            return Wait(f"{snapshot.name}, which is being deleted")
    if seen.masked is not None:
        return Act(DeleteSnapshot(seen.masked.name))
    if seen.shared is not None:
        if seen.shared_with:
            return Act(Unshare(seen.shared_with))
        return Act(DeleteSnapshot(seen.shared.name))
    return Finish(why="nothing of the snapshot is left in production")


def _due(run: Run, now: datetime, longest_share: timedelta) -> bool:
    if run.failed_at or run.received_at:
        return True
    return run.shared_at is not None and now - run.shared_at > longest_share


class Withdrawal:
    """The step as the runtime drives it. Each of its messages is one more reason to look."""

    name: StageName = "snapshot"
    step = "snapshot.withdrawal"
    consumes = (SnapshotReceived, TargetReplaced, StageFailed, RemovalRequested)
    level_triggered = True

    def __init__(
        self,
        config: "Production",
        ledger: "Ledger",
        databases: Mapping[Kind, Databases],
        alarm: Callable[[str], None],
        clock: Callable[[], datetime],
    ) -> None:
        self.deadline = config.deadlines.removal
        self._longest_share = config.share.longest
        self._ledger = ledger
        self._databases = databases
        self._alarm = alarm
        self._clock = clock

    def admit(self, trigger: Trigger) -> Run | Drop:
        """Record what development reports, and find the run."""
        assert isinstance(trigger, self.consumes)  # noqa: S101
        known = self._ledger.run(trigger.run_id)
        if known is None:
            raise MessageError(f"the ledger knows no run {trigger.run_id}")
        if isinstance(trigger, SnapshotReceived | TargetReplaced) and known.shared_at is None:
            raise MessageError(f"{trigger.type}: {trigger.run_id} has shared nothing; the report is wrong")
        now = self._clock()
        match trigger:
            case SnapshotReceived():
                self._ledger.record_facts(trigger.run_id, received_at=now)
            case TargetReplaced(target=target, others=others):
                self._ledger.record_facts(trigger.run_id, received_at=now, replaced_at=now)
                targets = ", ".join((target, *(others or ())))
                self._ledger.note(trigger.run_id, "receiver", "replaced", f"developers use {targets}")
            case StageFailed(stage="receiver", reason=reason):
                self._ledger.note(trigger.run_id, "receiver", "failed", reason)
                self._alarm(f"{trigger.run_id}: development could not replace its target: {reason}")
                return Drop("development tries again; the share stands")
            case StageFailed() | RemovalRequested() if trigger.attempt != known.attempt:
                return Drop(f"{trigger.type} is of attempt {trigger.attempt}")
        return self._ledger.run(trigger.run_id) or known

    def resume(self, key: str) -> Run | None:
        """Find the run of a wait."""
        return resume_run(self._ledger, key)

    def observe(self, run: Run) -> Seen:
        """Look at both snapshots and the sharing."""
        databases = self._databases[run.kind]
        shared = databases.find_snapshot(names.shared_snapshot(run.run_id))
        ready = shared is not None and shared.condition is Condition.READY
        return Seen(
            now=self._clock(),
            masked=databases.find_snapshot(names.masked_snapshot(run.run_id)),
            shared=shared,
            shared_with=databases.shared_with(shared) if shared and ready else frozenset(),
        )

    def decide(self, run: Run, seen: Seen) -> Decision[Action]:
        """Say what to withdraw next."""
        return decide(run, seen, self._longest_share)

    def act(self, run: Run, seen: Seen, action: Action) -> None:
        """Make one change."""
        databases = self._databases[run.kind]
        match action:
            case Unshare(accounts) if seen.shared:
                databases.unshare(seen.shared, accounts)
            case DeleteSnapshot(name):
                for snapshot in (seen.masked, seen.shared):
                    if snapshot is not None and snapshot.name == name:
                        databases.delete_snapshot(snapshot)

    def done(self, run: Run, event: Event | None) -> None:
        """Fail a run whose share ended without a copy; whatever else there was to say the messages said."""
        if run.received_at or run.failed_at or not _due(run, self._clock(), self._longest_share):
            return
        why = f"development acknowledged no copy within {self._longest_share}; the share was withdrawn"
        fail_run(self._ledger, run, self.name, why, self._clock())
        self._alarm(f"{run.run_id}: {why}")

    def give_up(self, run: Run, why: str) -> None:
        """Raise the alarm; the hourly sweep tries again."""
        self._alarm(f"the snapshots of {run.run_id} could not be withdrawn: {why}")


def sweep(
    ledger: "Ledger", databases: Mapping[Kind, Databases], config: "Production", clock: Callable[[], datetime]
) -> Iterator[RemovalRequested]:
    """Ask for the withdrawal of everything that is due; tell how old the data in development are, and how
    full the account's quotas.
    """
    tell_ages(ledger.runs(), config.sources, clock())
    snapshots = manual_snapshots(databases)
    found = list(due(ledger, snapshots, config, clock()))
    yield from (one.request for one in found if one.request is not None)
    quotas.tell(snapshots, config.quotas, (one.name for one in found))


def manual_snapshots(databases: Mapping[Kind, Databases]) -> list[Snapshot]:
    """List the account's manual snapshots of both kinds, whoever made them."""
    return [one for port in databases.values() for one in port.snapshots_named("")]


def due(
    ledger: "Ledger", snapshots: Iterable[Snapshot], config: "Production", now: datetime
) -> Iterator[Due]:
    """Find snapshots whose run failed, whose copy was acknowledged, whose share expired or whose run is
    unknown: those stay, for nobody knows whose they are.
    """
    for snapshot in snapshots:
        if not snapshot.name.startswith((names.MASKED, names.SHARED)):
            continue
        run_id = names.run_of(snapshot.name)
        run = ledger.run(run_id) if run_id else None
        if run is None:
            yield Due(snapshot.name, "the ledger knows no such run", snapshot.created_at, stays=True)
        elif _due(run, now, config.share.longest):
            since = _due_since(run, config.share.longest)
            yield Due(
                snapshot.name,
                "development has its copy" if run.received_at else run.failure or "nobody copied it in time",
                since,
                RemovalRequested(
                    run_id=run.run_id, attempt=run.attempt, reason=f"{snapshot.name} is due for withdrawal"
                ),
            )


def _due_since(run: Run, longest_share: timedelta) -> datetime | None:
    expired = run.shared_at + longest_share if run.shared_at else None
    return min((moment for moment in (run.failed_at, run.received_at, expired) if moment), default=None)
