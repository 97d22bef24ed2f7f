"""KMS: keys with their policies, and aliases. A key outlives a change: its policy is exchanged in place."""

import json

from local.accounts import Account
from local.stacks.resource import Made, Order, Resource, ResourceType


def _create(order: Order) -> Made:
    made = order.account.client("kms").create_key(
        Description=order.properties.get("Description", ""), Policy=json.dumps(order.properties["KeyPolicy"])
    )["KeyMetadata"]
    return Made(made["KeyId"], {"Arn": made["Arn"], "KeyId": made["KeyId"]})


def _update(order: Order, resource: Resource) -> Made:
    order.account.client("kms").put_key_policy(
        KeyId=resource.physical_id, PolicyName="default", Policy=json.dumps(order.properties["KeyPolicy"])
    )
    return Made(resource.physical_id, resource.attributes)


def _delete(account: Account, resource: Resource) -> None:
    days = int(resource.properties.get("PendingWindowInDays", 30))
    account.client("kms").schedule_key_deletion(KeyId=resource.physical_id, PendingWindowInDays=days)


def _name(order: Order) -> Made:
    name = order.properties["AliasName"]
    order.account.client("kms").create_alias(AliasName=name, TargetKeyId=_id(order.properties["TargetKeyId"]))
    return Made(name)


def _rename(order: Order, resource: Resource) -> Made:
    if order.properties["AliasName"] != resource.physical_id:
        made = _name(order)
        _forget(order.account, resource)
        return made
    order.account.client("kms").update_alias(
        AliasName=resource.physical_id, TargetKeyId=_id(order.properties["TargetKeyId"])
    )
    return Made(resource.physical_id)


def _forget(account: Account, resource: Resource) -> None:
    account.client("kms").delete_alias(AliasName=resource.physical_id)


def _id(key: str) -> str:
    return key.rsplit("/", 1)[-1]


TYPES = (
    ResourceType(
        "AWS::KMS::Key",
        _create,
        _delete,
        _update,
        acts_on=frozenset({"Description", "KeyPolicy", "PendingWindowInDays"}),
        notes=frozenset({"EnableKeyRotation", "RotationPeriodInDays", "Tags"}),
    ),
    ResourceType("AWS::KMS::Alias", _name, _forget, _rename, acts_on=frozenset({"AliasName", "TargetKeyId"})),
)
