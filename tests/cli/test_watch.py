"""What somebody who watches a run is told, for every state that the ledgers can be in."""

from datetime import timedelta

import pytest

from cli.watch import Records, StageState, StalledError, view_of, waits_of, watch
from shared.events import StageFailed, dump
from shared.records import Delivery, Progress, StepRecord, StepState
from tests.builders import NOW, RESOURCE_ID, RUN_ID, a_run

LATER = NOW + timedelta(seconds=20)
SHARED = {"resource_id": RESOURCE_ID, "anonymized_at": NOW, "shared_at": NOW}


def a_step(step: str, state: StepState = StepState.WORKING, **changes: object) -> StepRecord:
    """A step that began at NOW."""
    fields: dict[str, object] = {
        "subject": f"{RUN_ID}#1",
        "step": step,
        "state": state,
        "token": "a" * 32,
        "trigger": "{}",
        "started_at": NOW,
        "deadline": NOW + timedelta(hours=1),
        "ended_at": None if state is StepState.WORKING else NOW + timedelta(seconds=5),
    }
    return StepRecord.model_validate(fields | changes)


def states(records: Records) -> dict[str, StageState]:
    """The state of each stage."""
    return {stage.name: stage.state for stage in view_of(records, LATER).stages}


def test_before_the_run_is_opened_every_stage_is_ahead() -> None:
    view = view_of(Records(None), NOW)
    assert {stage.state for stage in view.stages} == {StageState.AHEAD}
    assert not view.over


def test_a_refused_request_ends_the_watching_with_its_reason() -> None:
    view = view_of(Records(None, dead_letters=["restore: the newest snapshot is 50 hours old"]), NOW)
    assert view.over
    assert view.failure == "restore: the newest snapshot is 50 hours old"
    assert not view.succeeded


def test_a_working_stage_says_since_when_and_what_it_waits_for() -> None:
    steps = [a_step("restore", StepState.FINISHED), a_step("anonymize", waiting_for="the worker to begin")]
    view = view_of(Records(a_run(), steps, progress=Progress(step="masking")), LATER)
    restore, anonymize = view.stages[:2]
    assert (restore.state, restore.seconds(LATER)) == (StageState.DONE, 5.0)
    assert (anonymize.state, anonymize.seconds(LATER)) == (StageState.WORKING, 20.0)
    assert anonymize.waiting_for == "the worker to begin"
    assert waits_of(view) == "anonymize waits for the worker to begin"


def test_the_receivers_look_from_before_the_share_is_not_this_runs() -> None:
    earlier = a_step("receiver", StepState.FINISHED, started_at=NOW - timedelta(minutes=5))
    assert states(Records(a_run(**SHARED), receiver=earlier))["receiver"] is StageState.AHEAD


def test_the_receiver_is_done_when_development_has_replaced_its_target() -> None:
    delivery = Delivery(received_at=NOW, replaced_at=NOW + timedelta(seconds=7))
    records = Records(a_run(**SHARED), receiver=a_step("receiver"), delivery=delivery)
    receiver = view_of(records, LATER).stage("receiver")
    assert (receiver.state, receiver.seconds(LATER)) == (StageState.DONE, 7.0)


def test_cleaning_goes_on_until_both_the_database_and_the_snapshots_are_gone() -> None:
    run = a_run(**SHARED, removed_at=NOW)
    removed = a_step("restore.removal", StepState.FINISHED)
    half = view_of(Records(run, [removed]), LATER).stage("clean-up")
    assert (half.state, half.waiting_for) == (StageState.WORKING, "development to have its copy")
    both = Records(run, [removed, a_step("snapshot.withdrawal", StepState.FINISHED)])
    assert states(both)["clean-up"] is StageState.DONE


def test_a_run_is_over_when_its_target_is_replaced_and_nothing_works_any_more() -> None:
    run = a_run(**SHARED, received_at=NOW, replaced_at=NOW, removed_at=NOW)
    delivery = Delivery(received_at=NOW, replaced_at=NOW)
    done = [
        a_step(step, StepState.FINISHED) for step in ("restore", "anonymize", "snapshot", "restore.removal")
    ]
    working = Records(run, [*done, a_step("snapshot.withdrawal")], a_step("receiver"), delivery)
    assert not view_of(working, LATER).over
    finished = Records(
        run, [*done, a_step("snapshot.withdrawal", StepState.FINISHED)], a_step("receiver"), delivery
    )
    assert view_of(finished, LATER).succeeded


def test_a_failed_run_is_watched_until_it_is_cleaned() -> None:
    failing = a_run(failed_at=NOW, failure="anonymize: verification failed")
    steps = [a_step("restore", StepState.FINISHED), a_step("anonymize", StepState.FAILED)]
    assert not view_of(Records(failing, steps), LATER).over
    failed = failing.model_copy(update={"removed_at": NOW})
    cleaned = [a_step(step, StepState.FINISHED) for step in ("restore.removal", "snapshot.withdrawal")]
    view = view_of(Records(failed, [*steps, *cleaned]), LATER)
    assert view.over
    assert not view.succeeded
    assert view.failure == "anonymize: verification failed"


def test_a_dirty_run_says_so() -> None:
    dirty = a_run(**SHARED, dirty_at=NOW)
    steps = [a_step("restore.removal", StepState.FAILED), a_step("snapshot.withdrawal", StepState.FINISHED)]
    view = view_of(Records(dirty, steps), LATER)
    assert view.over
    assert view.failure == "clean-up: something of the run is left"


def test_a_receiver_that_gave_up_fails_the_run_with_its_reason() -> None:
    outcome = dump(StageFailed(run_id=RUN_ID, stage="receiver", reason="RDS could not restore the copy"))
    receiver = a_step("receiver", StepState.FAILED, outcome=outcome)
    view = view_of(Records(a_run(**SHARED), receiver=receiver), LATER)
    assert view.failure == "receiver: RDS could not restore the copy"
    assert view.over


def test_watching_ends_when_nothing_changes_but_not_while_the_worker_works() -> None:
    waiting = Records(a_run(), [a_step("restore", waiting_for="a database that never comes")])
    with pytest.raises(StalledError, match="restore waits for a database that never comes"):
        list(watch(lambda: waiting, patience=0.0))
    looks = iter(
        [Records(a_run(), [a_step("anonymize")])] * 3 + [Records(None, dead_letters=["restore: no"])]
    )
    assert [view.over for view in watch(lambda: next(looks), patience=0.0)] == [False, False, False, True]
