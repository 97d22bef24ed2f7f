"""Requests that came while a run of their source went on: who waits for the next run, and what was answered.

Everything that waits is one item among the locks, so that only restore may write it, and a sweep finds all of
it by one read. Each source has attributes of its own in it; all requests of a source wait as one.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.records import Answer, Waiting

QUEUE = {"pk": {"S": "lock#queue"}, "sk": {"S": "queue"}}
ANSWERS_KEPT = timedelta(days=15)  # SQS keeps a message for 14 days at most
_FIELDS = ("edition", "since", "requesters", "tokens", "problem", "cancelled_at")


class Requests:
    """The requests as the ledger's table keeps them."""

    def __init__(self, table: str, clock: Callable[[], datetime], connect: Callable[[], Any]) -> None:
        self._table = table
        self._clock = clock
        self._connect = connect

    # What waits ---------------------------------------------------------------------------------------

    def waiting(self, source: str) -> Waiting | None:
        """Read what waits for the next run of a source; None if nothing does."""
        found = self.queue().get(source)
        return None if found is None or found.cancelled_at else found

    def queue(self) -> Mapping[str, Waiting]:
        """Read what waits, by source; what was cancelled is among it for a while."""
        answer = self._connect().get_item(TableName=self._table, Key=QUEUE, ConsistentRead=True)
        fields: dict[str, dict[str, Any]] = {}
        for name, value in answer.get("Item", {}).items():
            field, _, source = name.partition("#")
            if field in _FIELDS and source:
                fields.setdefault(source, {"source": source})[field] = next(iter(value.values()))
        return {
            source: Waiting.model_validate(found) for source, found in fields.items() if "edition" in found
        }

    def wait(self, source: str, requested_by: str, token: str | None) -> None:
        """Let a request wait for the next run of its source; the same one again changes nothing but the
        edition.
        """
        earlier = self.queue().get(source)
        if earlier is not None and earlier.cancelled_at:
            self.end(source, earlier.edition)
        values: dict[str, Any] = {
            ":edition": {"S": secrets.token_hex(16)},
            ":now": {"S": self._clock().isoformat()},
            ":who": {"SS": [requested_by]},
        }
        adding = "#requesters :who"
        if token:
            values[":token"] = {"SS": [token]}
            adding += ", #tokens :token"
        self._update(
            source,
            f"SET #edition = :edition, #since = if_not_exists(#since, :now) ADD {adding}",
            values,
        )

    def end(self, source: str, edition: str) -> bool:
        """Take away what waits, unless another request came since that edition; True if it was taken away."""
        removed = ", ".join(f"#{field}" for field in _FIELDS)
        return self._update(source, f"REMOVE {removed}", {":edition": {"S": edition}}, "#edition = :edition")

    def hold(self, waiting: Waiting, problem: str) -> None:
        """Write why what waits cannot begin yet."""
        self._change(waiting, "problem", problem)

    def cancel(self, waiting: Waiting) -> None:
        """Write that nothing will follow; it is shown until `end`."""
        self._change(waiting, "cancelled_at", self._clock().isoformat())

    def _change(self, waiting: Waiting, field: str, value: str) -> None:
        self._update(
            waiting.source,
            f"SET #{field} = :value",
            {":value": {"S": value}, ":edition": {"S": waiting.edition}},
            "#edition = :edition",
        )

    def _update(
        self, source: str, expression: str, values: Mapping[str, Any], condition: str | None = None
    ) -> bool:
        used = f"{expression} {condition or ''}"
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": QUEUE,
            "UpdateExpression": expression,
            "ExpressionAttributeNames": {
                f"#{field}": f"{field}#{source}" for field in _FIELDS if f"#{field}" in used
            },
            "ExpressionAttributeValues": dict(values),
        }
        if condition:
            request["ConditionExpression"] = condition
        try:
            self._connect().update_item(**request)
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    # What was answered --------------------------------------------------------------------------------

    def answer(self, tokens: Iterable[str], answer: Answer) -> None:
        """Write what became of these requests; a later answer replaces it."""
        expires = int((self._clock() + ANSWERS_KEPT).timestamp())
        for token in sorted(tokens):
            self._connect().put_item(
                TableName=self._table,
                Item={
                    **_answer(token),
                    "document": {"S": answer.model_dump_json()},
                    "expires": {"N": str(expires)},
                },
            )

    def answered(self, token: str) -> Answer | None:
        """Read what became of a request; None if nobody has looked at it yet."""
        found = self._connect().get_item(TableName=self._table, Key=_answer(token), ConsistentRead=True)
        return Answer.model_validate_json(found["Item"]["document"]["S"]) if "Item" in found else None


def _answer(token: str) -> dict[str, Any]:
    return {"pk": {"S": f"lock#request#{token}"}, "sk": {"S": "answer"}}
