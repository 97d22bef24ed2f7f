"""SQS's message move tasks, which moto 5.2.5 does not know: dead letters go back, at a rate, as new messages.

Nothing runs in the background: a task moves what is due by now whenever somebody looks at it or waits at a
queue that it fills.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
"""

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.utils import unix_time
from moto.sqs.exceptions import SQSException
from moto.sqs.models import Message, Queue

FASTEST = 500
"""Messages per second: the highest rate that may be asked for, and how fast a task without one is here."""
MOST_LISTED = 10


class MoveError(SQSException):
    """A request that SQS refuses."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


@dataclass
class MoveTask:
    """One task; without a destination each message goes to the queue that it came from."""

    source: Queue
    destination: Queue | None
    rate: int | None
    started: float
    to_move: int
    handle: str
    moved: int = 0
    status: str = "RUNNING"
    failure: str | None = None

    @property
    def running(self) -> bool:
        """Whether it still moves messages."""
        return self.status == "RUNNING"

    def due(self, now: float) -> int:
        """How many messages it has moved by a moment, if nothing hinders it."""
        return min(self.to_move, int((now - self.started) * (self.rate or FASTEST)))

    def next_moment(self) -> float:
        """When its next message is due (epoch seconds)."""
        return self.started + (self.moved + 1) / (self.rate or FASTEST)

    def shown(self) -> dict[str, Any]:
        """Describe it as ListMessageMoveTasks does."""
        described: dict[str, Any] = {
            "Status": self.status,
            "SourceArn": self.source.queue_arn,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "StartedTimestamp": int(self.started * 1000),
        }
        optional = {
            "TaskHandle": self.handle if self.running else None,
            "DestinationArn": self.destination.queue_arn if self.destination else None,
            "MaxNumberOfMessagesPerSecond": self.rate,
            "FailureReason": self.failure,
        }
        return described | {name: value for name, value in optional.items() if value is not None}


class Moves:
    """The tasks of one account and region. `source_of` tells from which queue a dead letter came."""

    def __init__(self, queues: Mapping[str, Queue], source_of: Callable[[Message], str | None]) -> None:
        self._queues = queues
        self._source_of = source_of
        self._tasks: list[MoveTask] = []

    def start(self, source_arn: str, destination_arn: str | None, rate: int | None) -> str:
        """Begin a task and return its handle. Raises MoveError."""
        source = self._queue(source_arn, "SourceArn")
        destination = self._queue(destination_arn, "DestinationArn") if destination_arn else None
        if not any(queue.dead_letter_queue is source for queue in self._queues.values()):
            raise MoveError(
                "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."
            )
        if destination is source:
            raise MoveError("InvalidParameterValue", "Source queue arn and destination queue arn are equal.")
        if rate is not None and not 1 <= rate <= FASTEST:
            raise MoveError(
                "InvalidParameterValue", f"MaxNumberOfMessagesPerSecond must be between 1 and {FASTEST}."
            )
        self.settle()
        if any(task.running and task.source is source for task in self._tasks):
            raise MoveError(
                "AWS.SimpleQueueService.UnsupportedOperation",
                "There is already a task running. Only one active task is allowed per source queue.",
            )
        identity = json.dumps({"taskId": str(uuid.uuid4()), "sourceArn": source_arn})
        handle = base64.b64encode(identity.encode()).decode()
        visible = sum(message.visible and not message.delayed for message in source.messages)
        self._tasks.append(MoveTask(source, destination, rate, unix_time(), visible, handle))
        return handle

    def listed(self, source_arn: str, most: int) -> list[dict[str, Any]]:
        """Describe the newest tasks of a queue, newest first. Raises MoveError."""
        source = self._queue(source_arn, "SourceArn")
        if not 1 <= most <= MOST_LISTED:
            raise MoveError("InvalidParameterValue", f"MaxResults must be between 1 and {MOST_LISTED}.")
        self.settle()
        newest_first = [task for task in reversed(self._tasks) if task.source is source]
        return [task.shown() for task in newest_first[:most]]

    def cancel(self, handle: str) -> int:
        """End a running task; what it moved stays moved. Returns how many those are. Raises MoveError."""
        self.settle()
        task = next((task for task in self._tasks if task.handle == handle), None)
        if task is None:
            raise MoveError("ResourceNotFoundException", "Task does not exist.")
        if not task.running:
            raise MoveError(
                "AWS.SimpleQueueService.UnsupportedOperation", f"The task is {task.status}, not RUNNING."
            )
        task.status = "CANCELLED"
        return task.moved

    def settle(self) -> bool:
        """Move what is due by now; tell whether anything moved."""
        advanced = [self._advance(task, unix_time()) for task in self._tasks if task.running]
        return any(advanced)

    def next_moment(self, queue: Queue) -> float | None:
        """When a task may next bring a message to a queue (epoch seconds); None if none will."""
        filling = [
            task.next_moment()
            for task in self._tasks
            if task.running
            and (task.destination is queue or (task.destination is None and _feeds(queue, task.source)))
        ]
        return min(filling, default=None)

    def _queue(self, arn: str, parameter: str) -> Queue:
        queue = next((queue for queue in self._queues.values() if queue.queue_arn == arn), None)
        if queue is None:
            raise MoveError(
                "ResourceNotFoundException",
                f"The resource that you specified for the {parameter} parameter doesn't exist.",
            )
        return queue

    def _advance(self, task: MoveTask, now: float) -> bool:
        before, due = task.moved, task.due(now)
        while task.moved < due:
            message = next((one for one in task.source.messages if one.visible and not one.delayed), None)
            if message is None:  # somebody took the rest
                task.status = "COMPLETED"
                return task.moved > before
            destination = task.destination or self._origin(message)
            if destination is None:
                task.status, task.failure = "FAILED", "CouldNotDetermineMessageSource"
                return task.moved > before
            task.source._messages.remove(message)
            destination.add_message(_anew(message))
            task.moved += 1
        if task.moved >= task.to_move:
            task.status = "COMPLETED"
        return task.moved > before

    def _origin(self, message: Message) -> Queue | None:
        arn = self._source_of(message)
        return next((queue for queue in self._queues.values() if arn and queue.queue_arn == arn), None)


def _feeds(queue: Queue, dead: Queue) -> bool:
    return queue.dead_letter_queue is dead


def _anew(message: Message) -> Message:
    """Copy a message as SQS does: a new id and time, never received, no memory of where it came from."""
    copy = Message(str(uuid.uuid4()), message.body, dict(message.system_attributes))
    copy.message_attributes = dict(message.message_attributes)
    copy.sender_id = message.sender_id
    copy.group_id = message.group_id
    copy.mark_sent()
    return copy
