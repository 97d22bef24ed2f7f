"""A database passes through its states by the clock, and only by the clock."""

from collections.abc import Callable

import pytest

from tests.local.rds.cloud import TIMES, Cloud

Begin = Callable[[Cloud], None]


def _create(cloud: Cloud) -> None:
    cloud.production.rds.create_db_instance(
        DBInstanceIdentifier="shop-fr",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="shop",
        MasterUserPassword="production-secret",
        BackupRetentionPeriod=7,
    )


def _create_without_backups(cloud: Cloud) -> None:
    cloud.production.rds.create_db_instance(
        DBInstanceIdentifier="shop-fr",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="shop",
        MasterUserPassword="production-secret",
        BackupRetentionPeriod=0,
    )


def _restore(cloud: Cloud, **more: int) -> None:
    cloud.instance("source", BackupRetentionPeriod=7)
    cloud.snapshot("nightly", of="source")
    cloud.production.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="shop-fr", DBSnapshotIdentifier="nightly", **more
    )


def _restore_without_backups(cloud: Cloud) -> None:
    _restore(cloud, BackupRetentionPeriod=0)


def _change_password(cloud: Cloud) -> None:
    cloud.instance()
    cloud.production.rds.modify_db_instance(
        DBInstanceIdentifier="shop-fr", MasterUserPassword="pipeline-secret", ApplyImmediately=True
    )


def _take_snapshot(cloud: Cloud) -> None:
    cloud.instance()
    cloud.production.rds.create_db_snapshot(DBInstanceIdentifier="shop-fr", DBSnapshotIdentifier="masked")


def _rename(cloud: Cloud) -> None:
    cloud.instance()
    cloud.production.rds.modify_db_instance(
        DBInstanceIdentifier="shop-fr", NewDBInstanceIdentifier="shop-old", ApplyImmediately=True
    )


def _delete(cloud: Cloud) -> None:
    cloud.instance()
    cloud.production.rds.delete_db_instance(DBInstanceIdentifier="shop-fr", SkipFinalSnapshot=True)


@pytest.mark.parametrize(
    ("begin", "states"),
    [
        (_create, [("creating", TIMES.create), ("backing-up", TIMES.backup), ("available", None)]),
        (_create_without_backups, [("creating", TIMES.create), ("available", None)]),
        (_restore, [("creating", TIMES.restore), ("backing-up", TIMES.backup), ("available", None)]),
        (_restore_without_backups, [("creating", TIMES.restore), ("available", None)]),
        (
            _change_password,
            [
                ("available", TIMES.modify_lag),
                ("resetting-master-credentials", TIMES.reset_password),
                ("available", None),
            ],
        ),
        (_take_snapshot, [("backing-up", TIMES.snapshot), ("available", None)]),
        (_rename, [("available", TIMES.modify_lag), ("renaming", TIMES.rename), (None, None)]),
        (_delete, [("deleting", TIMES.delete), (None, None)]),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_an_instance_passes_through_its_states_by_the_clock(
    cloud: Cloud, begin: Begin, states: list[tuple[str | None, float | None]]
) -> None:
    begin(cloud)
    for status, seconds in states:
        if status is None:
            assert "shop-fr" not in {found.identifier for found in cloud.world.databases("111111111111")}
            continue
        assert cloud.production.status("instance", "shop-fr") == status
        if seconds is not None:
            cloud.clock.advance(seconds - 1)
            assert cloud.production.status("instance", "shop-fr") == status, "too early"
            cloud.clock.advance(1)


def test_states_that_nobody_looked_at_are_passed_all_the_same(cloud: Cloud) -> None:
    _create(cloud)
    cloud.clock.advance(TIMES.create + TIMES.backup)
    assert cloud.production.status("instance", "shop-fr") == "available"


def test_a_restore_returns_before_there_is_an_endpoint(cloud: Cloud) -> None:
    _restore_without_backups(cloud)
    assert "Endpoint" not in cloud.production.instance("shop-fr")
    assert "InstanceCreateTime" not in cloud.production.instance("shop-fr")
    cloud.clock.advance(TIMES.restore)
    assert cloud.production.instance("shop-fr")["Endpoint"]["Port"] > 0


def test_a_cluster_is_created_and_gets_instances_by_the_clock(cloud: Cloud) -> None:
    cloud.cluster()
    cloud.production.rds.create_db_instance(
        DBInstanceIdentifier="shop-es-1",
        DBClusterIdentifier="shop-es",
        Engine="aurora-postgresql",
        DBInstanceClass="db.t4g.medium",
    )
    assert cloud.production.status("instance", "shop-es-1") == "creating"
    cloud.clock.advance(TIMES.add_instance)
    assert cloud.production.status("instance", "shop-es-1") == "available", "Aurora's backups never show"


@pytest.mark.parametrize(
    ("params", "states"),
    [
        (
            {"MasterUserPassword": "pipeline-secret"},
            ["available", "resetting-master-credentials", "available"],
        ),
        ({"NewDBClusterIdentifier": "shop-new"}, ["available", "renaming", None]),
    ],
)
def test_a_cluster_passes_through_its_states_by_the_clock(
    cloud: Cloud, params: dict[str, str], states: list[str | None]
) -> None:
    cloud.cluster()
    cloud.production.rds.modify_db_cluster(DBClusterIdentifier="shop-es", ApplyImmediately=True, **params)
    seen: list[str | None] = []
    for seconds in (0, TIMES.modify_lag, max(TIMES.reset_password, TIMES.rename)):
        cloud.clock.advance(seconds)
        names = {found.identifier: found.status for found in cloud.world.databases("111111111111")}
        seen.append(names.get("shop-es"))
    assert seen == states
