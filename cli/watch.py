"""Watches a run in the ledgers of both accounts: what each stage does, since when, and what it waits for."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.events import StageFailed, load_event
from shared.ledger import Ledger, now
from shared.records import Delivery, Progress, Run, Status, StepRecord, StepState

RESTORE, ANONYMIZE, SNAPSHOT, RECEIVER, CLEAN_UP = STAGES = (
    "restore",
    "anonymize",
    "snapshot",
    "receiver",
    "clean-up",
)
_CLEANING = ("restore.removal", "snapshot.withdrawal")
LOOK_EVERY_SECONDS = 0.4


class StageState(StrEnum):
    """How a stage stands, for somebody who watches."""

    AHEAD = "ahead"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class StageView:
    """One stage of a run; `progress` is the worker's."""

    name: str
    state: StageState = StageState.AHEAD
    started: datetime | None = None
    ended: datetime | None = None
    waiting_for: str | None = None
    progress: Progress | None = None

    def seconds(self, at: datetime) -> float | None:
        """How long it took, or has taken until now."""
        if self.started is None:
            return None
        return max(0.0, ((self.ended or at) - self.started).total_seconds())


@dataclass(frozen=True)
class RunView:
    """A run as the ledgers show it at one moment; `over` says that nothing more will happen."""

    at: datetime
    run: Run | None
    stages: tuple[StageView, ...]
    failure: str | None = None
    over: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether it ended as it should."""
        return (
            self.over
            and self.failure is None
            and self.run is not None
            and self.run.status is Status.SUCCEEDED
        )

    def stage(self, name: str) -> StageView:
        """Return one stage."""
        return next(stage for stage in self.stages if stage.name == name)


@dataclass(frozen=True)
class Records:
    """What the ledgers hold about one run at one moment."""

    run: Run | None
    steps: Sequence[StepRecord] = ()
    receiver: StepRecord | None = None
    delivery: Delivery = field(default_factory=Delivery)
    progress: Progress | None = None
    dead_letters: Sequence[str] = ()


class StalledError(Exception):
    """Nothing has changed for too long."""


def view_of(records: Records, at: datetime) -> RunView:
    """Tell how a run stands; pure."""
    run = records.run
    steps = {record.step: record for record in records.steps}
    stages = (
        _of_step(RESTORE, steps.get(RESTORE)),
        _of_step(ANONYMIZE, steps.get(ANONYMIZE), records.progress),
        _of_step(SNAPSHOT, steps.get(SNAPSHOT)),
        _of_receiver(run, records),
        _of_cleaning(run, [steps[name] for name in _CLEANING if name in steps]),
    )
    failure = _failure(run, records, stages[3])
    working = any(stage.state is StageState.WORKING for stage in stages)
    return RunView(at, run, stages, failure, over=not working and _is_over(run, failure, stages[4]))


class Reader:
    """Reads what both ledgers hold about the newest run of a source, and no more than can have changed.

    Every request is answered by this machine, on which the worker wants to mask.
    """

    def __init__(
        self,
        production: Ledger,
        development: Ledger,
        source: str,
        dead_letters: Callable[[], Sequence[str]],
    ) -> None:
        self._production = production
        self._development = development
        self._source = source
        self._dead_letters = dead_letters
        self._run_id: str | None = None

    def __call__(self) -> Records:
        """Look once."""
        run = self._run()
        if run is None:
            return Records(None, dead_letters=self._dead_letters())
        steps = self._production.steps(run.key)
        working = {step.step for step in steps if step.state is StepState.WORKING}
        shared = run.shared_at is not None
        return Records(
            run=run,
            steps=steps,
            receiver=self._development.step(f"target#{self._source}", RECEIVER) if shared else None,
            delivery=self._development.delivery(run.run_id) if shared else Delivery(),
            progress=self._production.progress(run.run_id) if ANONYMIZE in working else None,
            dead_letters=() if working else self._dead_letters(),
        )

    def _run(self) -> Run | None:
        if self._run_id is not None:
            return self._production.run(self._run_id)
        runs = (run for run in self._production.runs() if run.source == self._source)
        newest = max(runs, key=_began, default=None)
        self._run_id = newest.run_id if newest else None
        return newest


def watch(
    look: Callable[[], Records], patience: float, clock: Callable[[], datetime] = now
) -> Iterator[RunView]:
    """Give what is seen, again and again, until the run is over.

    Raises StalledError when nothing has changed for `patience` seconds, though the worker may take its time.
    """
    last: Records | None = None
    changed = time.monotonic()
    while True:
        records = look()
        view = view_of(records, clock())
        yield view
        if view.over:
            return
        if records != last or view.stage(ANONYMIZE).state is StageState.WORKING:
            last, changed = records, time.monotonic()
        elif time.monotonic() - changed > patience:
            raise StalledError(f"nothing has changed for {patience:.0f} s: {waits_of(view)}")
        time.sleep(LOOK_EVERY_SECONDS)


def waits_of(view: RunView) -> str:
    """Say what every working stage waits for."""
    waits = [f"{stage.name} waits for {stage.waiting_for}" for stage in view.stages if stage.waiting_for]
    return "; ".join(waits) or (
        "no stage has begun" if view.run is None else "no stage says what it waits for"
    )


def _began(run: Run) -> datetime:
    return run.started_at


def _of_step(name: str, record: StepRecord | None, progress: Progress | None = None) -> StageView:
    if record is None:
        return StageView(name)
    state = {
        StepState.WORKING: StageState.WORKING,
        StepState.FINISHED: StageState.DONE,
        StepState.FAILED: StageState.FAILED,
    }[record.state]
    waiting_for = record.waiting_for if state is StageState.WORKING else None
    return StageView(name, state, record.started_at, record.ended_at, waiting_for, progress)


def _of_receiver(run: Run | None, records: Records) -> StageView:
    """The receiver works for a target, not for a run: its step may be of an earlier look."""
    step, delivery = records.receiver, records.delivery
    if run is None or run.shared_at is None or step is None:
        return StageView(RECEIVER)
    began = max(run.shared_at, step.started_at)
    if replaced_at := delivery.announced_at or delivery.replaced_at:
        return StageView(RECEIVER, StageState.DONE, min(began, replaced_at), replaced_at)
    if step.started_at < run.shared_at and step.state is not StepState.WORKING:
        return StageView(RECEIVER)
    if step.state is StepState.FAILED:
        return StageView(RECEIVER, StageState.FAILED, began, step.ended_at)
    return StageView(RECEIVER, StageState.WORKING, began, waiting_for=step.waiting_for)


def _of_cleaning(run: Run | None, steps: Sequence[StepRecord]) -> StageView:
    """Two steps clean up: the temporary database goes once it is not needed, the snapshots once copied."""
    if run is None or not steps:
        return StageView(CLEAN_UP)
    began = min(step.started_at for step in steps)
    if any(step.state is StepState.FAILED for step in steps):
        return StageView(CLEAN_UP, StageState.FAILED, began, _latest(step.ended_at for step in steps))
    if len(steps) == len(_CLEANING) and all(step.state is StepState.FINISHED for step in steps):
        return StageView(CLEAN_UP, StageState.DONE, began, _latest(step.ended_at for step in steps))
    waiting_for = next((step.waiting_for for step in steps if step.waiting_for), None)
    return StageView(CLEAN_UP, StageState.WORKING, began, waiting_for=waiting_for or _next_to_clean(run))


def _next_to_clean(run: Run) -> str | None:
    waits = run.removed_at and not run.received_at and not run.failed_at
    return "development to have its copy" if waits else None


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)


def _failure(run: Run | None, records: Records, receiver: StageView) -> str | None:
    if run is not None and run.failure:
        return run.failure
    if receiver.state is StageState.FAILED and records.receiver and records.receiver.outcome:
        outcome = load_event(records.receiver.outcome)
        if isinstance(outcome, StageFailed):
            return f"receiver: {outcome.reason}"
    if run is not None and run.status is Status.DIRTY:
        return "clean-up: something of the run is left"
    return "; ".join(records.dead_letters) or None


def _is_over(run: Run | None, failure: str | None, cleaning: StageView) -> bool:
    """A run that failed is over once it is cleaned: both steps hear of the failure."""
    if run is None or run.failed_at is None:
        return failure is not None or (run is not None and run.status is Status.SUCCEEDED)
    return run.status in {Status.FAILED, Status.DIRTY} and cleaning.state in {
        StageState.DONE,
        StageState.FAILED,
    }
