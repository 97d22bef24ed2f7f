"""SQS where moto is corrected: long polls, threads, dead letters, and delays that a demo may shorten."""

import threading
import time
from collections.abc import Iterator

import pytest

from local.accounts import Account, accounts
from local.emulation import emulated
from local.queues import LiveQueues, backend, next_moment
from local.record import Record
from local.task_runners import FakeTasks
from local.tasks import TaskTimings
from tests.local.messages import arn, bodies, queue, queue_with_dead_letters

LONG = 60


def test_a_long_poll_returns_as_soon_as_a_message_is_sent(production: Account) -> None:
    url = queue(production, "q")
    sender = threading.Timer(
        0.1, lambda: production.client("sqs").send_message(QueueUrl=url, MessageBody="m")
    )
    sender.start()
    began = time.monotonic()
    received = backend(production.number, production.region).receive_message("q", 1, LONG, 30)
    assert [message.body for message in received] == ["m"]
    assert time.monotonic() - began < LONG
    sender.join()


def test_a_long_poll_wakes_when_a_delay_ends(production: Account) -> None:
    url = queue(production, "q")
    production.client("sqs").send_message(QueueUrl=url, MessageBody="later", DelaySeconds=1)
    assert bodies(production, url) == []
    due = next_moment(backend(production.number, production.region).get_queue("q"))
    assert due is not None
    received = backend(production.number, production.region).receive_message("q", 1, LONG, 30)
    assert [message.body for message in received] == ["later"]
    assert due <= time.time() < due + LONG


def test_a_long_poll_can_be_stopped(production: Account) -> None:
    queue(production, "q")
    stop = threading.Event()

    def end() -> None:
        stop.set()
        with LiveQueues.changed:
            LiveQueues.changed.notify_all()

    stopper = threading.Timer(0.1, end)
    stopper.start()
    began = time.monotonic()
    queues = backend(production.number, production.region)
    assert queues.receive_message("q", 1, LONG, 30, stopped=stop.is_set) == []
    assert time.monotonic() - began < LONG
    stopper.join()


def test_deleting_while_others_send_loses_no_message(production: Account) -> None:
    queue(production, "q")
    queues = backend(production.number, production.region)
    sent = 300

    def send() -> None:
        for number in range(sent):
            queues.send_message("q", str(number))

    received: list[str] = []

    def take() -> None:
        until = time.monotonic() + 20
        while len(received) < sent * 2 and time.monotonic() < until:
            for message in queues.receive_message("q", 10, 0, 30):
                queues.delete_message("q", str(message.receipt_handle))
                received.append(message.body)

    threads = [threading.Thread(target=work) for work in (send, send, take, take)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(received, key=int) == sorted([str(number) for number in range(sent)] * 2, key=int)


def test_a_message_received_too_often_moves_to_the_dead_letters_and_says_where_from(
    production: Account,
) -> None:
    url, dead = queue_with_dead_letters(production, "q", tries=2)
    sqs = production.client("sqs")
    sent = sqs.send_message(QueueUrl=url, MessageBody="m")["MessageId"]
    for _ in range(2):
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )
        time.sleep(0.002)  # moto shows a message in the millisecond after its timeout
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    (letter,) = sqs.receive_message(QueueUrl=dead, MessageSystemAttributeNames=["All"])["Messages"]
    assert (letter["MessageId"], letter["Body"]) == (sent, "m")
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == arn(production, "sqs", "q")


def test_a_message_that_is_no_dead_letter_has_no_source(production: Account) -> None:
    url = queue(production, "q")
    production.client("sqs").send_message(QueueUrl=url, MessageBody="m")
    answer = production.client("sqs").receive_message(QueueUrl=url, AttributeNames=["All"])
    assert "DeadLetterQueueSourceArn" not in answer["Messages"][0]["Attributes"]


@pytest.fixture
def hasty() -> Iterator[Account]:
    with emulated(Record(), FakeTasks(), TaskTimings(), second=0.1):
        yield accounts()["production"]


def test_a_second_of_delay_can_be_made_shorter(hasty: Account) -> None:
    url = queue(hasty, "q")
    hasty.client("sqs").send_message(QueueUrl=url, MessageBody="m", DelaySeconds=20)
    due = next_moment(backend(hasty.number, hasty.region).get_queue("q"))
    assert due == pytest.approx(time.time() + 2, abs=1)
