"""The parameter /snapveil/config: the document that services read, with the stack's own names in it."""

import json
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm

from infra.completion import Given, lean
from infra.plain_stack import PlainStack

NAME = "/snapveil/config"


def configuration(stack: PlainStack, document: Given) -> None:
    """Keep a completed document; `${…}` in it is what Fn::Sub makes of it."""
    text = json.dumps(_in_order(lean(document)), separators=(",", ":"), ensure_ascii=False)
    ssm.CfnParameter(
        stack,
        "Configuration",
        name=NAME,
        type="String",
        tier="Intelligent-Tiering",  # above 4 KB, with several sources, only the advanced tier holds it
        description="What the services of Snapveil read; a deployment writes it",
        value=cdk.Fn.sub(text),
    )
    stack.output("ConfigurationParameter", NAME, "The document that the services read, in SSM")


def escaped(value: Any) -> Any:
    """Keep what an operator wrote from being taken for a reference: Fn::Sub reads `${!` as `${`."""
    if isinstance(value, str):
        return value.replace("${", "${!")
    if isinstance(value, list):
        return [escaped(one) for one in value]
    if isinstance(value, dict):
        return {key: escaped(one) for key, one in value.items()}
    return value


def _in_order(document: Given) -> Given:
    """Begin with what says which document this is."""
    first = ("version", "account", "account_id", "region")
    return {key: document[key] for key in first if key in document} | {
        key: value for key, value in document.items() if key not in first
    }
