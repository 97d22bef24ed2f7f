"""Aurora clusters behind the port of `port.py`: a cluster and the one instance that Snapveil gives it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from shared.aws import client
from shared.database.conditions import condition
from shared.database.guard import Guard
from shared.database.port import Condition, Database, Endpoint, Kind, Origin, Placement, Snapshot
from shared.database.tagging import read_tags, write_tags
from shared.errors import code_of

NOT_FOUND = frozenset({"DBClusterNotFoundFault"})
INSTANCE_NOT_FOUND = frozenset({"DBInstanceNotFound"})
SNAPSHOT_NOT_FOUND = frozenset({"DBClusterSnapshotNotFoundFault"})


def _instance_name(cluster: str) -> str:
    return f"{cluster}-1"


class Clusters:
    """The RDS API for Aurora clusters. Unlike instances, cluster error codes keep the word "Fault"."""

    kind = Kind.CLUSTER

    def __init__(self, guard: Guard, connect: Callable[[str], Any] = client) -> None:
        self._guard = guard
        self._connect = connect

    @property
    def _rds(self) -> Any:
        return self._connect("rds")

    def find(self, name: str) -> Database | None:
        """Describe one cluster and its instance; None if there is no cluster of this name."""
        try:
            found = self._rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
        except ClientError as error:
            if code_of(error) in NOT_FOUND:
                return None
            raise
        return self._with_instance(found[0]) if found else None

    def named(self, prefix: str) -> Iterator[Database]:
        """List the clusters whose names begin so."""
        for page in self._rds.get_paginator("describe_db_clusters").paginate():
            for found in page["DBClusters"]:
                if found["DBClusterIdentifier"].startswith(prefix):
                    yield self._with_instance(found)

    def restore(self, snapshot: Snapshot, into: str, placement: Placement, tags: Mapping[str, str]) -> None:
        """Start a restore; it makes a cluster without an instance (see `add_instance`).

        The engine version is passed because Aurora would otherwise take the region's default; one day of
        backups is the least that Aurora allows.
        """
        self._guard.new(into, tags)
        self._rds.restore_db_cluster_from_snapshot(
            DBClusterIdentifier=into,
            SnapshotIdentifier=snapshot.name,
            Engine=snapshot.engine,
            EngineVersion=snapshot.engine_version,
            DeletionProtection=placement.deletion_protection,
            BackupRetentionPeriod=1,
            CopyTagsToSnapshot=False,
            Tags=write_tags(tags),
            **_network(placement),
        )

    def add_instance(self, database: Database, placement: Placement, tags: Mapping[str, str]) -> None:
        """Start the one instance through which a restored cluster answers."""
        self._guard.existing(database.arn, database.tags)
        name = _instance_name(database.name)
        self._guard.new(name, tags)
        self._rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBClusterIdentifier=database.name,
            Engine=database.engine,
            DBInstanceClass=placement.instance_class,
            PubliclyAccessible=False,
            AutoMinorVersionUpgrade=False,
            Tags=write_tags(tags),
        )

    def set_master_password(self, database: Database, password: str) -> None:
        """Ask for another master password; Aurora applies it later."""
        self._guard.existing(database.arn, database.tags)
        self._rds.modify_db_cluster(
            DBClusterIdentifier=database.name, MasterUserPassword=password, ApplyImmediately=True
        )

    def rename(self, database: Database, to: str) -> None:
        """Give a cluster and its instance another name.

        The instance first: a cluster that already bears its new name is taken as done by whoever looks next.
        """
        self._guard.existing(database.arn, database.tags)
        self._guard.new(to, database.tags)
        member = self._instance(_instance_name(database.name))
        if member is not None:
            self._guard.existing(member["DBInstanceArn"], read_tags(member.get("TagList")))
            self._rds.modify_db_instance(
                DBInstanceIdentifier=member["DBInstanceIdentifier"],
                NewDBInstanceIdentifier=_instance_name(to),
                ApplyImmediately=True,
            )
        self._rds.modify_db_cluster(
            DBClusterIdentifier=database.name, NewDBClusterIdentifier=to, ApplyImmediately=True
        )

    def delete(self, database: Database) -> None:
        """Delete a cluster and, first, every instance in it; no final snapshot is kept."""
        self._guard.existing(database.arn, database.tags)
        if database.deletion_protection:
            self._rds.modify_db_cluster(
                DBClusterIdentifier=database.name, DeletionProtection=False, ApplyImmediately=True
            )
        for member in self._members(database.name):
            self._guard.existing(member["DBInstanceArn"], read_tags(member.get("TagList")))
            if condition(member["DBInstanceStatus"]) is not Condition.DELETING:
                self._rds.delete_db_instance(
                    DBInstanceIdentifier=member["DBInstanceIdentifier"], SkipFinalSnapshot=True
                )
        self._rds.delete_db_cluster(DBClusterIdentifier=database.name, SkipFinalSnapshot=True)

    def find_snapshot(self, name: str) -> Snapshot | None:
        """Describe one snapshot of this account; None if there is none of this name."""
        try:
            found = self._rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)
        except ClientError as error:
            if code_of(error) in SNAPSHOT_NOT_FOUND:
                return None
            raise
        listed = found["DBClusterSnapshots"]
        return _snapshot(listed[0]) if listed else None

    def snapshots_of(self, database: str) -> Iterator[Snapshot]:
        """List every snapshot of one cluster, automated and manual."""
        yield from self._snapshots(DBClusterIdentifier=database)

    def snapshots_named(self, prefix: str) -> Iterator[Snapshot]:
        """List the manual snapshots whose names begin so."""
        for snapshot in self._snapshots(SnapshotType="manual"):
            if snapshot.name.startswith(prefix):
                yield snapshot

    def shared_snapshots(self) -> Iterator[Snapshot]:
        """List what other accounts share with this one; the name of such a snapshot is its ARN."""
        yield from self._snapshots(SnapshotType="shared", IncludeShared=True)

    def create_snapshot(self, database: Database, name: str, tags: Mapping[str, str]) -> None:
        """Start a snapshot of a cluster that is ready."""
        self._guard.existing(database.arn, database.tags)
        self._guard.new(name, tags)
        self._rds.create_db_cluster_snapshot(
            DBClusterSnapshotIdentifier=name, DBClusterIdentifier=database.name, Tags=write_tags(tags)
        )

    def copy_snapshot(self, snapshot: Snapshot, name: str, kms_key: str, tags: Mapping[str, str]) -> None:
        """Start a copy under another key; the source may be one that another account shares."""
        self._guard.new(name, tags)
        self._rds.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=snapshot.name,
            TargetDBClusterSnapshotIdentifier=name,
            KmsKeyId=kms_key,
            Tags=write_tags(tags),
        )

    def shared_with(self, snapshot: Snapshot) -> frozenset[str]:
        """Tell with which accounts a snapshot is shared; `all` means the whole world."""
        answer = self._rds.describe_db_cluster_snapshot_attributes(DBClusterSnapshotIdentifier=snapshot.name)
        attributes = answer["DBClusterSnapshotAttributesResult"]["DBClusterSnapshotAttributes"]
        return frozenset(
            value
            for attribute in attributes
            if attribute["AttributeName"] == "restore"
            for value in attribute.get("AttributeValues", [])
        )

    def share(self, snapshot: Snapshot, accounts: Iterable[str]) -> None:
        """Allow these accounts to copy a snapshot."""
        self._guard.existing(snapshot.arn, snapshot.tags)
        self._rds.modify_db_cluster_snapshot_attribute(
            DBClusterSnapshotIdentifier=snapshot.name, AttributeName="restore", ValuesToAdd=sorted(accounts)
        )

    def unshare(self, snapshot: Snapshot, accounts: Iterable[str]) -> None:
        """Take that right back."""
        self._guard.existing(snapshot.arn, snapshot.tags)
        self._rds.modify_db_cluster_snapshot_attribute(
            DBClusterSnapshotIdentifier=snapshot.name,
            AttributeName="restore",
            ValuesToRemove=sorted(accounts),
        )

    def delete_snapshot(self, snapshot: Snapshot) -> None:
        """Delete a snapshot of this account."""
        self._guard.existing(snapshot.arn, snapshot.tags)
        self._rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=snapshot.name)

    def _snapshots(self, **filters: Any) -> Iterator[Snapshot]:
        for page in self._rds.get_paginator("describe_db_cluster_snapshots").paginate(**filters):
            yield from map(_snapshot, page["DBClusterSnapshots"])

    def _instance(self, name: str) -> dict[str, Any] | None:
        try:
            found = self._rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        except ClientError as error:
            if code_of(error) in INSTANCE_NOT_FOUND:
                return None
            raise
        return dict(found[0]) if found else None

    def _members(self, cluster: str) -> list[dict[str, Any]]:
        pages = self._rds.get_paginator("describe_db_instances").paginate()
        return [
            member
            for page in pages
            for member in page["DBInstances"]
            if member.get("DBClusterIdentifier") == cluster
        ]

    def _with_instance(self, found: dict[str, Any]) -> Database:
        """See a cluster and its instance as one: it is ready only when both are."""
        members = [member["DBInstanceIdentifier"] for member in found.get("DBClusterMembers") or []]
        member = self._instance(members[0]) if members else None
        status, worst = found["Status"], condition(found["Status"])
        pending = {name: value for name, value in (found.get("PendingModifiedValues") or {}).items() if value}
        if member is not None:
            pending |= {k: v for k, v in (member.get("PendingModifiedValues") or {}).items() if v}
            if worst is Condition.READY:
                status = member["DBInstanceStatus"]
                worst = condition(status)
        return Database(
            name=found["DBClusterIdentifier"],
            kind=Kind.CLUSTER,
            status=status,
            condition=worst,
            resource_id=found["DbClusterResourceId"],
            arn=found["DBClusterArn"],
            engine=found["Engine"],
            engine_version=found.get("EngineVersion", ""),
            master_username=found["MasterUsername"],
            database_name=found.get("DatabaseName"),
            endpoint=Endpoint(found["Endpoint"], found["Port"]) if found.get("Endpoint") else None,
            has_instance=member is not None,
            pending_changes=bool(pending),
            deletion_protection=found.get("DeletionProtection", False),
            tags=read_tags(found.get("TagList")),
        )


def _network(placement: Placement) -> dict[str, Any]:
    wanted = {
        "DBSubnetGroupName": placement.subnet_group,
        "VpcSecurityGroupIds": list(placement.security_groups) or None,
        "DBClusterParameterGroupName": placement.parameter_group,
        "StorageType": placement.storage_type,
        "KmsKeyId": placement.kms_key,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _snapshot(found: dict[str, Any]) -> Snapshot:
    ready = condition(found["Status"]) is Condition.READY
    return Snapshot(
        name=found["DBClusterSnapshotIdentifier"],
        kind=Kind.CLUSTER,
        status=found["Status"],
        condition=condition(found["Status"]),
        arn=found["DBClusterSnapshotArn"],
        origin=Origin(found["SnapshotType"]) if found["SnapshotType"] in set(Origin) else Origin.MANUAL,
        database=found["DBClusterIdentifier"],
        database_resource_id=found.get("DbClusterResourceId"),
        engine=found["Engine"],
        engine_version=found.get("EngineVersion", ""),
        encrypted=found.get("StorageEncrypted", False),
        created_at=found.get("SnapshotCreateTime") if ready else None,
        kms_key=found.get("KmsKeyId"),
        percent=found.get("PercentProgress", 0),
        tags=read_tags(found.get("TagList")),
    )
