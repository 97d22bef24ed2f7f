"""SSM: parameters."""

from local.accounts import Account
from local.stacks.resource import Made, Order, Resource, ResourceType


def _create(order: Order) -> Made:
    return _put(order, overwrite=False)


def _update(order: Order, resource: Resource) -> Made:
    made = _put(order, overwrite=order.name("Name", 2048) == resource.physical_id)
    if made.physical_id != resource.physical_id:
        _delete(order.account, resource)
    return made


def _put(order: Order, *, overwrite: bool) -> Made:
    name, value = order.name("Name", 2048), order.properties["Value"]
    type_ = order.properties.get("Type", "String")
    order.account.client("ssm").put_parameter(
        Name=name,
        Value=value,
        Type=type_,
        Tier=order.properties.get("Tier", "Intelligent-Tiering"),
        Overwrite=overwrite,
    )
    return Made(name, {"Type": type_, "Value": value})


def _delete(account: Account, resource: Resource) -> None:
    account.client("ssm").delete_parameter(Name=resource.physical_id)


TYPES = (
    ResourceType(
        "AWS::SSM::Parameter",
        _create,
        _delete,
        _update,
        acts_on=frozenset({"Name", "Tier", "Type", "Value"}),
        notes=frozenset({"Description", "Tags"}),
    ),
)
