"""How a forbidden call is written, and the names of what a run of the example's shop makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.accounts import PRODUCTION, REGION
from tests.infra.synthesized import template

RUN = "shop-20261116t0505-0123abcd"
SOURCE: str = template("production")["Parameters"]["ShopDatabase"]["Default"]
TAGS = [{"Key": "snapveil:run-id", "Value": RUN}, {"Key": "snapveil:source", "Value": "shop"}]
TEMPORARY, MASKED, SHARED = f"snapveil-tmp-{RUN}", f"snapveil-fin-{RUN}", f"snapveil-shr-{RUN}"
COPY, TARGET = f"snapveil-cpy-{RUN}", "snapveil-dev-shop"
LEDGER = {"TableName": "snapveil-ledger"}
RESTORED: dict[str, Any] = {
    "DBInstanceIdentifier": TEMPORARY,
    "DBSnapshotIdentifier": f"rds:{SOURCE}-2026-11-16-05-05",
    "DBSubnetGroupName": "snapveil-temporary",
    "DBParameterGroupName": "snapveil-tmp-shop",
    "PubliclyAccessible": False,
    "Tags": TAGS,
}
TASK: dict[str, Any] = {
    "cluster": "snapveil",
    "taskDefinition": f"arn:aws:ecs:{REGION}:{PRODUCTION}:task-definition/snapveil-worker:1",
    "tags": [{"key": "snapveil:run-id", "value": RUN}],
    "overrides": {
        "taskRoleArn": f"arn:aws:iam::{PRODUCTION}:role/snapveil-worker",
        "executionRoleArn": f"arn:aws:iam::{PRODUCTION}:role/snapveil-worker-execution",
    },
}


@dataclass(frozen=True)
class Call:
    """A call, and the one role that may make it, if any may."""

    what: str
    service: str
    operation: str
    given: Mapping[str, Any]
    but: str = ""


def rds(what: str, operation: str, but: str = "", /, **given: Any) -> Call:
    return Call(what, "rds", operation, given, but)


def item(pk: str) -> dict[str, Any]:
    return {**LEDGER, "Item": {"pk": {"S": pk}, "sk": {"S": "x"}}}


def arn(account: str, resource: str) -> str:
    return f"arn:aws:rds:{REGION}:{account}:{resource}"
