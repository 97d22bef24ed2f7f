"""What the stages of production share: finding the run that a message is about, and failing it."""

from datetime import datetime
from typing import TYPE_CHECKING

from shared.events import MessageError, OfAttempt, StageFailed, StageName
from shared.records import Run
from shared.stage import Drop

if TYPE_CHECKING:
    from shared.ledger import Ledger

LONGEST_REASON = 1000


def admit_run(ledger: "Ledger", message: OfAttempt) -> Run | Drop:
    """Find the run of a message; a message of an earlier attempt needs nothing done."""
    run = ledger.run(message.run_id)
    if run is None:
        raise MessageError(f"the ledger knows no run {message.run_id}")
    if run.attempt != message.attempt:
        return Drop(
            f"{message.type} is of attempt {message.attempt}; {run.run_id} is at attempt {run.attempt}"
        )
    return run


def resume_run(ledger: "Ledger", key: str) -> Run | None:
    """Find the run of a wait; None if the ledger lost it or a later attempt has begun."""
    run_id, _, attempt = key.rpartition("#")
    run = ledger.run(run_id)
    return run if run is not None and str(run.attempt) == attempt else None


def failure_of(run: Run, stage: StageName, why: str) -> StageFailed:
    """Make the event that says why a run fails."""
    return StageFailed(run_id=run.run_id, attempt=run.attempt, stage=stage, reason=why[:LONGEST_REASON])


def fail_run(ledger: "Ledger", run: Run, stage: StageName, why: str, at: datetime) -> StageFailed:
    """Record why a run failed (the first reason stays) and make the event that starts its cleaning."""
    failed = failure_of(run, stage, why)
    ledger.record_facts(run.run_id, failed_at=at, failure=f"{stage}: {failed.reason}")
    return failed
