"""Roles: what `infra/permissions` says they may do, as IAM resources below the one permission boundary."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.permissions import BOUNDARY, Role, Statement, document


def permission_boundary(scope: Construct, statements: tuple[Statement, ...]) -> iam.CfnManagedPolicy:
    """Make the boundary: the most that any role of the account could ever do."""
    return iam.CfnManagedPolicy(
        scope,
        "Boundary",
        managed_policy_name=BOUNDARY,
        description="The most that any role of Snapveil could ever do, whatever its own policy says",
        policy_document=document(statement.json() for statement in statements),
    )


def iam_role(scope: Construct, part: str, role: Role, boundary: iam.CfnManagedPolicy) -> iam.CfnRole:
    """Make a role with its policy in it, and what does not fit there as managed policies beside it."""
    beside = [
        iam.CfnManagedPolicy(
            scope,
            f"{part}More{number}",
            managed_policy_name=f"{role.name}-{number}",
            description=f"What does not fit into the policy of {role.name}",
            policy_document=policy,
        ).ref
        for number, policy in enumerate(role.attached_documents(), start=1)
    ]
    return iam.CfnRole(
        scope,
        part,
        role_name=role.name,
        description=role.description,
        assume_role_policy_document=role.trust_document(),
        permissions_boundary=boundary.ref,
        policies=[iam.CfnRole.PolicyProperty(policy_name=role.name, policy_document=role.policy_document())],
        managed_policy_arns=beside or None,
    )
