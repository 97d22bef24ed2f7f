"""DynamoDB's conditional writes: of many who compare and set, one wins."""

import sys
import threading
from collections.abc import Iterator

import pytest

from local.accounts import Account


@pytest.fixture(autouse=True)
def _impatient_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_one_of_several_threads_wins_each_compare_and_set(production: Account) -> None:
    dynamodb = production.client("dynamodb")
    dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    wins: list[int] = []
    together = threading.Barrier(4)

    def compete(who: int) -> None:
        for round_ in range(40):
            together.wait()
            try:
                dynamodb.put_item(
                    TableName="t",
                    Item={"pk": {"S": str(round_)}, "who": {"N": str(who)}},
                    ConditionExpression="attribute_not_exists(pk)",
                )
            except dynamodb.exceptions.ConditionalCheckFailedException:
                continue
            wins.append(round_)

    threads = [threading.Thread(target=compete, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wins) == list(range(40))
