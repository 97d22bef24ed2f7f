"""Removal: the temporary database and its secret go, in every ending; then what waits for them may begin."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from services.restore import admission
from shared import names
from shared.database.port import Condition, Database, Databases, Kind
from shared.decision import Act, Decision, Finish, Wait
from shared.due import Due
from shared.events import Event, RemovalRequested, SnapshotShared, StageFailed, StageName, Trigger
from shared.records import Run
from shared.runs import admit_run, fail_run, failure_of, resume_run
from shared.stage import Drop

if TYPE_CHECKING:
    from services.restore.credentials import Credentials
    from shared.config import Production
    from shared.ledger import Ledger


@dataclass(frozen=True)
class Remains:
    """What is left of a run; the run itself is None if the ledger lost it."""

    run_id: str
    attempt: int
    run: Run | None

    @property
    def key(self) -> str:
        """The name under which the ledger remembers the step."""
        return f"{self.run_id}#{self.attempt}"

    @property
    def history(self) -> str:
        """The name under which the ledger writes history."""
        return self.run_id


@dataclass(frozen=True)
class Seen:
    """What one look shows."""

    database: Database | None
    has_secret: bool


@dataclass(frozen=True)
class DeleteDatabase:
    """Delete the temporary database; no final snapshot is kept."""

    database: str


@dataclass(frozen=True)
class DeleteSecret:
    """Delete the master password, without a recovery window."""

    run_id: str


Action = DeleteDatabase | DeleteSecret


def decide(remains: Remains, seen: Seen) -> Decision[Action]:
    """Say what to delete next; pure."""
    if seen.database is not None:
        if seen.database.condition is Condition.DELETING:
            return Wait(f"{seen.database.name}, which is being deleted")
        return Act(DeleteDatabase(seen.database.name))
    if seen.has_secret:
        return Act(DeleteSecret(remains.run_id))
    return Finish(why="nothing of the temporary database is left")


class Removal:
    """The step as the runtime drives it. It can be asked again and again: a sweep does."""

    name: StageName = "restore"
    step = "restore.removal"
    consumes = (SnapshotShared, StageFailed, RemovalRequested)
    level_triggered = True

    def __init__(
        self,
        config: "Production",
        ledger: "Ledger",
        databases: Mapping[Kind, Databases],
        credentials: "Credentials",
        alarm: Callable[[str], None],
        publish: Callable[[Event], None],
        wake: Callable[[str], None],
        clock: Callable[[], datetime],
    ) -> None:
        self.deadline = config.deadlines.removal
        self._ledger = ledger
        self._databases = databases
        self._credentials = credentials
        self._alarm = alarm
        self._publish = publish
        self._wake = wake
        self._clock = clock

    def admit(self, trigger: Trigger) -> Remains | Drop:
        """Find the run; one that outlived its time fails first, so that no stage goes on with it.

        Nobody else has said that it fails then. It is said before it is recorded: a crash in between has it
        said twice, not never.
        """
        assert isinstance(trigger, SnapshotShared | StageFailed | RemovalRequested)  # noqa: S101
        if isinstance(trigger, RemovalRequested) and self._ledger.run(trigger.run_id) is None:
            return Remains(trigger.run_id, trigger.attempt, run=None)
        run = admit_run(self._ledger, trigger)
        if isinstance(run, Drop):
            return run
        if not run.over:
            why = (
                trigger.reason if not isinstance(trigger, SnapshotShared) else "shared without a record of it"
            )
            if not isinstance(trigger, StageFailed):
                self._publish(failure_of(run, "restore", why))
            fail_run(self._ledger, run, "restore", why, self._clock())
        return Remains(run.run_id, run.attempt, run)

    def resume(self, key: str) -> Remains | None:
        """Find what a wait was about."""
        run_id, _, attempt = key.rpartition("#")
        if self._ledger.run(run_id) is None:
            return Remains(run_id, int(attempt), run=None)
        run = resume_run(self._ledger, key)
        return Remains(run.run_id, run.attempt, run) if run else None

    def observe(self, remains: Remains) -> Seen:
        """Look for the temporary database, under both APIs if the kind is unknown, and for the secret."""
        kinds = [remains.run.kind] if remains.run else list(Kind)
        found = (self._databases[kind].find(names.temporary_database(remains.run_id)) for kind in kinds)
        return Seen(
            database=next((database for database in found if database is not None), None),
            has_secret=self._credentials.exist(remains.run_id),
        )

    def decide(self, remains: Remains, seen: Seen) -> Decision[Action]:
        """Say what to delete next."""
        return decide(remains, seen)

    def act(self, remains: Remains, seen: Seen, action: Action) -> None:
        """Delete one thing."""
        match action:
            case DeleteDatabase() if seen.database:
                self._databases[seen.database.kind].delete(seen.database)
            case DeleteSecret():
                self._credentials.delete(remains.run_id)

    def done(self, remains: Remains, event: Event | None) -> None:
        """Record that nothing is left, let the next run of this source begin, and wake what waits for it.

        Who asks meanwhile looks at the lock after having queued, and this looks at the queue after having
        released it: one of them sees the other.
        """
        if remains.run is not None:
            self._ledger.record_facts(remains.run_id, removed_at=self._clock())
            self._ledger.leave_place(remains.run_id)
            if remains.run.serves:  # a run that failed before it held its source would be begun again
                self._ledger.requests.end(remains.run.source, remains.run.serves)
            self._ledger.release_lock(remains.run.source, remains.run_id)
            if self._ledger.requests.waiting(remains.run.source):
                self._wake(remains.run.source)

    def give_up(self, remains: Remains, why: str) -> None:
        """Record that personal data may be left, and raise the alarm; the hourly sweep tries again."""
        if remains.run is not None:
            self._ledger.record_facts(remains.run_id, dirty_at=self._clock())
        self._alarm(f"{names.temporary_database(remains.run_id)} could not be removed: {why}")


def sweep(
    ledger: "Ledger", databases: Mapping[Kind, Databases], config: "Production", clock: Callable[[], datetime]
) -> Iterator[Trigger]:
    """Ask for the removal of everything that is due, and wake what waits although nothing keeps it."""
    for found in due(ledger, databases, config, clock()):
        if found.request is not None:
            yield found.request
    yield from admission.sweep(ledger, config, clock())


def due(
    ledger: "Ledger", databases: Mapping[Kind, Databases], config: "Production", now: datetime
) -> Iterator[Due]:
    """Find runs that are over and still hold their source, and temporary databases whose run is over, too old
    or unknown.
    """
    yield from _held(ledger, config)
    for port in databases.values():
        for database in port.named(names.TEMPORARY):
            run_id = names.run_of(database.name)
            if run_id is None or database.condition is Condition.DELETING:
                continue
            run = ledger.run(run_id)
            life = config.sources[run.source].temporary_life if run and run.source in config.sources else None
            if run is None:
                yield _due(database.name, run_id, 1, "the ledger knows no such run", None)
            elif run.over:
                yield _due(
                    database.name, run_id, run.attempt, "its run is over", run.failed_at or run.shared_at
                )
            elif life is None:
                yield _due(database.name, run_id, run.attempt, f"{run.source} is no source any more", None)
            elif now - run.started_at > life:
                why = "the temporary database outlived temporary_life"
                yield _due(database.name, run_id, run.attempt, why, run.started_at + life)


def _due(name: str, run_id: str, attempt: int, why: str, since: datetime | None) -> Due:
    return Due(name, why, since, RemovalRequested(run_id=run_id, attempt=attempt, reason=why))


def _held(ledger: "Ledger", config: "Production") -> Iterator[Due]:
    """Find runs whose removal gave up, if only a secret is left of them: the next waits for their lock."""
    for source in config.sources:
        holder = ledger.lock_holder(source)
        run = ledger.run(holder) if holder else None
        if run is not None and run.over and run.dirty_at:
            why = "its removal gave up, and it holds its source"
            yield _due(names.master_secret(run.run_id), run.run_id, run.attempt, why, run.dirty_at)
