"""KMS keys under their aliases. They stay when the stack goes: without its key nothing can be read again."""

from collections.abc import Iterable, Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.constructs.policies import policy


def key(
    scope: Construct, part: str, alias: str, description: str, statements: Iterable[Mapping[str, Any]]
) -> kms.CfnKey:
    """Make a key that AWS renews every year, and the alias by which it is known."""
    made = kms.CfnKey(
        scope,
        part,
        description=description,
        enable_key_rotation=True,
        pending_window_in_days=30,
        key_policy=policy(statements),
    )
    made.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
    kms.CfnAlias(scope, f"{part}Alias", alias_name=f"alias/{alias}", target_key_id=made.ref)
    return made
