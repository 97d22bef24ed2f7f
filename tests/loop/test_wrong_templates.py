"""A mistake in a template is found here: the loop runs on what the templates made, and on nothing else."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from local.templates import kept
from local.world import StillWaitingError
from shared.database.port import Kind
from shared.events import RefreshRequested
from shared.records import Status
from tests.local.declarations import Template, changed, of_type
from tests.loop.conftest import Scene, a_scene

Change = Callable[[Template], None]


def wrong_filter(template: Template) -> None:
    """The dispatcher listens for an event that nobody publishes."""
    for subscription in of_type(template, "AWS::SNS::Subscription"):
        if subscription["Properties"].get("FilterPolicy") == {"type": ["DatabaseRestored"]}:
            subscription["Properties"]["FilterPolicy"] = {"type": ["DatabaseRestord"]}


def wrapped_messages(template: Template) -> None:
    """SNS puts its own envelope around each message."""
    for subscription in of_type(template, "AWS::SNS::Subscription"):
        subscription["Properties"].pop("RawMessageDelivery", None)


def closed_queues(template: Template) -> None:
    """No queue lets anybody in."""
    for policy in of_type(template, "AWS::SQS::QueuePolicy"):
        policy["Properties"]["PolicyDocument"]["Statement"] = []


def without_schedules(template: Template) -> None:
    """Switch off what would look for snapshots every hour, and so heal what went wrong."""
    for name, parameter in template["Parameters"].items():
        if name.endswith("ScheduleState"):
            parameter["Default"] = "DISABLED"


def resting_rule(template: Template) -> None:
    """The rule towards the queue is off."""
    without_schedules(template)
    for rule in of_type(template, "AWS::Events::Rule"):
        rule["Properties"]["State"] = "DISABLED"


def closed_bus(template: Template) -> None:
    """The bus takes other events than those that are sent."""
    without_schedules(template)
    for policy in of_type(template, "AWS::Events::EventBusPolicy"):
        condition = policy["Properties"]["Statement"]["Condition"]
        condition["StringEquals"]["events:detail-type"] = ["TargetReplaced"]


def unfed_function(template: Template) -> None:
    """Nothing takes messages from the queues to the functions."""
    for mapping in of_type(template, "AWS::Lambda::EventSourceMapping"):
        mapping["Properties"]["Enabled"] = False


def missing_group(template: Template) -> None:
    """The subnet group has another name than the document says."""
    for group in of_type(template, "AWS::RDS::DBSubnetGroup"):
        group["Properties"]["DBSubnetGroupName"] = "somewhere-else"
    for parameter in of_type(template, "AWS::SSM::Parameter"):
        text: Any = parameter["Properties"]["Value"]
        text["Fn::Sub"] = text["Fn::Sub"].replace("${SubnetGroup}", "snapveil-temporary")


CASES: dict[str, tuple[str, Change, str]] = {
    "a filter policy names another event": ("production", wrong_filter, "DatabaseRestored"),
    "messages are not delivered raw": ("production", wrapped_messages, "DatabaseRestored"),
    "queues let nobody in": ("production", closed_queues, "DatabaseRestored"),
    "the subnet group does not exist": ("production", missing_group, ""),
    "development's rule is off": ("development", resting_rule, "SnapshotShared"),
    "development's bus lets production's events not in": ("development", closed_bus, "SnapshotShared"),
    "nothing feeds the receiver": ("development", unfed_function, "SnapshotShared"),
}


@pytest.fixture
def broken(request: pytest.FixtureRequest) -> Iterator[Scene]:
    """A world whose template has one mistake."""
    account, change, _ = CASES[request.param]
    yield from a_scene(Kind.INSTANCE, {account: changed(kept()[account], change)})


@pytest.mark.parametrize(
    ("broken", "last"),
    [(name, last) for name, (_, _, last) in CASES.items()],
    indirect=["broken"],
    ids=list(CASES),
)
def test_the_run_does_not_get_past_a_mistake(broken: Scene, last: str) -> None:
    broken.world.send("restore", RefreshRequested(source="shop-fr"))
    with pytest.raises(StillWaitingError):
        broken.world.run(until=lambda: "TargetReplaced" in broken.types(), at_most=timedelta(hours=5))
    assert broken.run().status is not Status.SUCCEEDED
    published = [kind for kind in broken.types() if kind != "StageFailed"]
    assert published[-1:] == ([last] if last else [])
    assert broken.instances("development") == {}
