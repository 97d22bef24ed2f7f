"""Quotas and pages."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from local.engines import NoEngines
from local.rds import Limits, RdsWorld
from tests.local.rds.cloud import PASSWORD, TIMES, Clock, Cloud, refusal

FEW = Limits(
    instances=2,
    clusters=1,
    instance_snapshots=2,
    cluster_snapshots=2,
    instance_copies=1,
    cluster_copies=1,
    page=2,
)


@pytest.fixture
def small(aws: None) -> Iterator[Cloud]:
    clock, engines = Clock(), NoEngines()
    world = RdsWorld(engines, TIMES, clock, FEW)
    world.install()
    yield Cloud(world, clock, engines)
    world.uninstall()


def test_the_limits_are_those_that_aws_sets_by_default() -> None:
    assert Limits() == Limits(
        instances=40,
        clusters=40,
        instance_snapshots=100,
        cluster_snapshots=100,
        instance_copies=20,
        cluster_copies=5,
        accounts_per_snapshot=20,
        page=100,
    )


def test_one_instance_too_many_is_refused_in_that_account_only(small: Cloud) -> None:
    small.instance("one")
    small.instance("two")
    third = {
        "DBInstanceIdentifier": "three",
        "DBInstanceClass": "db.t4g.micro",
        "Engine": "postgres",
        "MasterUsername": "shop",
        "MasterUserPassword": PASSWORD,
    }
    assert refusal(small.production.rds.create_db_instance, **third) == "InstanceQuotaExceeded"
    assert refusal(small.development.rds.create_db_instance, **third) == "accepted"


def test_one_cluster_too_many_is_refused(small: Cloud) -> None:
    small.cluster("one")
    second = {"DBClusterIdentifier": "two", "Engine": "aurora-postgresql", "MasterUsername": "shop"}
    code = refusal(small.production.rds.create_db_cluster, **second, MasterUserPassword=PASSWORD)
    assert code == "DBClusterQuotaExceededFault"


def test_manual_snapshots_are_counted_and_automated_ones_are_not(small: Cloud) -> None:
    small.instance()
    for _ in range(3):
        small.world.automated_snapshot("111111111111", "eu-west-3", "shop-fr")
        small.pass_time()
    small.snapshot("one")
    small.snapshot("two")
    rds = small.production.rds
    third = refusal(rds.create_db_snapshot, DBInstanceIdentifier="shop-fr", DBSnapshotIdentifier="three")
    copied = refusal(
        rds.copy_db_snapshot, SourceDBSnapshotIdentifier="one", TargetDBSnapshotIdentifier="three"
    )
    assert (third, copied) == ("SnapshotQuotaExceeded", "SnapshotQuotaExceeded")
    small.cluster()
    small.cluster_snapshot()


def test_cluster_snapshots_are_counted_by_themselves(small: Cloud) -> None:
    small.cluster()
    small.cluster_snapshot("one")
    small.cluster_snapshot("two")
    code = refusal(
        small.production.rds.create_db_cluster_snapshot,
        DBClusterIdentifier="shop-es",
        DBClusterSnapshotIdentifier="three",
    )
    assert code == "SnapshotQuotaExceeded"


def test_one_copy_in_flight_too_many_is_refused_until_another_is_done(small: Cloud) -> None:
    small.instance()
    nightly = small.world.automated_snapshot("111111111111", "eu-west-3", "shop-fr")
    small.pass_time()

    def copy(target: str) -> str:
        names = {"SourceDBSnapshotIdentifier": nightly, "TargetDBSnapshotIdentifier": target}
        return refusal(small.production.rds.copy_db_snapshot, **names)

    assert copy("one") == "accepted"
    assert copy("two") == "SnapshotQuotaExceeded"
    small.pass_time(TIMES.copy)
    assert copy("two") == "accepted"


def test_cluster_copies_in_flight_are_counted_by_themselves(small: Cloud) -> None:
    small.cluster()
    nightly = small.world.automated_snapshot("111111111111", "eu-west-3", "shop-es")
    small.pass_time()
    codes = [
        refusal(
            small.production.rds.copy_db_cluster_snapshot,
            SourceDBClusterSnapshotIdentifier=nightly,
            TargetDBClusterSnapshotIdentifier=target,
        )
        for target in ("one", "two")
    ]
    assert codes == ["accepted", "SnapshotQuotaExceeded"]


def test_what_is_used_of_each_quota_can_be_read_and_the_quota_raised(small: Cloud) -> None:
    small.instance()
    small.cluster()
    small.snapshot("one")
    copy = {"SourceDBSnapshotIdentifier": "one", "TargetDBSnapshotIdentifier": "two"}
    small.production.rds.copy_db_snapshot(**copy)
    used = small.world.usage("111111111111")
    assert (used.instances, used.clusters, used.instance_snapshots, used.instance_copies) == (1, 1, 2, 1)
    assert small.world.usage("222222222222").instances == 0
    small.world.limits = replace(FEW, instance_snapshots=3)
    small.pass_time()
    assert small.world.usage("111111111111").instance_copies == 0
    assert refusal(
        small.production.rds.copy_db_snapshot, **copy | {"TargetDBSnapshotIdentifier": "three"}
    ) == ("accepted")


def test_a_restore_and_a_copy_can_be_made_to_fail(cloud: Cloud) -> None:
    cloud.instance()
    cloud.snapshot("one")
    cloud.engines.fails = lambda work: work in {"restore", "copy"}
    rds = cloud.production.rds
    rds.copy_db_snapshot(SourceDBSnapshotIdentifier="one", TargetDBSnapshotIdentifier="two")
    rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="again", DBSnapshotIdentifier="one")
    cloud.pass_time()
    assert cloud.production.snapshot("two")["Status"] == "failed"
    assert cloud.production.instance("again")["DBInstanceStatus"] == "failed"


def _nights(cloud: Cloud, database: str, nights: int) -> list[str]:
    names = []
    for _ in range(nights):
        names.append(cloud.world.automated_snapshot("111111111111", "eu-west-3", database))
        cloud.pass_time()
    return names


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        ("describe_db_snapshots", "DBSnapshot"),
        ("describe_db_cluster_snapshots", "DBClusterSnapshot"),
        ("describe_db_instances", "DBInstance"),
        ("describe_db_clusters", "DBCluster"),
    ],
)
def test_a_paginator_finds_everything_once_and_one_call_does_not(
    cloud: Cloud, operation: str, word: str
) -> None:
    for number in range(21):
        cloud.instance(f"db-{number}")
        cloud.cluster(f"cl-{number}")
    if "Snapshot" in word:
        _nights(cloud, "db-0", 21)
        _nights(cloud, "cl-0", 21)
    rds = cloud.production.rds
    first = getattr(rds, operation)(MaxRecords=20)
    assert len(first[f"{word}s"]) == 20
    assert first["Marker"]
    pages = list(rds.get_paginator(operation).paginate(PaginationConfig={"PageSize": 20}))
    found = [record[f"{word}Identifier"] for page in pages for record in page[f"{word}s"]]
    assert len(pages) == 2
    assert len(found) == len(set(found)) == 21


def test_a_page_can_be_made_smaller_than_any_caller_may_ask_for(small: Cloud) -> None:
    small.instance()
    names = _nights(small, "shop-fr", 5)
    assert len(small.production.rds.describe_db_snapshots()["DBSnapshots"]) == 2
    pages = small.production.rds.get_paginator("describe_db_snapshots").paginate()
    assert [found["DBSnapshotIdentifier"] for page in pages for found in page["DBSnapshots"]] == names


def test_a_marker_holds_when_records_vanish_between_two_pages(small: Cloud) -> None:
    small.instance()
    small.snapshot("a")
    small.snapshot("b")
    nightly = _nights(small, "shop-fr", 1)
    first = small.production.rds.describe_db_snapshots()
    small.production.rds.delete_db_snapshot(DBSnapshotIdentifier="a")
    second = small.production.rds.describe_db_snapshots(Marker=first["Marker"])
    assert [found["DBSnapshotIdentifier"] for found in second["DBSnapshots"]] == nightly


@pytest.mark.parametrize("params", [{"MaxRecords": 19}, {"MaxRecords": 101}, {"Marker": "%"}])
def test_a_page_that_rds_would_not_serve_is_refused(cloud: Cloud, params: dict[str, Any]) -> None:
    assert refusal(cloud.production.rds.describe_db_snapshots, **params) == "InvalidParameterValue"
