"""Sending a dead letter where it was going, in an order in which a kill at any moment loses nothing.

Send, note, delete: whoever dies after the send leaves the letter where it was, and at worst the message is
delivered twice, which every stage takes for one more look.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cli.dlq.accounts import Account
from cli.dlq.judgement import Effect, Verdict
from cli.dlq.letters import Destination, Letter
from cli.dlq.queues import Held
from cli.dlq.records import Records
from shared.errors import code_of, describe
from shared.events import SOURCE_OF_EVENTS, dump
from shared.ledger import now
from shared.names import PREFIX

MOST_ATTRIBUTES = 10  # SQS's limit for one message
LONGEST_REASON = 256
_OF_THIS_LETTER = {"InvalidMessageContents", "NonExistentQueue", "QueueDoesNotExist"}
_OF_ITS_DEATH = {"stage", "reason", "error"}


class UnsentError(Exception):
    """One letter cannot be sent; it stays where it is."""


@dataclass(frozen=True)
class Plan:
    """What is to be done with one letter; `payload` is what an operator made of its body, if anything."""

    letter: Letter
    verdict: Verdict
    payload: str | None = None
    forced: bool = False

    @property
    def sends(self) -> bool:
        """Whether something is sent."""
        return (self.forced and self.letter.destination is not None) or self.verdict.sends

    @property
    def drops(self) -> bool:
        """Whether it goes without being sent: there is nothing left to do for it."""
        return not self.sends and self.verdict.effect is Effect.FINISHED

    @property
    def as_it_is(self) -> bool:
        """Whether the message is sent unchanged."""
        return self.sends and self.payload is None and (self.forced or self.verdict.instead is None)

    @property
    def body(self) -> str:
        """What is sent."""
        if self.verdict.instead is not None and not self.forced:
            return dump(self.verdict.instead)
        return self.letter.payload if self.payload is None else self.payload

    @property
    def destination(self) -> Destination:
        """Where it is sent. Raises UnsentError if nothing says so."""
        if self.verdict.instead is not None and not self.forced:
            return Destination(queue=PREFIX + self.verdict.to)
        if self.letter.destination is None:
            raise UnsentError("nothing says where it was going")
        return self.letter.destination

    @property
    def words(self) -> str:
        """What comes of it, in one line."""
        if self.forced and self.sends:
            return f"sent as it is to {self.destination}, whatever comes of it"
        if self.drops:
            return f"dropped: {self.verdict.why}"
        return f"{self.verdict.effect}: {self.verdict.why}"


class Sender:
    """Sends the letters of one account, so many a second."""

    def __init__(
        self, account: Account, records: Records, rate: int, pause: Callable[[float], None] | None = None
    ) -> None:
        self._account = account
        self._records = records
        self._interval = 1 / rate
        self._pause = pause or time.sleep
        self._urls: dict[str, str] = {}
        self._sent = 0

    def replay(self, held: Held, plan: Plan) -> None:
        """Send one letter on, note it, delete it."""
        if self._sent:
            self._pause(self._interval)
        held.keep()
        self._send(plan)
        self._sent += 1
        self._records.note(plan.letter, "replayed", plan.words)
        held.delete(plan.letter)

    def drop(self, held: Held, letter: Letter, why: str) -> None:
        """Note that a letter goes, and delete it."""
        held.keep()
        self._records.note(letter, "dropped", why)
        held.delete(letter)

    def _send(self, plan: Plan) -> None:
        destination = plan.destination
        if destination.bus:
            self._put(destination.bus, plan)
            return
        try:
            self._account.client("sqs").send_message(
                QueueUrl=self._url(destination.queue),
                MessageBody=plan.body,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in self._attributes(plan.letter).items()
                },
            )
        except ClientError as error:
            if code_of(error).rpartition(".")[2] in _OF_THIS_LETTER:
                raise UnsentError(f"{destination.queue} does not take it: {describe(error)}") from error
            raise

    def _attributes(self, letter: Letter) -> dict[str, str]:
        """Write who replays it and why; what is beside it about its death would be wrong of a later one."""
        ours = {
            "replayed_by": self._account.operator,
            "replayed_at": now().isoformat(timespec="seconds"),
            "replayed_for": letter.reason[:LONGEST_REASON],
        }
        kept = [
            (name, value)
            for name, value in letter.attributes.items()
            if name not in _OF_ITS_DEATH and name not in ours and not name.isupper()
        ]
        return dict(kept[: MOST_ATTRIBUTES - len(ours)]) | ours

    def _put(self, bus: str, plan: Plan) -> None:
        event = _event(plan.body)
        if event is None:
            raise UnsentError("it is no event and cannot be put on a bus")
        answer = self._account.client("events").put_events(
            Entries=[
                {
                    "EventBusName": bus,
                    "Source": str(event.get("source", SOURCE_OF_EVENTS)),
                    "DetailType": str(event["detail-type"]),
                    "Detail": json.dumps(event["detail"]),
                    "Resources": list(event.get("resources", [])),
                }
            ]
        )
        if answer["FailedEntryCount"]:
            refused = answer["Entries"][0]
            raise UnsentError(f"{bus} refuses it: {refused.get('ErrorCode')}: {refused.get('ErrorMessage')}")

    def _url(self, queue: str) -> str:
        if queue not in self._urls:
            self._urls[queue] = self._account.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"]
        return self._urls[queue]


def _event(text: str) -> Mapping[str, Any] | None:
    """Read a body as an event: an envelope, or a message that an envelope is made for."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    if "detail-type" in content and "detail" in content:
        return content
    return {"detail-type": content["type"], "detail": content} if "type" in content else None
