"""EC2: networks. Subnets are names here, and nothing listens in them but what 127.0.0.1 offers.

Security groups are known to RDS, which refuses one that does not exist.
"""

from collections.abc import Callable, Mapping
from typing import Any

from local.accounts import Account
from local.rds import groups
from local.stacks.resource import Made, Order, Resource, ResourceType

Attributes = Callable[[Order, str], Mapping[str, Any]]


def _recorded(name: str, prefix: str, attributes: Attributes = lambda _, __: {}) -> ResourceType:
    """A type that is only in the stack's record, with an id as EC2 gives it."""

    def create(order: Order) -> Made:
        physical_id = f"{prefix}-{order.token()}"
        return Made(physical_id, attributes(order, physical_id))

    return ResourceType(name, create, update=_keep, record_only=True)


def _keep(order: Order, resource: Resource) -> Made:
    del order
    return Made(resource.physical_id, resource.attributes)


def _create_security_group(order: Order) -> Made:
    physical_id = f"sg-{order.token()}"
    groups.add(order.account.number, order.account.region, groups.SECURITY_GROUP, physical_id)
    return Made(physical_id, {"GroupId": physical_id, "VpcId": order.properties.get("VpcId", "")})


def _delete_security_group(account: Account, resource: Resource) -> None:
    groups.remove(account.number, account.region, groups.SECURITY_GROUP, resource.physical_id)


def _vpc(order: Order, physical_id: str) -> Mapping[str, Any]:
    token = physical_id.removeprefix("vpc-")
    return {
        "VpcId": physical_id,
        "CidrBlock": order.properties.get("CidrBlock", ""),
        "DefaultSecurityGroup": f"sg-{token}",
        "DefaultNetworkAcl": f"acl-{token}",
    }


def _subnet(order: Order, physical_id: str) -> Mapping[str, Any]:
    zone = order.properties.get("AvailabilityZone", f"{order.account.region}a")
    return {
        "SubnetId": physical_id,
        "AvailabilityZone": zone,
        "CidrBlock": order.properties.get("CidrBlock", ""),
        "VpcId": order.properties.get("VpcId", ""),
    }


TYPES = (
    _recorded("AWS::EC2::VPC", "vpc", _vpc),
    _recorded("AWS::EC2::Subnet", "subnet", _subnet),
    _recorded("AWS::EC2::RouteTable", "rtb", lambda _, own: {"RouteTableId": own}),
    _recorded("AWS::EC2::SubnetRouteTableAssociation", "rtbassoc", lambda _, own: {"Id": own}),
    _recorded("AWS::EC2::VPCEndpoint", "vpce", lambda _, own: {"Id": own}),
    _recorded("AWS::EC2::FlowLog", "fl", lambda _, own: {"Id": own}),
    _recorded("AWS::EC2::SecurityGroupIngress", "sgr", lambda _, own: {"Id": own}),
    _recorded("AWS::EC2::SecurityGroupEgress", "sgr", lambda _, own: {"Id": own}),
    ResourceType(
        "AWS::EC2::SecurityGroup",
        _create_security_group,
        _delete_security_group,
        _keep,
        record_only=True,
    ),
)
