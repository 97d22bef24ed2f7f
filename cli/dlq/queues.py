"""The dead-letter queues of an account, and how letters are held while they are looked at.

Holding is SQS's visibility timeout: nobody else receives what is held, and whatever happens to us, also a
kill, it is seen again when the time is over. What is not deleted is given back at once when we are done.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from cli.dlq.accounts import Account
from cli.dlq.letters import STAGES, SUFFIX, Letter
from shared.ledger import now
from shared.names import PREFIX

HELD_SECONDS = 300
HELD = timedelta(seconds=HELD_SECONDS)
PATIENCE_SECONDS = 1  # a long poll asks all of SQS's servers; a short one may miss letters
MOST_AT_ONCE = 10


@dataclass(frozen=True)
class DeadLetterQueue:
    """One queue of dead letters."""

    name: str
    url: str

    @property
    def stage_queue(self) -> str | None:
        """The stage's queue that this one lies behind; None for those of event buses and schedules."""
        name = self.name.removesuffix(SUFFIX)
        return name if name.removeprefix(PREFIX) in STAGES else None


def find_queues(account: Account) -> list[DeadLetterQueue]:
    """Find the account's dead-letter queues, by name."""
    pages = (
        account.client("sqs")
        .get_paginator("list_queues")
        .paginate(QueueNamePrefix=PREFIX, PaginationConfig={"PageSize": 1000})
    )
    urls = [url for page in pages for url in page.get("QueueUrls", [])]
    queues = [DeadLetterQueue(url.rsplit("/", 1)[-1], url) for url in urls]
    return sorted((queue for queue in queues if queue.name.endswith(SUFFIX)), key=lambda queue: queue.name)


class Held:
    """The letters of one queue, held for as long as the `with` block lasts."""

    def __init__(self, account: Account, queue: DeadLetterQueue) -> None:
        self.queue = queue
        self._sqs = account.client("sqs")
        self._receipts: dict[str, str] = {}
        self._until = now()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):  # they are seen again anyway, only later
            self.release()

    def receive(self) -> list[Letter]:
        """Take everything that is to be seen, oldest first."""
        self._until = now() + HELD
        letters: dict[str, Letter] = {}
        while messages := self._receive():
            known = len(letters)
            for message in messages:
                self._receipts[message["MessageId"]] = message["ReceiptHandle"]
                letters[message["MessageId"]] = Letter.of(self.queue.name, message)
            if len(letters) == known:  # they come a second time already: reading took longer than holding
                break
            self.keep()
        return sorted(letters.values(), key=lambda letter: (letter.sent_at, letter.id))

    def keep(self) -> None:
        """Hold on to what is held, if the time is running out."""
        if now() > self._until - HELD / 2:
            self._until = now() + HELD
            self._change(list(self._receipts), HELD_SECONDS)

    def delete(self, letter: Letter) -> None:
        """Delete a letter."""
        self._sqs.delete_message(QueueUrl=self.queue.url, ReceiptHandle=self._receipts[letter.id])
        del self._receipts[letter.id]

    def release(self, letters: Iterable[Letter] | None = None) -> None:
        """Give letters back, or all that are held, so that others see them at once."""
        ids = list(self._receipts) if letters is None else [letter.id for letter in letters]
        self._change(ids, 0)
        for one in ids:
            self._receipts.pop(one, None)

    def _receive(self) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self.queue.url,
            MaxNumberOfMessages=MOST_AT_ONCE,
            VisibilityTimeout=HELD_SECONDS,
            WaitTimeSeconds=PATIENCE_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def _change(self, ids: Sequence[str], seconds: int) -> None:
        for some in _batches([one for one in ids if one in self._receipts]):
            self._sqs.change_message_visibility_batch(
                QueueUrl=self.queue.url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": self._receipts[one], "VisibilityTimeout": seconds}
                    for number, one in enumerate(some)
                ],
            )


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), MOST_AT_ONCE):
        yield ids[start : start + MOST_AT_ONCE]
