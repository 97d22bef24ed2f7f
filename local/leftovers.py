"""What a run left behind: all of it must be nothing once the run is over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from local import deployed
from local.stacks import Stack
from shared import names

Client = Callable[[str, str], Any]
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True)
class Leftovers:
    """Names and counts; only what is not nothing is listed."""

    temporary_databases: tuple[str, ...]
    databases_beside_targets: tuple[str, ...]
    unacknowledged_messages: Mapping[str, int]
    dead_letters: Mapping[str, int]
    secrets: tuple[str, ...]
    masked_snapshots: tuple[str, ...]
    shared_snapshots: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing was left."""
        return not any(getattr(self, field.name) for field in fields(self))


def look(client: Client, stacks: Mapping[str, Stack]) -> Leftovers:
    """Look for leftovers of runs in both accounts, through the API."""
    waiting = {
        name: count
        for account, stack in stacks.items()
        for name, count in _messages(client(account, "sqs"), stack).items()
    }
    dead = {name for stack in stacks.values() for name in deployed.dead_letter_queues(stack)}
    development = _databases(client("development", "rds"))
    snapshots = _snapshots(client("production", "rds"))
    return Leftovers(
        temporary_databases=_starting(_databases(client("production", "rds")), names.TEMPORARY),
        databases_beside_targets=tuple(
            name
            for name in development
            if name.startswith(names.TARGET) and ("-new-" in name or "-old-" in name)
        ),
        unacknowledged_messages={name: count for name, count in waiting.items() if name not in dead},
        dead_letters={name: count for name, count in waiting.items() if name in dead},
        secrets=_run_secrets(client("production", "secretsmanager")),
        masked_snapshots=_starting(snapshots, names.MASKED),
        shared_snapshots=_starting(snapshots, names.SHARED),
    )


def _messages(sqs: Any, stack: Stack) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in deployed.queues(stack):
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))["Attributes"]
        count = sum(int(attributes[counted]) for counted in _COUNTS)
        if count:
            found[name] = count
    return found


def _databases(rds: Any) -> list[str]:
    """List databases; a cluster's own instance counts with its cluster."""
    instances = [
        database["DBInstanceIdentifier"]
        for page in rds.get_paginator("describe_db_instances").paginate()
        for database in page["DBInstances"]
        if not database.get("DBClusterIdentifier")
    ]
    clusters = [
        cluster["DBClusterIdentifier"]
        for page in rds.get_paginator("describe_db_clusters").paginate()
        for cluster in page["DBClusters"]
    ]
    return sorted(instances + clusters)


def _snapshots(rds: Any) -> list[str]:
    of_instances = [
        snapshot["DBSnapshotIdentifier"]
        for page in rds.get_paginator("describe_db_snapshots").paginate()
        for snapshot in page["DBSnapshots"]
    ]
    of_clusters = [
        snapshot["DBClusterSnapshotIdentifier"]
        for page in rds.get_paginator("describe_db_cluster_snapshots").paginate()
        for snapshot in page["DBClusterSnapshots"]
    ]
    return sorted(of_instances + of_clusters)


def _run_secrets(secrets: Any) -> tuple[str, ...]:
    found = [
        secret["Name"]
        for page in secrets.get_paginator("list_secrets").paginate()
        for secret in page["SecretList"]
        if not secret.get("DeletedDate")
    ]
    return tuple(sorted(name for name in found if name.startswith("snapveil/")))


def _starting(found: list[str], prefix: str) -> tuple[str, ...]:
    return tuple(name for name in found if name.startswith(prefix))
