"""Items of the ledger's table: flat maps of strings under `pk` and `sk`; a field that is None is absent.

Writes may have a condition, so that of two deliveries at once one is told that the other was faster.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from pydantic import BaseModel

from shared.errors import code_of

RETENTION = timedelta(days=400)
REFUSED = "ConditionalCheckFailedException"

RecordT = TypeVar("RecordT", bound=BaseModel)


class Items:
    """The items of one table, as records."""

    def __init__(self, table: str, clock: Callable[[], datetime], connect: Callable[[], Any]) -> None:
        self._table = table
        self._clock = clock
        self._connect = connect

    def fields(self, pk: str, sk: str) -> dict[str, str] | None:
        """Read an item's fields; None if it is not there."""
        answer = self._connect().get_item(TableName=self._table, Key=key_of(pk, sk), ConsistentRead=True)
        return _plain(answer["Item"]) if "Item" in answer else None

    def read(self, pk: str, sk: str, model: type[RecordT]) -> RecordT | None:
        """Read a record; None if it is not there."""
        item = self.fields(pk, sk)
        return model.model_validate(item) if item else None

    def read_document(self, pk: str, sk: str, model: type[RecordT]) -> RecordT | None:
        """Read a record that was written as one document."""
        item = self.fields(pk, sk)
        return model.model_validate_json(item["document"]) if item else None

    def of(self, pk: str, prefix: str, model: type[RecordT]) -> list[RecordT]:
        """Read all records under a `pk` whose `sk` begins so, in its order."""
        pages = (
            self._connect()
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
                ConsistentRead=True,
            )
        )
        return [model.model_validate(_plain(item)) for page in pages for item in page["Items"]]

    def everywhere(self, sk: str, model: type[RecordT]) -> Iterator[RecordT]:
        """Read all records of this `sk`, in no order."""
        pages = (
            self._connect()
            .get_paginator("scan")
            .paginate(
                TableName=self._table,
                FilterExpression="sk = :sk",
                ExpressionAttributeValues={":sk": {"S": sk}},
                ConsistentRead=True,
            )
        )
        for page in pages:
            for item in page["Items"]:
                yield model.model_validate(_plain(item))

    def write(
        self,
        pk: str,
        sk: str,
        record: BaseModel,
        condition: str | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> bool:
        """Write a record in place of what was there; False if the condition does not hold."""
        fields = {name: {"S": _text(value)} for name, value in record if value is not None}
        request: dict[str, Any] = {
            "TableName": self._table,
            "Item": {**key_of(pk, sk), **fields, **self._expiry()},
        }
        if condition:
            request["ConditionExpression"] = condition
            used = {name: name.removeprefix("#") for name in ("#token", "#state") if name in condition}
            if used:
                request["ExpressionAttributeNames"] = used
        if values:
            request["ExpressionAttributeValues"] = dict(values)
        try:
            self._connect().put_item(**request)
        except ClientError as error:
            if code_of(error) == REFUSED:
                return False
            raise
        return True

    def write_document(self, pk: str, sk: str, record: BaseModel) -> None:
        """Write a record that has more than plain fields, as one document."""
        item = {**key_of(pk, sk), "document": {"S": record.model_dump_json()}, **self._expiry()}
        self._connect().put_item(TableName=self._table, Item=item)

    def add_facts(self, pk: str, sk: str, facts: Mapping[str, datetime | str], *, once: bool = True) -> None:
        """Add fields to an item; with `once`, what is there already stays."""
        value = "if_not_exists(#{0}, :{0})" if once else ":{0}"
        self._connect().update_item(
            TableName=self._table,
            Key=key_of(pk, sk),
            UpdateExpression="SET " + ", ".join(f"#{name} = " + value.format(name) for name in facts),
            ExpressionAttributeNames={f"#{name}": name for name in facts},
            ExpressionAttributeValues={f":{name}": {"S": _text(value)} for name, value in facts.items()},
        )

    def _expiry(self) -> dict[str, Any]:
        return {"expires": {"N": str(int((self._clock() + RETENTION).timestamp()))}}


def key_of(pk: str, sk: str) -> dict[str, Any]:
    """Return an item's key, as DynamoDB takes it."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _plain(item: Mapping[str, Any]) -> dict[str, str]:
    return {name: value["S"] for name, value in item.items() if "S" in value}
