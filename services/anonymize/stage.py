"""Anonymize, the dispatcher: from a restored database to a verified one, by a worker without a time limit.

The worker writes its result to the ledger; what ECS says of the task only tells whether to go on waiting. A
worker that was stopped before it ended (killed, out of memory, its capacity reclaimed) is started again and
continues where it was; one that reported a failure is not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.decision import Act, Decision, Fail, Finish, Wait
from shared.events import DatabaseAnonymized, DatabaseRestored, Event, StageFailed, StageName, Trigger
from shared.records import Progress, Run, Verification, WorkerFailure
from shared.runs import admit_run, fail_run, resume_run
from shared.stage import Drop

if TYPE_CHECKING:
    from services.anonymize.tasks import Tasks
    from shared.config import Production
    from shared.ledger import Ledger

MOST_STARTS = 3  # a worker that is stopped every time will not end by a fourth
COULD_NOT_BEGIN = 2  # the worker's exit code for an environment that it cannot read


@dataclass(frozen=True)
class Task:
    """The worker's task as ECS shows it."""

    arn: str
    stopped: bool
    exit_code: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Seen:
    """What one look shows."""

    task: Task | None
    progress: Progress | None
    verification: Verification | None
    failure: WorkerFailure | None


@dataclass(frozen=True)
class StartWorker:
    """Run the worker's task; `start` counts within the attempt, and each runs once.

    `concluded`: an earlier one recorded a verification that passed, and was stopped before it ended.
    """

    run_id: str
    attempt: int
    start: int = 1
    concluded: bool = False


Action = StartWorker


def decide(run: Run, seen: Seen) -> Decision[Action]:
    """Say what to do next; pure."""
    if run.over:
        return Finish(why="the run is over")
    if run.resource_id is None:
        return Fail("the ledger does not say which database was restored")
    if seen.task is None and run.task is None:
        return Act(StartWorker(run.run_id, run.attempt))
    if seen.task is not None and not seen.task.stopped:
        return Wait(_described(seen.progress))
    if seen.failure is not None:
        return Fail(seen.failure.reason)
    if seen.verification is not None and not seen.verification.passed:
        failed = "; ".join(check.detail for check in seen.verification.checks if not check.passed)
        return Fail(f"verification found originals: {failed}")
    ended = seen.task is not None and seen.task.exit_code == 0
    if seen.verification is None or not ended:  # it removes its last traces only after the verification
        return _again(run, seen)
    done = f"{seen.verification.columns_masked} columns in {seen.verification.tables_masked} tables"
    return Finish(
        DatabaseAnonymized(
            run_id=run.run_id,
            attempt=run.attempt,
            resource_id=run.resource_id,
            policy_digest=run.policy_digest,
        ),
        why=f"{done} masked and verified",
    )


def _again(run: Run, seen: Seen) -> Decision[Action]:
    """Start the worker again, which continues, unless that did not help before."""
    starts = max(run.starts, 1)
    if seen.task is None:
        how = f"ECS no longer knows its task {run.task}"
    else:
        how = f"exit code {seen.task.exit_code}, {seen.task.reason or 'no reason given'}"
    if seen.task is not None and seen.task.exit_code == COULD_NOT_BEGIN:
        return Fail(f"the worker could not begin ({how}); its log says what its environment lacks")
    if starts < MOST_STARTS:
        return Act(StartWorker(run.run_id, run.attempt, starts + 1, concluded=seen.verification is not None))
    return Fail(
        f"the worker stopped without a result {starts} times (the last: {how}); nothing was shared; "
        "ask for a refresh to begin again from a fresh restore"
    )


def _described(progress: Progress | None) -> str:
    """Say where the worker is, but not so finely that every look becomes a line of history."""
    return f"the worker, which is {progress.step}" if progress else "the worker to begin"


class Dispatcher:
    """The step as the runtime drives it."""

    name: StageName = "anonymize"
    step = "anonymize"
    consumes = (DatabaseRestored,)
    level_triggered = False

    def __init__(
        self, config: "Production", ledger: "Ledger", tasks: "Tasks", clock: Callable[[], datetime]
    ) -> None:
        self.deadline = config.deadlines.anonymize
        self._ledger = ledger
        self._tasks = tasks
        self._clock = clock

    def admit(self, trigger: Trigger) -> Run | Drop:
        """Find the run whose database was restored."""
        assert isinstance(trigger, DatabaseRestored)  # noqa: S101 - `consumes` says so
        return admit_run(self._ledger, trigger)

    def resume(self, key: str) -> Run | None:
        """Find the run of a wait."""
        return resume_run(self._ledger, key)

    def observe(self, run: Run) -> Seen:
        """Look at the task and at what the worker wrote about this very database."""
        resource_id = run.resource_id or ""
        return Seen(
            task=self._tasks.find(run),
            progress=self._ledger.progress(run.run_id),
            verification=self._ledger.verification(run.run_id, resource_id),
            failure=self._ledger.worker_failure(run.run_id, resource_id),
        )

    def decide(self, run: Run, seen: Seen) -> Decision[Action]:
        """Say what to do next."""
        return decide(run, seen)

    def act(self, run: Run, seen: Seen, action: Action) -> None:
        """Start the worker; a repeated start of the same number gets the same task."""
        task = self._tasks.start(run, action.start, concluded=action.concluded)
        self._ledger.record_task(run.run_id, task, action.start)

    def done(self, run: Run, event: Event | None) -> None:
        """Record that the database is anonymized."""
        if event is not None:
            self._ledger.record_facts(run.run_id, anonymized_at=self._clock())

    def give_up(self, run: Run, why: str) -> StageFailed:
        """Stop the worker if it still runs and record the failure."""
        failed = fail_run(self._ledger, run, "anonymize", why, self._clock())
        self._tasks.stop(run, failed.reason)
        return failed
