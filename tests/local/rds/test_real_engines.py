"""The same API over real PostgreSQL: what it says of a database is true of the database."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from local.engines import PostgresEngines, remove_detached
from local.rds import RdsWorld
from tests.local.rds.cloud import DEVELOPMENT, PASSWORD, PRODUCTION, REGION, Account
from tests.local.rds.real import real_world, wait, wait_for

pytestmark = pytest.mark.engines

PIPELINE = "pipeline-secret"
prod, dev = Account(PRODUCTION), Account(DEVELOPMENT)


@pytest.fixture
def world(aws: None) -> Iterator[RdsWorld]:
    with real_world(PostgresEngines) as made:
        yield made


def _ask(port: int, password: str, question: str, database: str = "shop") -> Any:
    parameters = {"host": "127.0.0.1", "user": "shop", "sslmode": "disable", "connect_timeout": 5}
    with psycopg.connect(
        port=port, password=password, dbname=database, **parameters, autocommit=True
    ) as connection:
        cursor = connection.execute(question.encode())
        return cursor.fetchone() if cursor.description else None


def _change_password(account: Account, kind: str, identifier: str) -> None:
    if kind == "instance":
        account.rds.modify_db_instance(DBInstanceIdentifier=identifier, MasterUserPassword=PIPELINE)
    else:
        account.rds.modify_db_cluster(DBClusterIdentifier=identifier, MasterUserPassword=PIPELINE)
    wait(
        lambda: "pending" if getattr(account, kind)(identifier)["PendingModifiedValues"] else "applied",
        "applied",
    )
    wait_for(account, kind, identifier)


def test_an_instance_goes_from_production_to_a_renamed_one_in_development(world: RdsWorld) -> None:
    prod.rds.create_db_instance(
        DBInstanceIdentifier="shop-fr",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="shop",
        MasterUserPassword=PASSWORD,
        DBName="shop",
    )
    wait_for(prod, "instance", "shop-fr")
    source = prod.instance("shop-fr")["Endpoint"]["Port"]
    _ask(source, PASSWORD, "CREATE TABLE customers AS SELECT n FROM generate_series(1, 1000) n")
    nightly = world.automated_snapshot(PRODUCTION, REGION, "shop-fr")
    wait_for(prod, "snapshot", nightly)

    prod.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="tmp", DBSnapshotIdentifier=nightly, BackupRetentionPeriod=0
    )
    wait_for(prod, "instance", "tmp")
    temporary = prod.instance("tmp")["Endpoint"]["Port"]
    assert _ask(temporary, PASSWORD, "SELECT count(*) FROM customers") == (1000,), (
        "the snapshot's own password"
    )
    _change_password(prod, "instance", "tmp")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        _ask(temporary, PASSWORD, "SELECT 1")
    _ask(temporary, PIPELINE, "DELETE FROM customers WHERE n > 10")
    assert _ask(source, PASSWORD, "SELECT count(*) FROM customers") == (1000,), "the source is never touched"

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
    prod.rds.delete_db_snapshot(DBSnapshotIdentifier="shr")
    dev.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="dev-new", DBSnapshotIdentifier="cpy", BackupRetentionPeriod=0
    )
    wait_for(dev, "instance", "dev-new")
    dev.rds.modify_db_instance(
        DBInstanceIdentifier="dev-new", NewDBInstanceIdentifier="dev", ApplyImmediately=True
    )
    wait(lambda: world.databases(DEVELOPMENT)[0].identifier, "dev")
    target = dev.instance("dev")["Endpoint"]["Port"]
    assert _ask(target, PIPELINE, "SELECT count(*) FROM customers") == (10,)
    wait(lambda: " ".join(found.identifier for found in world.databases(PRODUCTION)), "shop-fr")
    with pytest.raises(psycopg.OperationalError, match="refused"):
        _ask(temporary, PIPELINE, "SELECT 1")


def test_a_cluster_answers_through_its_instance_only_and_passwords_change_without_one(
    world: RdsWorld,
) -> None:
    prod.rds.create_db_cluster(
        DBClusterIdentifier="shop-es",
        Engine="aurora-postgresql",
        MasterUsername="shop",
        MasterUserPassword=PASSWORD,
        DatabaseName="shop",
    )
    wait_for(prod, "cluster", "shop-es")
    with pytest.raises(psycopg.OperationalError, match="refused"):
        _ask(prod.cluster("shop-es")["Port"], PASSWORD, "SELECT 1")
    _add_instance("shop-es")
    source = prod.cluster("shop-es")["Port"]
    assert prod.instance("shop-es-1")["Endpoint"]["Port"] == source
    _ask(source, PASSWORD, "CREATE TABLE customers AS SELECT n FROM generate_series(1, 1000) n")
    nightly = world.automated_snapshot(PRODUCTION, REGION, "shop-es")
    wait_for(prod, "cluster_snapshot", nightly)

    prod.rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="tmp", SnapshotIdentifier=nightly, Engine="aurora-postgresql"
    )
    wait_for(prod, "cluster", "tmp")
    _change_password(prod, "cluster", "tmp")
    _add_instance("tmp")
    port = prod.cluster("tmp")["Port"]
    assert _ask(port, PIPELINE, "SELECT count(*) FROM customers") == (1000,)
    with psycopg.connect(world.admin_dsn(PRODUCTION, "tmp", "shop")) as admin:
        assert admin.execute("SELECT usesuper FROM pg_user WHERE usename = current_user").fetchone() == (
            True,
        )
    prod.rds.delete_db_instance(DBInstanceIdentifier="tmp-1")
    wait(lambda: "there" if prod.cluster("tmp")["DBClusterMembers"] else "gone", "gone")
    with pytest.raises(psycopg.OperationalError, match="refused"):
        _ask(port, PIPELINE, "SELECT 1")
    assert world.databases(PRODUCTION)[-1].data_directory is not None

    left_running = world.detach(PRODUCTION, "shop-es")
    world.close()
    assert _ask(left_running.port, PASSWORD, "SELECT count(*) FROM customers") == (1000,)
    remove_detached(left_running)
    with pytest.raises(psycopg.OperationalError, match="refused"):
        _ask(left_running.port, PASSWORD, "SELECT 1")


def _add_instance(cluster: str) -> None:
    prod.rds.create_db_instance(
        DBInstanceIdentifier=f"{cluster}-1",
        DBClusterIdentifier=cluster,
        DBInstanceClass="db.t4g.medium",
        Engine="aurora-postgresql",
    )
    wait_for(prod, "instance", f"{cluster}-1")


def test_a_password_is_applied_although_nobody_looks_at_the_database(world: RdsWorld) -> None:
    prod.rds.create_db_instance(
        DBInstanceIdentifier="shop-fr",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="shop",
        MasterUserPassword=PASSWORD,
        BackupRetentionPeriod=0,
    )
    wait_for(prod, "instance", "shop-fr")
    port = prod.instance("shop-fr")["Endpoint"]["Port"]
    prod.rds.modify_db_instance(DBInstanceIdentifier="shop-fr", MasterUserPassword=PIPELINE)

    def opens() -> str:
        try:
            return str(_ask(port, PIPELINE, "SELECT 1", "postgres"))
        except psycopg.OperationalError:
            return "refused"

    assert opens() == "refused"
    wait(opens, "(1,)")
