"""Tags of everything, by ARN."""

import pytest

from tests.local.rds.cloud import PRODUCTION, REGION, Cloud, refusal

ARN = f"arn:aws:rds:{REGION}:{PRODUCTION}"


@pytest.fixture
def full(cloud: Cloud) -> Cloud:
    cloud.instance()
    cloud.snapshot()
    cloud.cluster()
    cloud.cluster_snapshot()
    return cloud


@pytest.mark.parametrize(
    "name", ["db:shop-fr", "cluster:shop-es", "snapshot:masked", "cluster-snapshot:masked"]
)
def test_tags_are_added_replaced_shown_and_removed(full: Cloud, name: str) -> None:
    rds = full.production.rds
    rds.add_tags_to_resource(
        ResourceName=f"{ARN}:{name}", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    )
    rds.add_tags_to_resource(ResourceName=f"{ARN}:{name}", Tags=[{"Key": "a", "Value": "3"}])
    rds.remove_tags_from_resource(ResourceName=f"{ARN}:{name}", TagKeys=["b"])
    assert rds.list_tags_for_resource(ResourceName=f"{ARN}:{name}")["TagList"] == [{"Key": "a", "Value": "3"}]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("db:nobody", "DBInstanceNotFound"),
        ("cluster:nobody", "DBClusterNotFoundFault"),
        ("snapshot:nothing", "DBSnapshotNotFound"),
        ("cluster-snapshot:nothing", "DBSnapshotNotFound"),
        ("pg:group", "InvalidParameterValue"),
    ],
)
def test_tags_of_what_is_not_there_are_refused(full: Cloud, name: str, code: str) -> None:
    assert refusal(full.production.rds.list_tags_for_resource, ResourceName=f"{ARN}:{name}") == code


def test_another_accounts_resources_have_no_tags_for_us(full: Cloud) -> None:
    arn = f"{ARN}:snapshot:masked"
    assert refusal(full.development.rds.list_tags_for_resource, ResourceName=arn) == "DBSnapshotNotFound"


def test_an_instance_can_hand_its_tags_to_its_snapshots(cloud: Cloud) -> None:
    cloud.instance(CopyTagsToSnapshot=True, Tags=[{"Key": "env", "Value": "production"}])
    cloud.snapshot()
    assert cloud.production.snapshot("masked")["TagList"] == [{"Key": "env", "Value": "production"}]
