"""SNS: topics, who may publish on them, and who gets what of it."""

import json

from local.accounts import Account
from local.stacks.resource import Made, Order, Resource, ResourceType


def _create(order: Order) -> Made:
    name = order.name("TopicName", 256)
    arn = order.account.client("sns").create_topic(Name=name)["TopicArn"]
    return Made(arn, {"TopicArn": arn, "TopicName": name})


def _update(order: Order, resource: Resource) -> Made:
    """Keep the topic: none of the properties that may change means anything here."""
    if order.name("TopicName", 256) == resource.attributes["TopicName"]:
        return Made(resource.physical_id, resource.attributes)
    made = _create(order)
    _delete(order.account, resource)
    return made


def _delete(account: Account, resource: Resource) -> None:
    account.client("sns").delete_topic(TopicArn=resource.physical_id)


def _set_policies(order: Order) -> Made:
    policy = json.dumps(order.properties["PolicyDocument"])
    for arn in order.properties["Topics"]:
        order.account.client("sns").set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=policy
        )
    return Made(f"{order.stack}-{order.logical_id}")


def _subscribe(order: Order) -> Made:
    given = order.properties
    attributes = {
        name: json.dumps(given[name]) for name in ("FilterPolicy", "RedrivePolicy") if name in given
    }
    if "FilterPolicyScope" in given:
        attributes["FilterPolicyScope"] = given["FilterPolicyScope"]
    if "RawMessageDelivery" in given:
        attributes["RawMessageDelivery"] = str(given["RawMessageDelivery"]).lower()
    arn = order.account.client("sns").subscribe(
        TopicArn=given["TopicArn"],
        Protocol=given["Protocol"],
        Endpoint=given["Endpoint"],
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return Made(arn, {"Arn": arn})


def _unsubscribe(account: Account, resource: Resource) -> None:
    account.client("sns").unsubscribe(SubscriptionArn=resource.physical_id)


TYPES = (
    ResourceType(
        "AWS::SNS::Topic",
        _create,
        _delete,
        _update,
        acts_on=frozenset({"TopicName"}),
        notes=frozenset({"DisplayName", "KmsMasterKeyId", "Tags", "TracingConfig"}),
    ),
    ResourceType("AWS::SNS::TopicPolicy", _set_policies, acts_on=frozenset({"Topics", "PolicyDocument"})),
    ResourceType(
        "AWS::SNS::Subscription",
        _subscribe,
        _unsubscribe,
        acts_on=frozenset(
            {
                "TopicArn",
                "Protocol",
                "Endpoint",
                "FilterPolicy",
                "FilterPolicyScope",
                "RawMessageDelivery",
                "RedrivePolicy",
            }
        ),
    ),
)
