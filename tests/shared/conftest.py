"""A ledger table in moto's account."""

import boto3
import pytest

from shared.ledger import Ledger

TABLE = "snapveil-ledger"


@pytest.fixture
def ledger(account: None) -> Ledger:
    """An empty ledger."""
    boto3.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return Ledger(TABLE)
