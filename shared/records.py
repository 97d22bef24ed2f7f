"""What is known about a run: its facts, who asked, the worker's progress and the result of verification."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared import names
from shared.database.port import Kind


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Status(StrEnum):
    """How a run stands; it is derived from its facts and never stored."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILING = "failing"
    FAILED = "failed"
    DIRTY = "dirty"


class Run(_Record):
    """One journey from one source snapshot to one development database."""

    run_id: str
    source: str
    kind: Kind
    snapshot: str
    snapshot_created_at: datetime
    policy_digest: str
    requested_by: str
    request: str | None = None  # which request began it
    serves: str | None = None  # the edition of what waited for it
    attempt: int = 1
    started_at: datetime
    resource_id: str | None = None
    restored_at: datetime | None = None
    password_set_for: str | None = None
    task: str | None = None  # the worker's, the latest
    starts: int = 0  # how often the worker was started in this attempt
    anonymized_at: datetime | None = None
    shared_at: datetime | None = None
    received_at: datetime | None = None
    replaced_at: datetime | None = None
    removed_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str | None = None
    dirty_at: datetime | None = None

    @property
    def key(self) -> str:
        """The name under which the ledger remembers the steps of this attempt."""
        return f"{self.run_id}#{self.attempt}"

    @property
    def history(self) -> str:
        """The name under which the ledger writes the history of all attempts."""
        return self.run_id

    @property
    def temporary_database(self) -> str:
        """The name of the database in which this run masks."""
        return names.temporary_database(self.run_id)

    @property
    def tags(self) -> dict[str, str]:
        """The tags on everything that this run makes."""
        return {names.RUN_ID_TAG: self.run_id, names.SOURCE_TAG: self.source}

    @property
    def status(self) -> Status:
        """How the run stands: never "succeeded" while something of it is left."""
        if self.dirty_at and not self.removed_at:
            return Status.DIRTY
        if self.failed_at:
            return Status.FAILED if self.removed_at else Status.FAILING
        if self.replaced_at and self.removed_at:
            return Status.SUCCEEDED
        return Status.RUNNING

    @property
    def over(self) -> bool:
        """Whether nothing more may be made for this run."""
        return self.failed_at is not None or self.shared_at is not None


class How(StrEnum):
    """What became of a request."""

    BEGAN = "began"
    JOINED = "joined"
    QUEUED = "queued"
    SERVED = "served"  # there is a run of the newest snapshot already
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Answer(_Record):
    """What a request was answered, in words for whoever asked; `run_id` is the run that it is about."""

    how: How
    why: str
    run_id: str | None = None
    attempt: int = 1


class Waiting(_Record):
    """The requests of one source that wait for its next run.

    `edition` is another after each request, so that a run ends the waiting of those only that it was begun
    for. `problem` says why it could not begin when it was its turn.
    """

    source: str
    edition: str
    since: datetime
    requesters: frozenset[str] = frozenset()
    tokens: frozenset[str] = frozenset()
    problem: str | None = None
    cancelled_at: datetime | None = None


class Delivery(_Record):
    """What the development account has done with the snapshot of a run, for one target.

    When it was received, and when production heard that the last of several targets was replaced, is written
    once a run, in the record of the target that is named as its source.
    """

    received_at: datetime | None = None
    password_set_for: str | None = None
    build_failure: str | None = None
    prepared_for: str | None = None
    replaced_at: datetime | None = None
    announced_at: datetime | None = None
    announced_again_at: datetime | None = None


class Choice(_Record):
    """What an operator chose for a target; it holds as long as no data are newer than those of `over`."""

    run_id: str
    edition: str
    over: str
    request: str


class Sighting(_Record):
    """How an unfinished copy looked to the sweep: unchanged since when, and when it was last looked at."""

    state: str
    since: datetime
    last: datetime


class Progress(_Record):
    """How far the worker is; rows are estimates until a table is done."""

    step: Literal["connecting", "quarantining", "scripting", "masking", "cleaning", "verifying"]
    tables_done: int = 0
    tables_total: int = 0
    rows_done: int = 0
    rows_total: int = 0
    table: str | None = None


class Check(_Record):
    """One thing that verification looked at; `detail` is a plain sentence and holds no personal value."""

    name: str
    passed: bool
    examined: int
    detail: str


class Verification(_Record):
    """The gate: which database was checked for which run under which policy, and what came out."""

    run_id: str
    policy_digest: str
    database_resource_id: str
    passed: bool
    checks: tuple[Check, ...]
    tables_masked: int
    columns_masked: int
    rows_masked: int
    seconds: float


class WorkerFailure(_Record):
    """Why the worker gave up; never holds a personal value."""

    database_resource_id: str
    reason: str


class Transition(_Record):
    """One line of a run's history."""

    at: datetime
    step: str
    what: str
    why: str


class StepState(StrEnum):
    """Whether a stage's step still works on its subject."""

    WORKING = "working"
    FINISHED = "finished"
    FAILED = "failed"


class Ending(_Record):
    """How a step was decided to end; `event` is the message that tells the others."""

    failed: bool
    why: str
    event: str | None = None


class StepRecord(_Record):
    """The ledger's memory of one step on one subject: its chain of waits and its outcome.

    `ending` holds an Ending (JSON) from the decision until the step has ended.
    """

    subject: str
    step: str
    state: StepState
    token: str
    trigger: str
    started_at: datetime
    deadline: datetime
    looks: int = 0
    waits: int = 0
    waiting_for: str | None = None
    ending: str | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    published: bool = False
