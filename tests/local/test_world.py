"""The driven world: nothing sleeps, everything happens in its order, and waiting too long is an error."""

import time
from datetime import timedelta

import pytest

from local.accounts import PRODUCTION, REGION
from local.documents import LocalSource
from local.emulation import AlreadyOpenError
from local.task_runners import Outcome
from local.world import BEGINNING, StillWaitingError, World
from shared.events import RefreshRequested, SweepRequested
from tests.local.conftest import POLICY
from tests.local.messages import bodies

SOURCES = {"shop-fr": LocalSource("shop-fr-prod", POLICY)}
UNKNOWN = RefreshRequested(source="unknown")


def test_the_clock_stands_still_until_something_happens(world: World) -> None:
    assert world.now == BEGINNING
    world.send("restore", SweepRequested())
    assert world.now == BEGINNING
    assert world.deliver()
    assert not world.deliver()
    assert timedelta(0) < world.now - BEGINNING < timedelta(seconds=1)


def test_a_message_reaches_its_function_with_the_environment_of_its_account(world: World) -> None:
    world.send("restore", SweepRequested())
    world.send("receiver", RefreshRequested(source="shop-fr"))
    world.run()
    assert {(one.stage, one.failed) for one in world.deliveries} == {("restore", False), ("receiver", False)}


def test_a_delayed_message_is_jumped_to_and_not_waited_for(world: World) -> None:
    queue = world.functions["restore"].setup.environment["SNAPVEIL_QUEUE_URL"]
    body = SweepRequested().model_dump_json()
    world.client("production", "sqs").send_message(QueueUrl=queue, MessageBody=body, DelaySeconds=900)
    world.run(until=lambda: world.deliveries)
    assert world.deliveries[0].at - BEGINNING == pytest.approx(
        timedelta(seconds=900), abs=timedelta(seconds=1)
    )


def test_enabled_schedules_fire_when_their_hour_comes(world: World) -> None:
    world.run(until=lambda: len(world.deliveries) >= 8, at_most=timedelta(hours=3))
    hours = {(one.stage, round((one.at - BEGINNING) / timedelta(hours=1))) for one in world.deliveries}
    assert hours == {(stage, hour) for stage in ("restore", "snapshot", "receiver") for hour in (1, 2)}


def test_a_schedule_can_be_fired_by_hand(world: World) -> None:
    world.fire_schedule("production", "refresh-shop-fr")
    world.run()
    (delivery,) = world.deliveries
    assert delivery.stage == "restore"
    assert '"requested_by": "schedule"' in delivery.body


def test_what_fails_on_every_delivery_becomes_a_dead_letter_after_the_queues_timeouts(world: World) -> None:
    world.client("production", "ssm").delete_parameter(Name="/snapveil/config")
    world.send("restore", SweepRequested())
    took = world.run(until=lambda: world.leftovers().dead_letters)
    assert [(one.receive_count, one.failed) for one in world.deliveries] == [(n, True) for n in range(1, 6)]
    assert timedelta(minutes=24) <= took <= timedelta(minutes=35)
    assert world.leftovers().dead_letters == {"snapveil-restore-dlq": 1}


def test_a_message_that_nobody_can_act_on_is_among_the_leftovers(world: World) -> None:
    world.send("restore", "no message at all")
    world.run()
    left = world.leftovers()
    assert not left.empty
    assert left.dead_letters == {"snapveil-restore-dlq": 1}
    assert left.unacknowledged_messages == {}


def test_waiting_for_what_never_comes_is_an_error_that_says_what_is_left(world: World) -> None:
    world.send("snapshot", "no message at all")
    with pytest.raises(StillWaitingError, match="snapveil-snapshot-dlq"):
        world.run(until=lambda: False, at_most=timedelta(hours=2))
    assert world.now - BEGINNING < timedelta(hours=2, minutes=1)


def test_messages_that_go_in_circles_are_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.world.MOST_DELIVERIES", 20)

    def send_again() -> bool:
        world.send("restore", SweepRequested())
        return False

    with pytest.raises(StillWaitingError, match="20 deliveries"):
        world.run(until=send_again)


def test_two_worlds_one_after_the_other_tell_the_same_story() -> None:
    def story() -> list[tuple[object, ...]]:
        with World(SOURCES) as world:
            world.client("production", "rds").create_db_instance(
                DBInstanceIdentifier="shop-fr-prod",
                Engine="postgres",
                DBInstanceClass="db.t4g.medium",
                AllocatedStorage=20,
                MasterUsername="shop",
                MasterUserPassword="long-enough",
            )
            world.jump(world.now + timedelta(hours=3))
            world.rds.automated_snapshot(PRODUCTION, REGION, "shop-fr-prod")
            world.jump(world.now + timedelta(hours=1))
            world.send("restore", RefreshRequested(source="shop-fr"))
            world.run(until=lambda: len(world.deliveries) >= 12)
            return [(one.at, one.stage, one.body, one.failed) for one in world.deliveries]

    assert story() == story()


def test_a_task_is_what_the_test_says_and_ends_on_the_worlds_clock(world: World) -> None:
    ended: list[timedelta] = []
    world.tasks.outcome = lambda _: Outcome(after=1800, effect=lambda: ended.append(world.now - BEGINNING))
    world.client("production", "ecs").run_task(
        cluster="snapveil",
        taskDefinition="snapveil-worker",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": []}},
    )
    world.run()
    assert ended == [timedelta(seconds=1840)]


def test_the_ledger_is_the_accounts_own(world: World) -> None:
    world.ledger("production").note("a-run", "step", "what", "why")
    assert [line.what for line in world.ledger("production").history("a-run")] == ["what"]
    assert world.ledger("development").history("a-run") == []


def test_one_process_holds_one_world_at_a_time(world: World, tmp_path: object) -> None:
    with pytest.raises(AlreadyOpenError), World(SOURCES):
        pass
    world.send("restore", SweepRequested())
    world.run()
    assert world.deliveries


def test_a_world_leaves_nothing_of_itself_behind(tmp_path: object) -> None:
    import os

    before = dict(os.environ)
    with World(SOURCES) as world:
        world.send("restore", "x")
        world.run()
    assert dict(os.environ) == before
    assert abs(time.time() - BEGINNING.timestamp()) > 0
    with World(SOURCES) as second:
        url = second.functions["restore"].setup.environment["SNAPVEIL_DLQ_URL"]
        assert bodies(second.accounts["production"], url) == []


def test_an_unknown_stage_is_named(world: World) -> None:
    with pytest.raises(LookupError, match="restoration"):
        world.send("restoration", UNKNOWN)


def test_the_policy_lies_whole_where_production_reads_it(world: World) -> None:
    (source,) = world.sources
    found = world.client("production", "s3").get_object(
        Bucket="snapveil-111111111111-eu-west-3", Key=f"policies/{source}/policy.yaml"
    )
    policy = world.sources[source].policy
    assert isinstance(policy, dict)
    assert found["Body"].read() == policy["policy.yaml"]
