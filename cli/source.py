"""Making a source in the embedded cloud's production account, by the API calls that an operator would use."""

from dataclasses import dataclass
from typing import Any

from local.cloud import Cloud
from shared.database.conditions import condition
from shared.database.port import Condition, Kind

READY_SECONDS, LOOK_EVERY_SECONDS = 120.0, 0.2
_CLASS = "db.t4g.medium"


class SourceError(Exception):
    """The source could not be made."""


@dataclass(frozen=True)
class NewSource:
    """What to create; a cluster gets one instance. `database` is None for what RDS makes in any case."""

    kind: Kind
    engine: str
    identifier: str
    database: str | None
    master: str
    password: str


def create_source(cloud: Cloud, new: NewSource) -> tuple[str, int]:
    """Create the source, wait until it is available, and return its host and port."""
    rds = cloud.client("production", "rds")
    if new.kind is Kind.CLUSTER:
        _create_cluster(rds, new)
        cloud.wait_until(
            lambda: _is_ready(new.identifier, _cluster(rds, new.identifier)["Status"]),
            READY_SECONDS,
            LOOK_EVERY_SECONDS,
        )
        _add_member(rds, new)
        address = _cluster_address
    else:
        _create_instance(rds, new)
        address = _instance_address
    found: tuple[str, int] = cloud.wait_until(
        lambda: address(rds, new.identifier), READY_SECONDS, LOOK_EVERY_SECONDS
    )
    return found


def back_up(cloud: Cloud, kind: Kind, identifier: str) -> str:
    """Take the automated snapshot that RDS would take at night, wait until it is available, and name it."""
    account, rds = cloud.accounts["production"], cloud.client("production", "rds")
    snapshot = cloud.rds.automated_snapshot(account.number, account.region, identifier)

    def available() -> bool:
        if kind is Kind.CLUSTER:
            found = rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=snapshot)
            return bool(found["DBClusterSnapshots"][0]["Status"] == "available")
        found = rds.describe_db_snapshots(DBSnapshotIdentifier=snapshot)
        return bool(found["DBSnapshots"][0]["Status"] == "available")

    cloud.wait_until(available, READY_SECONDS, LOOK_EVERY_SECONDS)
    return snapshot


def _create_instance(rds: Any, new: NewSource) -> None:
    rds.create_db_instance(
        DBInstanceIdentifier=new.identifier,
        DBInstanceClass=_CLASS,
        AllocatedStorage=20,
        BackupRetentionPeriod=7,
        **({"DBName": new.database} if new.database else {}),
        **_common(new),
    )


def _create_cluster(rds: Any, new: NewSource) -> None:
    rds.create_db_cluster(
        DBClusterIdentifier=new.identifier,
        BackupRetentionPeriod=7,
        **({"DatabaseName": new.database} if new.database else {}),
        **_common(new),
    )


def _add_member(rds: Any, new: NewSource) -> None:
    rds.create_db_instance(
        DBInstanceIdentifier=f"{new.identifier}-1",
        DBClusterIdentifier=new.identifier,
        DBInstanceClass=_CLASS,
        Engine=new.engine,
    )


def _common(new: NewSource) -> dict[str, Any]:
    return {
        "Engine": new.engine,
        "MasterUsername": new.master,
        "MasterUserPassword": new.password,
        "StorageEncrypted": True,
    }


def _instance_address(rds: Any, identifier: str) -> tuple[str, int] | None:
    found = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0]
    if not _is_ready(identifier, found["DBInstanceStatus"]):
        return None
    return found["Endpoint"]["Address"], found["Endpoint"]["Port"]


def _cluster_address(rds: Any, identifier: str) -> tuple[str, int] | None:
    cluster = _cluster(rds, identifier)
    member = rds.describe_db_instances(DBInstanceIdentifier=f"{identifier}-1")["DBInstances"][0]
    if not all(_is_ready(identifier, status) for status in (cluster["Status"], member["DBInstanceStatus"])):
        return None
    return cluster["Endpoint"], cluster["Port"]


def _cluster(rds: Any, identifier: str) -> Any:
    return rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"][0]


def _is_ready(identifier: str, status: str) -> bool:
    if condition(status) is Condition.FAILED:
        raise SourceError(f"{identifier} could not be created: RDS says {status}")
    return status == "available"
