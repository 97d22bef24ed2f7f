"""Stacks in the words of CloudFormation's API."""

import json
from typing import Any

from local.stacks.families.roles import POLICY, ROLE
from local.stacks.stack import Event, Stack
from local.stacks.template import Template

_NAMES = {ROLE: "RoleName", POLICY: "ManagedPolicyName"}


def stack(shown: Stack) -> dict[str, Any]:
    """A Stack."""
    secret = {
        name for name, one in shown.template.parameters.items() if str(one.get("NoEcho")).lower() == "true"
    }
    description: dict[str, Any] = {
        "StackId": shown.id,
        "StackName": shown.name,
        "Description": shown.template.document.get("Description", ""),
        "CreationTime": shown.created,
        "StackStatus": shown.status,
        "StackStatusReason": shown.reason,
        "DisableRollback": False,
        "EnableTerminationProtection": shown.protected,
        "Capabilities": capabilities(shown.template),
        "Tags": [{"Key": key, "Value": value} for key, value in shown.tags.items()],
        "Parameters": [
            {
                "ParameterKey": name,
                "ParameterValue": "****" if name in secret else _text(value),
            }
            for name, value in shown.parameters.items()
        ],
        "Outputs": [
            {"OutputKey": name, "OutputValue": output.value, "Description": output.description}
            | ({"ExportName": output.export} if output.export else {})
            for name, output in shown.outputs.items()
        ],
    }
    if shown.updated is not None:
        description["LastUpdatedTime"] = shown.updated
    return description


def event(number: int, of: Stack, shown: Event) -> dict[str, Any]:
    """A StackEvent."""
    return {
        "EventId": f"{shown.logical_id}-{number}",
        "StackId": of.id,
        "StackName": of.name,
        "LogicalResourceId": shown.logical_id,
        "PhysicalResourceId": shown.physical_id,
        "ResourceType": shown.type,
        "Timestamp": shown.at,
        "ResourceStatus": shown.status,
        **({"ResourceStatusReason": shown.reason} if shown.reason else {}),
    }


def resources(of: Stack, at: str) -> list[dict[str, Any]]:
    """The StackResources; `at` is what the time of the last change is called."""
    latest = {one.logical_id: one for one in of.events}
    return [
        {
            "StackId": of.id,
            "StackName": of.name,
            "LogicalResourceId": name,
            "PhysicalResourceId": resource.physical_id,
            "ResourceType": resource.type,
            "ResourceStatus": latest[name].status,
            at: latest[name].at,
        }
        for name, resource in of.resources.items()
    ]


def parameters(template: Template) -> list[dict[str, Any]]:
    """What a template asks for."""
    return [
        {
            "ParameterKey": name,
            "ParameterType": one["Type"],
            "Description": one.get("Description", ""),
            "NoEcho": str(one.get("NoEcho")).lower() == "true",
            **({"DefaultValue": str(one["Default"])} if "Default" in one else {}),
        }
        for name, one in template.parameters.items()
    ]


def summary(template: Template) -> dict[str, Any]:
    """What ValidateTemplate and GetTemplateSummary say of a template."""
    return {
        "Parameters": parameters(template),
        "Description": template.document.get("Description", ""),
        "Capabilities": capabilities(template),
    }


def body(template: Template) -> str:
    """A template as text."""
    return json.dumps(template.document)


def capabilities(template: Template) -> list[str]:
    """What the caller must have acknowledged: that it makes roles, and gives them names."""
    about_iam = [one for one in template.resources.values() if one.type in _NAMES]
    if not about_iam:
        return []
    named = any(_NAMES[one.type] in one.properties for one in about_iam)
    return ["CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"]


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)
