"""Which stage makes which calls: a call that is not here has been given no thought, and fails the harness.

To add one: let `kinds.py` try on it what AWS documents, run `python -m tests.faults`, then list it.
"""

from collections.abc import Iterable, Mapping

from shared.database.port import Kind
from tests.faults.calls import Doing

ORDINARY: Mapping[str, Mapping[str, str]] = {
    "anonymize": {
        "dynamodb": "GetItem PutItem UpdateItem",
        "ecs": "DescribeTasks ListTasks RunTask",
        "sns": "Publish",
        "sqs": "SendMessage",
        "ssm": "GetParameter",
    },
    "receiver": {
        "dynamodb": "GetItem PutItem UpdateItem",
        "events": "PutEvents",
        "kms": "DescribeKey",
        "rds": (
            "CopyDBSnapshot DeleteDBInstance DeleteDBSnapshot DescribeDBClusterSnapshots DescribeDBClusters "
            "DescribeDBInstances DescribeDBSnapshots ModifyDBInstance RestoreDBInstanceFromDBSnapshot"
        ),
        "secretsmanager": "GetSecretValue PutSecretValue",
        "sqs": "SendMessage",
        "ssm": "GetParameter",
    },
    "restore": {
        "dynamodb": "DeleteItem GetItem PutItem UpdateItem",
        "rds": (
            "DeleteDBInstance DescribeDBClusters DescribeDBInstances DescribeDBSnapshots ModifyDBInstance "
            "RestoreDBInstanceFromDBSnapshot"
        ),
        "s3": "GetObject ListObjectsV2",
        "secretsmanager": "CreateSecret DeleteSecret DescribeSecret",
        "sns": "Publish",
        "sqs": "SendMessage",
        "ssm": "GetParameter",
    },
    "snapshot": {
        "dynamodb": "GetItem PutItem Scan UpdateItem",
        "events": "PutEvents",
        "rds": (
            "CopyDBSnapshot CreateDBSnapshot DeleteDBSnapshot DescribeDBClusterSnapshots DescribeDBInstances "
            "DescribeDBSnapshotAttributes DescribeDBSnapshots ModifyDBSnapshotAttribute"
        ),
        "sns": "Publish",
        "sqs": "SendMessage",
        "ssm": "GetParameter",
    },
}
"""What a journey without faults makes, all of it."""

ONLY_AFTER_FAULTS: Mapping[str, Mapping[str, str]] = {
    "anonymize": {"ecs": "StopTask"},
    "restore": {"secretsmanager": "PutSecretValue"},
}
"""What a journey makes besides when something has gone wrong; a second fault there would be a pair."""


CLUSTERS: Mapping[str, str] = {
    "receiver": (
        "CopyDBClusterSnapshot CreateDBInstance DeleteDBCluster DeleteDBClusterSnapshot DeleteDBInstance"
        " DescribeDBClusterSnapshots DescribeDBClusters DescribeDBInstances DescribeDBSnapshots"
        " ModifyDBCluster ModifyDBInstance RestoreDBClusterFromSnapshot"
    ),
    "restore": (
        "CreateDBInstance DeleteDBCluster DeleteDBInstance DescribeDBClusterSnapshots DescribeDBClusters"
        " DescribeDBInstances ModifyDBCluster RestoreDBClusterFromSnapshot"
    ),
    "snapshot": (
        "CopyDBClusterSnapshot CreateDBClusterSnapshot DeleteDBClusterSnapshot"
        " DescribeDBClusterSnapshotAttributes DescribeDBClusterSnapshots DescribeDBClusters"
        " DescribeDBInstances DescribeDBSnapshots ModifyDBClusterSnapshotAttribute"
    ),
}
"""What is called of RDS instead where the source is a cluster."""


def strangers(done: Iterable[Doing], kind: Kind, *, after_fault: bool = False) -> list[str]:
    """List the calls that were made and are not known; without a fault also those known but not made."""
    made = {f"{call.stage} {call.service}.{call.operation}" for doing in done for call in doing.calls}
    table = {
        stage: {**services, "rds": CLUSTERS[stage]}
        if kind is Kind.CLUSTER and "rds" in services
        else services
        for stage, services in ORDINARY.items()
    }
    ordinary = _listed(table)
    return sorted(made - ordinary - _listed(ONLY_AFTER_FAULTS) if after_fault else made ^ ordinary)


def _listed(table: Mapping[str, Mapping[str, str]]) -> set[str]:
    return {
        f"{stage} {service}.{operation}"
        for stage, services in table.items()
        for service, operations in services.items()
        for operation in operations.split()
    }
