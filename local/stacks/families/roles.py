"""IAM: roles and managed policies. They stand in the stack's record; `local.authorization` asks them."""

from collections.abc import Mapping

from local.authorization.roles import DeployedRole
from local.stacks.errors import ResourceError
from local.stacks.resource import Made, Order, Resource, ResourceType, understood

ROLE = "AWS::IAM::Role"
POLICY = "AWS::IAM::ManagedPolicy"


def _create_role(order: Order) -> Made:
    name = order.name("RoleName")
    for policy in order.properties.get("Policies", []):
        understood(f"a policy of role {name}", policy, "PolicyName", "PolicyDocument")
    path = order.properties.get("Path", "/")
    arn = order.arn("iam", f"role{path}{name}", region=False)
    return Made(name, {"Arn": arn, "RoleId": f"AROA{order.token().upper()}"})


def _create_policy(order: Order) -> Made:
    name = order.name("ManagedPolicyName", 128)
    arn = order.arn("iam", f"policy{order.properties.get('Path', '/')}{name}", region=False)
    return Made(arn, {"PolicyArn": arn})


def deployed(resources: Mapping[str, Resource]) -> dict[str, DeployedRole]:
    """Return the roles among a stack's resources by name, each with all of its policies.

    Raises ResourceError for a managed policy that is not the stack's own: nobody here knows what it says.
    """
    documents = {
        one.physical_id: one.properties["PolicyDocument"] for one in resources.values() if one.type == POLICY
    }

    def document(role: Resource, arn: str) -> Mapping[str, object]:
        if arn not in documents:
            raise ResourceError(f"role {role.physical_id}: {arn} is not a policy of this stack")
        return dict(documents[arn])

    found = {}
    for role in resources.values():
        if role.type != ROLE:
            continue
        boundary = role.properties.get("PermissionsBoundary")
        found[role.physical_id] = DeployedRole(
            name=role.physical_id,
            trust=role.properties["AssumeRolePolicyDocument"],
            policies=(
                *(one["PolicyDocument"] for one in role.properties.get("Policies", [])),
                *(document(role, arn) for arn in role.properties.get("ManagedPolicyArns", [])),
            ),
            boundary=document(role, boundary) if boundary else None,
        )
    return found


TYPES = (
    ResourceType(
        ROLE,
        _create_role,
        update=lambda order, _: _create_role(order),
        acts_on=frozenset(
            {
                "AssumeRolePolicyDocument",
                "ManagedPolicyArns",
                "Path",
                "PermissionsBoundary",
                "Policies",
                "RoleName",
            }
        ),
        notes=frozenset({"Description", "MaxSessionDuration", "Tags"}),
    ),
    ResourceType(
        POLICY,
        _create_policy,
        update=lambda order, _: _create_policy(order),
        acts_on=frozenset({"ManagedPolicyName", "Path", "PolicyDocument"}),
        notes=frozenset({"Description"}),
    ),
)
