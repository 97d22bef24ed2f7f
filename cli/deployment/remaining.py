"""What of Snapveil is in an account: what goes on, what holds data, what costs money without the stack."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cli.deployment.account import Operated
from shared import names
from shared.ledger import Ledger
from shared.records import Status

TABLE = "snapveil-ledger"
_GOING_ON = {Status.RUNNING, Status.FAILING, Status.DIRTY}


@dataclass(frozen=True)
class Kept:
    """Something that stays because it holds data, what it costs, and how to be rid of it."""

    what: str
    cost: str
    removal: str


def is_left_from_before(operated: Operated) -> bool:
    """Tell whether a table or bucket of an earlier stack is there, which the next one must take in."""
    return _has_table(operated) or _has_bucket(operated, own_bucket(operated))


def own_bucket(operated: Operated) -> str:
    """Name the bucket that the stack makes for policies and run records."""
    return f"snapveil-{operated.number}-{operated.region}"


def hindrances(operated: Operated) -> list[str]:
    """Say what forbids to remove the stack now, one line each."""
    found = []
    if _has_table(operated):
        ledger = Ledger(TABLE, connect=lambda: operated.client("dynamodb"))
        found += [
            f"run {run.run_id} is {run.status.value}; wait for it (snapveil status)"
            for run in ledger.runs()
            if run.status in _GOING_ON
        ]
    for name, is_cluster in _databases(operated.client("rds")):
        if name.startswith(names.TEMPORARY):
            found.append(f"temporary database {name} is there; the hourly sweep removes it")
        elif name.startswith(names.TARGET):
            kind = "cluster" if is_cluster else "instance"
            found.append(
                f"target {name} is in the stack's network; delete it first, once nobody needs it:"
                f" aws rds delete-db-{kind} --db-{kind}-identifier {name} --skip-final-snapshot"
            )
    return found


def kept(operated: Operated, keys: list[str]) -> list[Kept]:
    """List what stays because it holds data; `keys` are the KMS keys of the stack."""
    found = []
    if _has_table(operated):
        found.append(
            Kept(
                f"table {TABLE}: what runs did",
                "cents a month",
                f"aws dynamodb update-table --table-name {TABLE} --no-deletion-protection-enabled,"
                f" then: aws dynamodb delete-table --table-name {TABLE}",
            )
        )
    bucket = own_bucket(operated)
    if operated.is_production and _has_bucket(operated, bucket):
        found.append(
            Kept(
                f"bucket {bucket}: policies and run records",
                "cents a month",
                f"empty it, then: aws s3 rb s3://{bucket}",
            )
        )
    found += [
        Kept(
            f"key {key}: without it its snapshots and databases are lost",
            "about 1 USD a month",
            f"once no snapshot needs it: aws kms schedule-key-deletion --key-id {key}",
        )
        for key in keys
    ]
    found += _snapshots(operated.client("rds"))
    found += [
        Kept(
            f"secret {name}: a target's password",
            "about 0.40 USD a month",
            f"aws secretsmanager delete-secret --secret-id {name}",
        )
        for name in _secrets(operated.client("secretsmanager"))
    ]
    return found


def _snapshots(rds: Any) -> Iterator[Kept]:
    for one in _pages(rds, "describe_db_snapshots", "DBSnapshots", SnapshotType="manual"):
        name = one["DBSnapshotIdentifier"]
        if name.startswith(names.PREFIX):
            yield Kept(
                f"snapshot {name} ({one.get('AllocatedStorage', '?')} GB)",
                "about 0.10 USD a month for each GB used",
                f"aws rds delete-db-snapshot --db-snapshot-identifier {name}",
            )
    for one in _pages(rds, "describe_db_cluster_snapshots", "DBClusterSnapshots", SnapshotType="manual"):
        name = one["DBClusterSnapshotIdentifier"]
        if name.startswith(names.PREFIX):
            yield Kept(
                f"cluster snapshot {name} ({one.get('AllocatedStorage', '?')} GB)",
                "about 0.02 USD a month for each GB used",
                f"aws rds delete-db-cluster-snapshot --db-cluster-snapshot-identifier {name}",
            )


def _databases(rds: Any) -> Iterator[tuple[str, bool]]:
    for one in _pages(rds, "describe_db_clusters", "DBClusters"):
        yield one["DBClusterIdentifier"], True
    for one in _pages(rds, "describe_db_instances", "DBInstances"):
        if not one.get("DBClusterIdentifier"):  # a member goes with its cluster
            yield one["DBInstanceIdentifier"], False


def _secrets(secretsmanager: Any) -> Iterator[str]:
    wanted = [{"Key": "name", "Values": ["snapveil/"]}]
    for one in _pages(secretsmanager, "list_secrets", "SecretList", Filters=wanted):
        yield one["Name"]


def _pages(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page[key]


def _has_table(operated: Operated) -> bool:
    try:
        operated.client("dynamodb").describe_table(TableName=TABLE)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    return True


def _has_bucket(operated: Operated, name: str) -> bool:
    try:
        operated.client("s3").head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchBucket"}:
            return False
        raise
    return True
