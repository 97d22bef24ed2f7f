"""The database port: both adapters show the same world and do the same things, whatever RDS calls them."""

from collections.abc import Iterator

import boto3
import pytest

from local.engines import NoEngines
from local.rds import RdsWorld, Timings
from shared import aws, names
from shared.database.factory import databases_of
from shared.database.port import Condition, Databases, Kind, Origin, Placement
from tests.builders import DEVELOPMENT, REGION, RUN_ID, a_snapshot

ACCOUNT = "123456789012"
SOURCE = "shop-fr-prod"
TEMPORARY = names.temporary_database(RUN_ID)
TAGS = {names.RUN_ID_TAG: RUN_ID, names.SOURCE_TAG: "shop-fr"}
PLACE = Placement("db.t4g.medium")


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


class Rds:
    """The emulated RDS with a source of one kind in it."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.clock = Clock()
        self.world = RdsWorld(NoEngines(), Timings.aws_like(), self.clock)
        self.world.install()
        self.port: Databases = databases_of(ACCOUNT)[kind]
        rds = boto3.client("rds")
        common = {"MasterUsername": "shop_admin", "MasterUserPassword": "production-password"}
        if kind is Kind.CLUSTER:
            rds.create_db_cluster(
                DBClusterIdentifier=SOURCE, Engine="aurora-postgresql", DatabaseName="shop", **common
            )
            self.later(hours=1)
            rds.create_db_instance(
                DBInstanceIdentifier=f"{SOURCE}-1",
                DBClusterIdentifier=SOURCE,
                Engine="aurora-postgresql",
                DBInstanceClass="db.r6g.large",
            )
        else:
            rds.create_db_instance(
                DBInstanceIdentifier=SOURCE,
                Engine="postgres",
                DBInstanceClass="db.r6g.large",
                AllocatedStorage=20,
                DBName="shop",
                **common,
            )
        self.later(hours=2)

    def later(self, hours: float) -> None:
        self.clock.now += hours * 3600

    def backup(self) -> str:
        name = self.world.automated_snapshot(ACCOUNT, REGION, SOURCE)
        self.later(hours=1)
        return name

    def restore(self) -> None:
        snapshot = self.port.find_snapshot(self.backup())
        assert snapshot is not None
        self.port.restore(snapshot, TEMPORARY, PLACE, TAGS)
        self.later(hours=2)
        found = self.port.find(TEMPORARY)
        assert found is not None
        if not found.has_instance:
            self.port.add_instance(found, PLACE, TAGS)
            self.later(hours=2)


@pytest.fixture(params=[Kind.INSTANCE, Kind.CLUSTER])
def rds(request: pytest.FixtureRequest, account: None) -> Iterator[Rds]:
    rds = Rds(request.param)
    yield rds
    rds.world.uninstall()


def test_a_name_that_nothing_bears_is_none(rds: Rds) -> None:
    assert rds.port.find("snapveil-tmp-none") is None
    assert rds.port.find_snapshot("snapveil-fin-none") is None


def test_every_snapshot_of_a_database_is_listed_page_by_page(rds: Rds) -> None:
    database = rds.port.find(SOURCE)
    assert database is not None
    made = {rds.backup()}
    for _ in range(24):
        rds.later(hours=24)
        made.add(rds.backup())
    listed = list(rds.port.snapshots_of(SOURCE))
    assert made <= {snapshot.name for snapshot in listed}
    assert {snapshot.origin for snapshot in listed} == {Origin.AUTOMATED}


def test_a_restored_database_passes_through_pending_and_is_ours(rds: Rds) -> None:
    snapshot = rds.port.find_snapshot(rds.backup())
    assert snapshot is not None
    rds.port.restore(snapshot, TEMPORARY, PLACE, TAGS)
    creating = rds.port.find(TEMPORARY)
    assert creating is not None
    assert creating.condition is Condition.PENDING
    rds.later(hours=3)
    stands = rds.port.find(TEMPORARY)
    assert stands is not None
    assert stands.condition is Condition.READY
    assert stands.tags == TAGS
    assert stands.master_username == "shop_admin"
    assert stands.has_instance is (rds.kind is Kind.INSTANCE)
    assert [database.name for database in rds.port.named(names.TEMPORARY)] == [TEMPORARY]


def test_a_restored_database_answers_at_an_endpoint_once_it_has_an_instance(rds: Rds) -> None:
    rds.restore()
    database = rds.port.find(TEMPORARY)
    assert database is not None
    assert database.has_instance
    assert database.condition is Condition.READY
    assert database.endpoint is not None
    assert database.database_name == "shop"


def test_a_new_master_password_is_pending_for_a_while(rds: Rds) -> None:
    rds.restore()
    database = rds.port.find(TEMPORARY)
    assert database is not None
    rds.port.set_master_password(database, "a" * 32)
    at_once = rds.port.find(TEMPORARY)
    assert at_once is not None
    assert at_once.pending_changes or at_once.condition is Condition.PENDING
    rds.later(hours=1)
    done = rds.port.find(TEMPORARY)
    assert done is not None
    assert not done.pending_changes
    assert done.condition is Condition.READY


def test_a_renamed_database_keeps_its_identity_under_its_new_name(rds: Rds) -> None:
    rds.restore()
    database = rds.port.find(TEMPORARY)
    assert database is not None
    rds.port.rename(database, "snapveil-dev-shop-fr")
    rds.later(hours=1)
    assert rds.port.find(TEMPORARY) is None
    renamed = rds.port.find("snapveil-dev-shop-fr")
    assert renamed is not None
    assert renamed.resource_id == database.resource_id
    assert renamed.has_instance
    assert renamed.condition is Condition.READY


def test_a_protected_database_is_deleted_all_the_same(rds: Rds) -> None:
    snapshot = rds.port.find_snapshot(rds.backup())
    assert snapshot is not None
    rds.port.restore(snapshot, TEMPORARY, Placement("db.t4g.medium", deletion_protection=True), TAGS)
    rds.later(hours=3)
    database = rds.port.find(TEMPORARY)
    assert database is not None
    assert database.deletion_protection
    rds.port.delete(database)
    going = rds.port.find(TEMPORARY)
    assert going is None or going.condition is Condition.DELETING
    rds.later(hours=1)
    assert rds.port.find(TEMPORARY) is None


def test_deleting_a_database_leaves_nothing_of_it(rds: Rds) -> None:
    rds.restore()
    database = rds.port.find(TEMPORARY)
    assert database is not None
    rds.port.delete(database)
    rds.later(hours=2)
    assert {one.identifier for one in rds.world.databases(ACCOUNT)} <= {SOURCE, f"{SOURCE}-1"}


def test_a_snapshot_is_made_copied_shared_and_deleted(rds: Rds) -> None:
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    rds.restore()
    database = rds.port.find(TEMPORARY)
    assert database is not None
    rds.port.create_snapshot(database, names.masked_snapshot(RUN_ID), TAGS)
    making = rds.port.find_snapshot(names.masked_snapshot(RUN_ID))
    assert making is not None
    assert (making.condition, making.created_at) == (Condition.PENDING, None)
    rds.later(hours=2)
    masked = rds.port.find_snapshot(names.masked_snapshot(RUN_ID))
    assert masked is not None
    rds.port.copy_snapshot(masked, names.shared_snapshot(RUN_ID), key, TAGS)
    rds.later(hours=2)
    shared = rds.port.find_snapshot(names.shared_snapshot(RUN_ID))
    assert shared is not None
    assert shared.condition is Condition.READY
    assert shared.kms_key == key
    assert shared.encrypted
    assert shared.tags == TAGS
    assert shared.database_resource_id == database.resource_id
    assert rds.port.shared_with(shared) == frozenset()
    rds.port.share(shared, [DEVELOPMENT])
    rds.port.share(shared, [DEVELOPMENT])
    assert rds.port.shared_with(shared) == {DEVELOPMENT}
    rds.port.unshare(shared, [DEVELOPMENT])
    assert rds.port.shared_with(shared) == frozenset()
    assert {snapshot.name for snapshot in rds.port.snapshots_named(names.SHARED)} == {shared.name}
    rds.port.delete_snapshot(shared)
    rds.later(hours=1)
    assert rds.port.find_snapshot(shared.name) is None


@pytest.mark.parametrize(("kind", "storage"), [(Kind.INSTANCE, "gp3"), (Kind.CLUSTER, "aurora-iopt1")])
def test_a_restore_says_the_storage_that_its_placement_names(
    account: None, kind: Kind, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, object] = {}
    call = {
        Kind.INSTANCE: "restore_db_instance_from_db_snapshot",
        Kind.CLUSTER: "restore_db_cluster_from_snapshot",
    }
    monkeypatch.setattr(aws.client("rds"), call[kind], lambda **given: said.update(given))
    snapshot = a_snapshot(kind=kind)
    databases_of(ACCOUNT)[kind].restore(
        snapshot, TEMPORARY, Placement("db.r6g.large", storage_type=storage), TAGS
    )
    assert said["StorageType"] == storage
