"""A dead letter as it lies in its queue: what it is about, why it is there, and where it was going."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, get_args

from shared.events import Message, MessageError, StageName, parse
from shared.messaging import run_named_in
from shared.names import PREFIX

STAGES: tuple[str, ...] = get_args(StageName)
SUFFIX = "-dlq"


class Cause(StrEnum):
    """How a message became a dead letter."""

    BURIED = "buried by its service"
    EXHAUSTED = "failed on every delivery"
    UNDELIVERED = "not delivered by EventBridge"
    UNSCHEDULED = "not delivered by EventBridge Scheduler"
    UNKNOWN = "put there by nobody that says why"


@dataclass(frozen=True)
class Destination:
    """Where a replay sends a message: a queue of this account by name, or an event bus by ARN."""

    queue: str = ""
    bus: str = ""

    @property
    def stage(self) -> str | None:
        """The stage whose queue it is."""
        name = self.queue.removeprefix(PREFIX)
        return name if self.queue.startswith(PREFIX) and name in STAGES else None

    def __str__(self) -> str:
        return self.queue or self.bus


@dataclass(frozen=True)
class Letter:
    """One message of a dead-letter queue. `origin` is the queue (ARN) from which SQS redrove it."""

    queue: str
    id: str
    body: str
    sent_at: datetime
    receive_count: int = 1
    origin: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, queue: str, message: Mapping[str, Any]) -> "Letter":
        """Read what ReceiveMessage answers."""
        system = message["Attributes"]
        return cls(
            queue=queue,
            id=message["MessageId"],
            body=message["Body"],
            sent_at=datetime.fromtimestamp(int(system["SentTimestamp"]) / 1000, UTC),
            receive_count=int(system["ApproximateReceiveCount"]),
            origin=system.get("DeadLetterQueueSourceArn"),
            attributes={
                name: value["StringValue"]
                for name, value in message.get("MessageAttributes", {}).items()
                if "StringValue" in value
            },
        )

    @property
    def cause(self) -> Cause:
        """How it got here; SQS's word comes first: what is beside a message may be of an earlier death."""
        if self.origin:
            return Cause.EXHAUSTED
        if "SCHEDULE_ARN" in self.attributes:
            return Cause.UNSCHEDULED
        if "RULE_ARN" in self.attributes:
            return Cause.UNDELIVERED
        return Cause.BURIED if "reason" in self.attributes else Cause.UNKNOWN

    @property
    def reason(self) -> str:
        """Why it is here, in one line."""
        match self.cause:
            case Cause.BURIED:
                return " ".join(self.attributes["reason"].split())
            case Cause.UNDELIVERED | Cause.UNSCHEDULED:
                code, message = (self.attributes.get(f"ERROR_{name}", "") for name in ("CODE", "MESSAGE"))
                return " ".join(f"{code or 'no code'}: {message or 'no message'}".split())
        return self.cause.value

    @property
    def error(self) -> str:
        """The kind of the error, as far as it is known."""
        return self.attributes.get("error" if self.cause is Cause.BURIED else "ERROR_CODE", "")

    @cached_property
    def payload(self) -> str:
        """The body as it was to be delivered: Scheduler may keep the parameters of SendMessage around it."""
        content = _object(self.body)
        inner = content.get("MessageBody") if "QueueUrl" in content else None
        return inner if isinstance(inner, str) else self.body

    @cached_property
    def destination(self) -> Destination | None:
        """Where it was going: what failed says so, or the queue that it lies behind."""
        target = self.attributes.get("TARGET_ARN", "").split(":", 5)
        if self.origin is None and len(target) == 6:
            if target[2] == "events":
                return Destination(bus=":".join(target))
            if target[2] == "sqs":
                return Destination(queue=target[5])
        url = _object(self.body).get("QueueUrl")
        if isinstance(url, str):
            return Destination(queue=url.rsplit("/", 1)[-1])
        own = Destination(queue=self.queue.removesuffix(SUFFIX))
        return own if own.stage else None

    @property
    def stage(self) -> str:
        """The stage that it was for; empty if that is not to be seen from here."""
        stage = self.destination.stage if self.destination else None
        return stage or self.attributes.get("stage", "")

    @property
    def type(self) -> str:
        """The type of the message, as far as it says one."""
        return self.attributes.get("message_type") or str(self._detail.get("type", ""))[:40]

    @property
    def run_id(self) -> str:
        """The run that it is about; empty if it is about none, or cannot be understood."""
        if "run_id" in self.attributes:
            return self.attributes["run_id"]
        message = self.read(None)
        return "" if isinstance(message, MessageError) else run_named_in(message) or ""

    def read(self, believed: frozenset[str] | None, payload: str | None = None) -> Message | MessageError:
        """Understand it as its service would; `believed` are the accounts whose events are, if known."""
        text = self.payload if payload is None else payload
        if believed is None or (self.destination and self.destination.bus):
            believed = frozenset({str(_object(text).get("account"))})
        try:
            return parse(text, accounts=believed)
        except MessageError as error:
            return error

    @property
    def _detail(self) -> Mapping[str, Any]:
        content = _object(self.payload)
        detail = content.get("detail")
        return detail if "detail-type" in content and isinstance(detail, dict) else content


def _object(text: str) -> Mapping[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
