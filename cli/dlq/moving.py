"""Moving a whole dead-letter queue back by SQS's own task, where nothing has to be chosen or changed.

SQS does that at up to 500 messages a second and goes on if we die. It adds nothing to the messages, so only
the ledger says who asked for it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cli.dlq.accounts import Account
from cli.dlq.letters import Letter
from cli.dlq.queues import DeadLetterQueue

LOOK_EVERY_SECONDS = 1.0
_ENDED = {"COMPLETED", "CANCELLED", "FAILED"}


@dataclass(frozen=True)
class Moved:
    """How a task ended."""

    status: str
    moved: int
    failure: str = ""

    @property
    def well(self) -> bool:
        """Whether everything was moved."""
        return self.status == "COMPLETED"


class Mover:
    """Moves the letters of one account; a task that is interrupted here is cancelled there."""

    def __init__(self, account: Account, rate: int, pause: Callable[[float], None] | None = None) -> None:
        self._sqs = account.client("sqs")
        self._rate = rate
        self._pause = pause or time.sleep

    def move(
        self,
        queue: DeadLetterQueue,
        destination: str,
        letters: Sequence[Letter],
        say: Callable[[int, int], None] = lambda moved, of: None,
    ) -> Moved:
        """Move everything to the stage's queue, and watch until it is done.

        SQS knows where a message came from only if it redrove it itself; for what a service has buried the
        destination must be named.
        """
        source, target = self._arn(queue.url), self._arn(self._url(destination))
        request: dict[str, Any] = {"SourceArn": source, "MaxNumberOfMessagesPerSecond": self._rate}
        if not all(letter.origin == target for letter in letters):
            request["DestinationArn"] = target
        handle = self._sqs.start_message_move_task(**request)["TaskHandle"]
        try:
            return self._watch(source, say)
        except KeyboardInterrupt:
            self._sqs.cancel_message_move_task(TaskHandle=handle)
            raise

    def _watch(self, source: str, say: Callable[[int, int], None]) -> Moved:
        while True:
            (task,) = self._sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)["Results"]
            moved = int(task.get("ApproximateNumberOfMessagesMoved", 0))
            if task["Status"] in _ENDED:
                return Moved(task["Status"], moved, task.get("FailureReason", ""))
            say(moved, int(task.get("ApproximateNumberOfMessagesToMove", 0)))
            self._pause(LOOK_EVERY_SECONDS)

    def _url(self, name: str) -> str:
        url: str = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
        return url

    def _arn(self, url: str) -> str:
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn: str = answer["Attributes"]["QueueArn"]
        return arn
