"""A stack: what a template made in an account; created, updated and deleted as CloudFormation does it."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.accounts import Account
from local.authorization.roles import DeployedRole
from local.stacks import parameters
from local.stacks.errors import DeploymentError, ResourceError, TemplateError
from local.stacks.families import TYPES
from local.stacks.families.roles import deployed
from local.stacks.resolution import NO_VALUE, Scope
from local.stacks.resource import Made, Order, Resource
from local.stacks.template import Declared, Template

NAME = "snapveil"
_OWN_TYPE = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Event:
    """One line of a stack's history."""

    at: datetime
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str = ""


@dataclass(frozen=True)
class Output:
    """What a stack tells about itself."""

    value: str
    description: str = ""
    export: str = ""


class _FailedError(Exception):
    """One resource failed."""


def deploy(
    template: Mapping[str, Any] | Template, account: Account, given: Mapping[str, str], name: str = NAME
) -> "Stack":
    """Make everything that a template declares.

    Raises TemplateError, and DeploymentError after a failure, when everything that was made is gone again.
    """
    stack = Stack(name, account)
    if not stack.create(template if isinstance(template, Template) else Template(template), given):
        raise DeploymentError(f"{stack.name}: {stack.reason}")
    return stack


def check_types(template: Template) -> None:
    """Raise TemplateError for a resource type that the embedded cloud does not know."""
    if unknown := sorted(template.types - set(TYPES)):
        raise TemplateError(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")


class Stack:
    """The resources of one template in one account."""

    def __init__(self, name: str, account: Account) -> None:
        self.name = name
        self.account = account
        self.id = f"arn:aws:cloudformation:{account.region}:{account.number}:stack/{name}/{uuid.uuid4()}"
        self.template: Template
        self.given: Mapping[str, str] = {}
        self.parameters: Mapping[str, parameters.Value] = {}
        self.resources: dict[str, Resource] = {}
        self.outputs: dict[str, Output] = {}
        self.events: list[Event] = []
        self.tags: dict[str, str] = {}
        self.protected = False
        self._adopting = False
        self._roles: Mapping[str, DeployedRole] | None = None
        self.status = "REVIEW_IN_PROGRESS"
        self.reason = ""
        self.created = datetime.now(UTC)
        self.updated: datetime | None = None

    @property
    def roles(self) -> Mapping[str, DeployedRole]:
        """The roles by name, with their policies."""
        if self._roles is None:
            self._roles = deployed(self.resources)
        return self._roles

    def create(self, template: Template, given: Mapping[str, str], *, adopt: bool = False) -> bool:
        """Make everything; False if it failed and was taken back. Raises TemplateError before it begins.

        With `adopt`, what must be kept at deletion and is there already is taken in.
        """
        self._adopting = adopt
        check_types(template)
        values = parameters.values(template.parameters, given)
        self._note_self("CREATE_IN_PROGRESS")
        try:
            self._apply(template, given, values)
        except _FailedError as error:
            self._note_self("ROLLBACK_IN_PROGRESS", str(error))
            self._delete_all(kept=("Retain",))
            self.outputs = {}
            self._note_self("ROLLBACK_COMPLETE", str(error))
            return False
        self._note_self("CREATE_COMPLETE")
        return True

    def update(self, template: Template, given: Mapping[str, str]) -> bool:
        """Make it what a template declares now; False if it failed and is what it was.

        Raises TemplateError before anything is changed, also when there is nothing to change.
        """
        check_types(template)
        values = parameters.values(template.parameters, given)
        if template.document == self.template.document and values == self.parameters:
            raise TemplateError("No updates are to be performed.")
        before = self.template, self.given, self.parameters
        self.updated = datetime.now(UTC)
        self._adopting = False
        self._note_self("UPDATE_IN_PROGRESS")
        try:
            self._apply(template, given, values)
        except _FailedError as error:
            self._note_self("UPDATE_ROLLBACK_IN_PROGRESS", str(error))
            try:
                self._apply(*before)
            except _FailedError as second:
                self._note_self("UPDATE_ROLLBACK_FAILED", f"{error}; then {second}")
                return False
            self._note_self("UPDATE_ROLLBACK_COMPLETE", str(error))
            return False
        self._note_self("UPDATE_COMPLETE")
        return True

    def delete(self) -> bool:
        """Delete all but what must be kept, the last first; False if something could not be deleted."""
        self._note_self("DELETE_IN_PROGRESS")
        try:
            self._delete_all(kept=("Retain", "RetainExceptOnCreate"))
        except _FailedError as error:
            self._note_self("DELETE_FAILED", str(error))
            return False
        self._note_self("DELETE_COMPLETE")
        return True

    def _apply(
        self, template: Template, given: Mapping[str, str], values: Mapping[str, parameters.Value]
    ) -> None:
        scope = self._scope(template, values)
        self.template, self.given, self.parameters = template, given, values
        wanted = [
            declared
            for declared in map(template.resources.__getitem__, template.order)
            if declared.condition is None or scope.holds(declared.condition)
        ]
        for declared in wanted:
            self._guarded(declared.logical_id, declared.type, "CREATE", partial(self._make, declared, scope))
        gone = set(self.resources) - {declared.logical_id for declared in wanted}
        for logical_id in reversed([name for name in self.resources if name in gone]):
            self._delete(self.resources.pop(logical_id), ("Retain", "RetainExceptOnCreate"))
        self.resources = {declared.logical_id: self.resources[declared.logical_id] for declared in wanted}
        self.outputs = self._guarded("Outputs", _OWN_TYPE, "CREATE", lambda: _outputs(template, scope))

    def _make(self, declared: Declared, scope: Scope) -> None:
        """Make a resource, change it, or leave it as it is."""
        type_, old = TYPES[declared.type], self.resources.get(declared.logical_id)
        properties = scope.resolve(declared.properties)
        type_.check(properties)
        if old is not None and old.type == declared.type and old.properties == properties:
            self.resources[declared.logical_id] = replace(old, on_deletion=declared.on_deletion)
            return
        order = Order(self.account, self.name, declared.logical_id, properties)
        if old is not None and old.type == declared.type and type_.update is not None:
            made, done = type_.update(order, old), "UPDATE"
        else:
            if old is not None:
                del self.resources[declared.logical_id]
                self._delete(replace(old, on_deletion=declared.on_replacement), ("Retain",))
            found = (
                type_.find(order)
                if self._adopting and declared.on_deletion != "Delete" and type_.find
                else None
            )
            made, done = (found, "IMPORT") if found else (type_.create(order), "CREATE")
        self._keep(declared, properties, made)
        self._note(declared.logical_id, made.physical_id, declared.type, f"{done}_COMPLETE")

    def _keep(self, declared: Declared, properties: Mapping[str, Any], made: Made) -> None:
        self.resources[declared.logical_id] = Resource(
            declared.logical_id,
            declared.type,
            made.physical_id,
            made.attributes,
            properties,
            declared.on_deletion,
        )

    def _delete_all(self, kept: tuple[str, ...]) -> None:
        for logical_id in reversed(list(self.resources)):
            self._delete(self.resources[logical_id], kept)
            del self.resources[logical_id]

    def _delete(self, resource: Resource, kept: tuple[str, ...]) -> None:
        if resource.on_deletion in kept:
            self._note(resource.logical_id, resource.physical_id, resource.type, "DELETE_SKIPPED")
            return
        delete = TYPES[resource.type].delete
        self._guarded(resource.logical_id, resource.type, "DELETE", lambda: delete(self.account, resource))
        self._note(resource.logical_id, resource.physical_id, resource.type, "DELETE_COMPLETE")

    def _guarded(self, logical_id: str, type_: str, verb: str, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except (BotoCoreError, ClientError, ResourceError, TemplateError) as error:
            physical_id = self.resources[logical_id].physical_id if logical_id in self.resources else ""
            self._note(logical_id, physical_id, type_, f"{verb}_FAILED", str(error))
            raise _FailedError(f"{logical_id}: {error}") from error
        except KeyError as error:
            raise _FailedError(f"{logical_id} ({type_}): property {error} is needed") from error

    def _scope(self, template: Template, values: Mapping[str, parameters.Value]) -> Scope:
        def known(name: str, attribute: str | None) -> Any:
            resource = self.resources.get(name)
            if resource is None:
                raise TemplateError(f"Unresolved resource dependencies [{name}] in the template")
            if attribute is None:
                return resource.physical_id
            if attribute not in resource.attributes:
                raise TemplateError(f"Requested attribute {attribute} must be a known one of {resource.type}")
            return resource.attributes[attribute]

        pseudo = {
            "AWS::AccountId": self.account.number,
            "AWS::Partition": "aws",
            "AWS::Region": self.account.region,
            "AWS::StackId": self.id,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NotificationARNs": [],
        }
        return Scope(values, pseudo, template.mappings, template.conditions, known)

    def _note_self(self, status: str, reason: str = "") -> None:
        self.status, self.reason = status, reason
        self._roles = None
        self._note(self.name, self.id, _OWN_TYPE, status, reason)

    def _note(self, logical_id: str, physical_id: str, type_: str, status: str, reason: str = "") -> None:
        self.events.append(Event(datetime.now(UTC), logical_id, physical_id, type_, status, reason))


def _outputs(template: Template, scope: Scope) -> dict[str, Output]:
    found = {}
    for name, declared in template.outputs.items():
        if "Condition" in declared and not scope.holds(declared["Condition"]):
            continue
        value = scope.resolve(declared["Value"])
        if value is NO_VALUE or isinstance(value, dict | list):
            raise TemplateError(f"Template format error: Output {name} is no text")
        export = scope.resolve(declared.get("Export", {})).get("Name", "")
        found[name] = Output(str(value), declared.get("Description", ""), export)
    return found
