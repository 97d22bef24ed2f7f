"""Every refusal of a call has the code that RDS has for that operation."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.local.rds.cloud import PASSWORD, Cloud, refusal

NEW_INSTANCE = {
    "DBInstanceIdentifier": "shop-fr",
    "DBInstanceClass": "db.t4g.micro",
    "Engine": "postgres",
    "MasterUsername": "shop",
    "MasterUserPassword": PASSWORD,
}
NEW_CLUSTER = {
    "DBClusterIdentifier": "shop-es",
    "Engine": "aurora-postgresql",
    "MasterUsername": "shop",
    "MasterUserPassword": PASSWORD,
}
NEW_MEMBER = {
    "DBInstanceIdentifier": "shop-es-1",
    "DBInstanceClass": "db.t4g.medium",
    "Engine": "aurora-postgresql",
    "DBClusterIdentifier": "shop-es",
}
Prepare = Callable[[Cloud], object]


def _nothing(_: Cloud) -> None:
    """No database at all."""


def _instance(cloud: Cloud) -> None:
    cloud.instance()


def _protected(cloud: Cloud) -> None:
    cloud.instance(DeletionProtection=True)
    cloud.cluster(DeletionProtection=True)


def _cluster(cloud: Cloud) -> None:
    cloud.cluster()


def _member(cloud: Cloud) -> None:
    cloud.cluster()
    cloud.member()


def _creating(cloud: Cloud) -> None:
    cloud.production.rds.create_db_instance(**NEW_INSTANCE)
    cloud.production.rds.create_db_cluster(**NEW_CLUSTER)


def _deleting(cloud: Cloud) -> None:
    cloud.instance()
    cloud.cluster()
    cloud.production.rds.delete_db_instance(DBInstanceIdentifier="shop-fr", SkipFinalSnapshot=True)
    cloud.production.rds.delete_db_cluster(DBClusterIdentifier="shop-es", SkipFinalSnapshot=True)


def _snapshots(cloud: Cloud) -> None:
    cloud.instance()
    cloud.snapshot()
    cloud.cluster()
    cloud.cluster_snapshot()


def _snapshots_under_way(cloud: Cloud) -> None:
    cloud.instance()
    cloud.cluster()
    rds = cloud.production.rds
    rds.create_db_snapshot(DBInstanceIdentifier="shop-fr", DBSnapshotIdentifier="masked")
    rds.create_db_cluster_snapshot(DBClusterIdentifier="shop-es", DBClusterSnapshotIdentifier="masked")


INSTANCE_OF = {"DBInstanceIdentifier": "shop-fr"}
CLUSTER_OF = {"DBClusterIdentifier": "shop-es"}
SKIP = {"SkipFinalSnapshot": True}
RESTORE = {"DBInstanceIdentifier": "copy", "DBSnapshotIdentifier": "masked"}
RESTORE_CLUSTER = {
    "DBClusterIdentifier": "copy",
    "SnapshotIdentifier": "masked",
    "Engine": "aurora-postgresql",
}
TAKE = {"DBInstanceIdentifier": "shop-fr", "DBSnapshotIdentifier": "masked"}
TAKE_CLUSTER = {"DBClusterIdentifier": "shop-es", "DBClusterSnapshotIdentifier": "masked"}
COPY = {"SourceDBSnapshotIdentifier": "masked", "TargetDBSnapshotIdentifier": "copy"}
COPY_CLUSTER = {
    "SourceDBClusterSnapshotIdentifier": "masked",
    "TargetDBClusterSnapshotIdentifier": "copy",
}
SHARE: dict[str, Any] = {"AttributeName": "restore", "ValuesToAdd": ["222222222222"]}

REFUSALS: list[tuple[Prepare, str, dict[str, Any], str]] = [
    # unknown names
    (_nothing, "describe_db_instances", INSTANCE_OF, "DBInstanceNotFound"),
    (_nothing, "describe_db_clusters", CLUSTER_OF, "DBClusterNotFoundFault"),
    (_nothing, "modify_db_instance", INSTANCE_OF, "DBInstanceNotFound"),
    (_nothing, "modify_db_cluster", CLUSTER_OF, "DBClusterNotFoundFault"),
    (_nothing, "delete_db_instance", INSTANCE_OF | SKIP, "DBInstanceNotFound"),
    (_nothing, "delete_db_cluster", CLUSTER_OF | SKIP, "DBClusterNotFoundFault"),
    (_nothing, "create_db_instance", NEW_MEMBER, "DBClusterNotFoundFault"),
    (_nothing, "create_db_snapshot", TAKE, "DBInstanceNotFound"),
    (_nothing, "create_db_cluster_snapshot", TAKE_CLUSTER, "DBClusterNotFoundFault"),
    (_nothing, "restore_db_instance_from_db_snapshot", RESTORE, "DBSnapshotNotFound"),
    (_nothing, "restore_db_cluster_from_snapshot", RESTORE_CLUSTER, "DBClusterSnapshotNotFoundFault"),
    (_nothing, "copy_db_snapshot", COPY, "DBSnapshotNotFound"),
    (_nothing, "copy_db_cluster_snapshot", COPY_CLUSTER, "DBClusterSnapshotNotFoundFault"),
    (_nothing, "delete_db_snapshot", {"DBSnapshotIdentifier": "masked"}, "DBSnapshotNotFound"),
    (
        _nothing,
        "delete_db_cluster_snapshot",
        {"DBClusterSnapshotIdentifier": "masked"},
        "DBClusterSnapshotNotFoundFault",
    ),
    (
        _nothing,
        "modify_db_snapshot_attribute",
        SHARE | {"DBSnapshotIdentifier": "masked"},
        "DBSnapshotNotFound",
    ),
    (_nothing, "describe_db_snapshot_attributes", {"DBSnapshotIdentifier": "masked"}, "DBSnapshotNotFound"),
    (_nothing, "describe_db_snapshots", {"DBSnapshotIdentifier": "masked"}, "DBSnapshotNotFound"),
    (
        _nothing,
        "describe_db_cluster_snapshots",
        {"DBClusterSnapshotIdentifier": "masked"},
        "DBClusterSnapshotNotFoundFault",
    ),
    # names that are taken
    (_instance, "create_db_instance", NEW_INSTANCE, "DBInstanceAlreadyExists"),
    (_cluster, "create_db_cluster", NEW_CLUSTER, "DBClusterAlreadyExistsFault"),
    (_deleting, "create_db_instance", NEW_INSTANCE, "DBInstanceAlreadyExists"),
    (_deleting, "create_db_cluster", NEW_CLUSTER, "DBClusterAlreadyExistsFault"),
    (
        _snapshots,
        "restore_db_instance_from_db_snapshot",
        RESTORE | INSTANCE_OF,
        "DBInstanceAlreadyExists",
    ),
    (
        _snapshots,
        "restore_db_cluster_from_snapshot",
        RESTORE_CLUSTER | CLUSTER_OF,
        "DBClusterAlreadyExistsFault",
    ),
    (_snapshots, "create_db_snapshot", TAKE, "DBSnapshotAlreadyExists"),
    (_snapshots, "create_db_cluster_snapshot", TAKE_CLUSTER, "DBClusterSnapshotAlreadyExistsFault"),
    (
        _snapshots,
        "copy_db_snapshot",
        COPY | {"TargetDBSnapshotIdentifier": "masked"},
        "DBSnapshotAlreadyExists",
    ),
    (
        _snapshots,
        "copy_db_cluster_snapshot",
        COPY_CLUSTER | {"TargetDBClusterSnapshotIdentifier": "masked"},
        "DBClusterSnapshotAlreadyExistsFault",
    ),
    # busy databases and snapshots
    (
        _creating,
        "modify_db_instance",
        INSTANCE_OF | {"MasterUserPassword": PASSWORD},
        "InvalidDBInstanceState",
    ),
    (
        _creating,
        "modify_db_cluster",
        CLUSTER_OF | {"MasterUserPassword": PASSWORD},
        "InvalidDBClusterStateFault",
    ),
    (_creating, "create_db_instance", NEW_MEMBER, "InvalidDBClusterStateFault"),
    (_creating, "create_db_snapshot", TAKE, "InvalidDBInstanceState"),
    (_creating, "create_db_cluster_snapshot", TAKE_CLUSTER, "InvalidDBClusterStateFault"),
    (_creating, "delete_db_cluster", CLUSTER_OF | SKIP, "InvalidDBClusterStateFault"),
    (_deleting, "delete_db_instance", INSTANCE_OF | SKIP, "InvalidDBInstanceState"),
    (_deleting, "delete_db_cluster", CLUSTER_OF | SKIP, "InvalidDBClusterStateFault"),
    (_snapshots_under_way, "copy_db_snapshot", COPY, "InvalidDBSnapshotState"),
    (_snapshots_under_way, "copy_db_cluster_snapshot", COPY_CLUSTER, "InvalidDBClusterSnapshotStateFault"),
    (_snapshots_under_way, "restore_db_instance_from_db_snapshot", RESTORE, "InvalidDBSnapshotState"),
    (
        _snapshots_under_way,
        "restore_db_cluster_from_snapshot",
        RESTORE_CLUSTER,
        "InvalidDBClusterSnapshotStateFault",
    ),
    (
        _snapshots_under_way,
        "delete_db_snapshot",
        {"DBSnapshotIdentifier": "masked"},
        "InvalidDBSnapshotState",
    ),
    (
        _snapshots_under_way,
        "delete_db_cluster_snapshot",
        {"DBClusterSnapshotIdentifier": "masked"},
        "InvalidDBClusterSnapshotStateFault",
    ),
    (
        _snapshots_under_way,
        "modify_db_snapshot_attribute",
        SHARE | {"DBSnapshotIdentifier": "masked"},
        "InvalidDBSnapshotState",
    ),
    (_snapshots_under_way, "modify_db_instance", INSTANCE_OF, "InvalidDBInstanceState"),
    (
        _snapshots_under_way,
        "create_db_snapshot",
        TAKE | {"DBSnapshotIdentifier": "x"},
        "InvalidDBInstanceState",
    ),
    # what is protected, or not said
    (_protected, "delete_db_instance", INSTANCE_OF | SKIP, "InvalidParameterCombination"),
    (_protected, "delete_db_cluster", CLUSTER_OF | SKIP, "InvalidParameterCombination"),
    (_instance, "delete_db_instance", INSTANCE_OF, "InvalidParameterCombination"),
    (_cluster, "delete_db_cluster", CLUSTER_OF, "InvalidParameterCombination"),
    (
        _instance,
        "delete_db_instance",
        INSTANCE_OF | SKIP | {"FinalDBSnapshotIdentifier": "x"},
        "InvalidParameterCombination",
    ),
    # clusters and their members
    (_member, "delete_db_cluster", CLUSTER_OF | SKIP, "InvalidDBClusterStateFault"),
    (
        _member,
        "modify_db_instance",
        {"DBInstanceIdentifier": "shop-es-1", "MasterUserPassword": PASSWORD},
        "InvalidParameterCombination",
    ),
    (
        _member,
        "create_db_snapshot",
        TAKE | {"DBInstanceIdentifier": "shop-es-1"},
        "InvalidParameterValue",
    ),
    (_cluster, "create_db_instance", NEW_MEMBER | {"Engine": "postgres"}, "InvalidParameterCombination"),
    (_cluster, "create_db_instance", NEW_MEMBER | {"MasterUsername": "x"}, "InvalidParameterCombination"),
    (
        _nothing,
        "create_db_instance",
        NEW_INSTANCE | {"Engine": "aurora-postgresql"},
        "InvalidParameterCombination",
    ),
    # values
    (_cluster, "modify_db_cluster", CLUSTER_OF | {"BackupRetentionPeriod": 0}, "InvalidParameterValue"),
    (_nothing, "create_db_cluster", NEW_CLUSTER | {"BackupRetentionPeriod": 36}, "InvalidParameterValue"),
    (
        _instance,
        "modify_db_instance",
        INSTANCE_OF | {"ManageMasterUserPassword": True},
        "InvalidParameterCombination",
    ),
    (_nothing, "create_db_instance", NEW_INSTANCE | {"Engine": "oracle"}, "InvalidParameterValue"),
    (_nothing, "create_db_cluster", NEW_CLUSTER | {"Engine": "postgres"}, "InvalidParameterValue"),
    (_nothing, "create_db_instance", NEW_INSTANCE | {"MasterUserPassword": "short"}, "InvalidParameterValue"),
    (
        _nothing,
        "create_db_instance",
        NEW_INSTANCE | {"MasterUserPassword": "has a space"},
        "InvalidParameterValue",
    ),
    (
        _nothing,
        "create_db_instance",
        NEW_INSTANCE | {"MasterUserPassword": "at@home-now"},
        "InvalidParameterValue",
    ),
    (_nothing, "create_db_cluster", NEW_CLUSTER | {"MasterUserPassword": "x" * 42}, "InvalidParameterValue"),
    (
        _nothing,
        "create_db_instance",
        NEW_INSTANCE | {"DBInstanceIdentifier": "a--b"},
        "InvalidParameterValue",
    ),
    (_nothing, "create_db_instance", NEW_INSTANCE | {"DBInstanceIdentifier": "1a"}, "InvalidParameterValue"),
    (_nothing, "create_db_instance", NEW_INSTANCE | {"DBInstanceIdentifier": "a-"}, "InvalidParameterValue"),
    (
        _nothing,
        "create_db_instance",
        NEW_INSTANCE | {"DBInstanceIdentifier": "a" * 64},
        "InvalidParameterValue",
    ),
    (
        _instance,
        "modify_db_instance",
        INSTANCE_OF | {"NewDBInstanceIdentifier": "under_score"},
        "InvalidParameterValue",
    ),
    (
        _nothing,
        "create_db_instance",
        NEW_INSTANCE | {"Tags": [{"Key": "aws:reserved", "Value": "x"}]},
        "InvalidParameterValue",
    ),
    (
        _snapshots,
        "restore_db_instance_from_db_snapshot",
        RESTORE | {"DBName": "shop"},
        "InvalidParameterValue",
    ),
    (
        _snapshots,
        "restore_db_cluster_from_snapshot",
        RESTORE_CLUSTER | {"Engine": "aurora-mysql"},
        "InvalidParameterValue",
    ),
    (
        _snapshots,
        "modify_db_snapshot_attribute",
        SHARE | {"DBSnapshotIdentifier": "masked", "ValuesToAdd": ["12"]},
        "InvalidParameterValue",
    ),
    (
        _snapshots,
        "modify_db_snapshot_attribute",
        SHARE | {"DBSnapshotIdentifier": "masked", "AttributeName": "colour"},
        "InvalidParameterValue",
    ),
    (
        _snapshots,
        "modify_db_snapshot_attribute",
        SHARE | {"DBSnapshotIdentifier": "masked", "ValuesToRemove": SHARE["ValuesToAdd"]},
        "InvalidParameterCombination",
    ),
    (_instance, "reboot_db_instance", INSTANCE_OF, "InvalidAction"),
]


@pytest.mark.filterwarnings("ignore:.*InvalidAction")  # a common code, which moto does not find in the model
@pytest.mark.parametrize(
    ("prepare", "operation", "params", "code"),
    REFUSALS,
    ids=[
        f"{prepare.__name__.strip('_')}-{operation}-{code}-{n}"
        for n, (prepare, operation, _, code) in enumerate(REFUSALS)
    ],
)
def test_a_call_that_rds_would_not_accept_is_refused_with_its_code(
    cloud: Cloud, prepare: Prepare, operation: str, params: dict[str, Any], code: str
) -> None:
    prepare(cloud)
    assert refusal(getattr(cloud.production.rds, operation), **params) == code
