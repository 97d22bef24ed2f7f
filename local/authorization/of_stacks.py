"""Authorization by the roles that stacks deployed; who calls is known by the access key."""

from collections.abc import Callable, Mapping
from typing import Protocol

from local.accounts import Account
from local.authorization.authorizer import Authorizer, Call
from local.authorization.roles import DeployedRole


class HasRoles(Protocol):
    """A deployed stack."""

    @property
    def roles(self) -> Mapping[str, DeployedRole]:
        """Its roles by name."""


class Deployed(Protocol):
    """Two accounts with their stacks: a cloud or a world."""

    @property
    def accounts(self) -> Mapping[str, Account]:
        """The accounts by name."""

    @property
    def stacks(self) -> Mapping[str, HasRoles]:
        """Their stacks by the same names."""


def authorizer_of(deployed: Deployed, record: Callable[[Call], None] = lambda _: None) -> Authorizer:
    """Make an authorizer that asks whatever is deployed when a call comes in."""

    def roles(number: str) -> Mapping[str, DeployedRole]:
        for name, account in deployed.accounts.items():
            if account.number == number and name in deployed.stacks:
                return deployed.stacks[name].roles
        return {}

    def role_of(access_key: str) -> tuple[str, str] | None:
        for account in deployed.accounts.values():
            role = account.role_of(access_key)
            if role is not None:
                return account.number, role
        return None

    return Authorizer(roles, role_of, record)
