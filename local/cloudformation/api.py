"""CloudFormation's API over `local.stacks`, so that a deployment with plain boto3 runs in the embedded cloud.

moto's own (5.2.5) skips types that we use, answers HTTP 500 for rules, and cannot be imported without a
package that we do not need. A call here returns when everything has happened: the first look of a waiter
finds a stack at rest.
"""

import threading
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.responses import ActionResult, BaseResponse

from local.accounts import REGION, Account
from local.cloudformation.change_sets import ChangeSet
from local.cloudformation.reading import RefusedCallError, acknowledged, invalid, parameters_of, template_of
from local.stacks import Stack, TemplateError, shown
from local.stacks.stack import check_types

# What would change how a stack is made, and is not emulated; everything else may be given.
_NOT_EMULATED = ("DisableRollback", "OnFailure", "RetainResources", "ResourceTypes", "StackPolicyBody")


class LiveStacks(BaseBackend):
    """The stacks of one account and region. `account` is with whose clients they are made."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.stacks: dict[str, Stack] = {}
        self.deleted: dict[str, Stack] = {}
        self.change_sets: dict[str, ChangeSet] = {}
        self.account = Account(account_id, account_id)
        self.lock = threading.RLock()

    @property
    def _url_module(self) -> Any:
        return SimpleNamespace(
            url_bases=[r"https?://cloudformation\.(.+)\.amazonaws\.com"],
            url_paths={"{0}/$": StackResponse.dispatch},
        )

    def find(self, name: str) -> Stack:
        """Find a stack by its name, or by its id also after it was deleted. Raises ValidationError."""
        for stack in (*self.stacks.values(), *self.deleted.values()):
            if name == stack.id or (name == stack.name and stack.name in self.stacks):
                return stack
        raise invalid(f"Stack with id {name} does not exist")

    def change_set(self, params: Mapping[str, Any]) -> ChangeSet:
        """Find a change set by its id, or by its name and its stack's."""
        for one in self.change_sets.values():
            named = (one.name, one.stack.name) == (params["ChangeSetName"], params.get("StackName"))
            if params["ChangeSetName"] == one.id or named:
                return one
        raise RefusedCallError("ChangeSetNotFound", f"ChangeSet [{params['ChangeSetName']}] does not exist")

    def forget(self, stack: Stack) -> None:
        """Free a deleted stack's name."""
        del self.stacks[stack.name]
        self.deleted[stack.id] = stack


stacks_backends = BackendDict(
    LiveStacks, "cloudformation", use_boto3_regions=False, additional_regions=[REGION, "us-east-1"]
)


class StackResponse(BaseResponse):
    """CloudFormation's answers."""

    def __init__(self) -> None:
        super().__init__(service_name="cloudformation")
        self.automated_parameter_parsing = True

    @property
    def backend(self) -> LiveStacks:
        """The caller's stacks."""
        return stacks_backends[self.current_account][self.region]

    def create_stack(self) -> ActionResult:
        """Answer CreateStack."""
        params, backend = self._given(), self.backend
        name = params["StackName"]
        template = template_of(params, self.backend.account)
        with backend.lock:
            if name in backend.stacks:
                raise RefusedCallError("AlreadyExistsException", f"Stack [{name}] already exists")
            acknowledged(template, params)
            stack = Stack(name, backend.account)
            stack.tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
            stack.protected = bool(params.get("EnableTerminationProtection", False))
            try:
                stack.create(template, parameters_of(params, {}))
            except TemplateError as error:
                raise invalid(str(error)) from error
            backend.stacks[name] = stack
        return ActionResult({"StackId": stack.id})

    def create_change_set(self) -> ActionResult:
        """Answer CreateChangeSet, for a stack that is not there yet."""
        params, backend = self._given(), self.backend
        name = params["StackName"]
        if params.get("ChangeSetType") != "CREATE":
            raise invalid("only change sets of type CREATE are emulated locally")
        template = template_of(params, self.backend.account)
        with backend.lock:
            if name in backend.stacks:
                raise invalid(f"Stack [{name}] already exists and cannot be created again with the changeSet")
            acknowledged(template, params)
            stack = backend.stacks[name] = Stack(name, backend.account)
            made = ChangeSet.of(
                params["ChangeSetName"],
                stack,
                template,
                parameters_of(params, {}),
                bool(params.get("ImportExistingResources", False)),
            )
            backend.change_sets[made.id] = made
        return ActionResult({"Id": made.id, "StackId": stack.id})

    def describe_change_set(self) -> ActionResult:
        """Answer DescribeChangeSet."""
        return ActionResult(self.backend.change_set(self._given()).shown())

    def execute_change_set(self) -> ActionResult:
        """Answer ExecuteChangeSet."""
        with self.backend.lock:
            try:
                self.backend.change_set(self._given()).execute()
            except TemplateError as error:
                raise invalid(str(error)) from error
        return ActionResult({})

    def update_stack(self) -> ActionResult:
        """Answer UpdateStack."""
        params, backend = self._given(), self.backend
        with backend.lock:
            stack = backend.find(params["StackName"])
            if not stack.status.endswith("_COMPLETE") or stack.status in (
                "ROLLBACK_COMPLETE",
                "DELETE_COMPLETE",
            ):
                raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
            template = (
                stack.template
                if params.get("UsePreviousTemplate")
                else template_of(params, self.backend.account)
            )
            acknowledged(template, params)
            try:
                stack.update(template, parameters_of(params, stack.given))
            except TemplateError as error:
                raise invalid(str(error)) from error
            if "Tags" in params:
                stack.tags = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        return ActionResult({"StackId": stack.id})

    def delete_stack(self) -> ActionResult:
        """Answer DeleteStack; to delete what is not there is no error."""
        params, backend = self._given(), self.backend
        with backend.lock:
            stack = backend.stacks.get(params["StackName"].partition("stack/")[2].partition("/")[0])
            stack = stack or backend.stacks.get(params["StackName"])
            if stack is None:
                return ActionResult({})
            if stack.protected:
                raise invalid(
                    f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
                )
            if stack.delete():
                backend.forget(stack)
        return ActionResult({})

    def update_termination_protection(self) -> ActionResult:
        """Answer UpdateTerminationProtection."""
        stack = self.backend.find(self._given()["StackName"])
        stack.protected = bool(self._given()["EnableTerminationProtection"])
        return ActionResult({"StackId": stack.id})

    def describe_stacks(self) -> ActionResult:
        """Answer DescribeStacks."""
        name = self._given().get("StackName")
        found = [self.backend.find(name)] if name else list(self.backend.stacks.values())
        return ActionResult({"Stacks": [shown.stack(stack) for stack in found]})

    def list_stacks(self) -> ActionResult:
        """Answer ListStacks."""
        wanted = self._given().get("StackStatusFilter")
        everything = [*self.backend.stacks.values(), *self.backend.deleted.values()]
        found = [stack for stack in everything if not wanted or stack.status in wanted]
        return ActionResult({"StackSummaries": [shown.stack(stack) for stack in found]})

    def describe_stack_events(self) -> ActionResult:
        """Answer DescribeStackEvents, the newest first."""
        stack = self.backend.find(self._given()["StackName"])
        listed = [shown.event(number, stack, one) for number, one in enumerate(stack.events)]
        return ActionResult({"StackEvents": listed[::-1]})

    def list_stack_resources(self) -> ActionResult:
        """Answer ListStackResources."""
        stack = self.backend.find(self._given()["StackName"])
        return ActionResult({"StackResourceSummaries": shown.resources(stack, "LastUpdatedTimestamp")})

    def describe_stack_resources(self) -> ActionResult:
        """Answer DescribeStackResources."""
        params = self._given()
        stack = self.backend.find(params["StackName"])
        wanted = params.get("LogicalResourceId")
        listed = [
            one for one in shown.resources(stack, "Timestamp") if wanted in (None, one["LogicalResourceId"])
        ]
        return ActionResult({"StackResources": listed})

    def get_template(self) -> ActionResult:
        """Answer GetTemplate."""
        return ActionResult(
            {"TemplateBody": shown.body(self.backend.find(self._given()["StackName"]).template)}
        )

    def get_template_summary(self) -> ActionResult:
        """Answer GetTemplateSummary."""
        params = self._given()
        template = (
            self.backend.find(params["StackName"]).template
            if "StackName" in params
            else template_of(params, self.backend.account)
        )
        return ActionResult(shown.summary(template) | {"ResourceTypes": sorted(template.types)})

    def validate_template(self) -> ActionResult:
        """Answer ValidateTemplate."""
        template = template_of(self._given(), self.backend.account)
        try:
            check_types(template)
        except TemplateError as error:
            raise invalid(str(error)) from error
        return ActionResult(shown.summary(template))

    def _given(self) -> dict[str, Any]:
        params: Any = self.params
        given = dict(params) if params else {}
        for name in _NOT_EMULATED:
            if given.get(name) not in (None, False, "ROLLBACK", []):
                raise invalid(f"{name} is not emulated locally")
        return given
