"""What another account sees of a snapshot, and what it may do with it."""

from typing import Any

import pytest

from tests.local.rds.cloud import DEVELOPMENT, PASSWORD, PRODUCTION, REGION, Cloud, refusal


def _shareable(cloud: Cloud, kind: str) -> str:
    """An available snapshot under a key that development may use; returns its ARN."""
    key = cloud.production.key(for_accounts=(DEVELOPMENT,))
    if kind == "instance":
        cloud.instance(KmsKeyId=key)
        return cloud.snapshot()
    cloud.cluster(KmsKeyId=key)
    return cloud.cluster_snapshot()


def _share(cloud: Cloud, kind: str, *accounts: str) -> None:
    (cloud.share if kind == "instance" else cloud.share_cluster_snapshot)("masked", *accounts)


def _seen(cloud: Cloud, kind: str, **params: Any) -> list[dict[str, Any]]:
    rds = cloud.development.rds
    if kind == "instance":
        return list(rds.describe_db_snapshots(**params)["DBSnapshots"])
    return list(rds.describe_db_cluster_snapshots(**params)["DBClusterSnapshots"])


def _copy(cloud: Cloud, kind: str, source: str, **params: Any) -> str:
    if kind == "instance":
        names = {"SourceDBSnapshotIdentifier": source, "TargetDBSnapshotIdentifier": "cpy"}
        return refusal(cloud.development.rds.copy_db_snapshot, **names, **params)
    names = {"SourceDBClusterSnapshotIdentifier": source, "TargetDBClusterSnapshotIdentifier": "cpy"}
    return refusal(cloud.development.rds.copy_db_cluster_snapshot, **names, **params)


NOT_FOUND = {"instance": "DBSnapshotNotFound", "cluster": "DBClusterSnapshotNotFoundFault"}
both_kinds = pytest.mark.parametrize("kind", ["instance", "cluster"])


@both_kinds
def test_an_unshared_snapshot_cannot_be_seen_or_copied_by_the_other_account(cloud: Cloud, kind: str) -> None:
    arn = _shareable(cloud, kind)
    assert _seen(cloud, kind, SnapshotType="shared", IncludeShared=True) == []
    assert _copy(cloud, kind, arn, KmsKeyId=cloud.development.key()) == NOT_FOUND[kind]
    describe = cloud.development.rds.describe_db_snapshots
    if kind == "instance":
        assert refusal(describe, DBSnapshotIdentifier=arn) == NOT_FOUND[kind]


@both_kinds
def test_a_shared_snapshot_is_seen_by_its_arn_and_type_shared_and_without_tags(
    cloud: Cloud, kind: str
) -> None:
    arn = _shareable(cloud, kind)
    cloud.production.rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "run", "Value": "1"}])
    _share(cloud, kind)
    identifier = "DBSnapshotIdentifier" if kind == "instance" else "DBClusterSnapshotIdentifier"
    for params in (
        {"SnapshotType": "shared", "IncludeShared": True},
        {"IncludeShared": True},
        {identifier: arn},
    ):
        (seen,) = _seen(cloud, kind, **params)
        assert (seen[identifier], seen["SnapshotType"], seen["TagList"]) == (arn, "shared", [])
    assert _seen(cloud, kind) == [], "shared snapshots must be asked for"
    assert _seen(cloud, kind, SnapshotType="manual", IncludeShared=True) == []


@both_kinds
def test_unsharing_hides_the_snapshot_again(cloud: Cloud, kind: str) -> None:
    arn = _shareable(cloud, kind)
    _share(cloud, kind)
    if kind == "instance":
        cloud.production.rds.modify_db_snapshot_attribute(
            DBSnapshotIdentifier="masked", AttributeName="restore", ValuesToRemove=[DEVELOPMENT]
        )
    else:
        cloud.production.rds.modify_db_cluster_snapshot_attribute(
            DBClusterSnapshotIdentifier="masked", AttributeName="restore", ValuesToRemove=[DEVELOPMENT]
        )
    assert _seen(cloud, kind, IncludeShared=True) == []
    assert _copy(cloud, kind, arn, KmsKeyId=cloud.development.key()) == NOT_FOUND[kind]


@both_kinds
def test_a_shared_snapshot_is_shared_with_the_named_account_only(cloud: Cloud, kind: str) -> None:
    _shareable(cloud, kind)
    _share(cloud, kind, "333333333333")
    assert _seen(cloud, kind, IncludeShared=True) == []


@both_kinds
def test_a_shared_encrypted_snapshot_is_copied_with_a_key_of_ones_own(cloud: Cloud, kind: str) -> None:
    arn = _shareable(cloud, kind)
    _share(cloud, kind)
    assert _copy(cloud, kind, arn) == "KMSKeyNotAccessibleFault", "KmsKeyId is mandatory"
    assert _copy(cloud, kind, "masked", KmsKeyId=cloud.development.key()) == NOT_FOUND[kind], "by ARN only"
    assert _copy(cloud, kind, arn, KmsKeyId=cloud.development.key()) == "accepted"


@both_kinds
def test_the_other_account_may_neither_share_nor_delete_what_was_shared_with_it(
    cloud: Cloud, kind: str
) -> None:
    arn = _shareable(cloud, kind)
    _share(cloud, kind)
    rds = cloud.development.rds
    if kind == "instance":
        share = refusal(
            rds.modify_db_snapshot_attribute,
            DBSnapshotIdentifier=arn,
            AttributeName="restore",
            ValuesToAdd=["3" * 12],
        )
        delete = refusal(rds.delete_db_snapshot, DBSnapshotIdentifier=arn)
    else:
        share = refusal(
            rds.modify_db_cluster_snapshot_attribute,
            DBClusterSnapshotIdentifier=arn,
            AttributeName="restore",
            ValuesToAdd=["3" * 12],
        )
        delete = refusal(rds.delete_db_cluster_snapshot, DBClusterSnapshotIdentifier=arn)
    assert (share, delete) == (NOT_FOUND[kind], NOT_FOUND[kind])


def test_a_shared_encrypted_instance_snapshot_cannot_be_restored_without_a_copy(cloud: Cloud) -> None:
    arn = _shareable(cloud, "instance")
    cloud.share()
    restore = cloud.development.rds.restore_db_instance_from_db_snapshot
    assert (
        refusal(restore, DBInstanceIdentifier="dev", DBSnapshotIdentifier=arn) == "KMSKeyNotAccessibleFault"
    )
    assert _copy(cloud, "instance", arn, KmsKeyId=cloud.development.key()) == "accepted"
    cloud.pass_time()
    assert refusal(restore, DBInstanceIdentifier="dev", DBSnapshotIdentifier="cpy") == "accepted"
    cloud.pass_time()
    assert cloud.lets_in(cloud.development.instance("dev")["Endpoint"]["Port"], PASSWORD)


def test_a_shared_unencrypted_instance_snapshot_can_be_restored_at_once(cloud: Cloud) -> None:
    cloud.instance(StorageEncrypted=False)
    arn = cloud.snapshot()
    cloud.share()
    restore = cloud.development.rds.restore_db_instance_from_db_snapshot
    assert refusal(restore, DBInstanceIdentifier="dev", DBSnapshotIdentifier=arn) == "accepted"


def test_a_shared_encrypted_cluster_snapshot_can_be_restored_at_once_with_a_key_of_ones_own(
    cloud: Cloud,
) -> None:
    arn = _shareable(cloud, "cluster")
    cloud.share_cluster_snapshot()
    restore = cloud.development.rds.restore_db_cluster_from_snapshot
    names = {"DBClusterIdentifier": "dev", "SnapshotIdentifier": arn, "Engine": "aurora-postgresql"}
    assert refusal(restore, **names) == "KMSKeyNotAccessibleFault"
    key = cloud.development.key()
    assert refusal(restore, **names, KmsKeyId=key) == "accepted"
    assert cloud.development.cluster("dev")["KmsKeyId"] == key


def test_a_snapshot_restored_elsewhere_brings_no_tags_along(cloud: Cloud) -> None:
    cloud.cluster(
        KmsKeyId=cloud.production.key(for_accounts=(DEVELOPMENT,)),
        Tags=[{"Key": "env", "Value": "production"}],
    )
    arn = cloud.cluster_snapshot()
    cloud.share_cluster_snapshot()
    cloud.development.rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="dev",
        SnapshotIdentifier=arn,
        Engine="aurora-postgresql",
        KmsKeyId=cloud.development.key(),
    )
    assert cloud.development.cluster("dev")["TagList"] == []


def _refused_to_share(cloud: Cloud, kind: str, identifier: str, account: str = DEVELOPMENT) -> str:
    rds = cloud.production.rds
    share = {"AttributeName": "restore", "ValuesToAdd": [account]}
    if kind == "instance":
        return refusal(rds.modify_db_snapshot_attribute, DBSnapshotIdentifier=identifier, **share)
    return refusal(rds.modify_db_cluster_snapshot_attribute, DBClusterSnapshotIdentifier=identifier, **share)


@both_kinds
def test_an_automated_snapshot_cannot_be_shared(cloud: Cloud, kind: str) -> None:
    getattr(cloud, kind)("shop", KmsKeyId=cloud.production.key())
    name = cloud.world.automated_snapshot(PRODUCTION, REGION, "shop")
    cloud.pass_time()
    code = {"instance": "InvalidDBSnapshotState", "cluster": "InvalidDBClusterSnapshotStateFault"}[kind]
    assert _refused_to_share(cloud, kind, name) == code


@both_kinds
def test_a_snapshot_under_the_default_key_cannot_be_shared(cloud: Cloud, kind: str) -> None:
    getattr(cloud, kind)("shop")
    (cloud.snapshot if kind == "instance" else cloud.cluster_snapshot)("masked", of="shop")
    assert _refused_to_share(cloud, kind, "masked") == "InvalidParameterCombination"


@both_kinds
def test_an_encrypted_snapshot_cannot_be_made_public(cloud: Cloud, kind: str) -> None:
    _shareable(cloud, kind)
    assert _refused_to_share(cloud, kind, "masked", "all") == "InvalidParameterCombination"


def test_an_unencrypted_snapshot_can_be_public_and_is_then_seen_by_everybody(cloud: Cloud) -> None:
    cloud.instance(StorageEncrypted=False)
    cloud.snapshot()
    cloud.share("masked", "all")
    assert _seen(cloud, "instance", IncludeShared=True) == []
    assert [found["SnapshotType"] for found in _seen(cloud, "instance", SnapshotType="public")] == ["public"]


@both_kinds
def test_a_snapshot_is_shared_with_at_most_twenty_accounts(cloud: Cloud, kind: str) -> None:
    _shareable(cloud, kind)
    _share(cloud, kind, *(f"3000000000{number:02}" for number in range(20)))
    assert _refused_to_share(cloud, kind, "masked") == "SharedSnapshotQuotaExceeded"


def test_the_restore_attribute_lists_the_accounts_once_each(cloud: Cloud) -> None:
    _shareable(cloud, "instance")
    cloud.share()
    cloud.share()
    described = cloud.production.rds.describe_db_snapshot_attributes(DBSnapshotIdentifier="masked")
    assert described["DBSnapshotAttributesResult"]["DBSnapshotAttributes"] == [
        {"AttributeName": "restore", "AttributeValues": [DEVELOPMENT]}
    ]


def test_the_restore_attribute_of_a_cluster_snapshot_lists_the_accounts(cloud: Cloud) -> None:
    _shareable(cloud, "cluster")
    cloud.share_cluster_snapshot()
    described = cloud.production.rds.describe_db_cluster_snapshot_attributes(
        DBClusterSnapshotIdentifier="masked"
    )
    assert described["DBClusterSnapshotAttributesResult"]["DBClusterSnapshotAttributes"] == [
        {"AttributeName": "restore", "AttributeValues": [DEVELOPMENT]}
    ]
