"""SQS's message move tasks: from where they may start, how fast they go, and what a moved message keeps."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from botocore.exceptions import ClientError

from local.accounts import Account
from local.queues import backend
from tests.local.messages import arn, bodies, queue, queue_with_dead_letters

Clock = Any  # time-machine's traveller, whose class has had several names


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A clock that stands still until it is shifted."""
    with time_machine.travel(datetime(2026, 11, 23, 4, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def failed(production: Account) -> tuple[str, str]:
    """A queue whose three messages became dead letters; its URL and that of its dead-letter queue."""
    url, dead = queue_with_dead_letters(production, "q", tries=1)
    for body in "abc":
        fail(production, url, body)
    return url, dead


def fail(account: Account, url: str, body: str) -> None:
    """Send a message that is received once and then a dead letter."""
    sqs = account.client("sqs")
    sqs.send_message(
        QueueUrl=url,
        MessageBody=body,
        MessageAttributes={"kept": {"DataType": "String", "StringValue": "yes"}},
    )
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def start(account: Account, source: str = "q-dlq", **more: Any) -> str:
    answer = account.client("sqs").start_message_move_task(SourceArn=arn(account, "sqs", source), **more)
    handle: str = answer["TaskHandle"]
    return handle


def task(account: Account) -> dict[str, Any]:
    (newest,) = account.client("sqs").list_message_move_tasks(SourceArn=arn(account, "sqs", "q-dlq"))[
        "Results"
    ]
    return dict(newest)


def test_dead_letters_return_to_the_queue_that_they_came_from_as_new_messages(
    production: Account, clock: Clock, failed: tuple[str, str]
) -> None:
    url, dead = failed
    sqs = production.client("sqs")
    letter = sqs.receive_message(QueueUrl=dead, VisibilityTimeout=0)["Messages"][0]
    handle = start(production)
    assert (task(production)["Status"], task(production)["TaskHandle"]) == ("RUNNING", handle)
    clock.shift(1)
    assert task(production)["Status"] == "COMPLETED"
    assert "TaskHandle" not in task(production)
    assert task(production)["ApproximateNumberOfMessagesMoved"] == 3
    moved = sqs.receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )["Messages"][0]
    assert moved["Body"] == letter["Body"] == "a"
    assert moved["MessageId"] != letter["MessageId"]
    assert moved["MessageAttributes"]["kept"]["StringValue"] == "yes"
    assert moved["Attributes"]["ApproximateReceiveCount"] == "1"
    assert moved["Attributes"]["SentTimestamp"] == str(int(time.time() * 1000))
    assert "DeadLetterQueueSourceArn" not in moved["Attributes"]
    assert bodies(production, dead) == []


def test_a_task_keeps_to_its_rate(production: Account, clock: Clock, failed: tuple[str, str]) -> None:
    start(production, MaxNumberOfMessagesPerSecond=1)
    counts = []
    for _ in range(4):
        counts.append(task(production)["ApproximateNumberOfMessagesMoved"])
        clock.shift(1)
    assert counts == [0, 1, 2, 3]
    assert task(production)["Status"] == "COMPLETED"


def test_a_cancelled_task_moves_no_more_and_takes_nothing_back(
    production: Account, clock: Clock, failed: tuple[str, str]
) -> None:
    url, dead = failed
    handle = start(production, MaxNumberOfMessagesPerSecond=1)
    clock.shift(1)
    sqs = production.client("sqs")
    assert sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] == 1
    clock.shift(10)
    assert task(production)["Status"] == "CANCELLED"
    assert (bodies(production, url), bodies(production, dead)) == (["a"], ["b", "c"])
    with pytest.raises(ClientError, match="not RUNNING"):
        sqs.cancel_message_move_task(TaskHandle=handle)


def test_a_letter_that_was_sent_there_has_no_source_and_needs_a_destination(
    production: Account, clock: Clock, failed: tuple[str, str]
) -> None:
    _, dead = failed
    bodies(production, dead)
    production.client("sqs").send_message(QueueUrl=dead, MessageBody="buried")
    start(production)
    clock.shift(1)
    assert task(production)["Status"] == "FAILED"
    assert task(production)["FailureReason"] == "CouldNotDetermineMessageSource"
    other = queue(production, "other")
    start(production, DestinationArn=arn(production, "sqs", "other"))
    clock.shift(1)
    assert (task(production)["Status"], bodies(production, other)) == ("COMPLETED", ["buried"])


def test_what_somebody_else_is_reading_is_left_where_it_is(
    production: Account, clock: Clock, failed: tuple[str, str]
) -> None:
    url, dead = failed
    production.client("sqs").receive_message(QueueUrl=dead, VisibilityTimeout=60)
    start(production)
    clock.shift(1)
    assert task(production)["ApproximateNumberOfMessagesToMove"] == 2
    assert task(production)["Status"] == "COMPLETED"
    assert bodies(production, url) == ["b", "c"]
    clock.shift(60)
    assert bodies(production, dead) == ["a"]


@pytest.mark.parametrize(
    ("source", "more", "said"),
    [
        ("nowhere", {}, "SourceArn parameter doesn't exist"),
        ("q", {}, "must be configured as a Dead Letter Queue"),
        ("q-dlq", {"DestinationArn": "arn:aws:sqs:eu-west-3:111111111111:gone"}, "DestinationArn parameter"),
        ("q-dlq", {"DestinationArn": "arn:aws:sqs:eu-west-3:111111111111:q-dlq"}, "are equal"),
        ("q-dlq", {"MaxNumberOfMessagesPerSecond": 501}, "between 1 and 500"),
    ],
)
def test_what_sqs_refuses_is_refused(
    production: Account, source: str, more: dict[str, Any], said: str
) -> None:
    queue_with_dead_letters(production, "q", tries=1)
    with pytest.raises(ClientError, match=said):
        start(production, source, **more)


def test_one_task_at_a_time_moves_from_a_queue(production: Account, failed: tuple[str, str]) -> None:
    start(production, MaxNumberOfMessagesPerSecond=1)
    with pytest.raises(ClientError, match="already a task running"):
        start(production)


def test_the_newest_task_is_listed_first(production: Account, clock: Clock, failed: tuple[str, str]) -> None:
    for rate in (1, 2):
        start(production, MaxNumberOfMessagesPerSecond=rate)
        clock.shift(10)
    listed = production.client("sqs").list_message_move_tasks(
        SourceArn=arn(production, "sqs", "q-dlq"), MaxResults=10
    )["Results"]
    assert [one["MaxNumberOfMessagesPerSecond"] for one in listed] == [2, 1]
    assert [one["ApproximateNumberOfMessagesMoved"] for one in listed] == [0, 3]


def test_a_long_poll_notices_what_a_task_brings(production: Account, failed: tuple[str, str]) -> None:
    queues = backend(production.number, production.region)
    starter = threading.Timer(0.1, lambda: start(production, MaxNumberOfMessagesPerSecond=10))
    starter.start()
    received = queues.receive_message("q", 1, 60, 30)
    starter.join()
    assert [message.body for message in received] == ["a"]


def test_an_old_message_can_be_given_back(production: Account, clock: Clock) -> None:
    url = queue(production, "q")
    sqs = production.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="m")
    clock.shift(48 * 3600)
    (message,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=300)["Messages"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert bodies(production, url) == ["m"]
