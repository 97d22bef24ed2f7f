"""The whole loop on a driven clock: what goes right, and that it goes right once."""

import json
from contextlib import contextmanager
from datetime import timedelta

import pytest

from shared import names
from shared.database.port import Kind
from shared.events import RefreshRequested, SnapshotShared, SweepRequested
from shared.records import Status
from tests.loop.conftest import Scene, a_scene

ASKED = RefreshRequested(source="shop-fr")
DAY = timedelta(hours=24)


def test_a_request_ends_with_a_replaced_target_and_nothing_left_over(scene: Scene) -> None:
    before = scene.instances("production")
    scene.world.send("restore", ASKED)
    scene.world.run(at_most=DAY)
    run = scene.run()
    assert run.status is Status.SUCCEEDED
    assert scene.types() == [
        "DatabaseRestored",
        "DatabaseAnonymized",
        "SnapshotShared",
        "SnapshotReceived",
        "TargetReplaced",
    ]
    assert scene.instances("development") == {scene.target: run.run_id}
    assert scene.instances("production") == before
    assert scene.world.leftovers().empty


@pytest.mark.parametrize(
    ("kind", "engine", "in_secret"),
    [(Kind.INSTANCE, "mariadb", "mariadb"), (Kind.CLUSTER, "aurora-mysql", "mysql")],
)
def test_a_source_of_mysqls_family_goes_the_same_way(kind: Kind, engine: str, in_secret: str) -> None:
    with contextmanager(a_scene)(kind, engine=engine) as scene:
        scene.world.send("restore", ASKED)
        scene.world.run(at_most=DAY)
        assert scene.instances("development") == {scene.target: scene.run().run_id}
        assert scene.world.leftovers().empty
        secrets = scene.world.client("development", "secretsmanager")
        content = secrets.get_secret_value(SecretId=names.master_secret(scene.target))["SecretString"]
        assert (json.loads(content)["engine"], json.loads(content)["dbname"]) == (in_secret, "shop")


def test_the_history_tells_the_whole_story_in_order(scene: Scene) -> None:
    scene.world.send("restore", ASKED)
    scene.world.run(at_most=DAY)
    run = scene.run()
    told = [(line.step, line.what) for line in scene.production.history(run.run_id)]
    for step in ("restore", "anonymize", "snapshot", "restore.removal", "snapshot.withdrawal"):
        assert (step, "finished") in told
    assert told[0] == ("run", "opened")
    assert told.index(("restore", "finished")) < told.index(("anonymize", "finished"))


def test_a_doubled_request_makes_one_run_and_one_of_everything(instance: Scene) -> None:
    for _ in range(3):
        instance.world.send("restore", ASKED)
    instance.world.run(at_most=DAY)
    assert len(list(instance.production.runs())) == 1
    assert len(instance.world.tasks.started) == 1
    assert instance.types().count("TargetReplaced") == 1
    assert instance.world.leftovers().empty


def test_every_event_delivered_again_afterwards_changes_nothing(instance: Scene) -> None:
    instance.world.send("restore", ASKED)
    instance.world.run(at_most=DAY)
    run, target = instance.run(), instance.instances("development")
    for delivery in list(instance.world.deliveries):
        instance.world.send(delivery.stage, delivery.body)
    instance.world.run(at_most=DAY)
    assert instance.run() == run
    assert instance.instances("development") == target
    assert instance.world.leftovers().empty


def test_every_message_delivered_twice_on_the_way_ends_the_same(instance: Scene) -> None:
    instance.world.send("restore", ASKED)
    while not any(run.status is Status.SUCCEEDED for run in instance.production.runs()):
        deliver_twice(instance)
    instance.world.run(at_most=DAY)
    assert len(instance.world.tasks.started) == 1
    assert instance.types().count("TargetReplaced") == 1
    assert instance.world.leftovers().empty


def deliver_twice(scene: Scene) -> None:
    """Deliver the next message, and the same one again."""
    delivered = len(scene.world.deliveries)
    scene.world.run(until=lambda: len(scene.world.deliveries) > delivered, at_most=DAY)
    scene.world.send(scene.world.deliveries[-1].stage, scene.world.deliveries[-1].body)
    scene.world.deliver()


def test_next_week_s_run_replaces_the_target_and_keeps_two_copies(scene: Scene) -> None:
    for _ in range(3):  # one copy more than are kept
        scene.world.send("restore", ASKED)
        scene.world.run(at_most=DAY)
        scene.wait(hours=7 * 24)
        scene.backup()
    assert len(list(scene.production.runs())) == 3
    assert {run.status for run in scene.production.runs()} == {Status.SUCCEEDED}
    assert scene.instances("development") == {scene.target: scene.run().run_id}
    rds = scene.world.client("development", "rds")
    copies = (
        rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
        + rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    )
    assert len(copies) == 2
    scene.world.run()
    assert scene.world.leftovers().empty


def test_a_request_without_a_newer_snapshot_is_dropped(instance: Scene) -> None:
    instance.world.send("restore", ASKED)
    instance.world.run(at_most=DAY)
    instance.world.send("restore", ASKED)
    instance.world.run(at_most=DAY)
    assert len(list(instance.production.runs())) == 1
    assert len(instance.world.tasks.started) == 1


def test_a_request_for_a_newer_snapshot_waits_for_the_run_of_the_same_source(instance: Scene) -> None:
    instance.world.send("restore", ASKED)
    instance.world.run(until=lambda: any(run.restored_at for run in instance.production.runs()))
    instance.backup()
    instance.world.send("restore", ASKED)
    instance.world.run(at_most=2 * DAY)
    first, second = sorted(instance.production.runs(), key=lambda run: run.run_id)
    assert first.status is second.status is Status.SUCCEEDED
    assert first.removed_at is not None
    assert second.restored_at is not None
    assert first.removed_at <= second.restored_at
    assert instance.instances("development") == {instance.target: second.run_id}
    assert instance.world.leftovers().empty


def test_an_event_lost_between_the_accounts_is_made_up_by_the_receiver_s_schedule(scene: Scene) -> None:
    scene.world.client("production", "events").disable_rule(Name="to-development", EventBusName="snapveil")
    scene.world.send("restore", ASKED)
    scene.world.run(until=lambda: any(run.removed_at for run in scene.production.runs()), at_most=DAY)
    assert scene.run().status is Status.RUNNING
    assert scene.instances("development") == {}
    scene.world.send("receiver", ASKED)
    scene.world.run(at_most=DAY)
    assert scene.run().status is Status.SUCCEEDED
    assert scene.instances("development") == {scene.target: scene.run().run_id}


def test_the_hourly_sweep_disturbs_no_run_that_goes_on(instance: Scene) -> None:
    instance.world.send("restore", ASKED)
    while not instance.production.runs() or not any(run.replaced_at for run in instance.production.runs()):
        instance.world.send("restore", SweepRequested())
        instance.world.send("snapshot", SweepRequested())
        instance.wait(hours=0.25)
        while instance.world.deliver():
            pass
    instance.world.run(at_most=DAY)
    assert instance.run().status is Status.SUCCEEDED
    assert instance.world.leftovers().empty


def test_a_share_that_nobody_copies_expires_and_the_run_says_so(instance: Scene) -> None:
    instance.world.client("production", "events").disable_rule(Name="to-development", EventBusName="snapveil")
    instance.world.send("restore", ASKED)
    instance.world.run(until=lambda: any(run.removed_at for run in instance.production.runs()), at_most=DAY)
    assert instance.world.leftovers().shared_snapshots
    instance.wait(hours=8 * 24)
    instance.world.send("snapshot", SweepRequested())
    instance.world.run(at_most=DAY)
    assert instance.world.leftovers().empty
    assert instance.run().status is Status.FAILED
    assert "acknowledged no copy within 7 days" in (instance.run().failure or "")


def test_the_share_notification_names_what_was_shared(scene: Scene) -> None:
    scene.world.send("restore", ASKED)
    scene.world.run(at_most=DAY)
    shared = [event for event in scene.world.events if event.type == "SnapshotShared"]
    message = SnapshotShared.model_validate_json(shared[0].body)
    assert message.kind is scene.kind
    assert message.snapshot_arn.endswith(f"snapveil-shr-{scene.run().run_id}")
    assert message.policy_digest == scene.run().policy_digest
