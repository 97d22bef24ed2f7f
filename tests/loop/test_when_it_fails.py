"""The loop when something goes wrong: held, said, cleaned, and able to begin again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.task_runners import Outcome
from services.receiver import handler as receiver_handler
from shared import names
from shared.database.instances import Instances
from shared.events import RefreshRequested, StageFailed, SweepRequested
from shared.records import Status
from tests.loop.conftest import Scene

ASKED = RefreshRequested(source="shop-fr")
DAY = timedelta(hours=24)
UNKNOWN = "shop-fr-20261116t0505-00000000"


def letters(scene: Scene, queue: str, account: str = "production") -> list[tuple[str, str]]:
    sqs = scene.world.client(account, "sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    return [
        (letter["Body"], letter.get("MessageAttributes", {}).get("reason", {}).get("StringValue", ""))
        for letter in answer.get("Messages", [])
    ]


def failures(scene: Scene) -> list[StageFailed]:
    return [
        StageFailed.model_validate_json(event.body)
        for event in scene.world.events
        if event.type == "StageFailed"
    ]


def nothing_was_shared(scene: Scene) -> bool:
    return "SnapshotShared" not in scene.types() and scene.instances("development") == {}


def test_a_killed_worker_is_started_again_and_the_run_succeeds(instance: Scene) -> None:
    working, killed = (
        instance.world.tasks.outcome,
        Outcome(after=60, exit_code=137, reason="OutOfMemoryError"),
    )
    instance.world.tasks.outcome = lambda start: (
        working(start) if instance.world.tasks.started[1:] else killed
    )
    instance.world.send("restore", ASKED)
    instance.world.run(at_most=DAY)
    run = instance.run()
    assert (run.attempt, run.status, run.starts) == (1, Status.SUCCEEDED, 2)
    first, second = instance.world.tasks.started
    assert first.environment == second.environment
    assert first.started_by != second.started_by
    assert failures(instance) == []
    assert instance.world.leftovers().empty


def test_a_worker_that_is_killed_after_its_verification_only_has_to_end(instance: Scene) -> None:
    working = instance.world.tasks.outcome
    instance.world.tasks.outcome = lambda start: (
        Outcome() if instance.world.tasks.started[1:] else replace(working(start), exit_code=137)
    )
    instance.world.send("restore", ASKED)
    instance.world.run(at_most=DAY)
    assert (instance.run().status, instance.run().starts) == (Status.SUCCEEDED, 2)
    assert [start.environment.get("SNAPVEIL_CONCLUDED") for start in instance.world.tasks.started] == [
        None,
        "true",
    ]
    assert instance.world.leftovers().empty


def test_a_worker_that_is_killed_every_time_fails_the_run_which_is_cleaned_and_can_begin_again(
    scene: Scene,
) -> None:
    working = scene.world.tasks.outcome
    scene.world.tasks.outcome = lambda _: Outcome(after=60, exit_code=137, reason="OutOfMemoryError")
    scene.world.send("restore", ASKED)
    scene.world.run(at_most=DAY)
    run = scene.run()
    assert run.status is Status.FAILED
    assert run.failure is not None
    assert "exit code 137" in run.failure
    assert [failure.stage for failure in failures(scene)] == ["anonymize"]
    assert nothing_was_shared(scene)
    assert scene.world.leftovers().empty
    scene.world.tasks.outcome = working
    scene.world.send("restore", ASKED)
    scene.world.run(at_most=DAY)
    again = scene.run()
    assert (again.run_id, again.attempt, again.status) == (run.run_id, 2, Status.SUCCEEDED)
    assert scene.instances("development") == {scene.target: run.run_id}
    assert scene.world.leftovers().empty


def test_a_verification_that_does_not_pass_shares_nothing(scene: Scene) -> None:
    scene.verdict = False
    scene.world.send("restore", ASKED)
    scene.world.run(at_most=DAY)
    assert scene.run().status is Status.FAILED
    assert nothing_was_shared(scene)
    assert scene.world.leftovers().empty


def test_a_worker_that_never_ends_is_stopped_at_the_deadline(instance: Scene) -> None:
    instance.world.tasks.outcome = lambda _: Outcome(after=30 * 24 * 3600)
    instance.world.send("restore", ASKED)
    instance.world.run(at_most=4 * DAY)
    run = instance.run()
    assert run.status is Status.FAILED
    assert run.failure is not None
    assert "deadline of 6:00:00" in run.failure
    assert instance.world.tasks.next_moment() is None
    assert instance.world.leftovers().empty


def test_a_temporary_database_that_somebody_deletes_fails_the_run(instance: Scene) -> None:
    def delete() -> None:
        instance.world.client("production", "rds").delete_db_instance(
            DBInstanceIdentifier=instance.run().temporary_database, SkipFinalSnapshot=True
        )

    instance.effect = delete
    instance.world.send("restore", ASKED)
    instance.world.run(at_most=DAY)
    assert instance.run().status is Status.FAILED
    assert nothing_was_shared(instance)
    assert instance.world.leftovers().empty


def at_the_masked_snapshot(scene: Scene) -> str:
    """Run until the snapshot under production's key is there, and name it."""
    scene.world.send("restore", ASKED)
    rds = scene.world.client("production", "rds")

    def made() -> list[str]:
        listed = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
        return [one["DBSnapshotIdentifier"] for one in listed if one["Status"] == "available"]

    scene.world.run(until=made, at_most=DAY)
    return made()[0]


def test_a_snapshot_whose_run_tag_was_removed_is_not_shared(instance: Scene) -> None:
    name = at_the_masked_snapshot(instance)
    rds = instance.world.client("production", "rds")
    arn = rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"][0]["DBSnapshotArn"]
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=[names.RUN_ID_TAG])
    instance.world.run(until=lambda: instance.run().failed_at, at_most=DAY)
    assert "does not carry this run's tag" in (instance.run().failure or "")
    instance.world.run(at_most=DAY)
    assert nothing_was_shared(instance)
    # The guard deletes nothing without the tag either: what was tampered with is left for a human to look at.
    assert instance.world.leftovers().masked_snapshots == (name,)


def test_a_snapshot_of_another_database_under_our_name_is_not_shared(instance: Scene) -> None:
    name = at_the_masked_snapshot(instance)
    rds = instance.world.client("production", "rds")
    tags = rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"][0]["TagList"]
    rds.delete_db_snapshot(DBSnapshotIdentifier=name)
    instance.wait(hours=0.2)
    rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=instance.database, Tags=tags)
    instance.world.run(at_most=DAY)
    assert instance.run().status is Status.FAILED
    assert "not a snapshot of the database that this run masked" in (instance.run().failure or "")
    assert nothing_was_shared(instance)
    assert instance.world.leftovers().empty


def test_a_share_with_a_stranger_is_taken_back_before_the_news_is_published(instance: Scene) -> None:
    instance.world.send("restore", ASKED)
    rds = instance.world.client("production", "rds")

    def shared() -> list[dict[str, Any]]:
        listed = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
        return [
            one
            for one in listed
            if one["DBSnapshotIdentifier"].startswith(names.SHARED) and one["Status"] == "available"
        ]

    instance.world.run(until=shared, at_most=DAY)
    name = shared()[0]["DBSnapshotIdentifier"]
    rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=["999999999999"]
    )
    instance.world.run(until=lambda: instance.run().shared_at, at_most=DAY)
    attributes = rds.describe_db_snapshot_attributes(DBSnapshotIdentifier=name)
    values = attributes["DBSnapshotAttributesResult"]["DBSnapshotAttributes"][0]["AttributeValues"]
    assert values == ["222222222222"]


@pytest.mark.parametrize(
    ("prepare", "message", "reason"),
    [
        (lambda scene: scene.wait(hours=40), ASKED, "max_snapshot_age allows 36"),
        (lambda scene: None, RefreshRequested(source="shop-xx"), "no source 'shop-xx' (it has shop-fr)"),
        (lambda scene: None, '{"type": "RefreshRequested", "source": "shop-fr", "version": 7}', "version"),
        (lambda scene: None, StageFailed(run_id=UNKNOWN, stage="anonymize", reason="x"), "knows no run"),
    ],
)
def test_a_message_that_nobody_can_act_on_is_buried_with_its_reason(
    instance: Scene, prepare: Callable[[Scene], None], message: Any, reason: str
) -> None:
    prepare(instance)
    instance.world.send("restore", message)
    instance.world.run(at_most=DAY)
    ((_, said),) = letters(instance, "snapveil-restore-dlq")
    assert reason in said
    assert list(instance.production.runs()) == []


def test_a_removal_that_fails_leaves_the_run_dirty_until_a_sweep_succeeds(
    instance: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteDBInstance")

    instance.verdict = False
    with monkeypatch.context() as broken:
        broken.setattr(Instances, "delete", refuse)
        instance.world.send("restore", ASKED)
        instance.world.run(until=lambda: any(run.dirty_at for run in instance.production.runs()), at_most=DAY)
        assert instance.run().status is Status.DIRTY
        assert instance.world.leftovers().temporary_databases == (instance.run().temporary_database,)
    instance.world.send("restore", SweepRequested())
    instance.world.run(at_most=DAY)
    assert instance.run().status is Status.FAILED
    assert instance.world.leftovers().empty


def test_a_temporary_database_of_a_run_that_the_ledger_lost_is_swept(instance: Scene) -> None:
    run_id = "shop-fr-20261116t0505-deadbeef"
    make_temporary(instance, run_id, tagged=True)
    instance.world.send("restore", SweepRequested())
    instance.world.run(at_most=DAY)
    assert instance.world.leftovers().empty


def test_a_database_with_our_prefix_but_without_the_tag_is_left_for_a_human(instance: Scene) -> None:
    run_id = "shop-fr-20261116t0505-deadbeef"
    make_temporary(instance, run_id, tagged=False)
    instance.world.send("restore", SweepRequested())
    instance.world.run(at_most=DAY)
    assert names.temporary_database(run_id) in instance.instances("production")


def make_temporary(scene: Scene, run_id: str, *, tagged: bool) -> None:
    scene.world.client("production", "rds").create_db_instance(
        DBInstanceIdentifier=names.temporary_database(run_id),
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="x_admin",
        MasterUserPassword="x" * 12,
        Tags=[{"Key": names.RUN_ID_TAG, "Value": run_id}] if tagged else [],
    )
    scene.wait(hours=3)


def test_a_run_that_outlives_its_time_is_failed_and_removed_by_the_sweep(instance: Scene) -> None:
    instance.world.tasks.outcome = lambda _: Outcome(after=40 * 3600)
    instance.world.send("restore", ASKED)
    instance.world.run(until=lambda: any(run.restored_at for run in instance.production.runs()))
    run = instance.run()
    sqs = instance.world.client("production", "sqs")
    for queue in ("snapveil-anonymize", "snapveil-restore"):
        sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"])
    instance.wait(hours=4 * 24)
    instance.world.run(at_most=DAY)
    assert instance.run().status is Status.FAILED
    assert "outlived temporary_life" in (instance.run().failure or "")
    assert [failure.stage for failure in failures(instance)] == ["restore"]
    assert run.temporary_database not in instance.instances("production")


class TestDevelopersKeepTheirDatabase:
    def first_week(self, scene: Scene) -> str:
        scene.world.send("restore", ASKED)
        scene.world.run(at_most=DAY)
        scene.wait(hours=7 * 24)
        scene.world.run()
        scene.backup()
        return scene.run().run_id

    def test_when_the_new_one_never_answers(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        first = self.first_week(scene)
        with monkeypatch.context() as broken:
            broken.setattr(receiver_handler.Probe, "answers", lambda *_: False)
            scene.world.send("restore", ASKED)
            scene.world.run(until=lambda: failures(scene), at_most=2 * DAY)
        assert scene.instances("development")[scene.target] == first
        (failure,) = failures(scene)
        assert (failure.stage, failure.run_id) == ("receiver", scene.run().run_id)
        assert "to answer" in failure.reason
        scene.world.run()
        assert scene.run().status is Status.RUNNING
        scene.world.send("receiver", ASKED)
        scene.world.run(at_most=DAY)
        assert scene.instances("development") == {scene.target: scene.run().run_id}
        assert scene.run().status is Status.SUCCEEDED

    def test_when_the_new_one_vanishes_in_the_middle_of_the_swap(self, instance: Scene) -> None:
        self.first_week(instance)
        instance.world.send("restore", ASKED)
        rds = instance.world.client("development", "rds")
        instance.world.run(
            until=lambda: any("-old-" in name for name in instance.instances("development")), at_most=DAY
        )
        for name in instance.instances("development"):
            if "-new-" in name:
                rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        instance.world.run(at_most=DAY)
        assert instance.instances("development") == {instance.target: instance.run().run_id}
        assert instance.world.leftovers().empty
