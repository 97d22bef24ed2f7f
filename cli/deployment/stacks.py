"""CloudFormation: make, change or delete a stack, and tell what happens, one line an event."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from cli.exits import RunFailedError

PAUSE_SECONDS = 3.0
_NEVER_WORKED = {
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "CREATE_FAILED",
    "DELETE_FAILED",
    "REVIEW_IN_PROGRESS",
}
_FAILED_WORDS = ("FAILED", "ROLLBACK_COMPLETE")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Stack:
    """A stack as CloudFormation describes it."""

    id: str
    name: str
    status: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""

    @property
    def busy(self) -> bool:
        """Whether CloudFormation is still at it."""
        return self.status.endswith("_IN_PROGRESS") and self.status not in _NEVER_WORKED


@dataclass(frozen=True)
class Wanted:
    """What a stack shall be; `template` is TemplateBody or TemplateURL, as CloudFormation takes it."""

    name: str
    template: Mapping[str, str]
    parameters: Mapping[str, str]
    adopt: bool = False  # take in what an earlier stack of this name left, as it holds data

    def arguments(self) -> dict[str, Any]:
        """Write it as arguments of a call."""
        return {
            "StackName": self.name,
            **self.template,
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": value} for name, value in self.parameters.items()
            ],
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
        }


class Stacks:
    """The stacks of one account and region."""

    def __init__(self, client: Any, say: Say, pause: float = PAUSE_SECONDS) -> None:
        self._client = client
        self._say = say
        self._pause = pause

    def find(self, name: str) -> Stack | None:
        """Describe a stack; None if there is none."""
        try:
            (found,) = self._client.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise
        stack = Stack(
            id=found["StackId"],
            name=found["StackName"],
            status=found["StackStatus"],
            parameters={
                one["ParameterKey"]: one.get("ParameterValue", "") for one in found.get("Parameters", ())
            },
            outputs={one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())},
            reason=found.get("StackStatusReason", ""),
        )
        return None if stack.status == "DELETE_COMPLETE" else stack

    def settled(self, name: str) -> Stack | None:
        """Describe a stack once nobody is at it any more, as after a command that was stopped."""
        stack = self.find(name)
        if stack is not None and stack.busy:
            self._say(f"{name}: {stack.status} already; waiting for that first")
            return self._follow(stack, self._seen(stack.id))
        return stack

    def apply(self, wanted: Wanted) -> Stack:
        """Make a stack or change it to what is wanted. Raises RunFailedError; running it again is safe."""
        stack = self.settled(wanted.name)
        if stack is not None and stack.status in _NEVER_WORKED:
            self._say(f"{wanted.name}: removing what an attempt that failed left ({stack.status})")
            self.remove(wanted.name)
            stack = None
        if stack is not None and stack.status == "UPDATE_ROLLBACK_FAILED":
            raise RunFailedError(
                f"{wanted.name}: CloudFormation could not go back after a failed update ({stack.reason});"
                f" run: aws cloudformation continue-update-rollback --stack-name {wanted.name}"
            )
        if stack is None:
            return self._create(wanted)
        return self._update(wanted, stack)

    def remove(self, name: str) -> None:
        """Delete a stack, if there is one. Raises RunFailedError."""
        stack = self.settled(name)
        if stack is None:
            return
        seen = self._seen(stack.id)
        self._client.delete_stack(StackName=name)
        left = self._follow(stack, seen)
        if left is not None:
            raise RunFailedError(f"{name}: {left.status}: {self._first_failure(left, seen)}")

    def template(self, name: str) -> Mapping[str, Any]:
        """Return the template that a stack was made from."""
        body: Mapping[str, Any] = self._client.get_template(StackName=name)["TemplateBody"]
        return body

    def physical_names(self, name: str) -> Mapping[str, str]:
        """Return what is called what, by logical id."""
        described = self._client.describe_stack_resources(StackName=name)["StackResources"]
        return {one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in described}

    def _create(self, wanted: Wanted) -> Stack:
        self._say(f"{wanted.name}: making the stack")
        if wanted.adopt:
            return self._create_by_import(wanted)
        stack_id = self._client.create_stack(**wanted.arguments())["StackId"]
        return self._followed(Stack(stack_id, wanted.name, "CREATE_IN_PROGRESS"), frozenset())

    def _create_by_import(self, wanted: Wanted) -> Stack:
        """Create by way of a change set: only that can take in a table or bucket that is already there."""
        made = self._client.create_change_set(
            **wanted.arguments(), ChangeSetName="adopt", ChangeSetType="CREATE", ImportExistingResources=True
        )
        while True:
            plan = self._client.describe_change_set(ChangeSetName=made["Id"])
            if plan["Status"] == "CREATE_COMPLETE":
                break
            if plan["Status"] == "FAILED":
                raise RunFailedError(f"{wanted.name}: {plan.get('StatusReason', 'the change set failed')}")
            time.sleep(self._pause)
        self._client.execute_change_set(ChangeSetName=made["Id"])
        return self._followed(Stack(made["StackId"], wanted.name, "CREATE_IN_PROGRESS"), frozenset())

    def _update(self, wanted: Wanted, stack: Stack) -> Stack:
        seen = self._seen(stack.id)
        try:
            self._client.update_stack(**wanted.arguments())
        except ClientError as error:
            if "No updates are to be performed" in error.response["Error"]["Message"]:
                self._say(f"{wanted.name}: already as wanted")
                return stack
            raise
        self._say(f"{wanted.name}: changing the stack")
        return self._followed(stack, seen)

    def _followed(self, stack: Stack, seen: frozenset[str]) -> Stack:
        ended = self._follow(stack, seen)
        if ended is None:
            raise RunFailedError(
                f"{stack.name}: somebody deleted the stack meanwhile; run the same command again"
            )
        if any(word in ended.status for word in _FAILED_WORDS):
            raise RunFailedError(
                f"{ended.name}: {ended.status}: {self._first_failure(ended, seen)};"
                " mend it and run the same command again"
            )
        return ended

    def _follow(self, stack: Stack, seen: frozenset[str]) -> Stack | None:
        """Tell events until the stack rests; None once it is deleted."""
        told = set(seen)
        while True:
            now = self.find(stack.id)
            with (
                contextlib.nullcontext() if now else contextlib.suppress(ClientError)
            ):  # gone, and its events
                for event in self._new_events(stack.id, told):
                    told.add(event["EventId"])
                    self._say(_line(event))
            if now is None or not now.busy:
                return now
            time.sleep(self._pause)

    def _seen(self, stack_id: str) -> frozenset[str]:
        return frozenset(event["EventId"] for event in self._events(stack_id))

    def _new_events(self, stack_id: str, told: set[str]) -> list[Mapping[str, Any]]:
        """Return what has not been told yet, oldest first."""
        new = []
        for event in self._events(stack_id):  # the newest comes first
            if event["EventId"] in told:
                break
            new.append(event)
        return new[::-1]

    def _events(self, stack_id: str) -> Iterator[Mapping[str, Any]]:
        for page in self._client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
            yield from page["StackEvents"]

    def _first_failure(self, stack: Stack, seen: frozenset[str]) -> str:
        """Find what failed first since: what follows was only cancelled for it."""
        for event in self._new_events(stack.id, set(seen)):
            if event["ResourceStatus"].endswith("_FAILED"):
                reason = event.get("ResourceStatusReason", "no reason was given")
                return f"{event['LogicalResourceId']}: {reason}"
        return stack.reason or "no reason was given"


def _line(event: Mapping[str, Any]) -> str:
    reason = event.get("ResourceStatusReason", "")
    why = f"  {reason}" if reason and event["ResourceStatus"].endswith("_FAILED") else ""
    what = f"{event['LogicalResourceId']} ({event['ResourceType']})"
    return f"  {event['Timestamp']:%H:%M:%S}  {event['ResourceStatus']:<20}  {what}{why}"
