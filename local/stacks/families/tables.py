"""DynamoDB: tables. What a table holds outlives a change: what would replace it is refused."""

from typing import Any

from local.accounts import Account
from local.stacks.errors import ResourceError
from local.stacks.resource import Made, Order, Resource, ResourceType, understood

_FIXED = ("TableName", "KeySchema", "AttributeDefinitions")


def _create(order: Order) -> Made:
    given, dynamodb = order.properties, order.account.client("dynamodb")
    if given.get("BillingMode") != "PAY_PER_REQUEST":
        raise ResourceError("only tables with BillingMode PAY_PER_REQUEST are emulated locally")
    name = order.name("TableName", 255)
    made = dynamodb.create_table(
        TableName=name,
        KeySchema=given["KeySchema"],
        AttributeDefinitions=given["AttributeDefinitions"],
        BillingMode=given["BillingMode"],
        DeletionProtectionEnabled=given.get("DeletionProtectionEnabled", False),
    )["TableDescription"]
    if "TimeToLiveSpecification" in given:
        _set_time_to_live(dynamodb, name, given["TimeToLiveSpecification"])
    return Made(name, {"Arn": made["TableArn"]})


def _find(order: Order) -> Made | None:
    name, dynamodb = order.name("TableName", 255), order.account.client("dynamodb")
    try:
        found = dynamodb.describe_table(TableName=name)["Table"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return None
    return Made(name, {"Arn": found["TableArn"]})


def _update(order: Order, resource: Resource) -> Made:
    changed = [key for key in _FIXED if order.properties.get(key) != resource.properties.get(key)]
    if changed:
        raise ResourceError(
            f"{', '.join(changed)} of table {resource.physical_id} cannot change: it holds data"
        )
    dynamodb = order.account.client("dynamodb")
    protected = [
        one.get("DeletionProtectionEnabled", False) for one in (resource.properties, order.properties)
    ]
    if protected[0] != protected[1]:
        dynamodb.update_table(TableName=resource.physical_id, DeletionProtectionEnabled=protected[1])
    wanted = order.properties.get("TimeToLiveSpecification")
    if wanted and wanted != resource.properties.get("TimeToLiveSpecification"):
        _set_time_to_live(dynamodb, resource.physical_id, wanted)
    return Made(resource.physical_id, resource.attributes)


def _delete(account: Account, resource: Resource) -> None:
    account.client("dynamodb").delete_table(TableName=resource.physical_id)


def _set_time_to_live(dynamodb: Any, name: str, wanted: Any) -> None:
    understood(f"time to live of {name}", wanted, "AttributeName", "Enabled")
    dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)


TYPES = (
    ResourceType(
        "AWS::DynamoDB::Table",
        _create,
        _delete,
        _update,
        _find,
        acts_on=frozenset({*_FIXED, "BillingMode", "DeletionProtectionEnabled", "TimeToLiveSpecification"}),
        notes=frozenset(
            {
                "ContributorInsightsSpecification",
                "PointInTimeRecoverySpecification",
                "SSESpecification",
                "TableClass",
                "Tags",
            }
        ),
    ),
)
