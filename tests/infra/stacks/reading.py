"""A template as the tests read it: resources by type, and what refers to what."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Properties = dict[str, Any]
Statement = dict[str, Any]


@dataclass(frozen=True)
class Template:
    """A synthesized template."""

    account: str
    content: dict[str, Any]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Return the resources by logical id."""
        found: dict[str, dict[str, Any]] = self.content["Resources"]
        return found

    def all(self, kind: str) -> dict[str, Properties]:
        """Return the properties of every resource of a type, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == f"AWS::{kind}"
        }

    def one(self, kind: str) -> Properties:
        """Return the properties of the only resource of a type."""
        (found,) = self.all(kind).values()
        return found

    def queue_policy(self, queue: str) -> list[Statement]:
        """Return the statements of the policy of a queue."""
        return [
            statement
            for policy in self.all("SQS::QueuePolicy").values()
            if {"Ref": queue} in policy["Queues"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]

    def trusts(self) -> Iterator[tuple[str, Statement]]:
        """Return every statement, of any policy, that lets a service in, and where it is."""
        for name, resource in self.resources.items():
            for statement in statements_in(resource.get("Properties", {})):
                if statement["Effect"] == "Allow" and "Service" in (statement.get("Principal") or ()):
                    yield name, statement


def statements_in(value: Any) -> Iterator[Statement]:
    """Return every policy statement somewhere in a value."""
    if isinstance(value, dict):
        if "Effect" in value:
            yield value
        else:
            for part in value.values():
                yield from statements_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from statements_in(part)


def references(value: Any) -> set[str]:
    """Return every logical id or parameter that a value refers to."""
    if isinstance(value, list):
        return {name for part in value for name in references(part)}
    if not isinstance(value, dict):
        return set()
    found = {name for part in value.values() for name in references(part)}
    match value:
        case {"Ref": str(name)}:
            found.add(name)
        case {"Fn::GetAtt": [str(name), *_]}:
            found.add(name)
        case {"Fn::Sub": str(text)}:
            found |= _named(text)
        case {"Fn::Sub": [str(text), dict(values)]}:
            found |= _named(text) - set(values)
    return found


def _named(text: str) -> set[str]:
    pieces = text.split("${")[1:]
    return {piece.partition("}")[0].partition(".")[0] for piece in pieces if not piece.startswith("!")}
