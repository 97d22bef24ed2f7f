"""What a replay of a dead letter would do, from the message and what the ledger knows; pure, and tested as a
table.

A replay is one more delivery, so the answer follows from what the stages do with one. Two things are added: a
message whose run is finished is not worth sending, and where the stage has given up for good, what to send
instead so that the work is done after all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cli.dlq.letters import Destination
from services.anonymize.stage import Dispatcher
from services.receiver.reconciler import Receiver
from services.restore.removal import Removal
from services.restore.stage import Restore
from services.snapshot.stage import Sharing
from services.snapshot.withdrawal import Withdrawal
from shared import names
from shared.events import (
    ContinueRequested,
    DatabaseAnonymized,
    DatabaseRestored,
    Message,
    MessageError,
    RefreshRequested,
    RemovalRequested,
    SnapshotReceived,
    SnapshotShared,
    StageFailed,
    SweepRequested,
    TargetReplaced,
    TargetRequested,
)
from shared.records import Delivery, Progress, Run, Status, StepRecord, StepState

STEPS: Mapping[str, tuple[type, ...]] = {
    "restore": (Restore, Removal),
    "anonymize": (Dispatcher,),
    "snapshot": (Sharing, Withdrawal),
    "receiver": (Receiver,),
}


class Effect(StrEnum):
    """What comes of a replay."""

    RESUMES = "resumes"
    RESTARTS = "restarts"
    LOOKS = "looks"
    FAILS = "fails the run"
    FINISHED = "nothing to do"
    REFUSED = "refused again"


@dataclass(frozen=True)
class Verdict:
    """The effect and its reason; `instead` is what to send in place of the message, `to` the stage for it."""

    effect: Effect
    why: str
    instead: RefreshRequested | RemovalRequested | None = None
    to: str = ""

    @property
    def sends(self) -> bool:
        """Whether a replay is worth sending."""
        return self.effect not in {Effect.FINISHED, Effect.REFUSED}


@dataclass(frozen=True)
class Facts:
    """What the ledger and the configuration of the account say; `steps` are those of the message's subject.

    `newest` is the newest run of the same source; `targets` are named with their sources (development). What
    is unknown is None.
    """

    now: datetime
    operator: str = "operator"
    run: Run | None = None
    newest: Run | None = None
    delivery: Delivery = field(default_factory=Delivery)
    steps: Mapping[str, StepRecord] = field(default_factory=dict)
    progress: Progress | None = None
    sources: frozenset[str] | None = None
    targets: Mapping[str, str] | None = None


def judge(message: Message | MessageError, destination: Destination | None, facts: Facts) -> Verdict:
    """Say what a replay would do."""
    if isinstance(message, MessageError):
        return _refused(f"{message.reason}; mend it with --edit or --set")
    if destination is None:
        return _refused("nothing says where it was going")
    if destination.bus:
        return _crossing(message, facts)
    stage = destination.stage
    if stage is None:
        return _refused(f"{destination} is no queue of a stage")
    match message:
        case SweepRequested():
            return _looks(f"{stage} looks for what is left over now")
        case ContinueRequested():
            return _continued(message, stage, facts)
    if not any(isinstance(message, step.consumes) for step in STEPS[stage]):  # type: ignore[attr-defined]
        return _refused(f"{message.type} is not for {stage}")
    if stage == "receiver":
        return _received(message, facts)
    if isinstance(message, RefreshRequested):
        return _asked(message, facts)
    return _of_run(message, stage, facts)


def _asked(message: RefreshRequested, facts: Facts) -> Verdict:
    """A refresh in production begins a run, joins or follows one, or begins a failed one again."""
    if missing := _unknown(message.source, facts):
        return missing
    if message.queued:
        return _looks(f"begins what waits for {message.source}, if anything does and nothing goes on")
    newest = facts.newest
    match newest.status if newest else None:
        case Status.FAILED if newest:
            return Verdict(
                Effect.RESTARTS,
                f"from restore: {newest.run_id}, attempt {newest.attempt + 1}, or a newer snapshot's run",
            )
        case Status.FAILING | Status.DIRTY if newest:
            return Verdict(Effect.RESUMES, f"waits for the end of {newest.run_id}, then a run begins")
        case Status.RUNNING if newest and not newest.over:
            return Verdict(Effect.RESUMES, f"joins {newest.run_id}, or waits for its end (during_run)")
    return _looks("begins a run if there is a newer snapshot than that of the last run")


def _of_run(message: Message, stage: str, facts: Facts) -> Verdict:
    """A fact or request about one run, in production."""
    run = facts.run
    if run is None:
        if isinstance(message, RemovalRequested) and stage == "restore":
            return _looks("restore removes what a run left that the ledger does not know")
        return _refused("the ledger knows no such run")
    attempt = getattr(message, "attempt", run.attempt)
    if attempt != run.attempt:
        return _finished(f"it is of attempt {attempt}; the run is at attempt {run.attempt}")
    match message:
        case DatabaseRestored() | DatabaseAnonymized():
            return _made("anonymize" if stage == "anonymize" else "snapshot", run, facts)
        case StageFailed(stage="receiver") if stage == "snapshot":
            return _looks(
                "snapshot notes that development could not replace its target, and raises the alarm"
            )
        case SnapshotReceived() | TargetReplaced() if run.shared_at is None:
            return _refused(f"{message.type}: the run has shared nothing; the report is wrong")
        case SnapshotReceived() | TargetReplaced():
            return _reported(message, run, facts)
        case SnapshotShared() | StageFailed() | RemovalRequested() if stage == "restore" and run.removed_at:
            return _finished("its temporary database is removed")
    return _looks("restore removes the temporary database" if stage == "restore" else _WITHDRAWS)


_WITHDRAWS = "snapshot withdraws what is due"


def _made(step: str, run: Run, facts: Facts) -> Verdict:
    """A step that makes something for its run: it goes on, or the run begins again from restore."""
    if run.failed_at:
        return _restarted(run, facts)
    record = facts.steps.get(step)
    if run.shared_at and (record is None or record.state is not StepState.WORKING):
        return _finished("the run has shared its snapshot; nothing more is made for it")
    if record is None:
        return Verdict(Effect.RESUMES, f"at {step}, which has not begun")
    return _worked(record, facts) or Verdict(Effect.RESUMES, _where(step, run, record, facts))


def _restarted(run: Run, facts: Facts) -> Verdict:
    """A failed run has nothing left to resume with: its database is deleted, and the mask key died."""
    if run.status is not Status.FAILED:
        return _refused(f"{run.run_id} failed and is still being removed; replay this later")
    newest = facts.newest
    if newest is not None and newest.run_id != run.run_id and newest.started_at > run.started_at:
        return _finished(f"the run failed, and {newest.run_id} of the same source came after it")
    if missing := _unknown(run.source, facts):
        return missing
    why = f"from restore: the run failed ({run.failure or 'no reason'}) and what it made was removed"
    return Verdict(
        Effect.RESTARTS,
        why,
        RefreshRequested(source=run.source, requested_by=facts.operator[:100]),
        "restore",
    )


def _reported(message: Message, run: Run, facts: Facts) -> Verdict:
    """What development reports is recorded once; then snapshot withdraws."""
    known = run.replaced_at if isinstance(message, TargetReplaced) else run.received_at
    record = facts.steps.get("snapshot.withdrawal")
    if known and record and record.state is StepState.FINISHED and (record.ended_at or facts.now) >= known:
        return _finished("it is recorded, and the snapshot is withdrawn")
    return Verdict(Effect.RESUMES, f"at snapshot: records it, then {_WITHDRAWS}")


def _received(message: Message, facts: Facts) -> Verdict:
    """Anything for the receiver is a reason to look; a target that is replaced needs none."""
    if isinstance(message, RefreshRequested | TargetRequested):
        source = message.source
        if message.target and facts.targets is not None and facts.targets.get(message.target) != source:
            return _refused(f"the configuration has no target {message.target!r} of {source}")
    else:
        source = names.source_of(_run_of(message))
    if missing := _unknown(source, facts):
        return missing
    match message:
        case TargetRequested():
            return Verdict(Effect.RESUMES, "at receiver: notes the choice, then looks at copies and target")
        case RefreshRequested():
            pass
        case _ if facts.delivery.replaced_at:
            return _finished("the target is of this run already, or of a newer one")
    return Verdict(Effect.RESUMES, "at receiver: looks at what is shared, the copies and the target")


def _continued(message: ContinueRequested, stage: str, facts: Facts) -> Verdict:
    """A wait is live if the ledger holds its token or the one that it succeeds."""
    if message.step not in {step.step for step in STEPS[stage]}:  # type: ignore[attr-defined]
        return _refused(f"{stage} has no step {message.step!r}")
    record = facts.steps.get(message.step)
    if record is None or record.token not in {message.token, message.after}:
        return _finished("a stale wait: another message took its step over")
    if stage == "receiver":
        name = message.subject.removeprefix("target#")
        source = (facts.targets or {}).get(name, name)
        if facts.targets is not None and name not in facts.targets:
            return _refused(f"the configuration has no target {name!r}")
        if record.state is StepState.FAILED and record.published | (record.outcome is None):
            own = None if name == source else name
            again = RefreshRequested(source=source, target=own, requested_by=facts.operator[:100])
            return Verdict(Effect.RESUMES, "at receiver, by asking anew: the step failed", again, "receiver")
        return _worked(record, facts) or Verdict(Effect.RESUMES, "at receiver")
    run, run_id = facts.run, message.subject.rpartition("#")[0]
    if run is not None and run.key != message.subject:
        return _finished(f"it is of another attempt; the run is at attempt {run.attempt}")
    if message.step in {"restore.removal", "snapshot.withdrawal"}:
        return _cleaned(message.step, run_id, stage, record, facts)
    if run is None:
        return _finished("the ledger lost its run; what the run made is removed by the sweep")
    return _made(message.step, run, facts)


def _cleaned(step: str, run_id: str, stage: str, record: StepRecord, facts: Facts) -> Verdict:
    """A step that cleans may have given up: then it is asked anew."""
    if record.state is not StepState.FAILED:
        return _worked(record, facts) or Verdict(Effect.RESUMES, f"at {step}")
    run = facts.run
    if run is not None and step == "restore.removal" and run.removed_at:
        return _finished("its temporary database is removed")
    attempt = run.attempt if run else 1
    anew = RemovalRequested(run_id=run_id, attempt=attempt, reason=f"asked again by {facts.operator}"[:1000])
    return Verdict(Effect.RESUMES, f"at {step}, by asking anew: the step failed", anew, stage)


def _crossing(message: Message, facts: Facts) -> Verdict:
    """An event for the other account, whose ledger is not to be seen from here."""
    if isinstance(message, SnapshotShared) and facts.run is not None:
        if facts.run.received_at:
            return _finished("development has its copy")
        if facts.run.failed_at:
            return _finished("the run failed and its snapshot is withdrawn")
    return _looks("the other account is told again; it looks, and records each thing once")


def _worked(record: StepRecord, facts: Facts) -> Verdict | None:
    """What the state of a step says by itself; None if it goes on."""
    if record.state is not StepState.WORKING:
        if record.outcome and not record.published:
            return Verdict(Effect.RESUMES, f"{record.step} {record.state}: its outcome is published at last")
        return _finished(f"{record.step} {record.state} already")
    if facts.now >= record.deadline:
        waited = f" while waiting for {record.waiting_for}" if record.waiting_for else ""
        return Verdict(
            Effect.FAILS,
            f"the deadline of {record.step} passed at {record.deadline:%Y-%m-%d %H:%M} UTC{waited}; "
            "what was made is removed, then a refresh restarts it from restore",
        )
    return None


def _where(step: str, run: Run, record: StepRecord, facts: Facts) -> str:
    if step == "anonymize" and run.task:
        done = facts.progress
        at = f", {done.step}, {done.tables_done} of {done.tables_total} tables done" if done else ""
        return f"at anonymize, with its worker{at}; if that is stopped before its end, another continues"
    return f"at {step}" + (f", which waits for {record.waiting_for}" if record.waiting_for else "")


def _unknown(source: str, facts: Facts) -> Verdict | None:
    if facts.sources is None or source in facts.sources:
        return None
    return _refused(f"the configuration has no {source!r} (it has {', '.join(sorted(facts.sources))})")


def _run_of(message: Message) -> str:
    return str(getattr(message, "run_id", ""))


def _looks(why: str) -> Verdict:
    return Verdict(Effect.LOOKS, why)


def _finished(why: str) -> Verdict:
    return Verdict(Effect.FINISHED, why)


def _refused(why: str) -> Verdict:
    return Verdict(Effect.REFUSED, why)
