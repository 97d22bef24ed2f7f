"""The dispatcher decides: only a verification that passed, of this very database, ends the stage well."""

import pytest

from services.anonymize.stage import Action, Seen, StartWorker, Task, decide
from shared.decision import Act, Decision, Fail, Finish, Wait
from shared.events import DatabaseAnonymized
from shared.records import Check, Progress, Run, WorkerFailure
from tests.builders import DIGEST, NOW, RESOURCE_ID, RUN_ID, a_run, a_verification

RUN = a_run(resource_id=RESOURCE_ID, restored_at=NOW)
STARTED = a_run(resource_id=RESOURCE_ID, restored_at=NOW, task="arn:task")
RUNNING = Task("arn:task", stopped=False)
AGAIN = STARTED.model_copy(update={"starts": 2})
LAST = STARTED.model_copy(update={"starts": 3})
STOPPED = Task("arn:task", stopped=True, exit_code=0, reason="Essential container in task exited")
KILLED = Task("arn:task", stopped=True, exit_code=137, reason="OutOfMemoryError: container killed")
MASKING = Progress(step="masking", tables_total=3)
RECLAIMED = Task("arn:task", stopped=True, exit_code=None, reason="Your Spot Task was interrupted.")
UNREADY = Task("arn:task", stopped=True, exit_code=2, reason="Essential container in task exited")
FAILURE = WorkerFailure(
    database_resource_id=RESOURCE_ID, reason="customers.loyalty: the policy does not name it"
)
EVENT = DatabaseAnonymized(run_id=RUN_ID, resource_id=RESOURCE_ID, policy_digest=DIGEST)


@pytest.mark.parametrize(
    ("run", "look", "decision"),
    [
        (RUN, Seen(None, None, None, None), Act(StartWorker(RUN_ID, 1))),
        (STARTED, Seen(RUNNING, None, None, None), Wait("the worker to begin")),
        (STARTED, Seen(RUNNING, MASKING, None, None), Wait("the worker, which is masking")),
        (STARTED, Seen(RUNNING, MASKING, a_verification(), None), Wait("the worker, which is masking")),
        (
            STARTED,
            Seen(STOPPED, MASKING, a_verification(), None),
            Finish(EVENT, why="9 columns in 3 tables masked and verified"),
        ),
        (STARTED, Seen(STOPPED, MASKING, None, FAILURE), Fail(FAILURE.reason)),
        # stopped before it ended: it continues
        (STARTED, Seen(KILLED, MASKING, None, None), Act(StartWorker(RUN_ID, 1, start=2))),
        (STARTED, Seen(RECLAIMED, None, None, None), Act(StartWorker(RUN_ID, 1, start=2))),
        (STARTED, Seen(None, MASKING, None, None), Act(StartWorker(RUN_ID, 1, start=2))),
        (RUN, Seen(KILLED, None, None, None), Act(StartWorker(RUN_ID, 1, start=2))),
        (AGAIN, Seen(RUNNING, MASKING, None, None), Wait("the worker, which is masking")),
        (AGAIN, Seen(KILLED, MASKING, None, None), Act(StartWorker(RUN_ID, 1, start=3))),
        # stopped after its verification: its last traces may still be there
        (
            AGAIN,
            Seen(KILLED, MASKING, a_verification(), None),
            Act(StartWorker(RUN_ID, 1, start=3, concluded=True)),
        ),
        (
            STARTED,
            Seen(None, MASKING, a_verification(), None),
            Act(StartWorker(RUN_ID, 1, start=2, concluded=True)),
        ),
        # what it reported, counts
        (AGAIN, Seen(KILLED, MASKING, a_verification(), FAILURE), Fail(FAILURE.reason)),
        (LAST, Seen(None, MASKING, None, FAILURE), Fail(FAILURE.reason)),
    ],
)
def test_the_way_to_an_anonymized_database(run: Run, look: Seen, decision: Decision[Action]) -> None:
    assert decide(run, look) == decision


def test_a_worker_that_is_killed_every_time_fails_the_run_and_says_what_to_do() -> None:
    decision = decide(LAST, Seen(KILLED, MASKING, None, None))
    assert isinstance(decision, Fail)
    assert "3 times" in decision.why
    assert "exit code 137" in decision.why
    assert "nothing was shared" in decision.why
    assert "ask for a refresh" in decision.why


def test_a_verification_that_found_originals_fails_the_run_and_says_where() -> None:
    check = Check(name="originals", passed=False, examined=9, detail="tickets.body holds 3 originals")
    decision = decide(STARTED, Seen(STOPPED, None, a_verification(passed=False, checks=(check,)), None))
    assert decision == Fail("verification found originals: tickets.body holds 3 originals")


def test_a_task_that_ecs_forgot_every_time_fails_the_run() -> None:
    decision = decide(LAST, Seen(None, None, None, None))
    assert isinstance(decision, Fail)
    assert "no longer knows" in decision.why


def test_a_worker_that_cannot_begin_is_not_started_again() -> None:
    decision = decide(STARTED, Seen(UNREADY, None, None, None))
    assert isinstance(decision, Fail)
    assert "could not begin" in decision.why


def test_a_run_without_a_restored_database_fails() -> None:
    assert isinstance(decide(a_run(), Seen(None, None, None, None)), Fail)


def test_nothing_more_is_started_for_a_run_that_is_over() -> None:
    assert isinstance(
        decide(a_run(resource_id=RESOURCE_ID, failed_at=NOW), Seen(None, None, None, None)), Finish
    )
