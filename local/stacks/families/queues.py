"""SQS: queues and who may send to them."""

import json
from collections.abc import Mapping
from typing import Any

from local.accounts import Account
from local.queues import backend
from local.stacks.errors import ResourceError
from local.stacks.resource import Made, Order, Resource, ResourceType

_ATTRIBUTES = (
    "VisibilityTimeout",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "MaximumMessageSize",
    "RedrivePolicy",
)


def _create(order: Order) -> Made:
    name = order.name("QueueName", 80)
    if name in backend(order.account.number, order.account.region).queues:
        raise ResourceError(f"queue {name} already exists")
    order.account.client("sqs").create_queue(QueueName=name, Attributes=_attributes(order.properties))
    return Made(_url(order.account, name), {"Arn": order.arn("sqs", name), "QueueName": name})


def _update(order: Order, resource: Resource) -> Made:
    name = resource.attributes["QueueName"]
    if order.name("QueueName", 80) != name:
        raise ResourceError(f"queue {name} cannot be renamed while it may hold messages: delete it first")
    order.account.client("sqs").set_queue_attributes(
        QueueUrl=resource.physical_id, Attributes=_attributes(order.properties)
    )
    return Made(resource.physical_id, resource.attributes)


def _delete(account: Account, resource: Resource) -> None:
    account.client("sqs").delete_queue(QueueUrl=resource.physical_id)


def _attributes(properties: Mapping[str, Any]) -> dict[str, str]:
    given = {name: properties[name] for name in _ATTRIBUTES if name in properties}
    return {
        name: json.dumps(value) if isinstance(value, dict) else str(value) for name, value in given.items()
    }


def _set_policies(order: Order) -> Made:
    policy = json.dumps(order.properties["PolicyDocument"])
    for url in order.properties["Queues"]:
        order.account.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return Made(f"{order.stack}-{order.logical_id}")


def _remove_policies(account: Account, resource: Resource) -> None:
    queues = backend(account.number, account.region).queues
    for url in resource.properties["Queues"]:
        if url.rsplit("/", 1)[-1] in queues:
            account.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


def _url(account: Account, name: str) -> str:
    return f"https://sqs.{account.region}.amazonaws.com/{account.number}/{name}"


TYPES = (
    ResourceType(
        "AWS::SQS::Queue",
        _create,
        _delete,
        _update,
        acts_on=frozenset({"QueueName", *_ATTRIBUTES}),
        # Nothing is encrypted here; who may redrive from where is not asked.
        notes=frozenset(
            {
                "KmsMasterKeyId",
                "KmsDataKeyReusePeriodSeconds",
                "SqsManagedSseEnabled",
                "RedriveAllowPolicy",
                "Tags",
            }
        ),
    ),
    ResourceType(
        "AWS::SQS::QueuePolicy",
        _set_policies,
        _remove_policies,
        acts_on=frozenset({"Queues", "PolicyDocument"}),
    ),
)
