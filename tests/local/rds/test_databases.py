"""What a database keeps, inherits and gives up when it is restored, modified, renamed or deleted."""

import pytest

from tests.local.rds.cloud import DEVELOPMENT, PASSWORD, PRODUCTION, REGION, TIMES, Cloud, refusal

NEW_PASSWORD = "pipeline-secret"


def _restored(cloud: Cloud, **params: object) -> None:
    cloud.production.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="copy", DBSnapshotIdentifier="masked", **params
    )
    cloud.pass_time()


def _port(cloud: Cloud, identifier: str) -> int:
    port: int = cloud.production.instance(identifier)["Endpoint"]["Port"]
    return port


def test_a_restored_instance_opens_with_the_snapshots_password_until_the_new_one_is_applied(
    cloud: Cloud,
) -> None:
    cloud.instance()
    cloud.snapshot()
    _restored(cloud)
    port = _port(cloud, "copy")
    assert port != _port(cloud, "shop-fr")
    assert cloud.production.instance("copy")["MasterUsername"] == "shop"
    cloud.production.rds.modify_db_instance(DBInstanceIdentifier="copy", MasterUserPassword=NEW_PASSWORD)
    for seconds in (0, TIMES.modify_lag):
        cloud.pass_time(seconds)
        assert cloud.lets_in(port, PASSWORD)
        assert not cloud.lets_in(port, NEW_PASSWORD)
    cloud.pass_time(TIMES.reset_password)
    assert cloud.lets_in(port, NEW_PASSWORD)
    assert not cloud.lets_in(port, PASSWORD)
    assert cloud.lets_in(_port(cloud, "shop-fr"), PASSWORD), "the source keeps its own"


@pytest.mark.parametrize("kind", ["instance", "cluster"])
def test_a_new_password_is_pending_while_the_database_still_says_available(cloud: Cloud, kind: str) -> None:
    if kind == "instance":
        cloud.instance("db")
        cloud.production.rds.modify_db_instance(DBInstanceIdentifier="db", MasterUserPassword=NEW_PASSWORD)
    else:
        cloud.cluster("db")
        cloud.production.rds.modify_db_cluster(DBClusterIdentifier="db", MasterUserPassword=NEW_PASSWORD)
    assert cloud.production.status(kind, "db") == "available"
    pending = getattr(cloud.production, kind)("db")["PendingModifiedValues"]
    assert set(pending) == {"MasterUserPassword"}
    assert NEW_PASSWORD not in pending.values()
    cloud.pass_time(TIMES.modify_lag + TIMES.reset_password)
    assert getattr(cloud.production, kind)("db")["PendingModifiedValues"] == {}


def test_a_restore_inherits_neither_protection_nor_network_nor_parameter_group(cloud: Cloud) -> None:
    cloud.instance(
        DeletionProtection=True,
        DBSubnetGroupName="production",
        DBParameterGroupName="production",
        VpcSecurityGroupIds=["sg-production"],
        EnableIAMDatabaseAuthentication=True,
        AllocatedStorage=50,
    )
    cloud.snapshot()
    _restored(cloud)
    restored = cloud.production.instance("copy")
    assert restored["DeletionProtection"] is False
    assert restored["DBSubnetGroup"]["DBSubnetGroupName"] == "default"
    assert restored["DBParameterGroups"][0]["DBParameterGroupName"] == "default.postgres"
    assert restored["VpcSecurityGroups"][0]["VpcSecurityGroupId"] != "sg-production"
    assert restored["IAMDatabaseAuthenticationEnabled"] is False
    assert restored["AllocatedStorage"] == 50


def test_a_restore_keeps_backing_up_as_its_source_does_unless_told_otherwise(cloud: Cloud) -> None:
    cloud.instance(BackupRetentionPeriod=7)
    cloud.snapshot()
    cloud.pass_time()
    _restored(cloud)
    assert cloud.production.instance("copy")["BackupRetentionPeriod"] == 7


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, {"env": "production"}), ({"Tags": [{"Key": "run", "Value": "1"}]}, {"run": "1"})],
)
def test_a_restore_copies_the_sources_tags_only_when_none_are_passed(
    cloud: Cloud, given: dict[str, object], expected: dict[str, str]
) -> None:
    cloud.instance(Tags=[{"Key": "env", "Value": "production"}])
    cloud.snapshot()
    _restored(cloud, **given)
    assert {tag["Key"]: tag["Value"] for tag in cloud.production.instance("copy")["TagList"]} == expected


def test_a_renamed_instance_keeps_identity_port_and_data_and_frees_its_name_only_afterwards(
    cloud: Cloud,
) -> None:
    cloud.instance()
    before = cloud.production.instance("shop-fr")
    cloud.production.rds.modify_db_instance(
        DBInstanceIdentifier="shop-fr", NewDBInstanceIdentifier="Shop-Old", ApplyImmediately=True
    )
    creation = {
        "DBInstanceClass": "db.t4g.micro",
        "Engine": "postgres",
        "MasterUsername": "shop",
        "MasterUserPassword": PASSWORD,
    }
    cloud.pass_time(TIMES.modify_lag)
    for name in ("shop-fr", "shop-old"):
        code = refusal(cloud.production.rds.create_db_instance, DBInstanceIdentifier=name, **creation)
        assert code == "DBInstanceAlreadyExists", name
    cloud.pass_time(TIMES.rename)
    after = cloud.production.instance("shop-old")
    assert after["DBInstanceArn"] == f"arn:aws:rds:{REGION}:{PRODUCTION}:db:shop-old"
    assert after["Endpoint"]["Address"].startswith("shop-old.")
    assert after["Endpoint"]["Port"] == before["Endpoint"]["Port"]
    assert after["DbiResourceId"] == before["DbiResourceId"]
    assert cloud.lets_in(after["Endpoint"]["Port"], PASSWORD)
    assert (
        refusal(cloud.production.rds.create_db_instance, DBInstanceIdentifier="shop-fr", **creation)
        == "accepted"
    )


def test_a_rename_without_apply_immediately_waits_for_a_maintenance_window(cloud: Cloud) -> None:
    cloud.instance()
    cloud.production.rds.modify_db_instance(
        DBInstanceIdentifier="shop-fr", NewDBInstanceIdentifier="shop-old"
    )
    cloud.pass_time()
    assert cloud.production.instance("shop-fr")["PendingModifiedValues"] == {
        "DBInstanceIdentifier": "shop-old"
    }


def test_members_follow_the_new_name_of_their_cluster(cloud: Cloud) -> None:
    cloud.cluster()
    cloud.member()
    before = cloud.production.cluster("shop-es")
    cloud.production.rds.modify_db_cluster(
        DBClusterIdentifier="shop-es", NewDBClusterIdentifier="shop-new", ApplyImmediately=True
    )
    cloud.pass_time()
    after = cloud.production.cluster("shop-new")
    assert cloud.production.instance("shop-es-1")["DBClusterIdentifier"] == "shop-new"
    assert after["DBClusterArn"] == f"arn:aws:rds:{REGION}:{PRODUCTION}:cluster:shop-new"
    assert after["Endpoint"].startswith("shop-new.")
    assert (after["DbClusterResourceId"], after["Port"]) == (before["DbClusterResourceId"], before["Port"])


def test_a_deleted_instance_keeps_its_name_until_it_is_gone_and_answers_no_more(cloud: Cloud) -> None:
    cloud.instance()
    port = _port(cloud, "shop-fr")
    cloud.production.rds.delete_db_instance(DBInstanceIdentifier="shop-fr", SkipFinalSnapshot=True)
    assert not cloud.lets_in(port, PASSWORD)
    assert refusal(
        cloud.production.rds.create_db_instance,
        DBInstanceIdentifier="shop-fr",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="shop",
        MasterUserPassword=PASSWORD,
    ) == ("DBInstanceAlreadyExists")
    cloud.pass_time(TIMES.delete)
    cloud.instance()
    assert cloud.production.status("instance", "shop-fr") == "available"


def test_a_deletion_leaves_nothing_but_the_final_snapshot(cloud: Cloud) -> None:
    cloud.instance()
    cloud.world.automated_snapshot(PRODUCTION, REGION, "shop-fr")
    cloud.pass_time()
    cloud.production.rds.delete_db_instance(DBInstanceIdentifier="shop-fr", FinalDBSnapshotIdentifier="last")
    cloud.pass_time()
    left = cloud.production.rds.describe_db_snapshots()["DBSnapshots"]
    assert [snapshot["DBSnapshotIdentifier"] for snapshot in left] == ["last"]
    assert cloud.engines.volumes == 1


def test_deletion_protection_can_be_taken_off_by_a_modify(cloud: Cloud) -> None:
    cloud.instance(DeletionProtection=True)
    delete = cloud.production.rds.delete_db_instance
    protected = refusal(delete, DBInstanceIdentifier="shop-fr", SkipFinalSnapshot=True)
    assert protected == "InvalidParameterCombination"
    cloud.production.rds.modify_db_instance(DBInstanceIdentifier="shop-fr", DeletionProtection=False)
    assert refusal(delete, DBInstanceIdentifier="shop-fr", SkipFinalSnapshot=True) == "accepted"


def test_a_restored_cluster_has_no_instance_and_nothing_answers_until_it_gets_one(cloud: Cloud) -> None:
    cloud.cluster()
    cloud.cluster_snapshot()
    cloud.production.rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="copy", SnapshotIdentifier="masked", Engine="aurora-postgresql"
    )
    assert cloud.production.status("cluster", "copy") == "creating"
    cloud.pass_time()
    restored = cloud.production.cluster("copy")
    assert (restored["Status"], restored["DBClusterMembers"]) == ("available", [])
    assert not cloud.lets_in(restored["Port"], PASSWORD)
    cloud.member("copy-1", "copy")
    assert [
        member["DBInstanceIdentifier"] for member in cloud.production.cluster("copy")["DBClusterMembers"]
    ] == ["copy-1"]
    assert cloud.lets_in(restored["Port"], PASSWORD)
    assert cloud.production.instance("copy-1")["Endpoint"]["Port"] == restored["Port"]


def test_a_clusters_password_can_be_changed_before_it_has_an_instance(cloud: Cloud) -> None:
    cloud.cluster()
    cloud.production.rds.modify_db_cluster(DBClusterIdentifier="shop-es", MasterUserPassword=NEW_PASSWORD)
    cloud.pass_time()
    cloud.member()
    port = cloud.production.cluster("shop-es")["Port"]
    assert cloud.lets_in(port, NEW_PASSWORD)
    assert not cloud.lets_in(port, PASSWORD)


def test_a_cluster_answers_until_its_last_instance_is_deleted_and_keeps_its_data(cloud: Cloud) -> None:
    cloud.cluster()
    cloud.member("shop-es-1")
    cloud.member("shop-es-2")
    port = cloud.production.cluster("shop-es")["Port"]
    for identifier, answers in (("shop-es-1", True), ("shop-es-2", False)):
        cloud.production.rds.delete_db_instance(DBInstanceIdentifier=identifier)
        cloud.pass_time()
        assert cloud.lets_in(port, PASSWORD) is answers
    cloud.member("shop-es-3")
    assert cloud.lets_in(port, PASSWORD)


def test_a_cluster_is_deleted_after_its_members_or_with_them_on_their_way(cloud: Cloud) -> None:
    cloud.cluster()
    cloud.member()
    delete = cloud.production.rds.delete_db_cluster
    still_there = refusal(delete, DBClusterIdentifier="shop-es", SkipFinalSnapshot=True)
    assert still_there == "InvalidDBClusterStateFault"
    cloud.production.rds.delete_db_instance(DBInstanceIdentifier="shop-es-1", SkipFinalSnapshot=True)
    delete(DBClusterIdentifier="shop-es", SkipFinalSnapshot=True)
    assert cloud.production.status("cluster", "shop-es") == "deleting"
    cloud.pass_time(TIMES.delete)
    assert cloud.world.databases(PRODUCTION) == []
    assert cloud.engines.volumes == 0


def test_accounts_and_regions_know_nothing_of_each_others_databases(cloud: Cloud) -> None:
    cloud.instance()
    cloud.instance(account=cloud.development)
    cloud.development.rds.delete_db_instance(DBInstanceIdentifier="shop-fr", SkipFinalSnapshot=True)
    cloud.pass_time()
    assert cloud.development.rds.describe_db_instances()["DBInstances"] == []
    assert [found.identifier for found in cloud.world.databases(PRODUCTION)] == ["shop-fr"]
    assert cloud.world.databases(DEVELOPMENT) == []


def test_databases_have_an_identity_of_their_own(cloud: Cloud) -> None:
    cloud.instance("one")
    cloud.instance("two")
    cloud.cluster("three")
    identities = [cloud.production.instance(name)["DbiResourceId"] for name in ("one", "two")]
    assert len(set(identities)) == 2
    assert all(identity.startswith("db-") for identity in identities)
    assert cloud.production.cluster("three")["DbClusterResourceId"].startswith("cluster-")


@pytest.mark.parametrize("engine", ["mysql", "mariadb"])
def test_other_engines_have_the_same_api_where_there_is_no_process(cloud: Cloud, engine: str) -> None:
    cloud.instance("shop-it", Engine=engine)
    assert cloud.production.instance("shop-it")["Engine"] == engine


def test_instances_are_found_by_filter(cloud: Cloud) -> None:
    cloud.instance()
    cloud.cluster()
    cloud.member()

    def named(name: str, value: str) -> list[str]:
        described = cloud.production.rds.describe_db_instances(Filters=[{"Name": name, "Values": [value]}])
        return [found["DBInstanceIdentifier"] for found in described["DBInstances"]]

    assert named("db-cluster-id", "shop-es") == ["shop-es-1"]
    assert named("engine", "postgres") == ["shop-fr"]
    assert named("dbi-resource-id", cloud.production.instance("shop-fr")["DbiResourceId"]) == ["shop-fr"]
    by_arn = cloud.production.instance("shop-fr")["DBInstanceArn"]
    assert cloud.production.instance(by_arn)["DBInstanceIdentifier"] == "shop-fr"
