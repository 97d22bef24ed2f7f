"""A replay in the whole loop: the run goes on where it was, or begins again, and ends as it should."""

from local.task_runners import Outcome
from shared.events import DatabaseRestored, dump
from shared.records import Status
from tests.cli.dlq.conftest import ASKED, DAY, Operator

DEAD = "snapveil-restore-dlq"


def test_a_replayed_request_makes_the_run_that_it_asked_for(on_call: Operator) -> None:
    letter = on_call.bury(DEAD, dump(ASKED), stage="restore", reason="no snapshot is available")
    assert on_call.types("dlq", "replay", letter) == 0
    assert "RefreshRequested → snapveil-restore: looks: begins a run" in on_call.out
    (sent,) = on_call.waiting("snapveil-restore")
    assert sent["Body"] == dump(ASKED)
    assert sent["said"].keys() == {"replayed_by", "replayed_at", "replayed_for"}
    assert sent["said"]["replayed_by"] == "assumed-role/operator/local"
    assert sent["said"]["replayed_for"] == "no snapshot is available"
    on_call.world.run(at_most=DAY)
    assert on_call.scene.run().status is Status.SUCCEEDED
    assert on_call.lists() == []
    (line,) = on_call.noted("dead-letters")
    assert line.what == "replayed"
    assert "by assumed-role/operator/local: RefreshRequested from snapveil-restore-dlq" in line.why
    assert on_call.types("dlq", "log") == 0
    assert "no snapshot is available" in on_call.out


def test_a_run_whose_message_was_lost_on_the_way_resumes_at_its_stage(on_call: Operator) -> None:
    scene = on_call.scene
    on_call.world.send("restore", ASKED)
    on_call.world.run(until=lambda: on_call.waiting("snapveil-anonymize"), at_most=DAY)
    (lost,) = on_call.waiting("snapveil-anonymize")
    on_call.client("sqs").purge_queue(QueueUrl=on_call.url("snapveil-anonymize"))
    on_call.world.run(at_most=DAY)
    run = scene.run()
    assert run.status is Status.RUNNING
    on_call.bury("snapveil-anonymize-dlq", lost["Body"], reason="x", run_id=run.run_id)
    assert on_call.types("dlq", "replay", "--run", run.run_id) == 0
    assert "snapveil-anonymize: resumes: at anonymize, which has not begun" in on_call.out
    on_call.world.run(at_most=DAY)
    assert scene.run().status is Status.SUCCEEDED
    assert scene.run().attempt == 1
    (line,) = on_call.noted(run.run_id)
    assert (line.what, "resumes" in line.why) == ("replayed", True)


def test_a_run_that_failed_restarts_from_restore_and_says_so(on_call: Operator) -> None:
    working = on_call.world.tasks.outcome
    on_call.world.tasks.outcome = lambda _: Outcome(after=60, exit_code=137, reason="OutOfMemoryError")
    run = on_call.lets_a_run_end()
    assert run.status is Status.FAILED
    on_call.world.tasks.outcome = working
    message = DatabaseRestored(run_id=run.run_id, resource_id=run.resource_id or "")
    on_call.bury("snapveil-anonymize-dlq", dump(message), reason="x")
    assert on_call.types("dlq", "replay", "--run", run.run_id) == 0
    assert (
        "→ snapveil-restore: restarts: from restore: the run failed (anonymize: the worker stopped"
        in on_call.out
    )
    on_call.world.run(at_most=DAY)
    again = on_call.scene.run()
    assert (again.run_id, again.attempt, again.status) == (run.run_id, 2, Status.SUCCEEDED)
    assert again.requested_by == "assumed-role/operator/local"
    assert on_call.world.leftovers().empty


def test_an_event_that_did_not_cross_is_put_on_the_other_account_s_bus(on_call: Operator) -> None:
    development = on_call.world.client("development", "events")
    policy = development.describe_event_bus(Name="snapveil")["Policy"]
    development.remove_permission(EventBusName="snapveil", RemoveAllPermissions=True)
    run = on_call.lets_a_run_end()
    assert run.status is Status.RUNNING
    (listed,) = on_call.lists()
    assert (listed["queue"], listed["type"]) == ("snapveil-to-development-dlq", "SnapshotShared")
    assert on_call.types("dlq", "replay", "--all") == 1
    assert "event-bus/snapveil refuses it: NO_PERMISSIONS" in on_call.out
    assert [one["id"] for one in on_call.lists()] == [listed["id"]]
    development.put_permission(EventBusName="snapveil", Policy=policy)
    assert on_call.types("dlq", "replay", "--all") == 0
    assert (
        "→ arn:aws:events:eu-west-3:222222222222:event-bus/snapveil: looks: the other account" in on_call.out
    )
    on_call.world.run(at_most=DAY)
    assert on_call.scene.run().status is Status.SUCCEEDED
    assert on_call.lists() == []
    assert [line.what for line in on_call.noted(run.run_id)] == ["replayed"]
