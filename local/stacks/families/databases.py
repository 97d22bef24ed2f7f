"""RDS: subnet and parameter groups, which a restore may name only if they exist."""

from collections.abc import Callable

from local.accounts import Account
from local.rds import groups
from local.stacks.errors import ResourceError
from local.stacks.resource import Made, Order, Resource, ResourceType


def _group(
    name: str, kind: str, property_: str, arn: str, acts_on: frozenset[str], check: Callable[[Order], None]
) -> ResourceType:
    """A type of group that RDS knows by name."""

    def create(order: Order) -> Made:
        check(order)
        identifier = order.name(property_, 255).lower()
        groups.add(order.account.number, order.account.region, kind, identifier)
        return Made(identifier, {property_: identifier, "Arn": order.arn("rds", f"{arn}:{identifier}")})

    def update(order: Order, resource: Resource) -> Made:
        check(order)
        if order.name(property_, 255).lower() != resource.physical_id:
            delete(order.account, resource)
            return create(order)
        return Made(resource.physical_id, resource.attributes)

    def delete(account: Account, resource: Resource) -> None:
        groups.remove(account.number, account.region, kind, resource.physical_id)

    return ResourceType(
        name, create, delete, update, acts_on=acts_on | {property_}, notes=frozenset({"Description", "Tags"})
    )


def _two_subnets(order: Order) -> None:
    if len(set(order.properties["SubnetIds"])) < 2:
        raise ResourceError(
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement: "
            "it needs two subnets"
        )


def _of_a_family(order: Order) -> None:
    if not order.properties.get("Family"):
        raise ResourceError("The parameter DBParameterGroupFamily must be provided and must not be blank.")


TYPES = (
    _group(
        "AWS::RDS::DBSubnetGroup",
        groups.SUBNET_GROUP,
        "DBSubnetGroupName",
        "subgrp",
        frozenset({"DBSubnetGroupDescription", "SubnetIds"}),
        _two_subnets,
    ),
    # What the parameters say is the engine's business: the engines here are set up by local/engines.
    _group(
        "AWS::RDS::DBParameterGroup",
        groups.PARAMETER_GROUP,
        "DBParameterGroupName",
        "pg",
        frozenset({"Family", "Parameters"}),
        _of_a_family,
    ),
    _group(
        "AWS::RDS::DBClusterParameterGroup",
        groups.CLUSTER_PARAMETER_GROUP,
        "DBClusterParameterGroupName",
        "cluster-pg",
        frozenset({"Family", "Parameters"}),
        _of_a_family,
    ),
)
