"""How a stack is followed: events, failures, an attempt that left something, a stack that others are at."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.deployment.stacks import Stacks, Wanted
from cli.exits import RunFailedError

WANTED = Wanted("snapveil", {"TemplateBody": "{}"}, {"CodePrefix": "functions/1/"})


class CloudFormation:
    """One stack that goes through the statuses that a test says, a step each time somebody looks."""

    def __init__(self, *statuses: str) -> None:
        self.status = statuses[0] if statuses else None
        self.after: dict[str, list[str]] = {"create": ["CREATE_COMPLETE"], "update": ["UPDATE_COMPLETE"]}
        self.coming = list(statuses[1:])
        self.events: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.scripted: dict[str, list[tuple[str, ...]]] = {}
        self.stuck = False

    def describe_stacks(self, **named: str) -> dict[str, Any]:
        if self.status is None:
            raise _error("Stack with id snapveil does not exist")
        described = {"StackId": "arn:snapveil", "StackName": "snapveil", "StackStatus": self.status}
        if self.coming:
            self.status = self.coming.pop(0)
        return {"Stacks": [described]}

    def create_stack(self, **arguments: Any) -> dict[str, str]:
        assert arguments["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
        self._go("create", "CREATE_IN_PROGRESS")
        return {"StackId": "arn:snapveil"}

    def update_stack(self, **arguments: Any) -> None:
        if self.after["update"] == []:
            raise _error("No updates are to be performed.")
        self._go("update", "UPDATE_IN_PROGRESS")

    def delete_stack(self, **named: str) -> None:
        self.calls.append("delete")
        self.status, self.coming = (
            "DELETE_IN_PROGRESS",
            ["DELETE_FAILED" if self.stuck else "DELETE_COMPLETE"],
        )
        for event in self.scripted.get("delete", ()):
            self.happens(*event)

    def create_change_set(self, **arguments: Any) -> dict[str, str]:
        assert (arguments["ChangeSetType"], arguments["ImportExistingResources"]) == ("CREATE", True)
        self.calls.append("change set")
        return {"Id": "arn:change", "StackId": "arn:snapveil"}

    def describe_change_set(self, **named: str) -> dict[str, str]:
        return {"Status": "CREATE_COMPLETE"}

    def execute_change_set(self, **named: str) -> None:
        self._go("create", "CREATE_IN_PROGRESS")

    def get_paginator(self, operation: str) -> "CloudFormation":
        assert operation == "describe_stack_events"
        return self

    def paginate(self, **named: str) -> Iterable[dict[str, Any]]:
        return [{"StackEvents": self.events[::-1]}]

    def happens(self, name: str, status: str, reason: str = "") -> None:
        self.events.append(
            {
                "EventId": str(len(self.events)),
                "Timestamp": datetime(2026, 11, 23, 3, 0, len(self.events), tzinfo=UTC),
                "LogicalResourceId": name,
                "ResourceType": "AWS::SQS::Queue",
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
        )

    def _go(self, what: str, status: str) -> None:
        self.calls.append(what)
        self.status, self.coming = status, list(self.after[what])
        for event in self.scripted.get(what, ()):
            self.happens(*event)


def _error(message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "Operation")


def stacks(cloud: CloudFormation) -> tuple[Stacks, list[str]]:
    said: list[str] = []
    return Stacks(cloud, said.append, pause=0), said


def test_each_event_is_told_once_on_a_line_of_its_own() -> None:
    cloud = CloudFormation()
    cloud.scripted = {"create": [("RestoreQueue", "CREATE_IN_PROGRESS"), ("RestoreQueue", "CREATE_COMPLETE")]}
    service, said = stacks(cloud)
    assert service.apply(WANTED).status == "CREATE_COMPLETE"
    assert said[1:] == [
        "  03:00:00  CREATE_IN_PROGRESS    RestoreQueue (AWS::SQS::Queue)",
        "  03:00:01  CREATE_COMPLETE       RestoreQueue (AWS::SQS::Queue)",
    ]


def test_a_failure_names_what_failed_first_and_not_what_was_cancelled_for_it() -> None:
    cloud = CloudFormation()
    cloud.after["create"] = ["ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    cloud.scripted = {
        "create": [
            ("RestoreQueue", "CREATE_FAILED", "a queue of that name exists"),
            ("Topic", "CREATE_FAILED", "Resource creation cancelled"),
        ]
    }
    service, _ = stacks(cloud)
    with pytest.raises(
        RunFailedError, match="ROLLBACK_COMPLETE: RestoreQueue: a queue of that name exists; mend it"
    ):
        service.apply(WANTED)


def test_what_an_attempt_that_failed_left_is_removed_first_with_a_word_about_it() -> None:
    cloud = CloudFormation("ROLLBACK_COMPLETE")
    service, said = stacks(cloud)
    service.apply(WANTED)
    assert cloud.calls == ["delete", "create"]
    assert said[0] == "snapveil: removing what an attempt that failed left (ROLLBACK_COMPLETE)"


def test_a_stack_that_somebody_is_at_is_waited_for() -> None:
    cloud = CloudFormation("UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    service, said = stacks(cloud)
    service.apply(WANTED)
    assert cloud.calls == ["update"]
    assert said[0] == "snapveil: UPDATE_IN_PROGRESS already; waiting for that first"


def test_an_update_that_went_back_is_a_failure_but_the_next_one_may_go_on_from_there() -> None:
    cloud = CloudFormation("CREATE_COMPLETE")
    cloud.after["update"] = ["UPDATE_ROLLBACK_COMPLETE"]
    service, _ = stacks(cloud)
    with pytest.raises(RunFailedError, match="UPDATE_ROLLBACK_COMPLETE"):
        service.apply(WANTED)
    cloud.after["update"] = ["UPDATE_COMPLETE"]
    assert service.apply(WANTED).status == "UPDATE_COMPLETE"


def test_nothing_to_change_is_no_failure() -> None:
    cloud = CloudFormation("UPDATE_COMPLETE")
    cloud.after["update"] = []
    service, said = stacks(cloud)
    assert service.apply(WANTED).status == "UPDATE_COMPLETE"
    assert said == ["snapveil: already as wanted"]


def test_an_update_that_could_not_go_back_says_how_to_go_on() -> None:
    service, _ = stacks(CloudFormation("UPDATE_ROLLBACK_FAILED"))
    with pytest.raises(
        RunFailedError, match="aws cloudformation continue-update-rollback --stack-name snapveil"
    ):
        service.apply(WANTED)


def test_what_an_earlier_stack_left_is_taken_in_by_a_change_set() -> None:
    cloud = CloudFormation()
    service, _ = stacks(cloud)
    service.apply(Wanted("snapveil", {"TemplateBody": "{}"}, {}, adopt=True))
    assert cloud.calls == ["change set", "create"]


def test_a_stack_that_could_not_be_deleted_is_a_failure_with_its_reason() -> None:
    cloud = CloudFormation("CREATE_COMPLETE")
    cloud.stuck, cloud.scripted = True, {"delete": [("SubnetGroup", "DELETE_FAILED", "it is in use")]}
    service, _ = stacks(cloud)
    with pytest.raises(RunFailedError, match="snapveil: DELETE_FAILED: SubnetGroup: it is in use"):
        service.remove("snapveil")
