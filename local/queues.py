"""SQS with what moto 5.2.5 lacks: safe for several threads, prompt long polls, the source of dead letters,
and their way back.

moto's queues lose messages when one thread deletes while another sends (`delete_message` replaces the list it
read), notice a delayed message up to a second late, do not tell where a dead letter came from, and count the
12 hours of visibility from when a message was sent, so that nobody can give an old one back.
"""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, cast

import moto.sqs.responses
import moto.sqs.urls
from moto.core.responses import ActionResult
from moto.core.utils import unix_time, unix_time_millis
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend, sqs_backends

from local.moving import Moves
from local.routes import routes_to

SOURCE_ATTRIBUTE = "DeadLetterQueueSourceArn"
SOURCE = "dead_letter_source"  # our attribute on moto's message


class LiveQueues(SQSBackend):
    """The queues of one account and region."""

    second: ClassVar[float] = 1.0
    """How long one second of a message's delay lasts; a demo need not wait as the cloud does."""

    changed: ClassVar[threading.Condition] = threading.Condition(threading.RLock())
    """Held by whoever looks at or changes any queue; notified when a message may have become visible."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.moves = Moves(self.queues, source_of)

    @property
    def _url_module(self) -> Any:
        return routes_to(moto.sqs.urls, moto.sqs.responses.SQSResponse, QueueResponse)

    def send_message(self, *args: Any, **kwargs: Any) -> Message:
        """Send, and wake whoever waits for a message."""
        with self.changed:
            message = super().send_message(*args, **kwargs)
            if message.delayed_until:
                sent = cast("float", message.sent_timestamp)
                message.delayed_until = sent + (message.delayed_until - sent) * self.second
            self.changed.notify_all()
            return message

    def receive_message(
        self,
        queue_name: str,
        count: int,
        wait_seconds_timeout: float,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> list[Message]:
        """Receive what is visible, waiting for it if wanted, until `stopped`; redrives first, as SQS does."""
        until = unix_time() + wait_seconds_timeout
        with self.changed:
            while True:
                queue = self.get_queue(queue_name)
                if self.moves.settle():
                    self.changed.notify_all()
                self._redrive(queue)
                found = self._receive(queue, count, visibility_timeout, message_attribute_names)
                left = until - unix_time()
                if found or left <= 0 or stopped():
                    return list(found)
                due = next_moment(queue)
                self.changed.wait(min(left, max(due - unix_time(), 0.001)) if due else left)

    def delete_message(self, queue_name: str, receipt_handle: str) -> None:
        """Delete without losing what is sent meanwhile."""
        with self.changed:
            super().delete_message(queue_name, receipt_handle)

    def change_message_visibility(
        self, queue_name: str, receipt_handle: str, visibility_timeout: int
    ) -> None:
        """Change when a message is seen again, counted from now, and wake whoever waits for it."""
        with self.changed:
            queue = self.get_queue(queue_name)
            for message in queue._messages:
                if message.had_receipt_handle(receipt_handle):
                    message.change_visibility(visibility_timeout)
                    if not visibility_timeout:
                        message.visible_at = 0.0
                        queue._pending_messages.discard(message)
                    self.changed.notify_all()
                    return
            raise ReceiptHandleIsInvalid

    def _receive(
        self, queue: Queue, count: int, visibility_timeout: int, names: list[str] | None
    ) -> list[Message]:
        if not queue._messages:  # most looks find nothing, and moto's own take long to say so
            return []
        return super().receive_message(queue.name, count, 0, visibility_timeout, names)

    def _redrive(self, queue: Queue) -> None:
        """Move what was received too often to the dead-letter queue; moto does it too, but forgets where
        from.
        """
        if queue.dead_letter_queue is None or not queue.redrive_policy:
            return
        for message in queue.messages:
            if message.approximate_receive_count >= queue.redrive_policy["maxReceiveCount"]:
                queue._messages.remove(message)
                queue._pending_messages.discard(message)
                setattr(message, SOURCE, queue.queue_arn)
                queue.dead_letter_queue.add_message(message)
                self.changed.notify_all()


class QueueResponse(moto.sqs.responses.SQSResponse):
    """SQS's answers, with the attribute that moto leaves out."""

    def receive_message(self) -> ActionResult:
        """Answer ReceiveMessage."""
        answer: Any = super().receive_message()
        wanted = {
            *self._get_param("AttributeNames", []),
            *self._get_param("MessageSystemAttributeNames", []),
        }
        if wanted & {"All", SOURCE_ATTRIBUTE}:
            known = {
                message.id: source_of(message)
                for message in self.sqs_backend.get_queue(self._get_queue_name())._messages
                if source_of(message)
            }
            for shown in answer.result.get("Messages", []):
                if shown["MessageId"] in known:
                    shown.setdefault("Attributes", {})[SOURCE_ATTRIBUTE] = known[shown["MessageId"]]
        return ActionResult(answer.result)

    def start_message_move_task(self) -> ActionResult:
        """Answer StartMessageMoveTask."""
        with LiveQueues.changed:
            handle = self._moves.start(
                self._get_param("SourceArn"),
                self._get_param("DestinationArn"),
                self._get_param("MaxNumberOfMessagesPerSecond"),
            )
            LiveQueues.changed.notify_all()
        return ActionResult({"TaskHandle": handle})

    def list_message_move_tasks(self) -> ActionResult:
        """Answer ListMessageMoveTasks."""
        with LiveQueues.changed:
            listed = self._moves.listed(self._get_param("SourceArn"), self._get_param("MaxResults", 1))
            LiveQueues.changed.notify_all()
        return ActionResult({"Results": listed})

    def cancel_message_move_task(self) -> ActionResult:
        """Answer CancelMessageMoveTask."""
        with LiveQueues.changed:
            moved = self._moves.cancel(self._get_param("TaskHandle"))
        return ActionResult({"ApproximateNumberOfMessagesMoved": moved})

    @property
    def _moves(self) -> Moves:
        return cast("LiveQueues", self.sqs_backend).moves


def next_moment(queue: Queue) -> float | None:
    """When the next message that is not visible now will be (epoch seconds); None if there is none."""
    now = unix_time_millis()
    moments = [max(message.visible_at, message.delayed_until) for message in queue._messages]
    moved = backend(queue.account_id, queue.region).moves.next_moment(queue)
    later = [moment for moment in moments if moment >= now] + ([moved * 1000] if moved else [])
    # moto shows a message only after its moment has passed, to the millisecond.
    return (min(later) + 1) / 1000 if later else None


def backend(account: str, region: str) -> LiveQueues:
    """Return the queues of an account."""
    return cast("LiveQueues", sqs_backends[account][region])


def queues(account: str, region: str) -> Iterator[Queue]:
    """List the queues of an account."""
    with LiveQueues.changed:
        yield from list(backend(account, region).queues.values())


def source_of(message: Message) -> str | None:
    """Tell from which queue a dead letter came (ARN)."""
    return cast("str | None", getattr(message, SOURCE, None))


def policy_of(queue: Queue) -> dict[str, Any] | None:
    """Read a queue's resource policy."""
    return json.loads(queue.policy) if queue.policy else None
