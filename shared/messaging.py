"""Where messages go: a stage's own queue, its dead-letter queue, the topic and the bus."""

from pydantic import BaseModel

from shared.aws import client
from shared.events import (
    SOURCE_OF_EVENTS,
    ContinueRequested,
    Event,
    Message,
    MessageError,
    RefreshRequested,
    SnapshotShared,
    SweepRequested,
    dump,
)
from shared.names import is_run_id

LONGEST_REASON = 1000  # all attributes together with the body may have 1 MiB; a screen has less


class PublishError(Exception):
    """EventBridge took the call but refused the event."""


class Queue:
    """A stage's own queue, and the dead-letter queue behind it."""

    def __init__(self, url: str, dead_letter_url: str) -> None:
        self._url = url
        self._dead_letter_url = dead_letter_url

    def send(self, message: BaseModel, delay: int = 0) -> None:
        """Put a message on the queue; it becomes visible after `delay` seconds (at most 900)."""
        client("sqs").send_message(QueueUrl=self._url, MessageBody=dump(message), DelaySeconds=delay)

    def bury(self, body: str, stage: str, error: Exception, message: Message | None = None) -> None:
        """Put a message that nobody can act on among the dead letters, with the reason beside it.

        `message` is what the body says, if anybody understood it.
        """
        reason = error.reason if isinstance(error, MessageError) else f"on every delivery: {error}"
        attributes = {"stage": stage, "reason": reason[:LONGEST_REASON], "error": type(error).__name__}
        if message is not None:
            attributes["message_type"] = message.type
            if run_id := run_named_in(message):
                attributes["run_id"] = run_id
        client("sqs").send_message(
            QueueUrl=self._dead_letter_url,
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )


def run_named_in(message: Message) -> str | None:
    """Name the run that a message is about; None for what is about a source, a target or nothing."""
    match message:
        case ContinueRequested(subject=subject):
            run_id = subject.rpartition("#")[0]
            return run_id if is_run_id(run_id) else None
        case RefreshRequested() | SweepRequested():
            return None
    return message.run_id


class ProductionPublisher:
    """Publishes inside production on the topic; the share notification also on the bus to development."""

    def __init__(self, topic_arn: str, bus: str) -> None:
        self._topic_arn = topic_arn
        self._bus = bus

    def publish(self, event: Event) -> None:
        """Publish one event; publishing it again is harmless."""
        client("sns").publish(TopicArn=self._topic_arn, Message=dump(event))
        if isinstance(event, SnapshotShared):
            put_on_bus(self._bus, event)


class DevelopmentPublisher:
    """Publishes on development's bus, from where a rule carries acknowledgements to production."""

    def __init__(self, bus: str) -> None:
        self._bus = bus

    def publish(self, event: Event) -> None:
        """Publish one event; publishing it again is harmless."""
        put_on_bus(self._bus, event)


def put_on_bus(bus: str, event: Event) -> None:
    """Put one event on a bus; PutEvents answers 200 even when it refuses an entry."""
    answer = client("events").put_events(
        Entries=[
            {"EventBusName": bus, "Source": SOURCE_OF_EVENTS, "DetailType": event.type, "Detail": dump(event)}
        ]
    )
    if answer["FailedEntryCount"]:
        entry = answer["Entries"][0]
        raise PublishError(
            f"{bus} refused {event.type}: {entry.get('ErrorCode')}: {entry.get('ErrorMessage')}"
        )
