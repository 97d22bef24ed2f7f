"""The ledger: facts once, one lock per source, one chain per step."""

from datetime import timedelta

from shared.ledger import Ledger
from shared.records import Progress, Status, StepRecord, StepState
from tests.builders import NOW, RESOURCE_ID, RUN_ID, a_run, a_verification, later

OTHER = "shop-fr-20261130t0305-0a1b2c3d"


def a_step(token: str = "a" * 32, **changes: object) -> StepRecord:
    fields: dict[str, object] = {
        "subject": f"{RUN_ID}#1",
        "step": "restore",
        "state": StepState.WORKING,
        "token": token,
        "trigger": "{}",
        "started_at": NOW,
        "deadline": NOW + timedelta(hours=1),
    }
    return StepRecord.model_validate(fields | changes)


def test_a_run_is_opened_once_and_joined_after_that(ledger: Ledger) -> None:
    first = ledger.open_run(a_run())
    second = ledger.open_run(a_run(requested_by="operator", started_at=later(1)))
    assert first == second == ledger.run(RUN_ID)
    assert list(ledger.runs()) == [first]


def test_a_fact_stays_as_it_was_first_recorded(ledger: Ledger) -> None:
    ledger.open_run(a_run())
    ledger.record_facts(RUN_ID, failed_at=NOW, failure="first")
    ledger.record_facts(RUN_ID, failed_at=later(1), failure="second")
    run = ledger.run(RUN_ID)
    assert run is not None
    assert (run.failed_at, run.failure) == (NOW, "first")


def test_a_failed_run_begins_its_next_attempt_once(ledger: Ledger) -> None:
    ledger.open_run(a_run())
    ledger.record_facts(RUN_ID, failed_at=NOW, removed_at=NOW, task="arn:old")
    failed = ledger.run(RUN_ID)
    assert failed is not None
    again = ledger.reopen_run(failed, a_run())
    assert (again.attempt, again.status, again.task) == (2, Status.RUNNING, None)
    assert ledger.reopen_run(failed, a_run(requested_by="somebody slower")) == again


def test_a_run_is_never_called_succeeded_while_something_of_it_is_left() -> None:
    assert a_run(replaced_at=NOW).status is Status.RUNNING
    assert a_run(replaced_at=NOW, dirty_at=NOW).status is Status.DIRTY
    assert a_run(replaced_at=NOW, removed_at=NOW).status is Status.SUCCEEDED
    assert a_run(failed_at=NOW).status is Status.FAILING
    assert a_run(failed_at=NOW, dirty_at=NOW).status is Status.DIRTY
    assert a_run(failed_at=NOW, removed_at=NOW).status is Status.FAILED


def test_one_run_at_a_time_holds_the_lock_of_a_source(ledger: Ledger) -> None:
    assert ledger.take_lock("shop-fr", RUN_ID)
    assert ledger.take_lock("shop-fr", RUN_ID)
    assert not ledger.take_lock("shop-fr", OTHER)
    assert ledger.lock_holder("shop-fr") == RUN_ID
    ledger.release_lock("shop-fr", OTHER)
    assert ledger.lock_holder("shop-fr") == RUN_ID
    ledger.release_lock("shop-fr", RUN_ID)
    ledger.release_lock("shop-fr", RUN_ID)
    assert ledger.take_lock("shop-fr", OTHER)


def test_of_two_deliveries_one_begins_a_step_and_one_moves_it_on(ledger: Ledger) -> None:
    first, second = a_step("a" * 32), a_step("b" * 32)
    assert ledger.begin_step(first)
    assert not ledger.begin_step(second)
    assert ledger.advance_step(a_step("c" * 32), frozenset({"a" * 32}))
    assert not ledger.advance_step(a_step("d" * 32), frozenset({"a" * 32}))
    assert ledger.advance_step(a_step("e" * 32), frozenset({"x" * 32, "c" * 32}))
    assert ledger.step(f"{RUN_ID}#1", "restore") == a_step("e" * 32)


def test_an_ended_step_is_not_moved_on(ledger: Ledger) -> None:
    ledger.begin_step(a_step())
    assert ledger.advance_step(a_step(state=StepState.FINISHED), frozenset({"a" * 32}))
    assert not ledger.advance_step(a_step(), frozenset({"a" * 32}))


def test_published_is_remembered_for_the_outcome_it_belongs_to(ledger: Ledger) -> None:
    ended = a_step(state=StepState.FINISHED)
    ledger.begin_step(ended)
    ledger.mark_published(a_step("b" * 32, state=StepState.FINISHED))
    assert ledger.step(ended.subject, "restore") == ended
    ledger.mark_published(ended)
    assert ledger.step(ended.subject, "restore") == ended.model_copy(update={"published": True})


def test_history_is_kept_in_order(ledger: Ledger) -> None:
    for number in range(12):
        ledger.note(RUN_ID, "restore", "did", f"{number}")
    assert [line.why for line in ledger.history(RUN_ID)] == [str(number) for number in range(12)]


def test_a_verification_is_found_only_for_its_database(ledger: Ledger) -> None:
    ledger.record_verification(RUN_ID, a_verification())
    assert ledger.verification(RUN_ID, RESOURCE_ID) == a_verification()
    assert ledger.verification(RUN_ID, "db-OTHER") is None


def test_a_worker_s_failure_is_found_only_for_its_database(ledger: Ledger) -> None:
    ledger.record_worker_failure(RUN_ID, "no", RESOURCE_ID)
    assert ledger.worker_failure(RUN_ID, "db-OTHER") is None
    found = ledger.worker_failure(RUN_ID, RESOURCE_ID)
    assert found is not None
    assert found.reason == "no"


def test_progress_is_the_last_one_written(ledger: Ledger) -> None:
    ledger.record_progress(RUN_ID, Progress(step="masking", rows_total=10))
    ledger.record_progress(
        RUN_ID, Progress(step="masking", rows_done=5, rows_total=10, table="public.customers")
    )
    assert ledger.progress(RUN_ID) == Progress(
        step="masking", rows_done=5, rows_total=10, table="public.customers"
    )


def test_what_development_did_is_kept_beside_the_run(ledger: Ledger) -> None:
    ledger.record_delivery(RUN_ID, received_at=NOW)
    ledger.record_delivery(RUN_ID, received_at=later(1), build_failure="it failed")
    delivery = ledger.delivery(RUN_ID)
    assert (delivery.received_at, delivery.build_failure) == (NOW, "it failed")
    ledger.forget_build_failure(RUN_ID)
    assert ledger.delivery(RUN_ID).build_failure is None
    assert ledger.run(RUN_ID) is None
