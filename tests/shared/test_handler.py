"""The Lambda entry: a bad record is buried with its reason and never fails its neighbours."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from shared import handler as lambda_handler
from shared.events import (
    ContinueRequested,
    Message,
    MessageError,
    RefreshRequested,
    RemovalRequested,
    StageFailed,
    SweepRequested,
    dump,
)
from shared.messaging import Queue
from shared.observability import logger
from shared.runtime import OvertakenError
from tests.builders import RUN_ID

GOOD = dump(RefreshRequested(source="shop-fr"))
OTHER = dump(RefreshRequested(source="shop-es"))


class FakeRuntime:
    """A runtime that fails as it is told, by source."""

    def __init__(self, errors: dict[str, Exception]) -> None:
        self.errors = errors
        self.handled: list[str] = []
        self.requests: list[str | None] = []
        self.abandoned: list[str] = []

    def handle(self, message: Message) -> None:
        assert isinstance(message, RefreshRequested)
        if message.source in self.errors:
            raise self.errors[message.source]
        self.handled.append(message.source)
        self.requests.append(message.request)

    def abandon(self, message: Message, why: str) -> None:
        self.abandoned.append(why)


@pytest.fixture
def queues(account: None, monkeypatch: pytest.MonkeyPatch) -> str:
    sqs = boto3.client("sqs")
    own = sqs.create_queue(QueueName="own")["QueueUrl"]
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    for name, value in {
        "SNAPVEIL_CONFIG": "x",
        "SNAPVEIL_LEDGER_TABLE": "x",
        "SNAPVEIL_QUEUE_URL": own,
        "SNAPVEIL_DLQ_URL": dead,
        "SNAPVEIL_BUS": "snapveil",
        "SNAPVEIL_MAX_RECEIVE_COUNT": "3",
    }.items():
        monkeypatch.setenv(name, value)
    return str(dead)


def an_event(*bodies: str, receive_count: int = 1) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": "r",
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(receive_count)},
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-3:111111111111:own",
                "awsRegion": "eu-west-3",
            }
            for number, body in enumerate(bodies)
        ]
    }


def run(event: dict[str, Any], **errors: Exception) -> tuple[FakeRuntime, list[str]]:
    runtime = FakeRuntime({name.replace("_", "-"): error for name, error in errors.items()})
    handler = lambda_handler.entry("restore", lambda _: (runtime, frozenset()))  # type: ignore[arg-type, return-value]
    answer = handler(event, None)
    return runtime, [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def letters(url: str) -> list[tuple[str, str]]:
    answer = boto3.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    return [
        (letter["Body"], letter["MessageAttributes"]["reason"]["StringValue"])
        for letter in answer.get("Messages", [])
    ]


def test_a_poison_record_is_buried_at_once_with_its_reason_and_its_neighbours_are_handled(
    queues: str,
) -> None:
    runtime, failed = run(an_event(GOOD, "}{", OTHER))
    assert runtime.handled == ["shop-fr", "shop-es"]
    assert failed == []
    ((body, reason),) = letters(queues)
    assert body == "}{"
    assert "no JSON" in reason


def test_a_message_that_nobody_can_act_on_is_buried_with_the_service_s_reason(queues: str) -> None:
    _, failed = run(an_event(GOOD), shop_fr=MessageError("the configuration has no source 'shop-fr'"))
    assert failed == []
    assert letters(queues) == [(GOOD, "the configuration has no source 'shop-fr'")]


def test_a_message_that_failed_comes_again_alone(queues: str) -> None:
    runtime, failed = run(an_event(GOOD, OTHER), shop_fr=KeyError("bug"))
    assert failed == ["m0"]
    assert runtime.handled == ["shop-es"]
    assert runtime.abandoned == []
    assert letters(queues) == []


def test_the_last_delivery_of_a_failing_message_fails_its_run(queues: str) -> None:
    runtime, failed = run(an_event(GOOD, receive_count=3), shop_fr=KeyError("bug"))
    assert failed == []
    assert runtime.abandoned == ["KeyError on every delivery; see the dead letter"]
    assert letters(queues) == [(GOOD, "on every delivery: 'bug'")]


def test_a_message_whose_run_cannot_be_failed_is_left_to_sqs(
    queues: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("the ledger does not answer")

    monkeypatch.setattr(FakeRuntime, "abandon", refuse)
    _, failed = run(an_event(GOOD, receive_count=3), shop_fr=KeyError("bug"))
    assert failed == ["m0"]
    assert letters(queues) == []


@pytest.mark.parametrize(
    ("message", "about"),
    [
        (StageFailed(run_id=RUN_ID, stage="anonymize", reason="x"), RUN_ID),
        (
            ContinueRequested(subject=f"{RUN_ID}#2", step="restore", token="0" * 32, after="1" * 32),
            RUN_ID,
        ),
        (ContinueRequested(subject="target#shop-fr", step="receiver", token="0" * 32, after="1" * 32), None),
        (RefreshRequested(source="shop-fr"), None),
        (SweepRequested(), None),
    ],
)
def test_a_dead_letter_says_what_it_is_and_of_which_run(
    queues: str, message: Message, about: str | None
) -> None:
    Queue("unused", queues).bury(dump(message), "restore", MessageError("why"), message)
    (letter,) = boto3.client("sqs").receive_message(QueueUrl=queues, MessageAttributeNames=["All"])[
        "Messages"
    ]
    said = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    wanted = {"stage": "restore", "reason": "why", "error": "MessageError", "message_type": message.type}
    assert said == wanted | ({"run_id": about} if about else {})


def test_an_overtaken_message_comes_again_and_fails_no_run(queues: str) -> None:
    runtime, failed = run(an_event(GOOD, receive_count=3), shop_fr=OvertakenError("by another"))
    assert failed == ["m0"]
    assert runtime.abandoned == []


def test_a_record_that_is_no_sqs_record_fails_alone(queues: str) -> None:
    event = an_event(GOOD, OTHER)
    del event["Records"][0]["body"]
    runtime, failed = run(event)
    assert failed == ["m0"]
    assert runtime.handled == ["shop-es"]


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch, queues: str) -> None:
    monkeypatch.delenv("SNAPVEIL_QUEUE_URL")
    with pytest.raises(ValueError, match="queue_url"):
        run(an_event(GOOD))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the services log; their logger holds on to the stream that it first saw."""
    written = io.StringIO()
    handlers = [handler for handler in logger.handlers if isinstance(handler, logging.StreamHandler)]
    before = [handler.setStream(written) for handler in handlers]
    yield written
    for handler, stream in zip(handlers, before, strict=True):
        handler.setStream(stream)


def test_no_line_of_the_log_holds_the_body_of_a_message(queues: str, log: io.StringIO) -> None:
    run(an_event(json.dumps({"type": "RefreshRequested", "source": "jean.dupont@example.com"})))
    assert "buried a message" in log.getvalue()
    assert "jean.dupont" not in log.getvalue()


def test_every_line_of_the_log_names_stage_and_run(queues: str, log: io.StringIO) -> None:
    removal = RemovalRequested(run_id=RUN_ID, reason="left")
    runtime = FakeRuntime({})
    runtime.handle = lambda _: logger.info("at work")  # type: ignore[method-assign]
    handler = lambda_handler.entry("restore", lambda _: (runtime, frozenset()))  # type: ignore[arg-type, return-value]
    handler(an_event(dump(removal)), None)
    line = json.loads(log.getvalue())
    assert (line["message"], line["stage"], line["run_id"]) == ("at work", "restore", RUN_ID)


def test_a_request_is_known_by_its_token_or_by_the_message_that_brought_it(queues: str) -> None:
    named = dump(RefreshRequested(source="shop-fr", request="a" * 32))
    woken = dump(RefreshRequested(source="shop-fr", queued=True))
    first, _ = run(an_event(GOOD, GOOD, named, woken))
    again, _ = run(an_event(GOOD))
    one, other, *rest = first.requests
    assert rest == ["a" * 32, None]
    assert one != other
    assert again.requests == [one]


def test_what_a_request_does_not_say_an_older_receiver_need_not_know() -> None:
    assert set(json.loads(GOOD)) == {"version", "type", "source", "requested_by"}
