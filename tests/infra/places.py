"""The statements of every role as the code writes them, with the reasons that a template cannot hold."""

from functools import cache

from infra.permissions import (
    Development,
    Production,
    Role,
    Source,
    Statement,
    boundary,
    development_roles,
    production_roles,
)
from local.accounts import DEVELOPMENT, PRODUCTION

PLACE = Production(
    production_key="arn:aws:kms:eu-west-3:111111111111:key/production",
    share_key="arn:aws:kms:eu-west-3:111111111111:key/share",
    bucket="arn:aws:s3:::snapveil-111111111111-eu-west-3",
    development_accounts=(DEVELOPMENT,),
    sources=(Source("instance", "shop-fr-prod"), Source("cluster", "shop-aurora-prod")),
)
OTHER_PLACE = Development(
    copy_key="arn:aws:kms:eu-west-3:222222222222:key/copy", production_accounts=(PRODUCTION,)
)


@cache
def roles() -> tuple[tuple[str, Role], ...]:
    """List every role with its account's number."""
    return (
        *((PRODUCTION, role) for role in production_roles(PLACE).values()),
        *((DEVELOPMENT, role) for role in development_roles(OTHER_PLACE).values()),
    )


@cache
def statements() -> tuple[tuple[str, str, Statement], ...]:
    """List every statement with its account and role."""
    return tuple((account, role.name, one) for account, role in roles() for one in role.everything)


@cache
def boundaries() -> tuple[tuple[str, tuple[Statement, ...]], ...]:
    """List the boundary of each account."""
    return (PRODUCTION, boundary(PLACE)), (DEVELOPMENT, boundary(OTHER_PLACE))
