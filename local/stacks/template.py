"""A template, read: its sections checked, its resources in the order in which they can be made."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal, cast

from local.stacks.errors import TemplateError
from local.stacks.references import references

Keeping = Literal["Delete", "Retain", "RetainExceptOnCreate"]
_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Transform",
}
_ATTRIBUTES = {
    "Condition",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdateReplacePolicy",
}
_KEEPING = ("Delete", "Retain", "RetainExceptOnCreate")


@dataclass(frozen=True)
class Declared:
    """One resource of a template, its properties as they are written."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    condition: str | None
    depends_on: tuple[str, ...]
    on_deletion: Keeping
    on_replacement: Keeping


class Template:
    """A template that CloudFormation would take as far as its form goes; nothing of it changes any more.

    Raises TemplateError for an unknown section or attribute, a reference to what is not declared, and for
    resources that wait for each other.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        if unknown := sorted(set(document) - _SECTIONS):
            raise TemplateError(
                f"Invalid template property or properties [{', '.join(unknown)}], or not emulated locally"
            )
        if document.get("Transform", "AWS::LanguageExtensions") != "AWS::LanguageExtensions":
            raise TemplateError(f"Transform {document['Transform']} is not emulated locally")
        self.document = document
        self.parameters: Mapping[str, Mapping[str, Any]] = document.get("Parameters", {})
        self.mappings: Mapping[str, Any] = document.get("Mappings", {})
        self.conditions: Mapping[str, Any] = document.get("Conditions", {})
        self.outputs: Mapping[str, Mapping[str, Any]] = document.get("Outputs", {})
        self.metadata: Mapping[str, Any] = document.get("Metadata", {})
        self.resources = dict(_declared(document.get("Resources") or {}))
        if not self.resources:
            raise TemplateError("Template format error: At least one Resources member must be defined.")
        self._check_references()
        self.order: tuple[str, ...] = tuple(self._ordered())

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Read a template's JSON text."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise TemplateError(f"Template format error: JSON not well-formed. ({error})") from error
        if not isinstance(document, dict):
            raise TemplateError("Template format error: unsupported structure.")
        return cls(document)

    @cached_property
    def types(self) -> frozenset[str]:
        """The types of the resources."""
        return frozenset(declared.type for declared in self.resources.values())

    def needs(self, logical_id: str) -> set[str]:
        """Name the resources that must be there before this one."""
        declared = self.resources[logical_id]
        named = {name for name in references(declared.properties) if name in self.resources}
        return (named | set(declared.depends_on)) - {logical_id}

    def _check_references(self) -> None:
        known = {*self.parameters, *self.resources, *self.conditions}
        for declared in self.resources.values():
            named = {*references(declared.properties), *declared.depends_on}
            if declared.condition:
                named.add(declared.condition)
            missing = sorted(name for name in named - known if not name.startswith("AWS::"))
            if missing:
                raise TemplateError(
                    f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] "
                    f"in the Resources block of the template (needed by {declared.logical_id})"
                )
            if declared.logical_id in references(declared.properties):
                raise TemplateError(f"Circular dependency between resources: [{declared.logical_id}]")

    def _ordered(self) -> Iterator[str]:
        places = {name: place for place, name in enumerate(self.resources)}
        sorter = TopologicalSorter({name: self.needs(name) for name in self.resources})
        try:
            sorter.prepare()
        except CycleError as error:
            circle = sorted(set(error.args[1]), key=places.__getitem__)
            raise TemplateError(f"Circular dependency between resources: [{', '.join(circle)}]") from error
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=places.__getitem__)
            yield from ready
            sorter.done(*ready)


def _declared(resources: Mapping[str, Any]) -> Iterator[tuple[str, Declared]]:
    for name, given in resources.items():
        if not isinstance(given, dict) or not isinstance(given.get("Type"), str):
            raise TemplateError(f"Template format error: [/Resources/{name}] Every resource needs a Type.")
        if unknown := sorted(set(given) - _ATTRIBUTES):
            raise TemplateError(
                f"Template format error: [/Resources/{name}] {', '.join(unknown)}: not emulated locally"
            )
        depends_on = given.get("DependsOn", [])
        yield (
            name,
            Declared(
                name,
                given["Type"],
                given.get("Properties", {}),
                given.get("Condition"),
                tuple([depends_on] if isinstance(depends_on, str) else depends_on),
                _keeping(name, given, "DeletionPolicy"),
                _keeping(name, given, "UpdateReplacePolicy"),
            ),
        )


def _keeping(name: str, given: Mapping[str, Any], attribute: str) -> Keeping:
    policy = given.get(attribute, "Delete")
    if policy not in _KEEPING:
        raise TemplateError(
            f"Template format error: [/Resources/{name}] {attribute} {policy} is not emulated"
        )
    return cast("Keeping", policy)
