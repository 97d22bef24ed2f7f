"""What a database's name or state refuses: renames, automated snapshots, backups."""

import pytest

from local.rds.errors import RefusedError
from tests.local.rds.cloud import PRODUCTION, REGION, Cloud, refusal


def test_a_renamed_database_cannot_take_a_name_that_is_taken(cloud: Cloud) -> None:
    cloud.instance("one")
    cloud.instance("two")
    cloud.cluster("three")
    cloud.cluster("four")
    rds = cloud.production.rds
    assert (
        refusal(rds.modify_db_instance, DBInstanceIdentifier="one", NewDBInstanceIdentifier="two")
        == "DBInstanceAlreadyExists"
    )
    assert (
        refusal(rds.modify_db_cluster, DBClusterIdentifier="three", NewDBClusterIdentifier="four")
        == "DBClusterAlreadyExistsFault"
    )


def test_a_database_that_is_being_renamed_cannot_be_deleted(cloud: Cloud) -> None:
    cloud.instance()
    rds = cloud.production.rds
    rds.modify_db_instance(
        DBInstanceIdentifier="shop-fr", NewDBInstanceIdentifier="old", ApplyImmediately=True
    )
    cloud.pass_time(30)
    assert refusal(rds.delete_db_instance, DBInstanceIdentifier="shop-fr", SkipFinalSnapshot=True) == (
        "InvalidDBInstanceState"
    )


def test_an_automated_snapshot_cannot_be_deleted(cloud: Cloud) -> None:
    cloud.instance()
    name = cloud.world.automated_snapshot(PRODUCTION, REGION, "shop-fr")
    cloud.pass_time()
    delete = cloud.production.rds.delete_db_snapshot
    assert refusal(delete, DBSnapshotIdentifier=name) == "InvalidDBSnapshotState"


def test_a_backup_of_a_busy_or_unknown_database_is_refused(cloud: Cloud) -> None:
    with pytest.raises(RefusedError, match="no instance or cluster nobody"):
        cloud.world.automated_snapshot(PRODUCTION, REGION, "nobody")
    cloud.instance()
    cloud.world.automated_snapshot(PRODUCTION, REGION, "shop-fr")
    with pytest.raises(RefusedError, match="already exists"):
        cloud.world.automated_snapshot(PRODUCTION, REGION, "shop-fr")
