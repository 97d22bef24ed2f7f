"""Subnet, parameter and security groups: which exist in an account, so that a database may name only those.

An account in which nobody registered any group is not asked: most tests of RDS itself have none.
"""

from typing import Any

from moto.rds.models import rds_backends

from local.rds.errors import RefusedError
from local.rds.model import Place
from local.rds.state import Call, State

SUBNET_GROUP = "subnet group"
PARAMETER_GROUP = "parameter group"
CLUSTER_PARAMETER_GROUP = "cluster parameter group"
SECURITY_GROUP = "security group"
_REFUSALS = {
    SUBNET_GROUP: ("DBSubnetGroupName", "DBSubnetGroupNotFoundFault", "DB subnet group '{}' does not exist."),
    PARAMETER_GROUP: ("DBParameterGroupName", "DBParameterGroupNotFound", "DBParameterGroup not found: {}"),
    CLUSTER_PARAMETER_GROUP: (
        "DBClusterParameterGroupName",
        "DBClusterParameterGroupNotFound",
        "DBClusterParameterGroup not found: {}",
    ),
    SECURITY_GROUP: (
        "VpcSecurityGroupIds",
        "InvalidParameterValue",
        "Invalid security group , groupId= {}, groupName=.",
    ),
}


def add(account: str, region: str, kind: str, name: str) -> None:
    """Let a group exist."""
    if (state := _state(account, region)) is not None:
        state.groups.setdefault(Place(account, region), set()).add((kind, name))


def remove(account: str, region: str, kind: str, name: str) -> None:
    """Let a group be gone."""
    if (state := _state(account, region)) is not None:
        state.groups.get(Place(account, region), set()).discard((kind, name))


def ensure(call: Call) -> None:
    """Refuse a call that names a group that does not exist."""
    known = call.state.groups.get(call.place)
    if known is None:
        return
    for kind, (parameter, code, message) in _REFUSALS.items():
        for name in _named(call.params.get(parameter)):
            if (kind, name.lower()) not in known and not name.startswith("default"):
                raise RefusedError(code, message.format(name))


def _named(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def _state(account: str, region: str) -> State | None:
    """The emulated RDS, if it is installed."""
    return getattr(rds_backends[account][region], "state", None)
