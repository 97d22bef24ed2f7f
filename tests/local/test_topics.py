"""SNS to SQS: who gets which message, and how."""

import json
from typing import Any

from local.accounts import Account
from local.record import Record
from tests.local.messages import arn, bodies, queue


def subscribe(account: Account, name: str, types: list[str], **policy: Any) -> str:
    url = queue(account, name, **policy)
    account.client("sns").subscribe(
        TopicArn=arn(account, "sns", "events"),
        Protocol="sqs",
        Endpoint=arn(account, "sqs", name),
        Attributes={
            "RawMessageDelivery": "true",
            "FilterPolicyScope": "MessageBody",
            "FilterPolicy": json.dumps({"type": types}),
        },
    )
    return url


def publish(account: Account, type_: str) -> str:
    body = json.dumps({"type": type_, "version": 1})
    account.client("sns").publish(TopicArn=arn(account, "sns", "events"), Message=body)
    return body


def test_a_message_goes_raw_to_the_queues_whose_filter_its_body_fits(production: Account) -> None:
    production.client("sns").create_topic(Name="events")
    first = subscribe(production, "first", ["A", "B"])
    second = subscribe(production, "second", ["B"])
    a, b = publish(production, "A"), publish(production, "B")
    publish(production, "C")
    assert bodies(production, first) == [a, b]
    assert bodies(production, second) == [b]


def test_a_queue_whose_policy_does_not_let_the_topic_in_gets_nothing(production: Account) -> None:
    production.client("sns").create_topic(Name="events")
    closed = subscribe(production, "closed", ["A"], policy=None)
    opened = subscribe(production, "opened", ["A"])
    body = publish(production, "A")
    assert bodies(production, closed) == []
    assert bodies(production, opened) == [body]


def test_a_queue_that_is_gone_does_not_break_the_publisher(production: Account) -> None:
    production.client("sns").create_topic(Name="events")
    gone, there = subscribe(production, "gone", ["A"]), subscribe(production, "there", ["A"])
    production.client("sqs").delete_queue(QueueUrl=gone)
    body = publish(production, "A")
    assert bodies(production, there) == [body]


def test_what_is_published_is_recorded_in_order(production: Account, record: Record) -> None:
    production.client("sns").create_topic(Name="events")
    body = publish(production, "A")
    publish(production, "B")
    assert [(one.channel, one.type) for one in record.events()] == [("topic", "A"), ("topic", "B")]
    assert (record.events()[0].account, record.events()[0].body) == (production.number, body)
