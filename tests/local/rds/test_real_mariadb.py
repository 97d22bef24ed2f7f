"""The same API over real MariaDB: RDS's engines of MySQL's family, as instance and as cluster."""

from collections.abc import Iterator
from typing import Any

import pymysql
import pytest

from local.engines import BothFamilies
from local.mysql import connect
from local.rds import RdsWorld
from tests.local.rds.cloud import DEVELOPMENT, PASSWORD, PRODUCTION, REGION, Account
from tests.local.rds.real import real_world, wait, wait_for
from tests.mariadb import require_mariadb

pytestmark = pytest.mark.engines

PIPELINE = "pipeline-secret"
prod, dev = Account(PRODUCTION), Account(DEVELOPMENT)


@pytest.fixture
def world(aws: None) -> Iterator[RdsWorld]:
    require_mariadb()
    with real_world(BothFamilies) as made:
        yield made


def _ask(port: int, password: str, *statements: str) -> Any:
    with pymysql.connect(
        host="127.0.0.1", port=port, user="shop", password=password, database="shop", autocommit=True
    ) as connection:
        for statement in statements:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                answer = cursor.fetchall()
        return answer


def test_an_instance_goes_from_production_to_a_renamed_one_in_development(world: RdsWorld) -> None:
    prod.rds.create_db_instance(
        DBInstanceIdentifier="shop-fr",
        DBInstanceClass="db.t4g.micro",
        Engine="mariadb",
        MasterUsername="shop",
        MasterUserPassword=PASSWORD,
        DBName="shop",
    )
    wait_for(prod, "instance", "shop-fr")
    shown = prod.instance("shop-fr")
    assert (shown["Engine"], shown["EngineVersion"].rpartition(".")[0]) == ("mariadb", "10.11")
    source = shown["Endpoint"]["Port"]
    _ask(source, PASSWORD, "CREATE TABLE customers AS SELECT seq AS n FROM seq_1_to_1000")
    nightly = world.automated_snapshot(PRODUCTION, REGION, "shop-fr")
    wait_for(prod, "snapshot", nightly)

    prod.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="tmp", DBSnapshotIdentifier=nightly, BackupRetentionPeriod=0
    )
    wait_for(prod, "instance", "tmp")
    temporary = prod.instance("tmp")["Endpoint"]["Port"]
    assert _ask(temporary, PASSWORD, "SELECT count(*) FROM customers") == ((1000,),)
    prod.rds.modify_db_instance(DBInstanceIdentifier="tmp", MasterUserPassword=PIPELINE)
    wait(lambda: "pending" if prod.instance("tmp")["PendingModifiedValues"] else "applied", "applied")
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        _ask(temporary, PASSWORD, "SELECT 1")
    _ask(temporary, PIPELINE, "DELETE FROM customers WHERE n > 10")
    assert _ask(source, PASSWORD, "SELECT count(*) FROM customers") == ((1000,),), "never touched"

    wait_for(prod, "instance", "tmp")
    prod.rds.create_db_snapshot(DBInstanceIdentifier="tmp", DBSnapshotIdentifier="fin")
    wait_for(prod, "snapshot", "fin")
    prod.rds.copy_db_snapshot(
        SourceDBSnapshotIdentifier="fin",
        TargetDBSnapshotIdentifier="shr",
        KmsKeyId=prod.key(for_accounts=(DEVELOPMENT,)),
    )
    wait_for(prod, "snapshot", "shr")
    prod.rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier="shr", AttributeName="restore", ValuesToAdd=[DEVELOPMENT]
    )
    prod.rds.delete_db_instance(DBInstanceIdentifier="tmp", SkipFinalSnapshot=True)
    dev.rds.copy_db_snapshot(
        SourceDBSnapshotIdentifier=prod.snapshot("shr")["DBSnapshotArn"],
        TargetDBSnapshotIdentifier="cpy",
        KmsKeyId=dev.key(),
    )
    wait_for(dev, "snapshot", "cpy")
    dev.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="dev-new", DBSnapshotIdentifier="cpy", BackupRetentionPeriod=0
    )
    wait_for(dev, "instance", "dev-new")
    dev.rds.modify_db_instance(
        DBInstanceIdentifier="dev-new", NewDBInstanceIdentifier="dev", ApplyImmediately=True
    )
    wait(lambda: world.databases(DEVELOPMENT)[0].identifier, "dev")
    target = dev.instance("dev")["Endpoint"]["Port"]
    assert _ask(target, PIPELINE, "SELECT count(*) FROM customers") == ((10,),)


def test_a_cluster_of_aurora_mysql_answers_through_its_instance_only(world: RdsWorld) -> None:
    prod.rds.create_db_cluster(
        DBClusterIdentifier="shop-es",
        Engine="aurora-mysql",
        MasterUsername="shop",
        MasterUserPassword=PASSWORD,
        DatabaseName="shop",
    )
    wait_for(prod, "cluster", "shop-es")
    with pytest.raises(pymysql.err.OperationalError, match="refused"):
        _ask(prod.cluster("shop-es")["Port"], PASSWORD, "SELECT 1")
    prod.rds.create_db_instance(
        DBInstanceIdentifier="shop-es-1",
        DBClusterIdentifier="shop-es",
        DBInstanceClass="db.t4g.medium",
        Engine="aurora-mysql",
    )
    wait_for(prod, "instance", "shop-es-1")
    assert _ask(prod.cluster("shop-es")["Port"], PASSWORD, "SELECT 1") == ((1,),)
    with connect(world.admin_dsn(PRODUCTION, "shop-es", "shop")) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT current_user(), database()")
        assert cursor.fetchall() == (("rdsadmin@localhost", "shop"),)
