"""Restore: from a source's newest snapshot to a temporary database that opens with a password of our own."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from services.restore.admission import Admission
from shared import names
from shared.database.families import ENGINES, is_known
from shared.database.port import Condition, Database, Databases, Kind, Snapshot
from shared.decision import Act, Decision, Fail, Finish, Wait
from shared.events import (
    DatabaseRestored,
    Event,
    RefreshRequested,
    StageFailed,
    StageName,
    Trigger,
)
from shared.records import Run
from shared.runs import fail_run, resume_run
from shared.stage import Drop

if TYPE_CHECKING:
    from services.restore.credentials import Credentials
    from shared.config import Production
    from shared.ledger import Ledger

# RDS refuses / " @ and more than 41 characters: these are 40. The run's key follows from them: ADR 0017
PASSWORD_BYTES = 20


@dataclass(frozen=True)
class Seen:
    """What one look shows."""

    lock_holder: str | None
    places: frozenset[str]
    snapshot: Snapshot | None
    database: Database | None


@dataclass(frozen=True)
class TakeLock:
    """Take the lock that allows one run at a time per source."""

    source: str


@dataclass(frozen=True)
class TakePlace:
    """Take one of the places for runs that have a temporary database at once."""

    places: int


@dataclass(frozen=True)
class RestoreSnapshot:
    """Start the restore."""

    snapshot: str
    into: str


@dataclass(frozen=True)
class AddInstance:
    """Give a restored cluster its instance."""

    database: str


@dataclass(frozen=True)
class SetMasterPassword:
    """Replace production's master password by one that only the worker can read."""

    database: str


Action = TakeLock | TakePlace | RestoreSnapshot | AddInstance | SetMasterPassword


def decide(run: Run, seen: Seen, at_once: int) -> Decision[Action]:
    """Say what to do next, from what was seen; pure, so that the whole stage is tested as a table."""
    if run.over:
        return Finish(why="the run is over")
    if seen.lock_holder is None:
        return Act(TakeLock(run.source))
    if seen.lock_holder != run.run_id:
        return Wait(f"run {seen.lock_holder} of the same source to end", queued=True)
    if seen.database is None:
        return _begin(run, seen, at_once)
    if seen.database.tags.get(names.RUN_ID_TAG) != run.run_id:
        return Fail(f"{seen.database.name} exists and is not of this run; look at it and delete it by hand")
    match seen.database.condition:
        case Condition.FAILED:
            return Fail(
                f"{seen.database.name} is {seen.database.status}: RDS could not restore {run.snapshot}"
            )
        case Condition.PENDING | Condition.DELETING:
            return Wait(f"{seen.database.name}, which is {seen.database.status}")
    if not seen.database.has_instance:  # a restored cluster comes without one
        return Act(AddInstance(run.temporary_database))
    if run.password_set_for != seen.database.resource_id:  # it still opens with production's password
        return Act(SetMasterPassword(run.temporary_database))
    if seen.database.pending_changes:  # RDS says "available" before it begins to change the password
        return Wait(f"the new master password of {seen.database.name}")
    return Finish(
        DatabaseRestored(run_id=run.run_id, attempt=run.attempt, resource_id=seen.database.resource_id),
        why=f"{seen.database.name} stands",
    )


def _begin(run: Run, seen: Seen, at_once: int) -> Decision[Action]:
    """Start the restore as soon as the run has its place; until then it costs nothing and holds no data."""
    if run.run_id not in seen.places:
        if len(seen.places) >= at_once:
            return Wait(f"one of the {at_once} runs that may go on at once to end", queued=True)
        return Act(TakePlace(at_once))
    if seen.snapshot is None:
        return Fail(f"snapshot {run.snapshot} is gone; ask for a refresh to take the newest one")
    if not is_known(seen.snapshot.engine):
        return Fail(f"{run.snapshot} is of {seen.snapshot.engine}: Snapveil masks {', '.join(ENGINES)}")
    return Act(RestoreSnapshot(run.snapshot, into=run.temporary_database))


class Restore:
    """The stage as the runtime drives it."""

    name: StageName = "restore"
    step = "restore"
    consumes = (RefreshRequested,)
    level_triggered = False

    def __init__(
        self,
        config: "Production",
        ledger: "Ledger",
        databases: Mapping[Kind, Databases],
        credentials: "Credentials",
        digest_of_policy: Callable[[str], str],
        clock: Callable[[], datetime],
    ) -> None:
        self.deadline = config.deadlines.restore
        self._config = config
        self._ledger = ledger
        self._databases = databases
        self._credentials = credentials
        self._clock = clock
        self._admission = Admission(config, ledger, databases, digest_of_policy, clock)

    def admit(self, trigger: Trigger) -> Run | Drop:
        """Open the run that a request makes, join the one that goes on, or let the request wait."""
        assert isinstance(trigger, RefreshRequested)  # noqa: S101 - `consumes` says so
        return self._admission.admit(trigger)

    def resume(self, key: str) -> Run | None:
        """Find the run of a wait."""
        return resume_run(self._ledger, key)

    def observe(self, run: Run) -> Seen:
        """Look at the lock, the source snapshot and the temporary database."""
        databases = self._databases[run.kind]
        database = databases.find(run.temporary_database)
        return Seen(
            lock_holder=self._ledger.lock_holder(run.source),
            places=self._ledger.places() if database is None else frozenset(),
            snapshot=databases.find_snapshot(run.snapshot) if database is None else None,
            database=database,
        )

    def decide(self, run: Run, seen: Seen) -> Decision[Action]:
        """Say what to do next."""
        return decide(run, seen, self._config.at_once)

    def act(self, run: Run, seen: Seen, action: Action) -> None:
        """Make one change."""
        databases = self._databases[run.kind]
        placement = self._admission.source(run.source).temporary.placement()
        placement = replace(placement, kms_key=placement.kms_key or self._config.production_key)
        match action:
            case TakeLock():
                if run.serves:  # before the lock: from then on who asks during this run waits for another
                    self._ledger.requests.end(run.source, run.serves)
                self._ledger.take_lock(run.source, run.run_id)
            case TakePlace(places):
                self._ledger.take_place(run.run_id, places)
            case RestoreSnapshot() if seen.snapshot:
                databases.restore(seen.snapshot, run.temporary_database, placement, run.tags)
            case AddInstance() if seen.database:
                databases.add_instance(seen.database, placement, run.tags)
            case SetMasterPassword() if seen.database:
                password = secrets.token_hex(PASSWORD_BYTES)
                self._credentials.write(run, seen.database, password)
                databases.set_master_password(seen.database, password)
                self._ledger.record_password(run.run_id, seen.database.resource_id)

    def done(self, run: Run, event: Event | None) -> None:
        """Record that the temporary database stands, and which one it is."""
        if isinstance(event, DatabaseRestored):
            self._ledger.record_facts(run.run_id, restored_at=self._clock(), resource_id=event.resource_id)

    def give_up(self, run: Run, why: str) -> StageFailed:
        """Record the failure; the event makes the removal step delete what was made."""
        return fail_run(self._ledger, run, "restore", why, self._clock())
