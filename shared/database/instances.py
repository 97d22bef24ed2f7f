"""RDS instances behind the port of `port.py`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from shared.aws import client
from shared.database.conditions import condition
from shared.database.guard import Guard
from shared.database.port import Condition, Database, Endpoint, Kind, Origin, Placement, Snapshot
from shared.database.tagging import read_tags, write_tags
from shared.errors import code_of

NOT_FOUND = frozenset({"DBInstanceNotFound"})
SNAPSHOT_NOT_FOUND = frozenset({"DBSnapshotNotFound"})


class Instances:
    """The RDS API for single instances."""

    kind = Kind.INSTANCE

    def __init__(self, guard: Guard, connect: Callable[[str], Any] = client) -> None:
        self._guard = guard
        self._connect = connect

    @property
    def _rds(self) -> Any:
        return self._connect("rds")

    def find(self, name: str) -> Database | None:
        """Describe one instance; None if there is none of this name."""
        try:
            found = self._rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        except ClientError as error:
            if code_of(error) in NOT_FOUND:
                return None
            raise
        return _database(found[0]) if found else None

    def named(self, prefix: str) -> Iterator[Database]:
        """List the instances whose names begin so; members of clusters are left out."""
        for page in self._rds.get_paginator("describe_db_instances").paginate():
            for found in page["DBInstances"]:
                if found["DBInstanceIdentifier"].startswith(prefix) and not found.get("DBClusterIdentifier"):
                    yield _database(found)

    def restore(self, snapshot: Snapshot, into: str, placement: Placement, tags: Mapping[str, str]) -> None:
        """Start a restore; it takes minutes to hours and keeps the snapshot's master password.

        `BackupRetentionPeriod=0` avoids the baseline backup that RDS else takes for hours after a restore.
        Tags are always passed: without them RDS copies the source's.
        """
        self._guard.new(into, tags)
        self._rds.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier=into,
            DBSnapshotIdentifier=snapshot.name,
            DBInstanceClass=placement.instance_class,
            PubliclyAccessible=False,
            MultiAZ=False,
            AutoMinorVersionUpgrade=False,
            DeletionProtection=placement.deletion_protection,
            BackupRetentionPeriod=0,
            CopyTagsToSnapshot=False,
            Tags=write_tags(tags),
            **_network(placement),
        )

    def add_instance(self, database: Database, placement: Placement, tags: Mapping[str, str]) -> None:
        """Refuse: an instance needs no other; only a restored cluster comes without."""
        raise TypeError(f"{database.name} is an instance; only a cluster takes another")

    def set_master_password(self, database: Database, password: str) -> None:
        """Ask for another master password; RDS applies it later."""
        self._guard.existing(database.arn, database.tags)
        self._rds.modify_db_instance(
            DBInstanceIdentifier=database.name, MasterUserPassword=password, ApplyImmediately=True
        )

    def rename(self, database: Database, to: str) -> None:
        """Give an instance another name; its endpoint follows after some minutes."""
        self._guard.existing(database.arn, database.tags)
        self._guard.new(to, database.tags)
        self._rds.modify_db_instance(
            DBInstanceIdentifier=database.name, NewDBInstanceIdentifier=to, ApplyImmediately=True
        )

    def delete(self, database: Database) -> None:
        """Delete an instance without a final snapshot, lifting its deletion protection first."""
        self._guard.existing(database.arn, database.tags)
        if database.deletion_protection:
            self._rds.modify_db_instance(
                DBInstanceIdentifier=database.name, DeletionProtection=False, ApplyImmediately=True
            )
        self._rds.delete_db_instance(
            DBInstanceIdentifier=database.name, SkipFinalSnapshot=True, DeleteAutomatedBackups=True
        )

    def find_snapshot(self, name: str) -> Snapshot | None:
        """Describe one snapshot of this account; None if there is none of this name."""
        try:
            found = self._rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]
        except ClientError as error:
            if code_of(error) in SNAPSHOT_NOT_FOUND:
                return None
            raise
        return _snapshot(found[0]) if found else None

    def snapshots_of(self, database: str) -> Iterator[Snapshot]:
        """List every snapshot of one database, automated and manual."""
        yield from self._snapshots(DBInstanceIdentifier=database)

    def snapshots_named(self, prefix: str) -> Iterator[Snapshot]:
        """List the manual snapshots whose names begin so."""
        for snapshot in self._snapshots(SnapshotType="manual"):
            if snapshot.name.startswith(prefix):
                yield snapshot

    def shared_snapshots(self) -> Iterator[Snapshot]:
        """List what other accounts share with this one; the name of such a snapshot is its ARN."""
        yield from self._snapshots(SnapshotType="shared", IncludeShared=True)

    def create_snapshot(self, database: Database, name: str, tags: Mapping[str, str]) -> None:
        """Start a snapshot of a database that is ready."""
        self._guard.existing(database.arn, database.tags)
        self._guard.new(name, tags)
        self._rds.create_db_snapshot(
            DBSnapshotIdentifier=name, DBInstanceIdentifier=database.name, Tags=write_tags(tags)
        )

    def copy_snapshot(self, snapshot: Snapshot, name: str, kms_key: str, tags: Mapping[str, str]) -> None:
        """Start a copy under another key; the source may be one that another account shares."""
        self._guard.new(name, tags)
        self._rds.copy_db_snapshot(
            SourceDBSnapshotIdentifier=snapshot.name,
            TargetDBSnapshotIdentifier=name,
            KmsKeyId=kms_key,
            Tags=write_tags(tags),
        )

    def shared_with(self, snapshot: Snapshot) -> frozenset[str]:
        """Tell with which accounts a snapshot is shared; `all` means the whole world."""
        answer = self._rds.describe_db_snapshot_attributes(DBSnapshotIdentifier=snapshot.name)
        attributes = answer["DBSnapshotAttributesResult"]["DBSnapshotAttributes"]
        return _restorers(attributes)

    def share(self, snapshot: Snapshot, accounts: Iterable[str]) -> None:
        """Allow these accounts to copy a snapshot."""
        self._guard.existing(snapshot.arn, snapshot.tags)
        self._rds.modify_db_snapshot_attribute(
            DBSnapshotIdentifier=snapshot.name, AttributeName="restore", ValuesToAdd=sorted(accounts)
        )

    def unshare(self, snapshot: Snapshot, accounts: Iterable[str]) -> None:
        """Take that right back."""
        self._guard.existing(snapshot.arn, snapshot.tags)
        self._rds.modify_db_snapshot_attribute(
            DBSnapshotIdentifier=snapshot.name, AttributeName="restore", ValuesToRemove=sorted(accounts)
        )

    def delete_snapshot(self, snapshot: Snapshot) -> None:
        """Delete a snapshot of this account."""
        self._guard.existing(snapshot.arn, snapshot.tags)
        self._rds.delete_db_snapshot(DBSnapshotIdentifier=snapshot.name)

    def _snapshots(self, **filters: Any) -> Iterator[Snapshot]:
        for page in self._rds.get_paginator("describe_db_snapshots").paginate(**filters):
            yield from map(_snapshot, page["DBSnapshots"])


def _network(placement: Placement) -> dict[str, Any]:
    wanted = {
        "DBSubnetGroupName": placement.subnet_group,
        "VpcSecurityGroupIds": list(placement.security_groups) or None,
        "DBParameterGroupName": placement.parameter_group,
        "StorageType": placement.storage_type,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _restorers(attributes: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(
        value
        for attribute in attributes
        if attribute["AttributeName"] == "restore"
        for value in attribute.get("AttributeValues", [])
    )


def _database(found: dict[str, Any]) -> Database:
    address = found.get("Endpoint") or {}
    pending = {name: value for name, value in (found.get("PendingModifiedValues") or {}).items() if value}
    return Database(
        name=found["DBInstanceIdentifier"],
        kind=Kind.INSTANCE,
        status=found["DBInstanceStatus"],
        condition=condition(found["DBInstanceStatus"]),
        resource_id=found["DbiResourceId"],
        arn=found["DBInstanceArn"],
        engine=found["Engine"],
        engine_version=found.get("EngineVersion", ""),
        master_username=found["MasterUsername"],
        database_name=found.get("DBName"),
        endpoint=Endpoint(address["Address"], address["Port"]) if address.get("Address") else None,
        pending_changes=bool(pending),
        deletion_protection=found.get("DeletionProtection", False),
        tags=read_tags(found.get("TagList")),
    )


def _snapshot(found: dict[str, Any]) -> Snapshot:
    ready = condition(found["Status"]) is Condition.READY
    return Snapshot(
        name=found["DBSnapshotIdentifier"],
        kind=Kind.INSTANCE,
        status=found["Status"],
        condition=condition(found["Status"]),
        arn=found["DBSnapshotArn"],
        origin=Origin(found["SnapshotType"]) if found["SnapshotType"] in set(Origin) else Origin.MANUAL,
        database=found["DBInstanceIdentifier"],
        database_resource_id=found.get("DbiResourceId"),
        engine=found["Engine"],
        engine_version=found.get("EngineVersion", ""),
        encrypted=found.get("Encrypted", False),
        created_at=found.get("SnapshotCreateTime") if ready else None,
        kms_key=found.get("KmsKeyId"),
        percent=found.get("PercentProgress", 0),
        tags=read_tags(found.get("TagList")),
    )
