"""What the dead-letter queues of the embedded cloud hold: why messages could not be acted on."""

import json
import time
from typing import Any

from local import deployed
from local.cloud import Cloud

LOOK_EVERY_SECONDS = 1.0


class DeadLetters:
    """The reasons beside dead letters, asked for again and again but looked up once a second."""

    def __init__(self, cloud: Cloud) -> None:
        self._queues = [
            (cloud.client(account, "sqs"), name)
            for account, stack in cloud.stacks.items()
            for name in deployed.dead_letter_queues(stack)
        ]
        self._looked_at = 0.0
        self._reasons: tuple[str, ...] = ()

    def __call__(self) -> tuple[str, ...]:
        """Return every reason, oldest queue first."""
        if time.monotonic() - self._looked_at >= LOOK_EVERY_SECONDS:
            self._looked_at = time.monotonic()
            self._reasons = tuple(reason for sqs, name in self._queues for reason in _reasons(sqs, name))
        return self._reasons


def _reasons(sqs: Any, name: str) -> list[str]:
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"]
    )
    return [_reason(message, name) for message in answer.get("Messages", [])]


def _reason(message: Any, queue: str) -> str:
    attributes = {
        name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()
    }
    if "reason" in attributes:
        return f"{attributes.get('stage', queue)}: {attributes['reason']}"
    try:
        kind = json.loads(message["Body"]).get("type", "a message")
    except (ValueError, AttributeError):
        kind = "a message"
    return f"{queue} took {kind} that failed too often"
