"""Where messages go: a stage's own queue, its dead-letter queue, the topic and the bus."""

from pydantic import BaseModel

from shared.aws import client
from shared.events import SOURCE_OF_EVENTS, Event, MessageError, SnapshotShared, dump


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

    def bury(self, body: str, stage: str, error: MessageError) -> None:
        """Put a message that nobody can act on among the dead letters, with the reason beside it."""
        attributes = {"stage": stage, "reason": error.reason[:256], "error": type(error).__name__}
        client("sqs").send_message(
            QueueUrl=self._dead_letter_url,
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )


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
