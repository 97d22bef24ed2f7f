"""The event source mapping: which event a function gets, and what becomes of messages afterwards."""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from local.accounts import Account
from local.functions import FunctionError, FunctionSetup
from local.sources import LONG_POLL, EventSource, Polling, failures
from tests.local.messages import arn, bodies, queue, queue_with_dead_letters

OK: dict[str, Any] = {"batchItemFailures": []}


class Recorder:
    """A function that notes its events and answers as it is told."""

    def __init__(self, answer: Callable[[Mapping[str, Any]], Any] = lambda _: OK) -> None:
        self.setup = FunctionSetup("f", "arn:f", "x.y", {})
        self.events: list[Mapping[str, Any]] = []
        self._answer = answer

    def invoke(self, event: Mapping[str, Any]) -> Any:
        self.events.append(event)
        return self._answer(event)

    @property
    def bodies(self) -> list[str]:
        return [record["body"] for event in self.events for record in event["Records"]]


def send(account: Account, url: str, *sent: str, **more: Any) -> None:
    for body in sent:
        account.client("sqs").send_message(QueueUrl=url, MessageBody=body, **more)


def mapping(account: Account, function: Recorder, **more: Any) -> EventSource:
    return EventSource(arn(account, "sqs", "q"), function, **more)


def counts(account: Account, url: str) -> tuple[int, int]:
    """Messages that are visible, and in flight."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = account.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


def test_a_function_gets_the_event_that_lambda_makes(production: Account) -> None:
    url = queue(production, "q")
    attribute = {"reason": {"DataType": "String", "StringValue": "because"}}
    send(production, url, "bonjour", MessageAttributes=attribute)
    function = Recorder()
    assert mapping(production, function).deliver()
    (record,) = function.events[0]["Records"]
    assert record["body"] == "bonjour"
    assert record["md5OfBody"] == hashlib.md5(b"bonjour").hexdigest()  # noqa: S324 - SQS's checksum
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == arn(production, "sqs", "q")
    assert record["awsRegion"] == production.region
    assert record["messageId"]
    assert record["receiptHandle"]
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert abs(int(record["attributes"]["SentTimestamp"]) / 1000 - time.time()) < 60
    assert set(record["attributes"]) >= {"SenderId", "ApproximateFirstReceiveTimestamp"}
    assert record["messageAttributes"] == {
        "reason": {
            "stringValue": "because",
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": "String",
        }
    }


def test_what_was_handled_is_deleted(production: Account) -> None:
    url = queue(production, "q")
    send(production, url, "m")
    source = mapping(production, Recorder())
    assert source.deliver()
    assert not source.deliver()
    assert counts(production, url) == (0, 0)


def test_messages_come_one_by_one_unless_a_batch_is_asked_for(production: Account) -> None:
    url = queue(production, "q")
    send(production, url, *"abc")
    one, many = Recorder(), Recorder()
    mapping(production, one).deliver()
    mapping(production, many, batch_size=10).deliver()
    assert (one.bodies, many.bodies) == (["a"], ["b", "c"])


def test_only_the_failed_messages_of_a_batch_come_again(production: Account) -> None:
    url = queue(production, "q")
    send(production, url, *"abc")

    def answer(event: Mapping[str, Any]) -> Any:
        failed = [one["messageId"] for one in event["Records"] if one["body"] == "b"]
        return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}

    function = Recorder(answer)
    source = mapping(production, function, batch_size=10, retry_after=0)
    source.deliver()
    source.deliver(wait=5)
    assert function.bodies == ["a", "b", "c", "b"]
    assert function.events[1]["Records"][0]["attributes"]["ApproximateReceiveCount"] == "2"


def test_a_failed_message_stays_invisible_for_the_queues_timeout(production: Account) -> None:
    url = queue(production, "q", VisibilityTimeout="360")
    send(production, url, "m")
    source = mapping(production, Recorder(failing))
    source.deliver()
    assert not source.deliver()
    assert counts(production, url) == (0, 1)


def failing(event: Mapping[str, Any]) -> Any:
    return {"batchItemFailures": [{"itemIdentifier": one["messageId"]} for one in event["Records"]]}


def dying(_: Mapping[str, Any]) -> Any:
    raise FunctionError("killed")


@pytest.mark.parametrize("answer", [failing, dying])
def test_after_its_last_try_a_message_is_a_dead_letter(production: Account, answer: Any) -> None:
    url, dead = queue_with_dead_letters(production, "q", tries=3)
    send(production, url, "m")
    function = Recorder(answer)
    source = mapping(production, function, retry_after=0)
    for _ in range(3):
        assert source.deliver(wait=5)
    assert not source.deliver(wait=0.05)
    assert len(function.events) == 3
    assert bodies(production, dead) == ["m"]


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ("", set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, {"a"}),
        ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, {"a", "b"}),
        ({"batchItemFailures": [{}]}, {"a", "b"}),
        ({"batchItemFailures": ["a"]}, {"a", "b"}),
        ("not an answer", {"a", "b"}),
        ([], {"a", "b"}),
    ],
)
def test_an_answer_that_makes_no_sense_fails_the_whole_batch(answer: Any, failed: set[str]) -> None:
    assert failures(answer, {"a", "b"}) == failed


def test_a_polled_queue_has_as_many_batches_in_work_as_allowed_and_no_more(production: Account) -> None:
    url = queue(production, "q")
    go, lock = threading.Event(), threading.Lock()
    working, most = 0, 0

    def work(_: Mapping[str, Any]) -> Any:
        nonlocal working, most
        with lock:
            working += 1
            most = max(most, working)
        go.wait(10)
        with lock:
            working -= 1
        return OK

    function = Recorder(work)
    polling = Polling([mapping(production, function)], concurrency=2)
    polling.start()
    send(production, url, *"abcde")
    until = time.monotonic() + 10
    while most < 2 and time.monotonic() < until:
        time.sleep(0.01)
    go.set()
    while len(function.events) < 5 and time.monotonic() < until:
        time.sleep(0.01)
    polling.stop()
    polling.join()
    assert most == 2
    assert sorted(function.bodies) == list("abcde")
    assert counts(production, url) == (0, 0)


def test_stopping_ends_a_poll_that_waits_for_nothing(production: Account) -> None:
    queue(production, "q")
    polling = Polling([mapping(production, Recorder())])
    polling.start()
    polling.stop()
    began = time.monotonic()
    polling.join()
    assert time.monotonic() - began < LONG_POLL
