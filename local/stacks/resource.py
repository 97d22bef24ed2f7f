"""Resources as they are made, and what the engine must know of a type to make one."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.accounts import Account
from local.stacks.errors import ResourceError
from local.stacks.template import Keeping

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """What became of a resource: what Ref gives, and what Fn::GetAtt gives."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Resource:
    """A resource of a stack, as it was made; no intrinsics are left in its properties."""

    logical_id: str
    type: str
    physical_id: str
    attributes: Mapping[str, Any]
    properties: Properties
    on_deletion: Keeping = "Delete"


@dataclass(frozen=True)
class Order:
    """A resource that is wanted: where, and with which properties."""

    account: Account
    stack: str
    logical_id: str
    properties: Properties

    def name(self, property_: str, longest: int = 64) -> str:
        """Return the name that the template gives, or one that is made up: the same for the same stack."""
        if property_ in self.properties:
            return str(self.properties[property_])
        ending = self.token(12).upper()
        return f"{self.stack}-{self.logical_id}"[: longest - len(ending) - 1] + f"-{ending}"

    def token(self, length: int = 17) -> str:
        """Return hexadecimal digits of this resource's own, the same in every run."""
        own = f"{self.account.number}/{self.stack}/{self.logical_id}"
        return hashlib.sha256(own.encode()).hexdigest()[:length]

    def arn(self, service: str, resource: str, *, region: bool = True) -> str:
        """Name something of this account and region."""
        place = self.account.region if region else ""
        return f"arn:aws:{service}:{place}:{self.account.number}:{resource}"


def nothing(account: Account, resource: Resource) -> None:
    """Delete what is nowhere but in the stack's record."""


@dataclass(frozen=True)
class ResourceType:
    """How resources of a type are made, changed and deleted.

    `acts_on` are the properties that mean something here, `notes` those that change nothing in the embedded
    cloud; any other property is refused. Without `update`, a resource whose properties changed is replaced.
    `find` finds one that an earlier stack left, for a stack that takes in what is there. `record_only` types
    exist in the stack's record, with whatever properties they have.
    """

    name: str
    create: Callable[[Order], Made]
    delete: Callable[[Account, Resource], None] = nothing
    update: Callable[[Order, Resource], Made] | None = None
    find: Callable[[Order], Made | None] | None = None
    acts_on: frozenset[str] = frozenset()
    notes: frozenset[str] = frozenset()
    record_only: bool = False

    def check(self, properties: Properties) -> None:
        """Raise ResourceError for a property that nothing here understands."""
        if self.record_only:
            return
        unknown = sorted(set(properties) - self.acts_on - self.notes)
        if unknown:
            raise ResourceError(
                f"{self.name}: {', '.join(unknown)}: not understood by the embedded cloud; say in "
                "local/stacks/families what it does, or that it changes nothing here"
            )


def understood(what: str, given: Mapping[str, Any], *known: str) -> None:
    """Raise ResourceError for a part of a property that nothing here understands."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ResourceError(f"{what}: {', '.join(unknown)}: not understood by the embedded cloud")


def tags(properties: Properties) -> list[dict[str, str]]:
    """Return a resource's tags as most APIs take them."""
    return [{"Key": tag["Key"], "Value": tag["Value"]} for tag in properties.get("Tags", [])]
