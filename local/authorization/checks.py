"""What AWS asks IAM when a call comes in: who calls, which actions on which resources, and the context."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Parameters = Mapping[str, Any]
Context = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Caller:
    """A role of an account, as it calls from a region."""

    account: str
    role: str
    region: str

    @property
    def arn(self) -> str:
        """Name the role; sessions of it are known by the same name (`aws:PrincipalArn`)."""
        return f"arn:aws:iam::{self.account}:role/{self.role}"

    def resource(self, service: str, name: str) -> str:
        """Name a resource of the caller's own account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{name}"


@dataclass(frozen=True)
class Check:
    """One question to IAM. A call is allowed when all of its checks are."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


def tags_in(listed: Any, key: str = "Key", value: str = "Value") -> dict[str, str | Sequence[str]]:
    """Return the context of the tags that a request brings."""
    tags = {str(tag[key]): str(tag[value]) for tag in listed or []}
    if not tags:
        return {}
    return {"aws:TagKeys": tuple(tags), **{f"aws:RequestTag/{name}": given for name, given in tags.items()}}
