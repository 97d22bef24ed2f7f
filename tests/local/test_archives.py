"""EventBridge archives: what is kept, what a replay puts on the bus again, and how it is seen to go."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from botocore.exceptions import ClientError

from local.accounts import Account
from tests.local.messages import arn, bodies, queue
from tests.local.test_events import LETS_PRODUCTION, bus, put, rule

Clock = Any  # time-machine's traveller, whose class has had several names
BEGINNING = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A clock that stands still until it is shifted."""
    with time_machine.travel(BEGINNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def received(production: Account, clock: Clock) -> str:
    """A bus with an archive and a queue, whose URL this is; three events have passed, an hour apart."""
    bus(production)
    production.client("events").create_archive(
        ArchiveName="snapveil", EventSourceArn=arn(production, "events", "event-bus/snapveil")
    )
    url = queue(production, "received")
    rule(production, "in", arn(production, "sqs", "received"))
    for number in range(3):
        put(production, Detail=json.dumps({"type": "SnapshotShared", "number": number}))
        clock.shift(3600)
    assert numbers(production, url) == [0, 1, 2]
    return url


def numbers(account: Account, url: str) -> list[int]:
    return [json.loads(body)["detail"]["number"] for body in bodies(account, url)]


def replay(account: Account, start: timedelta, end: timedelta, name: str = "again", **more: Any) -> None:
    request: dict[str, Any] = {
        "ReplayName": name,
        "EventSourceArn": arn(account, "events", "archive/snapveil"),
        "EventStartTime": BEGINNING + start,
        "EventEndTime": BEGINNING + end,
        "Destination": {"Arn": arn(account, "events", "event-bus/snapveil")},
    }
    account.client("events").start_replay(**request | more)


def test_a_replay_delivers_the_events_of_its_window_again(production: Account, received: str) -> None:
    replay(production, timedelta(minutes=30), timedelta(hours=2))
    assert numbers(production, received) == [1]


def test_a_replayed_event_is_the_same_but_for_the_name_of_its_replay(
    production: Account, received: str
) -> None:
    put(production)
    (first,) = bodies(production, received)
    replay(production, timedelta(hours=3), timedelta(hours=4))
    (again,) = bodies(production, received)
    assert json.loads(again) == {**json.loads(first), "replay-name": "again"}


def test_what_was_replayed_is_not_archived_again(production: Account, received: str) -> None:
    for name in ("one", "two"):
        replay(production, timedelta(0), timedelta(days=1), name)
    assert numbers(production, received) == [0, 1, 2, 0, 1, 2]


def test_a_replay_is_seen_to_run_and_to_end(production: Account, received: str) -> None:
    replay(production, timedelta(0), timedelta(days=1))
    events = production.client("events")
    looks = [events.describe_replay(ReplayName="again") for _ in range(3)]
    assert [look["State"] for look in looks] == ["RUNNING", "COMPLETED", "COMPLETED"]
    assert looks[-1]["EventLastReplayedTime"] == BEGINNING + timedelta(hours=2)


def test_an_event_for_the_other_account_crosses_again(
    production: Account, development: Account, received: str
) -> None:
    bus(development, LETS_PRODUCTION)
    rule(production, "out", arn(development, "events", "event-bus/snapveil"))
    url = queue(development, "received")
    rule(development, "in", arn(development, "sqs", "received"))
    replay(production, timedelta(0), timedelta(minutes=1))
    assert numbers(development, url) == [0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"EventSourceArn": "arn:aws:events:eu-west-3:111111111111:archive/other"}, "does not exist"),
        ({"EventEndTime": BEGINNING - timedelta(days=1)}, "must be before"),
        ({"Destination": {"Arn": "arn:aws:events:eu-west-3:111111111111:event-bus/default"}}, "Cross event"),
    ],
)
def test_what_eventbridge_refuses_is_refused_and_the_archive_keeps_its_events(
    production: Account, received: str, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(ClientError, match=said):
        replay(production, timedelta(0), timedelta(days=1), **more)
    replay(production, timedelta(0), timedelta(days=1), name="allowed")
    assert numbers(production, received) == [0, 1, 2]
