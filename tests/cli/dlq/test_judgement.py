"""What a replay would do, as a table: from the message and what the ledger knows of its run."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cli.dlq.judgement import Effect, Facts, judge
from cli.dlq.letters import Destination
from shared.database.port import Kind
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
)
from shared.records import Delivery, Progress, Run, StepRecord, StepState
from tests.builders import DIGEST, NEWER_RUN_ID, NOW, RUN_ID, a_run

HOUR = timedelta(hours=1)
NEW, OLD, OTHER = "1" * 32, "2" * 32, "3" * 32
BUS = Destination(bus="arn:aws:events:eu-west-3:222222222222:event-bus/snapveil")

REFRESH = RefreshRequested(source="shop-fr")
WAKE = RefreshRequested(source="shop-fr", requested_by="queue", queued=True)
RESTORED = DatabaseRestored(run_id=RUN_ID, resource_id="db-X")
ANONYMIZED = DatabaseAnonymized(run_id=RUN_ID, resource_id="db-X", policy_digest=DIGEST)
SHARED = SnapshotShared(
    run_id=RUN_ID,
    kind=Kind.INSTANCE,
    snapshot_arn=f"arn:aws:rds:eu-west-3:111111111111:snapshot:snapveil-shr-{RUN_ID}",
    policy_digest=DIGEST,
)
RECEIVED = SnapshotReceived(run_id=RUN_ID)
REPLACED = TargetReplaced(run_id=RUN_ID, target="snapveil-dev-shop-fr")
FAILED = StageFailed(run_id=RUN_ID, stage="anonymize", reason="x")
REMOVE = RemovalRequested(run_id=RUN_ID, reason="left over")
SWEEP = SweepRequested()

RUNNING = a_run()
FAILED_RUN = a_run(failed_at=NOW, failure="anonymize: killed", removed_at=NOW)
FAILING = a_run(failed_at=NOW)
DIRTY = a_run(failed_at=NOW, dirty_at=NOW)
DONE = a_run(shared_at=NOW, received_at=NOW, replaced_at=NOW, removed_at=NOW)
SHARING = a_run(shared_at=NOW)
SECOND = FAILED_RUN.model_copy(update={"attempt": 2})
NEWER = a_run(run_id=NEWER_RUN_ID, started_at=NOW + HOUR)
BEGAN_WITH_A_TASK = a_run(task="arn:task")


def wait(step: str, subject: str = f"{RUN_ID}#1", token: str = NEW) -> ContinueRequested:
    return ContinueRequested(subject=subject, step=step, token=token, after=OLD)


def step(name: str, state: StepState = StepState.WORKING, **changes: Any) -> StepRecord:
    fields: dict[str, Any] = {
        "subject": f"{RUN_ID}#1",
        "step": name,
        "state": state,
        "token": NEW,
        "trigger": "{}",
        "started_at": NOW,
        "deadline": NOW + 6 * HOUR,
        "ended_at": None if state is StepState.WORKING else NOW + HOUR / 2,
        "published": state is not StepState.WORKING,
    }
    return StepRecord(**fields | changes)


def facts(run: Run | None = None, *steps: StepRecord, **more: Any) -> Facts:
    known: dict[str, Any] = {"sources": frozenset({"shop-fr"}), "newest": run}
    return Facts(NOW + HOUR, run=run, steps={one.step: one for one in steps}, **known | more)


ENDED, GAVE_UP = StepState.FINISHED, StepState.FAILED
LATE = NOW + HOUR / 4
UNPUBLISHED = {"outcome": "{}", "published": False}

# message, stage, facts, effect, in the reason
TABLE: list[tuple[Message | MessageError, str, Facts, Effect, str]] = [
    # A body that no service takes stays what it is.
    (MessageError("version: unknown"), "restore", facts(), Effect.REFUSED, "version: unknown; mend it"),
    (RESTORED, "restore", facts(RUNNING), Effect.REFUSED, "DatabaseRestored is not for restore"),
    (REFRESH, "cooking", facts(), Effect.REFUSED, "snapveil-cooking is no queue of a stage"),
    # Requests for a refresh.
    (REFRESH, "restore", facts(), Effect.LOOKS, "begins a run"),
    (REFRESH, "restore", facts(DONE), Effect.LOOKS, "if there is a newer snapshot"),
    (REFRESH, "restore", facts(RUNNING), Effect.RESUMES, f"joins {RUN_ID}"),
    (REFRESH, "restore", facts(FAILED_RUN), Effect.RESTARTS, f"from restore: {RUN_ID}, attempt 2"),
    (REFRESH, "restore", facts(FAILING), Effect.RESUMES, f"waits for the end of {RUN_ID}"),
    (REFRESH, "restore", facts(DIRTY), Effect.RESUMES, f"waits for the end of {RUN_ID}"),
    (WAKE, "restore", facts(DIRTY), Effect.LOOKS, "begins what waits for shop-fr"),
    (RefreshRequested(source="x"), "restore", facts(), Effect.REFUSED, "has no 'x' (it has shop-fr)"),
    (RefreshRequested(source="x"), "restore", facts(sources=None), Effect.LOOKS, "begins a run"),
    (REFRESH, "receiver", facts(), Effect.RESUMES, "at receiver"),
    # What makes something for its run: it goes on, restarts, or is over.
    (RESTORED, "anonymize", facts(), Effect.REFUSED, "knows no such run"),
    (RESTORED, "anonymize", facts(RUNNING), Effect.RESUMES, "at anonymize, which has not begun"),
    (RESTORED, "anonymize", facts(RUNNING, step("anonymize")), Effect.RESUMES, "at anonymize"),
    (
        RESTORED,
        "anonymize",
        facts(
            BEGAN_WITH_A_TASK,
            step("anonymize"),
            progress=Progress(step="masking", tables_done=2, tables_total=9),
        ),
        Effect.RESUMES,
        "masking, 2 of 9 tables done; if that is stopped before its end, another continues",
    ),
    (RESTORED, "anonymize", facts(RUNNING, step("anonymize", ENDED)), Effect.FINISHED, "finished already"),
    (
        RESTORED,
        "anonymize",
        facts(RUNNING, step("anonymize", ENDED, **UNPUBLISHED)),
        Effect.RESUMES,
        "its outcome is published at last",
    ),
    (
        RESTORED,
        "anonymize",
        facts(RUNNING, step("anonymize", deadline=LATE, waiting_for="the worker")),
        Effect.FAILS,
        "while waiting for the worker; what was made is removed",
    ),
    (
        RESTORED,
        "anonymize",
        facts(FAILED_RUN),
        Effect.RESTARTS,
        "from restore: the run failed (anonymize: killed)",
    ),
    (
        RESTORED,
        "anonymize",
        facts(FAILED_RUN, newest=NEWER),
        Effect.FINISHED,
        f"{NEWER_RUN_ID} of the same source",
    ),
    (RESTORED, "anonymize", facts(FAILED_RUN, sources=frozenset()), Effect.REFUSED, "has no 'shop-fr'"),
    (RESTORED, "anonymize", facts(FAILING), Effect.REFUSED, "still being removed"),
    (RESTORED, "anonymize", facts(SECOND), Effect.FINISHED, "of attempt 1; the run is at attempt 2"),
    (RESTORED, "anonymize", facts(DONE), Effect.FINISHED, "has shared its snapshot"),
    (ANONYMIZED, "snapshot", facts(RUNNING), Effect.RESUMES, "at snapshot"),
    (ANONYMIZED, "snapshot", facts(FAILED_RUN), Effect.RESTARTS, "from restore"),
    (ANONYMIZED, "snapshot", facts(SHARING, step("snapshot")), Effect.RESUMES, "at snapshot"),
    # What cleans.
    (SHARED, "restore", facts(SHARING), Effect.LOOKS, "removes the temporary database"),
    (SHARED, "restore", facts(DONE), Effect.FINISHED, "is removed"),
    (FAILED, "restore", facts(FAILING), Effect.LOOKS, "removes the temporary database"),
    (FAILED, "restore", facts(FAILED_RUN), Effect.FINISHED, "is removed"),
    (FAILED, "snapshot", facts(FAILED_RUN), Effect.LOOKS, "withdraws"),
    (
        FAILED.model_copy(update={"stage": "receiver"}),
        "snapshot",
        facts(SHARING),
        Effect.LOOKS,
        "raises the alarm",
    ),
    (REMOVE, "restore", facts(), Effect.LOOKS, "that the ledger does not know"),
    (REMOVE, "snapshot", facts(), Effect.REFUSED, "knows no such run"),
    (SWEEP, "restore", facts(), Effect.LOOKS, "looks for what is left over"),
    # What development reports.
    (RECEIVED, "snapshot", facts(), Effect.REFUSED, "knows no such run"),
    (RECEIVED, "snapshot", facts(RUNNING), Effect.REFUSED, "has shared nothing"),
    (RECEIVED, "snapshot", facts(SHARING), Effect.RESUMES, "records it"),
    (RECEIVED, "snapshot", facts(DONE), Effect.RESUMES, "records it"),
    (RECEIVED, "snapshot", facts(DONE, step("snapshot.withdrawal", ENDED)), Effect.FINISHED, "withdrawn"),
    (REPLACED, "snapshot", facts(DONE, step("snapshot.withdrawal", ENDED)), Effect.FINISHED, "withdrawn"),
    (
        RECEIVED,
        "snapshot",
        facts(DONE, step("snapshot.withdrawal", ENDED, ended_at=NOW - HOUR)),
        Effect.RESUMES,
        "records it",
    ),
    # Waits.
    (wait("restore"), "restore", facts(RUNNING), Effect.FINISHED, "stale"),
    (wait("restore"), "restore", facts(RUNNING, step("restore")), Effect.RESUMES, "at restore"),
    (wait("restore", token=OTHER), "restore", facts(RUNNING, step("restore")), Effect.FINISHED, "stale"),
    (
        wait("restore", token=OTHER),
        "restore",
        facts(RUNNING, step("restore", token=OLD)),
        Effect.RESUMES,
        "at",
    ),
    (
        wait("restore"),
        "restore",
        facts(FAILED_RUN, step("restore", GAVE_UP)),
        Effect.RESTARTS,
        "from restore",
    ),
    (wait("restore"), "restore", facts(SECOND, step("restore")), Effect.FINISHED, "another attempt"),
    (wait("restore"), "restore", facts(None, step("restore")), Effect.FINISHED, "lost its run"),
    (wait("restore"), "anonymize", facts(RUNNING, step("restore")), Effect.REFUSED, "anonymize has no step"),
    (wait("restore.removal"), "restore", facts(FAILING, step("restore.removal")), Effect.RESUMES, "removal"),
    (
        wait("restore.removal"),
        "restore",
        facts(DIRTY, step("restore.removal", GAVE_UP)),
        Effect.RESUMES,
        "by asking anew: the step failed",
    ),
    (
        wait("restore.removal"),
        "restore",
        facts(FAILED_RUN, step("restore.removal", GAVE_UP)),
        Effect.FINISHED,
        "is removed",
    ),
    (
        wait("receiver", "target#shop-fr"),
        "receiver",
        facts(None, step("receiver")),
        Effect.RESUMES,
        "at receiver",
    ),
    (
        wait("receiver", "target#shop-fr"),
        "receiver",
        facts(None, step("receiver", GAVE_UP)),
        Effect.RESUMES,
        "by asking anew",
    ),
    (wait("receiver", "target#shop-fr"), "receiver", facts(), Effect.FINISHED, "stale"),
    (
        wait("receiver", "target#data"),
        "receiver",
        facts(None, step("receiver"), targets={"shop-fr": "shop-fr"}),
        Effect.REFUSED,
        "no target 'data'",
    ),
    (
        RefreshRequested(source="shop-fr", target="data"),
        "receiver",
        facts(targets={"shop-fr": "shop-fr"}),
        Effect.REFUSED,
        "no target 'data' of shop-fr",
    ),
    # The receiver.
    (SHARED, "receiver", facts(), Effect.RESUMES, "at receiver"),
    (SHARED, "receiver", facts(delivery=Delivery(replaced_at=NOW)), Effect.FINISHED, "of this run already"),
    (SHARED, "receiver", facts(sources=frozenset({"shop-es"})), Effect.REFUSED, "has no 'shop-fr'"),
    # Events for the other account.
    (SHARED, "bus", facts(SHARING), Effect.LOOKS, "told again"),
    (SHARED, "bus", facts(DONE), Effect.FINISHED, "development has its copy"),
    (SHARED, "bus", facts(FAILED_RUN), Effect.FINISHED, "withdrawn"),
    (REPLACED, "bus", facts(), Effect.LOOKS, "told again"),
]


@pytest.mark.parametrize(("message", "stage", "known", "effect", "why"), TABLE)
def test_what_a_replay_would_do(
    message: Message | MessageError, stage: str, known: Facts, effect: Effect, why: str
) -> None:
    destination = BUS if stage == "bus" else Destination(queue=f"snapveil-{stage}")
    verdict = judge(message, destination, known)
    assert (verdict.effect, why in verdict.why) == (effect, True), verdict


def test_a_letter_without_a_destination_cannot_be_sent() -> None:
    assert judge(SWEEP, None, facts()).effect is Effect.REFUSED


def test_a_failed_run_is_restarted_by_a_request_and_not_by_the_message_that_died_with_it() -> None:
    known = replace(facts(FAILED_RUN), operator="role/anna")
    verdict = judge(RESTORED, Destination(queue="snapveil-anonymize"), known)
    assert verdict.instead == RefreshRequested(source="shop-fr", requested_by="role/anna")
    assert verdict.to == "restore"


def test_a_removal_that_gave_up_is_asked_for_again() -> None:
    known = facts(DIRTY.model_copy(update={"attempt": 3}), step("restore.removal", GAVE_UP))
    verdict = judge(wait("restore.removal", f"{RUN_ID}#3"), Destination(queue="snapveil-restore"), known)
    assert verdict.instead == RemovalRequested(run_id=RUN_ID, attempt=3, reason="asked again by operator")


def test_a_receiver_that_gave_up_is_asked_to_look_again() -> None:
    known = facts(None, step("receiver", GAVE_UP))
    verdict = judge(wait("receiver", "target#shop-fr"), Destination(queue="snapveil-receiver"), known)
    assert (verdict.instead, verdict.to) == (
        RefreshRequested(source="shop-fr", requested_by="operator"),
        "receiver",
    )
    known = replace(known, targets={"shop-fr": "shop-fr", "data": "shop-fr"})
    verdict = judge(wait("receiver", "target#data"), Destination(queue="snapveil-receiver"), known)
    assert verdict.instead == RefreshRequested(source="shop-fr", target="data", requested_by="operator")
