"""EventBridge Scheduler: which message is put where, and when."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.accounts import Account
from local.schedule import Place, Schedules, Ticking, UnknownScheduleError
from tests.local.messages import arn, bodies, queue


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def schedules(production: Account, clock: Clock) -> Schedules:
    return Schedules((Place(production.number, production.region),), clock)


@pytest.fixture
def url(production: Account) -> str:
    return queue(production, "q")


def schedule(account: Account, name: str, expression: str, **more: Any) -> None:
    account.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": arn(account, "sqs", "q"),
            "RoleArn": account.role_arn("scheduler"),
            "Input": json.dumps({"from": name}),
        },
        **more,
    )


def fired(account: Account, url: str) -> list[str]:
    return [json.loads(body)["from"] for body in bodies(account, url)]


def test_a_schedule_puts_its_input_on_its_queue_each_time_it_is_due(
    production: Account, schedules: Schedules, clock: Clock, url: str
) -> None:
    schedule(production, "hourly", "rate(1 hour)")
    assert schedules.fire_due() == []
    clock.now += timedelta(minutes=1)
    for _ in range(2):
        clock.now += timedelta(hours=1)
        assert schedules.fire_due() == ["hourly"]
        assert schedules.fire_due() == []
    assert fired(production, url) == ["hourly", "hourly"]


def test_the_next_moment_is_that_of_the_first_enabled_schedule(
    production: Account, schedules: Schedules, clock: Clock, url: str
) -> None:
    assert schedules.next_moment() is None
    schedule(production, "daily", "rate(1 day)")
    schedule(production, "soon", "rate(1 minute)", State="DISABLED")
    due = schedules.next_moment()
    assert due is not None
    assert timedelta(hours=23) < due - clock.now < timedelta(hours=25)


def test_a_disabled_schedule_fires_only_by_hand(
    production: Account, schedules: Schedules, clock: Clock, url: str
) -> None:
    schedule(
        production,
        "weekly",
        "cron(0 3 ? * MON *)",
        State="DISABLED",
        ScheduleExpressionTimezone="Europe/Paris",
    )
    clock.now += timedelta(days=15)
    assert schedules.fire_due() == []
    schedules.fire(production.number, "weekly")
    assert fired(production, url) == ["weekly"]


def test_a_single_schedule_fires_once_and_is_deleted_if_it_wants_to_be(
    production: Account, schedules: Schedules, clock: Clock, url: str
) -> None:
    at = f"at({clock.now + timedelta(minutes=5):%Y-%m-%dT%H:%M:%S})"
    schedule(production, "once", at, ActionAfterCompletion="DELETE")
    schedule(production, "kept", at)
    clock.now += timedelta(hours=1)
    assert schedules.fire_due() == ["kept", "once"]
    clock.now += timedelta(hours=1)
    assert schedules.fire_due() == []
    left = production.client("scheduler").list_schedules()["Schedules"]
    assert [one["Name"] for one in left] == ["kept"]


def test_a_schedule_rests_outside_its_dates(
    production: Account, schedules: Schedules, clock: Clock, url: str
) -> None:
    schedule(
        production,
        "bounded",
        "rate(1 hour)",
        StartDate=clock.now + timedelta(hours=2, minutes=30),
        EndDate=clock.now + timedelta(hours=4, minutes=30),
    )
    clock.now += timedelta(minutes=1)
    hours = []
    for hour in range(1, 8):
        clock.now += timedelta(hours=1)
        if schedules.fire_due():
            hours.append(hour)
    assert hours == [3, 4]


def test_an_unknown_schedule_is_named_with_those_that_there_are(
    production: Account, schedules: Schedules, url: str
) -> None:
    schedule(production, "weekly", "rate(7 days)")
    with pytest.raises(UnknownScheduleError, match=r"no schedule 'wekly', only weekly"):
        schedules.fire(production.number, "wekly")


def test_a_target_that_is_not_emulated_is_no_silent_success(
    production: Account, schedules: Schedules, url: str
) -> None:
    schedule(production, "wrong", "rate(1 hour)")
    production.client("scheduler").update_schedule(
        Name="wrong",
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn(production, "lambda", "function:f"), "RoleArn": production.role_arn("scheduler")},
    )
    with pytest.raises(NotImplementedError, match="schedule wrong"):
        schedules.fire(production.number, "wrong")


def test_a_running_scheduler_notices_a_new_schedule(production: Account, url: str) -> None:
    def now() -> datetime:
        return datetime.now(UTC)

    ticking = Ticking(Schedules((Place(production.number, production.region),), now), now)
    ticking.start()
    try:
        schedule(production, "soon", f"at({now() + timedelta(seconds=2):%Y-%m-%dT%H:%M:%S})")
        found: list[str] = []
        until = time.monotonic() + 60
        while not found and time.monotonic() < until:
            time.sleep(0.05)
            found = fired(production, url)
    finally:
        ticking.close()
    assert found == ["soon"]
