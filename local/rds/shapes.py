"""Databases and snapshots in the words of the API."""

from datetime import UTC, datetime
from typing import Any

from local.rds.model import Database, Place, Snapshot
from local.rds.names import Kind
from local.rds.state import State

SHOWN_SETTINGS = (
    "AllocatedStorage",
    "AutoMinorVersionUpgrade",
    "AvailabilityZone",
    "CACertificateIdentifier",
    "CopyTagsToSnapshot",
    "DBClusterParameterGroupName",
    "DBInstanceClass",
    "DBParameterGroupName",
    "DBSubnetGroupName",
    "EnableIAMDatabaseAuthentication",
    "EngineLifecycleSupport",
    "EngineMode",
    "Iops",
    "MultiAZ",
    "PromotionTier",
    "PubliclyAccessible",
    "ServerlessV2ScalingConfiguration",
    "StorageType",
    "VpcSecurityGroupIds",
)
_HOSTED_ZONE = "ZMESEXB7ZGGQ3"


def instance(state: State, database: Database) -> dict[str, Any]:
    """A DBInstance."""
    settings, storage = database.settings, database.storage
    shown: dict[str, Any] = {
        "DBInstanceIdentifier": database.identifier,
        "DBInstanceArn": database.arn,
        "DbiResourceId": database.resource_id,
        "DBInstanceStatus": database.status,
        "DBInstanceClass": settings.get("DBInstanceClass", "db.t4g.micro"),
        "DBParameterGroups": [
            {
                "DBParameterGroupName": settings.get("DBParameterGroupName", f"default.{database.engine}"),
                "ParameterApplyStatus": "in-sync",
            }
        ],
        "DBSubnetGroup": {"DBSubnetGroupName": settings.get("DBSubnetGroupName", "default")},
        "AvailabilityZone": settings.get("AvailabilityZone", f"{database.place.region}a"),
        "CACertificateIdentifier": settings.get("CACertificateIdentifier", "rds-ca-rsa2048-g1"),
        "MonitoringInterval": 0,
        "PromotionTier": settings.get("PromotionTier", 1),
        **_common(storage, database),
    }
    if database.database_name:
        shown["DBName"] = database.database_name
    if database.cluster is not None:
        shown["DBClusterIdentifier"] = database.cluster.identifier
    if database.status != "creating":
        shown["InstanceCreateTime"] = _time(database.created)
        shown["Endpoint"] = {
            "Address": state.engines.address(database.identifier, database.place.region),
            "Port": storage.port,
            "HostedZoneId": _HOSTED_ZONE,
        }
    return shown


def cluster(state: State, database: Database) -> dict[str, Any]:
    """A DBCluster. Its endpoint has a name from the beginning, whether an instance answers there or not."""
    settings = database.settings
    members = state.registry.members(database)
    shown: dict[str, Any] = {
        "DBClusterIdentifier": database.identifier,
        "DBClusterArn": database.arn,
        "DbClusterResourceId": database.resource_id,
        "Status": database.status,
        "Endpoint": state.engines.address(database.identifier, database.place.region),
        "ReaderEndpoint": state.engines.address(database.identifier, database.place.region),
        "Port": database.port,
        "HostedZoneId": _HOSTED_ZONE,
        "ClusterCreateTime": _time(database.created),
        "EngineMode": settings.get("EngineMode", "provisioned"),
        "DBClusterParameterGroup": settings.get("DBClusterParameterGroupName", f"default.{database.engine}"),
        "DBSubnetGroup": settings.get("DBSubnetGroupName", "default"),
        "DBClusterMembers": [
            {
                "DBInstanceIdentifier": member.identifier,
                "IsClusterWriter": number == 0,
                "DBClusterParameterGroupStatus": "in-sync",
                "PromotionTier": member.settings.get("PromotionTier", 1),
            }
            for number, member in enumerate(members)
        ],
        **_common(database, database),
    }
    if database.database_name:
        shown["DatabaseName"] = database.database_name
    if "ServerlessV2ScalingConfiguration" in settings:
        shown["ServerlessV2ScalingConfiguration"] = settings["ServerlessV2ScalingConfiguration"]
    return shown


def _common(storage: Database, database: Database) -> dict[str, Any]:
    settings = database.settings
    shown: dict[str, Any] = {
        "Engine": database.engine,
        "EngineVersion": database.engine_version,
        "MasterUsername": storage.master_username,
        "AllocatedStorage": settings.get("AllocatedStorage", 1 if storage.kind is Kind.CLUSTER else 20),
        "StorageType": settings.get("StorageType", "aurora" if storage.kind is Kind.CLUSTER else "gp3"),
        "StorageEncrypted": storage.kms_key is not None,
        "MultiAZ": settings.get("MultiAZ", False),
        "PubliclyAccessible": settings.get("PubliclyAccessible", False),
        "AutoMinorVersionUpgrade": settings.get("AutoMinorVersionUpgrade", True),
        "IAMDatabaseAuthenticationEnabled": settings.get("EnableIAMDatabaseAuthentication", False),
        "CopyTagsToSnapshot": settings.get("CopyTagsToSnapshot", False),
        "BackupRetentionPeriod": storage.backup_retention,
        "DeletionProtection": database.deletion_protection,
        "PendingModifiedValues": dict(database.pending),
        "VpcSecurityGroups": [
            {"VpcSecurityGroupId": group, "Status": "active"}
            for group in settings.get("VpcSecurityGroupIds", ["sg-default"])
        ],
        "TagList": tag_list(database.tags),
    }
    if storage.kms_key is not None:
        shown["KmsKeyId"] = storage.kms_key
    return shown


def snapshot(taken: Snapshot, viewer: Place, now: float) -> dict[str, Any]:
    """A DBSnapshot or DBClusterSnapshot as an account sees it: another's goes by ARN and has no tags."""
    names, origin = taken.names, taken.origin
    own = taken.place == viewer
    shown: dict[str, Any] = {
        names.snapshot_identifier: taken.identifier if own else taken.arn,
        f"{names.snapshot}Arn": taken.arn,
        names.identifier: origin.identifier,
        names.resource_id: origin.resource_id,
        "Status": taken.status,
        "SnapshotType": snapshot_type(taken, viewer),
        "PercentProgress": taken.timeline.progress(now),
        "Engine": origin.engine,
        "EngineVersion": origin.engine_version,
        "MasterUsername": origin.master_username,
        "AllocatedStorage": origin.settings.get("AllocatedStorage", 20),
        "Port": origin.port,
        "IAMDatabaseAuthenticationEnabled": origin.settings.get("EnableIAMDatabaseAuthentication", False),
        "TagList": tag_list(taken.tags) if own else [],
    }
    if taken.kms_key is not None:
        shown["KmsKeyId"] = taken.kms_key
    if taken.status == "available":
        shown["SnapshotCreateTime"] = _time(taken.taken)
    return shown | (_instance_only(taken) if taken.kind is Kind.INSTANCE else _cluster_only(taken))


def snapshot_type(taken: Snapshot, viewer: Place) -> str:
    """automated, manual, or for another account's: shared, or public."""
    if taken.place == viewer:
        return "automated" if taken.automated else "manual"
    return "shared" if viewer.account in taken.shared_with else "public"


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _instance_only(taken: Snapshot) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Encrypted": taken.kms_key is not None,
        "InstanceCreateTime": _time(taken.origin.created),
        "StorageType": taken.origin.settings.get("StorageType", "gp3"),
        "SnapshotTarget": "region",
        "AvailabilityZone": f"{taken.place.region}a",
    }
    if taken.status == "available":
        shown["OriginalSnapshotCreateTime"] = _time(taken.originally_taken)
    # The model: "It only has a value in the case of a cross-account or cross-Region copy."
    if taken.source_arn is not None and taken.source_arn.split(":")[4] != taken.place.account:
        shown["SourceDBSnapshotIdentifier"] = taken.source_arn
    return shown


def _cluster_only(taken: Snapshot) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "StorageEncrypted": taken.kms_key is not None,
        "ClusterCreateTime": _time(taken.origin.created),
        "StorageType": taken.origin.settings.get("StorageType", "aurora"),
    }
    if taken.source_arn is not None:
        shown["SourceDBClusterSnapshotArn"] = taken.source_arn
    return shown


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
