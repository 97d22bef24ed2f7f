"""Snapshots: what they remember, how they are copied, found and deleted."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.local.rds.cloud import DEVELOPMENT, PASSWORD, PRODUCTION, REGION, TIMES, Cloud, refusal


def _at(cloud: Cloud) -> datetime:
    return datetime.fromtimestamp(cloud.clock.now, UTC)


def test_a_snapshot_has_no_create_time_while_it_is_being_created(cloud: Cloud) -> None:
    cloud.instance()
    began = _at(cloud)
    cloud.production.rds.create_db_snapshot(DBInstanceIdentifier="shop-fr", DBSnapshotIdentifier="masked")
    cloud.pass_time(TIMES.snapshot / 2)
    creating = cloud.production.snapshot("masked")
    assert creating["Status"] == "creating"
    assert creating["PercentProgress"] == 50
    assert "SnapshotCreateTime" not in creating
    cloud.pass_time(TIMES.snapshot / 2)
    available = cloud.production.snapshot("masked")
    assert (available["Status"], available["PercentProgress"]) == ("available", 100)
    assert available["SnapshotCreateTime"] == available["OriginalSnapshotCreateTime"] == began


def test_a_cluster_snapshot_has_no_create_time_while_it_is_being_created(cloud: Cloud) -> None:
    cloud.cluster()
    cloud.production.rds.create_db_cluster_snapshot(
        DBClusterIdentifier="shop-es", DBClusterSnapshotIdentifier="masked"
    )
    assert "SnapshotCreateTime" not in cloud.production.cluster_snapshot("masked")
    assert cloud.production.status("cluster", "shop-es") == "available"
    cloud.pass_time(TIMES.snapshot)
    assert "SnapshotCreateTime" in cloud.production.cluster_snapshot("masked")


def test_a_snapshot_remembers_the_database_it_was_taken_from(cloud: Cloud) -> None:
    cloud.instance(KmsKeyId=(key := cloud.production.key()), AllocatedStorage=30)
    cloud.snapshot()
    source, taken = cloud.production.instance("shop-fr"), cloud.production.snapshot("masked")
    assert taken["DbiResourceId"] == source["DbiResourceId"]
    assert taken["DBInstanceIdentifier"] == "shop-fr"
    assert (taken["Encrypted"], taken["KmsKeyId"], taken["MasterUsername"]) == (True, key, "shop")
    assert (taken["AllocatedStorage"], taken["SnapshotType"]) == (30, "manual")


def test_the_data_of_a_snapshot_is_what_it_was_when_it_was_taken(cloud: Cloud) -> None:
    cloud.instance()
    cloud.snapshot()
    cloud.production.rds.modify_db_instance(
        DBInstanceIdentifier="shop-fr", MasterUserPassword="changed-later"
    )
    cloud.pass_time()
    cloud.production.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="copy", DBSnapshotIdentifier="masked"
    )
    cloud.pass_time()
    assert cloud.lets_in(cloud.production.instance("copy")["Endpoint"]["Port"], PASSWORD)


@pytest.mark.parametrize("kind", ["instance", "cluster"])
def test_the_nightly_backup_has_rdss_own_name_and_type(cloud: Cloud, kind: str) -> None:
    getattr(cloud, kind)("shop")
    name = cloud.world.automated_snapshot(PRODUCTION, REGION, "shop")
    assert name == f"rds:shop-{_at(cloud):%Y-%m-%d-%H-%M}"
    find = cloud.production.snapshot if kind == "instance" else cloud.production.cluster_snapshot
    assert (find(name)["Status"], find(name)["SnapshotType"]) == ("creating", "automated")
    cloud.pass_time()
    assert find(name)["Status"] == "available"


def _copy(cloud: Cloud, source: str, target: str = "copy", **params: Any) -> dict[str, Any]:
    copied: dict[str, Any] = cloud.production.rds.copy_db_snapshot(
        SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=target, **params
    )["DBSnapshot"]
    return copied


def test_a_copy_takes_time_is_manual_and_keeps_the_original_time(cloud: Cloud) -> None:
    cloud.instance()
    name = cloud.world.automated_snapshot(PRODUCTION, REGION, "shop-fr")
    cloud.pass_time()
    original = cloud.production.snapshot(name)
    _copy(cloud, name)
    assert cloud.production.snapshot("copy")["Status"] == "creating"
    assert "SnapshotCreateTime" not in cloud.production.snapshot("copy")
    cloud.pass_time(TIMES.copy)
    copied = cloud.production.snapshot("copy")
    assert (copied["Status"], copied["SnapshotType"]) == ("available", "manual")
    assert copied["OriginalSnapshotCreateTime"] == original["SnapshotCreateTime"]
    assert copied["SnapshotCreateTime"] > original["SnapshotCreateTime"]
    assert copied["DbiResourceId"] == original["DbiResourceId"]
    assert "SourceDBSnapshotIdentifier" not in copied, "RDS gives it for copies from elsewhere only"


def test_a_cluster_copy_always_names_its_source(cloud: Cloud) -> None:
    cloud.cluster()
    arn = cloud.cluster_snapshot()
    cloud.production.rds.copy_db_cluster_snapshot(
        SourceDBClusterSnapshotIdentifier="masked", TargetDBClusterSnapshotIdentifier="copy"
    )
    cloud.pass_time()
    assert cloud.production.cluster_snapshot("copy")["SourceDBClusterSnapshotArn"] == arn


def test_a_copy_is_encrypted_with_the_key_given_and_otherwise_with_its_sources(cloud: Cloud) -> None:
    cloud.instance()
    cloud.snapshot()
    key = cloud.production.key()
    _copy(cloud, "masked", "rekeyed", KmsKeyId=key)
    _copy(cloud, "masked", "same")
    assert cloud.production.snapshot("rekeyed")["KmsKeyId"] == key
    assert cloud.production.snapshot("same")["KmsKeyId"] == cloud.production.snapshot("masked")["KmsKeyId"]


def test_copying_can_encrypt_an_instance_snapshot_but_not_a_cluster_snapshot(cloud: Cloud) -> None:
    cloud.instance(StorageEncrypted=False)
    cloud.snapshot()
    cloud.cluster(StorageEncrypted=False)
    cloud.cluster_snapshot("plain")
    key = cloud.production.key()
    assert _copy(cloud, "masked", KmsKeyId=key)["Encrypted"] is True
    code = refusal(
        cloud.production.rds.copy_db_cluster_snapshot,
        SourceDBClusterSnapshotIdentifier="plain",
        TargetDBClusterSnapshotIdentifier="copy",
        KmsKeyId=key,
    )
    assert code == "InvalidParameterCombination"


def test_restoring_can_encrypt_an_unencrypted_cluster_snapshot(cloud: Cloud) -> None:
    cloud.cluster(StorageEncrypted=False)
    cloud.cluster_snapshot()
    key = cloud.production.key()
    cloud.production.rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="copy", SnapshotIdentifier="masked", Engine="aurora-postgresql", KmsKeyId=key
    )
    assert cloud.production.cluster("copy")["KmsKeyId"] == key


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, {}),
        ({"CopyTags": True}, {"kept": "yes"}),
        ({"CopyTags": True, "Tags": [{"Key": "run", "Value": "1"}]}, {"run": "1"}),
    ],
)
def test_a_copy_has_the_tags_given_and_otherwise_its_sources_on_request(
    cloud: Cloud, params: dict[str, Any], expected: dict[str, str]
) -> None:
    cloud.instance()
    cloud.production.rds.create_db_snapshot(
        DBInstanceIdentifier="shop-fr", DBSnapshotIdentifier="masked", Tags=[{"Key": "kept", "Value": "yes"}]
    )
    cloud.pass_time()
    _copy(cloud, "masked", **params)
    tags = cloud.production.snapshot("copy")["TagList"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == expected


def test_deleting_the_source_of_a_copy_under_way_cancels_the_copy(cloud: Cloud) -> None:
    cloud.instance()
    cloud.snapshot()
    _copy(cloud, "masked")
    cloud.production.rds.delete_db_snapshot(DBSnapshotIdentifier="masked")
    cloud.pass_time()
    assert cloud.production.snapshot("copy")["Status"] == "failed"
    cloud.production.rds.delete_db_snapshot(DBSnapshotIdentifier="copy")
    assert cloud.production.rds.describe_db_snapshots()["DBSnapshots"] == []


def test_a_finished_copy_outlives_its_source(cloud: Cloud) -> None:
    cloud.instance()
    cloud.snapshot()
    _copy(cloud, "masked")
    cloud.pass_time(TIMES.copy)
    cloud.production.rds.delete_db_snapshot(DBSnapshotIdentifier="masked")
    cloud.production.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="again", DBSnapshotIdentifier="copy"
    )
    cloud.pass_time()
    assert cloud.lets_in(cloud.production.instance("again")["Endpoint"]["Port"], PASSWORD)


def test_a_deleted_snapshot_leaves_nothing_behind(cloud: Cloud) -> None:
    cloud.instance()
    cloud.snapshot()
    gone = cloud.production.rds.delete_db_snapshot(DBSnapshotIdentifier="masked")["DBSnapshot"]
    assert gone["Status"] == "deleted"
    find = cloud.production.rds.describe_db_snapshots
    assert refusal(find, DBSnapshotIdentifier="masked") == "DBSnapshotNotFound"
    assert cloud.engines.volumes == 1


def _found(cloud: Cloud, **params: Any) -> list[str]:
    described = cloud.production.rds.describe_db_snapshots(**params)["DBSnapshots"]
    return [snapshot["DBSnapshotIdentifier"] for snapshot in described]


def test_snapshots_are_found_by_database_type_and_filter(cloud: Cloud) -> None:
    cloud.instance()
    cloud.instance("other")
    nightly = cloud.world.automated_snapshot(PRODUCTION, REGION, "shop-fr")
    cloud.pass_time()
    cloud.snapshot("by-hand")
    cloud.snapshot("others", of="other")
    resource = cloud.production.instance("other")["DbiResourceId"]
    assert _found(cloud) == ["by-hand", "others", nightly]
    assert _found(cloud, DBInstanceIdentifier="shop-fr") == ["by-hand", nightly]
    assert _found(cloud, SnapshotType="automated") == [nightly]
    assert _found(cloud, SnapshotType="manual") == ["by-hand", "others"]
    assert _found(cloud, DbiResourceId=resource) == ["others"]
    assert _found(cloud, Filters=[{"Name": "db-instance-id", "Values": ["other"]}]) == ["others"]
    assert _found(cloud, Filters=[{"Name": "snapshot-type", "Values": ["automated"]}]) == [nightly]
    assert _found(cloud, Filters=[{"Name": "db-snapshot-id", "Values": ["by-hand", "others"]}]) == [
        "by-hand",
        "others",
    ]
    assert (
        refusal(_found, cloud=cloud, Filters=[{"Name": "colour", "Values": ["x"]}]) == "InvalidParameterValue"
    )


def test_a_copy_from_another_account_names_its_source(cloud: Cloud) -> None:
    cloud.instance(KmsKeyId=cloud.production.key(for_accounts=(DEVELOPMENT,)))
    arn = cloud.snapshot()
    cloud.share()
    cloud.development.rds.copy_db_snapshot(
        SourceDBSnapshotIdentifier=arn, TargetDBSnapshotIdentifier="cpy", KmsKeyId=cloud.development.key()
    )
    cloud.pass_time()
    copied = cloud.development.snapshot("cpy")
    assert copied["SourceDBSnapshotIdentifier"] == arn
    assert copied["DBSnapshotArn"] == f"arn:aws:rds:{REGION}:{DEVELOPMENT}:snapshot:cpy"
    assert copied["SnapshotType"] == "manual"
