"""The table of operations: complete for everything that the services call, and asked as AWS asks."""

import ast
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from local.accounts import PRODUCTION, REGION
from local.authorization.checks import Caller, Check
from local.authorization.decision import Judge
from local.authorization.roles import DeployedRole
from local.authorization.table import TABLE, checks_of

ROOT = Path(__file__).resolve().parents[2]
CALLER = Caller(PRODUCTION, "snapveil-restore", REGION)
SERVICES = ("dynamodb", "ecs", "events", "kms", "rds", "s3", "secretsmanager", "sns", "sqs", "ssm")
CLIENTS = {"_rds": "rds", "_dynamodb": "dynamodb", "s3": "s3"}
TAGS = [{"Key": "snapveil:run-id", "Value": "r"}]


def asked(service: str, operation: str, **given: Any) -> list[tuple[str, str]]:
    return [
        (one.action, one.resource.split(":", 5)[-1]) for one in checks_of(CALLER, service, operation, given)
    ]


def called() -> Iterator[tuple[str, str]]:
    """Find every API operation that services and shared code call, by the names of boto3's methods."""
    session = botocore.session.get_session()
    methods = {
        service: {xform_name(name): name for name in session.get_service_model(service).operation_names}
        for service in SERVICES
    }
    for path in [*(ROOT / "services").rglob("*.py"), *(ROOT / "shared").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            service, name = _client(node.func.value), node.func.attr
            if service and name == "get_paginator" and isinstance(node.args[0], ast.Constant):
                name = str(node.args[0].value)
            if service and name in methods[service]:
                yield service, methods[service][name]


def _client(value: ast.expr) -> str | None:
    match value:
        case ast.Call(func=ast.Name(id="client"), args=[ast.Constant(value=str(service))]):
            return service
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return CLIENTS.get(name)
    return None


def test_every_operation_that_the_services_call_is_in_the_table() -> None:
    found = set(called())
    assert len(found) > 30
    assert sorted(found - set(TABLE)) == []


def test_every_operation_in_the_table_is_one_of_aws() -> None:
    session = botocore.session.get_session()
    unknown = [
        f"{service}:{operation}"
        for service, operation in TABLE
        if operation not in session.get_service_model(service).operation_names
    ]
    assert unknown == []


def test_a_restore_is_asked_for_everything_it_touches_and_for_its_tags() -> None:
    found = asked(
        "rds",
        "RestoreDBInstanceFromDBSnapshot",
        DBInstanceIdentifier="New",
        DBSnapshotIdentifier="rds:shop-1",
        DBSubnetGroupName="g",
        Tags=TAGS,
    )
    action = "rds:RestoreDBInstanceFromDBSnapshot"
    assert found == [
        (action, "db:new"),
        (action, "snapshot:rds:shop-1"),
        (action, "subgrp:g"),
        (action, "pg:default.postgres"),
        (action, "og:default:postgres"),
        ("rds:AddTagsToResource", "db:new"),
    ]


def test_a_rename_is_asked_for_both_names() -> None:
    found = asked("rds", "ModifyDBInstance", DBInstanceIdentifier="a", NewDBInstanceIdentifier="b")
    assert found == [("rds:ModifyDBInstance", "db:a"), ("rds:ModifyDBInstance", "db:b")]


def test_a_copy_from_another_account_is_asked_for_under_its_arn() -> None:
    source = f"arn:aws:rds:{REGION}:222222222222:cluster-snapshot:s"
    first, *_ = checks_of(
        CALLER,
        "rds",
        "CopyDBClusterSnapshot",
        {"SourceDBClusterSnapshotIdentifier": source, "TargetDBClusterSnapshotIdentifier": "t"},
    )
    assert first == Check("rds:CopyDBClusterSnapshot", source)


@pytest.mark.parametrize(
    ("given", "resource"),
    [({}, "db:*"), ({"DBInstanceIdentifier": "a"}, "db:a")],
)
def test_a_list_is_asked_for_every_name(given: dict[str, Any], resource: str) -> None:
    assert asked("rds", "DescribeDBInstances", **given) == [("rds:DescribeDBInstances", resource)]


def test_an_item_is_asked_for_by_its_partition() -> None:
    (check,) = checks_of(CALLER, "dynamodb", "PutItem", {"TableName": "t", "Item": {"pk": {"S": "worker#r"}}})
    assert check.context == {"dynamodb:LeadingKeys": ("worker#r",)}
    (check,) = checks_of(
        CALLER,
        "dynamodb",
        "Query",
        {
            "TableName": "t",
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :at)",
            "ExpressionAttributeValues": {":pk": {"S": "r"}, ":at": {"S": "at#"}},
        },
    )
    assert check.context == {"dynamodb:LeadingKeys": ("r",)}


def test_a_task_is_asked_for_with_the_roles_that_it_gets() -> None:
    found = asked(
        "ecs",
        "RunTask",
        cluster="c",
        taskDefinition="w:1",
        tags=[{"key": "a", "value": "b"}],
        overrides={"taskRoleArn": f"arn:aws:iam::{PRODUCTION}:role/r"},
    )
    assert found == [
        ("ecs:RunTask", "task-definition/w:1"),
        ("ecs:TagResource", "task/c/*"),
        ("iam:PassRole", "role/r"),
    ]


def test_objects_and_buckets_are_asked_for_under_iam_s_names() -> None:
    assert asked("s3", "ListObjectsV2", Bucket="b", Prefix="p/") == [("s3:ListBucket", "b")]
    assert asked("s3", "HeadObject", Bucket="b", Key="k") == [("s3:GetObject", "b/k")]


def test_each_event_is_asked_for_by_itself() -> None:
    entries = [{"EventBusName": "b", "Source": "s", "DetailType": name} for name in ("One", "Two")]
    found = checks_of(CALLER, "events", "PutEvents", {"Entries": entries})
    assert [one.context["events:detail-type"] for one in found] == ["One", "Two"]


def test_deciding_takes_a_fraction_of_a_millisecond() -> None:
    statements = [
        {
            "Sid": f"S{number}",
            "Effect": "Allow",
            "Action": f"s:Do{number}",
            "Resource": f"arn:aws:s:r:1:{number}*",
        }
        for number in range(50)
    ]
    role = DeployedRole("x", {}, ({"Statement": statements},), {"Statement": statements})
    judge, check = Judge(CALLER, role), Check("s:Do49", "arn:aws:s:r:1:49")
    assert judge.decide(check).allowed
    began = time.perf_counter()
    for _ in range(200):
        judge.decide(check)
    assert (time.perf_counter() - began) / 200 < 0.001
