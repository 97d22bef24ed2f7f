"""EventBridge: buses, who may put events on them, and which rule sends what where."""

import json
from typing import Any

from moto.events.models import events_backends

from local.accounts import Account
from local.stacks.resource import Made, Order, Resource, ResourceType, understood


def _create_bus(order: Order) -> Made:
    name = order.name("Name", 256)
    arn = order.account.client("events").create_event_bus(Name=name)["EventBusArn"]
    if "Policy" in order.properties:
        _put_policy(order.account, name, order.properties["Policy"])
    return Made(name, {"Arn": arn, "Name": name})


def _delete_bus(account: Account, resource: Resource) -> None:
    account.client("events").delete_event_bus(Name=resource.physical_id)


def _permit(order: Order) -> Made:
    bus, sid = order.properties["EventBusName"], order.properties["StatementId"]
    statement = {"Sid": sid, **order.properties["Statement"]}
    others = [one for one in _statements(order.account, bus) if one.get("Sid") != sid]
    _put_policy(order.account, bus, {"Version": "2012-10-17", "Statement": [*others, statement]})
    return Made(f"{bus}|{sid}")


def _forbid(account: Account, resource: Resource) -> None:
    bus, sid = resource.physical_id.split("|")
    left = [one for one in _statements(account, bus) if one.get("Sid") != sid]
    _put_policy(account, bus, {"Version": "2012-10-17", "Statement": left})


def _put_rule(order: Order) -> Made:
    given, events = order.properties, order.account.client("events")
    name, bus = order.name("Name"), given.get("EventBusName", "default")
    bus = bus.rsplit("/", 1)[-1]
    targets = given.get("Targets", [])
    for target in targets:
        understood(
            f"target {target.get('Id')}",
            target,
            "Arn",
            "DeadLetterConfig",
            "Id",
            "Input",
            "InputPath",
            "RetryPolicy",  # there are no retries here: what cannot be delivered is a dead letter at once
            "RoleArn",
        )
    arn = events.put_rule(
        Name=name,
        EventBusName=bus,
        EventPattern=json.dumps(given["EventPattern"]),
        State=given.get("State", "ENABLED"),
    )["RuleArn"]
    if targets:
        events.put_targets(Rule=name, EventBusName=bus, Targets=targets)
    return Made(name if bus == "default" else f"{bus}|{name}", {"Arn": arn})


def _delete_rule(account: Account, resource: Resource) -> None:
    events = account.client("events")
    bus, _, name = resource.physical_id.rpartition("|")
    place = {"Rule": name, "EventBusName": bus or "default"}
    ids = [target["Id"] for target in resource.properties.get("Targets", [])]
    if ids:
        events.remove_targets(**place, Ids=ids)
    events.delete_rule(Name=name, EventBusName=bus or "default")


def _create_archive(order: Order) -> Made:
    given, name = order.properties, order.name("ArchiveName", 48)
    pattern = {"EventPattern": json.dumps(given["EventPattern"])} if "EventPattern" in given else {}
    arn = order.account.client("events").create_archive(
        ArchiveName=name, EventSourceArn=given["SourceArn"], **pattern
    )["ArchiveArn"]
    return Made(name, {"Arn": arn, "ArchiveName": name})


def _delete_archive(account: Account, resource: Resource) -> None:
    account.client("events").delete_archive(ArchiveName=resource.physical_id)


def _statements(account: Account, bus: str) -> list[Any]:
    policy = events_backends[account.number][account.region].event_buses[bus].policy
    return list(json.loads(policy)["Statement"]) if policy else []


def _put_policy(account: Account, bus: str, policy: Any) -> None:
    account.client("events").put_permission(EventBusName=bus, Policy=json.dumps(policy))


TYPES = (
    ResourceType(
        "AWS::Events::EventBus",
        _create_bus,
        _delete_bus,
        acts_on=frozenset({"Name", "Policy"}),
        notes=frozenset({"DeadLetterConfig", "Description", "KmsKeyIdentifier", "LogConfig", "Tags"}),
    ),
    ResourceType(
        "AWS::Events::EventBusPolicy",
        _permit,
        _forbid,
        acts_on=frozenset({"EventBusName", "StatementId", "Statement"}),
    ),
    ResourceType(
        "AWS::Events::Rule",
        _put_rule,
        _delete_rule,
        acts_on=frozenset({"EventBusName", "EventPattern", "Name", "State", "Targets"}),
        notes=frozenset({"Description", "Tags"}),
    ),
    ResourceType(
        "AWS::Events::Archive",
        _create_archive,
        _delete_archive,
        acts_on=frozenset({"ArchiveName", "EventPattern", "SourceArn"}),
        notes=frozenset({"Description", "RetentionDays"}),  # no world lasts as long as a retention
    ),
)
