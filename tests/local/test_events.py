"""EventBridge between and within accounts: who gets which event, in which envelope, and what failures do."""

import json
from typing import Any

import pytest

from local.accounts import DEVELOPMENT, PRODUCTION, Account
from local.record import Record
from tests.local.messages import arn, bodies, queue

LETS_PRODUCTION = {
    "Sid": "Production",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{PRODUCTION}:root"},
    "Action": "events:PutEvents",
    "Resource": "*",
    "Condition": {"StringEquals": {"events:source": "snapveil", "events:detail-type": ["SnapshotShared"]}},
}


def bus(account: Account, statement: dict[str, Any] | None = None) -> None:
    account.client("events").create_event_bus(Name="snapveil")
    if statement:
        account.client("events").put_permission(
            EventBusName="snapveil", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        )


def rule(account: Account, name: str, target: str, dead_letters: str | None = None, **more: Any) -> None:
    pattern = more.pop("pattern", {"source": ["snapveil"]})
    events = account.client("events")
    events.put_rule(Name=name, EventBusName="snapveil", EventPattern=json.dumps(pattern), **more)
    described: dict[str, Any] = {"Id": "one", "Arn": target}
    if dead_letters:
        described["DeadLetterConfig"] = {"Arn": dead_letters}
    events.put_targets(Rule=name, EventBusName="snapveil", Targets=[described])


def put(account: Account, detail_type: str = "SnapshotShared", **more: Any) -> dict[str, Any]:
    entry = {
        "EventBusName": "snapveil",
        "Source": "snapveil",
        "DetailType": detail_type,
        "Detail": json.dumps({"type": detail_type}),
    }
    answer: dict[str, Any] = account.client("events").put_events(Entries=[entry | more])
    return answer


@pytest.fixture
def crossing(production: Account, development: Account) -> str:
    """Both buses, production's events going to development's bus and from there to a queue; its URL."""
    bus(production)
    bus(development, LETS_PRODUCTION)
    rule(production, "out", arn(development, "events", "event-bus/snapveil"))
    received = queue(development, "received")
    rule(development, "in", arn(development, "sqs", "received"))
    return received


def test_an_event_keeps_its_envelope_on_its_way_to_the_other_account(
    production: Account, development: Account, crossing: str
) -> None:
    answer = put(production, Resources=["arn:aws:rds:eu-west-3:111111111111:snapshot:x"], Time=1790000000)
    (received,) = bodies(development, crossing)
    assert json.loads(received) == {
        "version": "0",
        "id": answer["Entries"][0]["EventId"],
        "detail-type": "SnapshotShared",
        "source": "snapveil",
        "account": PRODUCTION,
        "time": "2026-09-21T14:13:20Z",
        "region": "eu-west-3",
        "resources": ["arn:aws:rds:eu-west-3:111111111111:snapshot:x"],
        "detail": {"type": "SnapshotShared"},
    }


@pytest.mark.parametrize(
    ("changed", "allowed"),
    [
        ({}, True),
        ({"Principal": {"AWS": "333333333333"}}, False),
        ({"Condition": {"StringEquals": {"events:source": "other"}}}, False),
        ({"Condition": {"StringEquals": {"events:detail-type": ["TargetReplaced"]}}}, False),
        ({"Effect": "Deny"}, False),
    ],
)
def test_a_bus_takes_from_another_account_what_its_policy_lets_in(
    production: Account, development: Account, changed: dict[str, Any], allowed: bool
) -> None:
    bus(production)
    bus(development, LETS_PRODUCTION | changed)
    rule(production, "out", arn(development, "events", "event-bus/snapveil"))
    received = queue(development, "received")
    rule(development, "in", arn(development, "sqs", "received"))
    assert put(production)["FailedEntryCount"] == 0
    assert len(bodies(development, received)) == allowed


def test_a_bus_without_a_policy_takes_nothing_from_another_account_and_the_event_becomes_a_dead_letter(
    production: Account, development: Account
) -> None:
    bus(production)
    bus(development)
    dead = queue(production, "dead")
    target = arn(development, "events", "event-bus/snapveil")
    rule(production, "out", target, dead_letters=arn(production, "sqs", "dead"))
    put(production)
    sqs = production.client("sqs")
    (letter,) = sqs.receive_message(QueueUrl=dead, MessageAttributeNames=["All"])["Messages"]
    assert json.loads(letter["Body"])["detail"] == {"type": "SnapshotShared"}
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    assert attributes["TARGET_ARN"] == target
    assert attributes["RULE_ARN"].endswith("rule/snapveil/out")
    assert PRODUCTION in attributes["ERROR_MESSAGE"]


def test_an_event_from_another_account_is_not_sent_on(production: Account, development: Account) -> None:
    for account in (production, development):
        bus(account, LETS_PRODUCTION | {"Principal": "*", "Condition": {}})
        rule(account, "loop", arn(account, "sqs", "seen"))
    seen = {account.number: queue(account, "seen") for account in (production, development)}
    rule(production, "out", arn(development, "events", "event-bus/snapveil"))
    rule(development, "back", arn(production, "events", "event-bus/snapveil"))
    put(production)
    assert len(bodies(production, seen[PRODUCTION])) == 1
    assert len(bodies(development, seen[DEVELOPMENT])) == 1


def test_a_disabled_rule_delivers_nothing_until_it_is_enabled(production: Account) -> None:
    bus(production)
    url = queue(production, "received")
    rule(production, "in", arn(production, "sqs", "received"), State="DISABLED")
    put(production)
    assert bodies(production, url) == []
    production.client("events").enable_rule(Name="in", EventBusName="snapveil")
    put(production)
    assert len(bodies(production, url)) == 1


def test_a_rule_sees_the_account_that_an_event_comes_from(
    production: Account, development: Account, crossing: str
) -> None:
    rule(
        development,
        "in",
        arn(development, "sqs", "received"),
        pattern={"source": ["snapveil"], "account": [DEVELOPMENT]},
    )
    put(production)
    assert bodies(development, crossing) == []
    put(development)
    assert len(bodies(development, crossing)) == 1


def test_a_missing_target_breaks_neither_the_publisher_nor_the_other_targets(production: Account) -> None:
    bus(production)
    url = queue(production, "received")
    rule(production, "gone", arn(production, "sqs", "no-such-queue"))
    rule(production, "in", arn(production, "sqs", "received"))
    assert put(production)["FailedEntryCount"] == 0
    assert len(bodies(production, url)) == 1


def test_a_queue_whose_policy_does_not_let_the_rule_in_gets_nothing(production: Account) -> None:
    bus(production)
    closed = queue(production, "closed", policy=None)
    rule(production, "in", arn(production, "sqs", "closed"))
    put(production)
    assert bodies(production, closed) == []


def test_each_entry_has_its_own_answer_in_the_order_of_the_request(production: Account) -> None:
    bus(production)
    good = {"EventBusName": "snapveil", "Source": "snapveil", "DetailType": "X", "Detail": "{}"}
    entries = [
        good,
        good | {"Detail": "no json"},
        good | {"Detail": "[]"},
        good | {"EventBusName": "nowhere"},
        good,
    ]
    answer = production.client("events").put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 3
    codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
    assert codes == [None, "MalformedDetail", "MalformedDetail", "ResourceNotFoundException", None]


def test_what_is_published_is_recorded_once_with_account_and_type(
    production: Account, development: Account, crossing: str, record: Record
) -> None:
    put(production)
    assert [(one.account, one.channel, one.type) for one in record.events()] == [
        (PRODUCTION, "bus", "SnapshotShared")
    ]


def test_a_target_that_is_not_emulated_is_refused_when_it_is_made(production: Account) -> None:
    bus(production)
    events = production.client("events")
    events.put_rule(Name="r", EventBusName="snapveil", EventPattern="{}")
    for target in (
        {"Id": "1", "Arn": arn(production, "lambda", "function:f")},
        {"Id": "1", "Arn": arn(production, "sqs", "q"), "InputTransformer": {"InputTemplate": "x"}},
    ):
        with pytest.raises(events.exceptions.ClientError, match="emulated locally"):
            events.put_targets(Rule="r", EventBusName="snapveil", Targets=[target])
