"""EventBridge Scheduler: when which message is put on a queue."""

from typing import Any

from local.accounts import Account
from local.stacks.resource import Made, Order, Resource, ResourceType, understood

_PASSED = (
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "State",
    "FlexibleTimeWindow",
    "StartDate",
    "EndDate",
    "GroupName",
    "ActionAfterCompletion",
)


def _create_group(order: Order) -> Made:
    name = order.name("Name")
    arn = order.account.client("scheduler").create_schedule_group(Name=name)["ScheduleGroupArn"]
    return Made(name, {"Arn": arn})


def _delete_group(account: Account, resource: Resource) -> None:
    account.client("scheduler").delete_schedule_group(Name=resource.physical_id)


def _create(order: Order) -> Made:
    name = order.name("Name")
    arn = order.account.client("scheduler").create_schedule(Name=name, **_given(order))["ScheduleArn"]
    return Made(name, {"Arn": arn})


def _update(order: Order, resource: Resource) -> Made:
    """Change the schedule where it is, or make it anew elsewhere."""
    unchanged = all(
        order.properties.get(key) == resource.properties.get(key) for key in ("Name", "GroupName")
    )
    if unchanged:
        order.account.client("scheduler").update_schedule(Name=resource.physical_id, **_given(order))
        return Made(resource.physical_id, resource.attributes)
    made = _create(order)
    _delete(order.account, resource)
    return made


def _delete(account: Account, resource: Resource) -> None:
    account.client("scheduler").delete_schedule(Name=resource.physical_id, **_group(resource.properties))


def _given(order: Order) -> dict[str, Any]:
    target = order.properties["Target"]
    understood(
        f"the target of {order.logical_id}",
        target,
        "Arn",
        "DeadLetterConfig",
        "Input",
        "RetryPolicy",
        "RoleArn",
    )
    return {key: order.properties[key] for key in _PASSED if key in order.properties} | {"Target": target}


def _group(properties: Any) -> dict[str, str]:
    return {"GroupName": properties["GroupName"]} if "GroupName" in properties else {}


TYPES = (
    ResourceType(
        "AWS::Scheduler::ScheduleGroup",
        _create_group,
        _delete_group,
        acts_on=frozenset({"Name"}),
        notes=frozenset({"Tags"}),
    ),
    ResourceType(
        "AWS::Scheduler::Schedule",
        _create,
        _delete,
        _update,
        acts_on=frozenset({"Name", "Target", *_PASSED}),
        notes=frozenset({"Description", "KmsKeyArn"}),
    ),
)
