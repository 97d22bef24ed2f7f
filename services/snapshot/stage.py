"""Snapshot: from a verified temporary database to a snapshot that development may copy.

The copy to the share key is the release gate: raw data are never under a key that development can use.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared import names
from shared.database.port import Condition, Database, Databases, Kind, Snapshot
from shared.decision import Act, Decision, Fail, Finish, Wait
from shared.events import DatabaseAnonymized, Event, SnapshotShared, StageFailed, StageName, Trigger
from shared.records import Run, Verification
from shared.runs import admit_run, fail_run, resume_run
from shared.stage import Drop

if TYPE_CHECKING:
    from shared.config import Production
    from shared.ledger import Ledger

EVERYBODY = "all"


@dataclass(frozen=True)
class Wanted:
    """With whom, and under which key, the configuration lets a snapshot be shared."""

    key: str
    accounts: frozenset[str]


@dataclass(frozen=True)
class Seen:
    """What one look shows."""

    verification: Verification | None
    database: Database | None
    masked: Snapshot | None
    shared: Snapshot | None
    shared_with: frozenset[str] = frozenset()


@dataclass(frozen=True)
class CreateSnapshot:
    """Snapshot the masked database, still under production's key."""

    name: str


@dataclass(frozen=True)
class CopyToShareKey:
    """Copy it to the share key: the release gate."""

    name: str


@dataclass(frozen=True)
class Share:
    """Let these accounts copy it."""

    accounts: frozenset[str]


@dataclass(frozen=True)
class Unshare:
    """Take it back from accounts that the configuration does not name."""

    accounts: frozenset[str]


@dataclass(frozen=True)
class DeleteMasked:
    """Delete the snapshot under production's key; the shared one has replaced it."""

    name: str


Action = CreateSnapshot | CopyToShareKey | Share | Unshare | DeleteMasked


def decide(run: Run, seen: Seen, wanted: Wanted) -> Decision[Action]:
    """Say what to do next; pure. Every look proves again that this is the database that was verified."""
    if run.over:
        return Finish(why="the run is over")
    refusal = refuse(run, seen.verification)
    if refusal:
        return Fail(refusal)
    if seen.shared is None:
        return _make(run, seen)
    return _release(run, seen, seen.shared, wanted)


def refuse(run: Run, verification: Verification | None) -> str | None:
    """Say why nothing of this run may be shared; None if it may (guarantee 1)."""
    if verification is None:
        return "the ledger holds no verification of this database; nothing was shared"
    if not verification.passed:
        return "verification did not pass; nothing was shared"
    bound = (verification.run_id, verification.policy_digest, verification.database_resource_id)
    if bound != (run.run_id, run.policy_digest, run.resource_id):
        return "the verification is of another run, policy or database; nothing was shared"
    return None


def _make(run: Run, seen: Seen) -> Decision[Action]:
    """Make the snapshot of the masked database, then its copy under the share key."""
    if seen.masked is None:
        if seen.database is None:
            return Fail(f"{run.temporary_database} is gone before its snapshot was made")
        if seen.database.resource_id != run.resource_id:
            return Fail(f"{seen.database.name} is not the database that this run restored")
        match seen.database.condition:
            case Condition.READY:
                return Act(CreateSnapshot(names.masked_snapshot(run.run_id)))
            case Condition.PENDING:
                return Wait(f"{seen.database.name}, which is {seen.database.status}")
        return Fail(f"{seen.database.name} is {seen.database.status}")
    return _check(run, seen.masked) or Act(CopyToShareKey(names.shared_snapshot(run.run_id)))


def _release(run: Run, seen: Seen, shared: Snapshot, wanted: Wanted) -> Decision[Action]:
    """Share the copy, and only the copy, with the configured accounts, and only with them."""
    unready = _check(run, shared)
    if unready:
        return unready
    if shared.kms_key != wanted.key:
        return Fail(
            f"{shared.name} is under key {shared.kms_key}, not under the share key; nothing was shared"
        )
    if EVERYBODY in seen.shared_with:
        return Act(Unshare(frozenset({EVERYBODY})))
    if not seen.shared_with <= wanted.accounts:
        return Act(Unshare(seen.shared_with - wanted.accounts))
    if seen.shared_with != wanted.accounts:
        return Act(Share(wanted.accounts))
    if seen.masked is not None and seen.masked.condition is not Condition.DELETING:
        return Act(DeleteMasked(seen.masked.name))
    return Finish(
        SnapshotShared(
            run_id=run.run_id,
            attempt=run.attempt,
            kind=run.kind,
            snapshot_arn=shared.arn,
            policy_digest=run.policy_digest,
        ),
        why=f"{shared.name} is shared with {', '.join(sorted(seen.shared_with))}",
    )


def _check(run: Run, snapshot: Snapshot) -> Wait | Fail | None:
    """Refuse a snapshot of another database or run, and wait for one that is still being made."""
    if snapshot.tags.get(names.RUN_ID_TAG) != run.run_id:
        return Fail(f"{snapshot.name} does not carry this run's tag; somebody else made or changed it")
    if snapshot.database_resource_id != run.resource_id:
        return Fail(f"{snapshot.name} is not a snapshot of the database that this run masked")
    match snapshot.condition:
        case Condition.READY:
            return None
        case Condition.PENDING | Condition.DELETING:
            return Wait(f"{snapshot.name}, which is {snapshot.status}")
    return Fail(f"{snapshot.name} is {snapshot.status}")


class Sharing:
    """The step as the runtime drives it."""

    name: StageName = "snapshot"
    step = "snapshot"
    consumes = (DatabaseAnonymized,)
    level_triggered = False

    def __init__(
        self,
        config: "Production",
        ledger: "Ledger",
        databases: Mapping[Kind, Databases],
        clock: Callable[[], datetime],
    ) -> None:
        self.deadline = config.deadlines.snapshot
        self._wanted = Wanted(config.share.key, frozenset(config.share.accounts))
        self._ledger = ledger
        self._databases = databases
        self._clock = clock

    def admit(self, trigger: Trigger) -> Run | Drop:
        """Find the run whose database was anonymized."""
        assert isinstance(trigger, DatabaseAnonymized)  # noqa: S101 - `consumes` says so
        return admit_run(self._ledger, trigger)

    def resume(self, key: str) -> Run | None:
        """Find the run of a wait."""
        return resume_run(self._ledger, key)

    def observe(self, run: Run) -> Seen:
        """Look at the verification, the temporary database, both snapshots and the sharing."""
        databases = self._databases[run.kind]
        shared = databases.find_snapshot(names.shared_snapshot(run.run_id))
        ready = shared is not None and shared.condition is Condition.READY
        return Seen(
            verification=self._ledger.verification(run.run_id, run.resource_id or ""),
            database=databases.find(run.temporary_database),
            masked=databases.find_snapshot(names.masked_snapshot(run.run_id)),
            shared=shared,
            shared_with=databases.shared_with(shared) if shared and ready else frozenset(),
        )

    def decide(self, run: Run, seen: Seen) -> Decision[Action]:
        """Say what to do next."""
        return decide(run, seen, self._wanted)

    def act(self, run: Run, seen: Seen, action: Action) -> None:
        """Make one change."""
        databases = self._databases[run.kind]
        match action:
            case CreateSnapshot(name) if seen.database:
                databases.create_snapshot(seen.database, name, run.tags)
            case CopyToShareKey(name) if seen.masked:
                databases.copy_snapshot(seen.masked, name, self._wanted.key, run.tags)
            case Share(accounts) if seen.shared:
                databases.share(seen.shared, accounts)
            case Unshare(accounts) if seen.shared:
                databases.unshare(seen.shared, accounts)
            case DeleteMasked() if seen.masked:
                databases.delete_snapshot(seen.masked)

    def done(self, run: Run, event: Event | None) -> None:
        """Record that the snapshot is shared; from here on nothing more is made for the run."""
        if isinstance(event, SnapshotShared):
            self._ledger.record_facts(run.run_id, shared_at=self._clock())

    def give_up(self, run: Run, why: str) -> StageFailed:
        """Record the failure; the event makes every owner remove what it made."""
        return fail_run(self._ledger, run, "snapshot", why, self._clock())
