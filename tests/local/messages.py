"""Queues, buses and messages as the tests of this folder make and read them."""

import json
from typing import Any

from local.accounts import Account

ANYONE_MAY_SEND = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    ],
}


def queue(account: Account, name: str, policy: dict[str, Any] | None = ANYONE_MAY_SEND, **more: str) -> str:
    """Make a queue; return its URL."""
    attributes = dict(more) | ({"Policy": json.dumps(policy)} if policy else {})
    made: str = account.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return made


def queue_with_dead_letters(account: Account, name: str, tries: int, **more: str) -> tuple[str, str]:
    """Make a queue and its dead-letter queue; return both URLs."""
    dead = queue(account, f"{name}-dlq")
    redrive = {"deadLetterTargetArn": arn(account, "sqs", f"{name}-dlq"), "maxReceiveCount": tries}
    return queue(account, name, RedrivePolicy=json.dumps(redrive), **more), dead


def bodies(account: Account, url: str) -> list[str]:
    """Take every message that is visible, and delete it."""
    found = []
    while (
        messages := account.client("sqs")
        .receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        .get("Messages")
    ):
        for message in messages:
            account.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found.append(message["Body"])
    return found


def arn(account: Account, service: str, resource: str) -> str:
    """Name a thing of an account."""
    return f"arn:aws:{service}:{account.region}:{account.number}:{resource}"
