"""The roles of the kept templates, as CloudFormation would make them, without an AWS to make them in."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from local.accounts import DEVELOPMENT, PRODUCTION, REGION
from local.authorization.authorizer import Authorizer
from local.authorization.checks import Caller
from local.authorization.roles import DeployedRole

TEMPLATES = Path(__file__).resolve().parents[2] / "infra" / "templates"
ACCOUNTS = {"production": PRODUCTION, "development": DEVELOPMENT}
KEYS = {
    "ProductionKey": f"arn:aws:kms:{REGION}:{PRODUCTION}:key/production",
    "ShareKey": f"arn:aws:kms:{REGION}:{PRODUCTION}:key/share",
    "CopyKey": f"arn:aws:kms:{REGION}:{DEVELOPMENT}:key/copy",
}
BUCKET = f"arn:aws:s3:::snapveil-{PRODUCTION}-{REGION}"


@cache
def template(account: str) -> dict[str, Any]:
    """Read a kept template."""
    read: dict[str, Any] = json.loads((TEMPLATES / f"{account}.json").read_text())
    return read


@cache
def roles(account: str) -> Mapping[str, DeployedRole]:
    """Return the roles of the production or development template by name."""
    read = template(account)
    resources: dict[str, Any] = {
        name: resource["Properties"]
        for name, resource in read["Resources"].items()
        if resource["Type"] in {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}
    }
    resolve = _Resolver(read, ACCOUNTS[account])
    documents = {
        name: resolve(one["PolicyDocument"]) for name, one in resources.items() if "PolicyDocument" in one
    }
    return {
        name: DeployedRole(
            name=name,
            trust=resolve(role["AssumeRolePolicyDocument"]),
            policies=(
                *(resolve(policy["PolicyDocument"]) for policy in role["Policies"]),
                *(documents[attached["Ref"]] for attached in role.get("ManagedPolicyArns", ())),
            ),
            boundary=documents[role["PermissionsBoundary"]["Ref"]],
        )
        for role in resources.values()
        if "RoleName" in role
        for name in [resolve(role["RoleName"])]
    }


def kind_of(role: str) -> str:
    """Return the name under which the code writes a role: each source's schedule has one of its own."""
    return re.sub(r"^(snapveil-schedule-refresh)-.+", r"\1", role)


def everybody() -> list[Caller]:
    """Return every role of both accounts."""
    return [Caller(number, name, REGION) for account, number in ACCOUNTS.items() for name in roles(account)]


def authorizer(**more: Any) -> Authorizer:
    """Return an authorizer that knows the roles of both templates."""
    by_number = {number: account for account, number in ACCOUNTS.items()}
    return Authorizer(lambda number: roles(by_number[number]), lambda _: None, **more)


class _Resolver:
    """Resolves the intrinsics that stand in policies."""

    def __init__(self, read: Mapping[str, Any], account: str) -> None:
        self._values = {
            "AWS::Partition": "aws",
            "AWS::Region": REGION,
            "AWS::AccountId": account,
            "AWS::URLSuffix": "amazonaws.com",
            **{name: one["Default"] for name, one in read["Parameters"].items() if "Default" in one},
        }

    def __call__(self, value: Any) -> Any:
        match value:
            case {"Ref": name}:
                return self._values[name]
            case {"Fn::GetAtt": [name, "Arn"]}:
                return KEYS.get(name, BUCKET)
            case {"Fn::Join": [between, parts]}:
                return between.join(self(part) for part in parts)
            case {"Fn::Sub": [text, {**values}]}:
                return self._substituted(text, {name: self(one) for name, one in values.items()})
            case {"Fn::Sub": text}:
                return self._substituted(text, {})
            case Mapping():
                return {name: self(one) for name, one in value.items()}
            case list():
                return [self(one) for one in value]
        return value

    def _substituted(self, text: str, more: Mapping[str, str]) -> str:
        known = {**self._values, **more}
        return re.sub(r"\$\{([^}!]+)\}", lambda match: known[match[1]], text)
