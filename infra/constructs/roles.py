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
    """Make a role, with its policy in it."""
    return iam.CfnRole(
        scope,
        part,
        role_name=role.name,
        description=role.description,
        assume_role_policy_document=role.trust_document(),
        permissions_boundary=boundary.ref,
        policies=[iam.CfnRole.PolicyProperty(policy_name=role.name, policy_document=role.policy_document())],
    )
