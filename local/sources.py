"""Lambda's event source mapping: messages from a queue become events of a function, and what succeeded is
deleted.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

import logging
import threading
from collections.abc import Mapping
from typing import Any

from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue

from local.authorization import acting
from local.functions import Function, FunctionError
from local.queues import SOURCE_ATTRIBUTE, LiveQueues, backend, source_of

LONG_POLL = 20.0  # seconds; SQS's longest
_log = logging.getLogger(__name__)


class EventSource:
    """Feeds one function from one queue.

    `retry_after` shortens the wait for another try to so many seconds; None leaves the queue's visibility
    timeout, as AWS does. A timeout shorter than the function's would deliver a message twice, so shortening
    it in the queue is no way.
    """

    def __init__(
        self, queue_arn: str, function: Function, batch_size: int = 1, retry_after: int | None = None
    ) -> None:
        _, _, _, self._region, self._account, self._queue = queue_arn.split(":")
        self.queue_arn = queue_arn
        self.function = function
        self._batch_size = batch_size
        self._retry_after = retry_after
        self._stopped = False

    def deliver(self, wait: float = 0) -> bool:
        """Take what is visible, wait for it if wanted, and invoke the function; False if nothing was."""
        messages = self._queues.receive_message(
            self._queue,
            self._batch_size,
            wait,
            self._visibility_timeout(),
            ["All"],
            stopped=lambda: self._stopped,
        )
        if messages and not self._stopped:
            self._in_its_role("ReceiveMessage", "GetQueueAttributes")
            self._process(messages)
        return bool(messages)

    def stop(self) -> None:
        """Let no deliver() begin or wait any more."""
        with LiveQueues.changed:
            self._stopped = True
            LiveQueues.changed.notify_all()

    @property
    def queue(self) -> Queue:
        """The queue as moto keeps it."""
        return self._queues.get_queue(self._queue)

    @property
    def stopped(self) -> bool:
        """Whether stop() was called."""
        return self._stopped

    @property
    def _queues(self) -> LiveQueues:
        return backend(self._account, self._region)

    def _visibility_timeout(self) -> int:
        timeout: int = self.queue.visibility_timeout  # type: ignore[attr-defined] # set by name, in moto
        return timeout

    def _in_its_role(self, *operations: str) -> None:
        """Ask for what Lambda does with the function's role before it does it."""
        setup = self.function.setup
        key = setup.environment.get("AWS_ACCESS_KEY_ID", "")
        for operation in operations:
            acting.act_for_function(key, setup.arn, f"sqs:{operation}", self.queue_arn)

    def _process(self, messages: list[Message]) -> None:
        everything = {message.id for message in messages}
        try:
            answer = self.function.invoke({"Records": [self._record(message) for message in messages]})
            failed = failures(answer, everything)
        except FunctionError as error:
            if not self._stopped:
                _log.warning("%s: %s", self._queue, error)
            failed = everything
        for message in messages:
            self._settle(message, failed=message.id in failed)

    def _settle(self, message: Message, *, failed: bool) -> None:
        handle = str(message.receipt_handle)
        try:
            if not failed:
                self._in_its_role("DeleteMessage")
                self._queues.delete_message(self._queue, handle)
            elif self._retry_after is not None:
                self._queues.change_message_visibility(self._queue, handle, self._retry_after)
        except ReceiptHandleIsInvalid:
            _log.info("%s: message %s was gone when its function ended", self._queue, message.id)

    def _record(self, message: Message) -> dict[str, Any]:
        attributes = {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
            "SenderId": message.sender_id,
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        }
        if source := source_of(message):
            attributes[SOURCE_ATTRIBUTE] = source
        record = {
            "messageId": message.id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": attributes,
            "messageAttributes": {
                name: _attribute(value) for name, value in message.message_attributes.items()
            },
            "md5OfBody": message.body_md5,
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue_arn,
            "awsRegion": self._region,
        }
        if message.message_attributes:
            record["md5OfMessageAttributes"] = message.attribute_md5
        return record


class Polling:
    """Threads that keep some event sources delivering; each source works on at most `concurrency` batches at
    a time.
    """

    def __init__(self, sources: list[EventSource], concurrency: int = 2) -> None:
        self._sources = sources
        self._threads = [
            threading.Thread(target=self._run, args=(source,), name=f"source-{number}", daemon=True)
            for source in sources
            for number in range(concurrency)
        ]

    def start(self) -> None:
        """Begin to deliver."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Begin nothing more; what runs goes on until its function ends."""
        for source in self._sources:
            source.stop()

    def join(self) -> None:
        """Wait until every thread is gone."""
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    @staticmethod
    def _run(source: EventSource) -> None:
        while not source.stopped:
            source.deliver(LONG_POLL)


def failures(answer: Any, everything: set[str]) -> set[str]:
    """Read which messages of a batch failed; as in Lambda, an answer that makes no sense fails them all."""
    if answer is None or answer == "":
        return set()
    if not isinstance(answer, Mapping):
        return everything
    listed = answer.get("batchItemFailures") or []
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        return everything
    failed = {str(one.get("itemIdentifier") or "") for one in listed}
    return failed if failed <= everything else everything


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    content = {
        f"{name[0].lower()}{name[1:]}": value[name]
        for name in ("StringValue", "BinaryValue")
        if value.get(name)
    }
    return {**content, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
