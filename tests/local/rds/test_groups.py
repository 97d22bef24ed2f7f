"""Groups that a restore names must exist, once an account has any."""

from typing import Any

import pytest

from local.rds import groups
from tests.local.rds.cloud import PRODUCTION, REGION, Cloud, refusal


def restore(cloud: Cloud, **named: Any) -> str:
    return refusal(
        cloud.production.rds.restore_db_instance_from_db_snapshot,
        DBInstanceIdentifier="copy",
        DBSnapshotIdentifier="masked",
        **named,
    )


@pytest.fixture
def grouped(cloud: Cloud) -> Cloud:
    """A snapshot in an account that has one group of each kind."""
    cloud.instance()
    cloud.snapshot()
    for kind, name in (
        (groups.SUBNET_GROUP, "isolated"),
        (groups.PARAMETER_GROUP, "strict"),
        (groups.CLUSTER_PARAMETER_GROUP, "strict-too"),
        (groups.SECURITY_GROUP, "sg-1"),
    ):
        groups.add(PRODUCTION, REGION, kind, name)
    return cloud


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ({"DBSubnetGroupName": "other"}, "DBSubnetGroupNotFoundFault"),
        ({"DBParameterGroupName": "strict-too"}, "DBParameterGroupNotFound"),
        ({"VpcSecurityGroupIds": ["sg-1", "sg-2"]}, "InvalidParameterValue"),
        (
            {
                "DBSubnetGroupName": "isolated",
                "DBParameterGroupName": "strict",
                "VpcSecurityGroupIds": ["sg-1"],
            },
            "accepted",
        ),
        ({"DBSubnetGroupName": "default", "DBParameterGroupName": "default.postgres16"}, "accepted"),
    ],
)
def test_a_restore_into_a_group_that_does_not_exist_is_refused(
    grouped: Cloud, named: dict[str, Any], code: str
) -> None:
    assert restore(grouped, **named) == code


def test_a_cluster_names_cluster_parameter_groups(grouped: Cloud) -> None:
    given = {
        "DBClusterIdentifier": "c",
        "Engine": "aurora-postgresql",
        "MasterUsername": "shop",
        "MasterUserPassword": "long-enough",
    }
    create = grouped.production.rds.create_db_cluster
    refused = refusal(create, **given, DBClusterParameterGroupName="strict")
    assert refused == "DBClusterParameterGroupNotFound"
    assert refusal(create, **given, DBClusterParameterGroupName="strict-too") == "accepted"


def test_a_group_that_was_deleted_is_gone(grouped: Cloud) -> None:
    groups.remove(PRODUCTION, REGION, groups.SUBNET_GROUP, "isolated")
    assert restore(grouped, DBSubnetGroupName="isolated") == "DBSubnetGroupNotFoundFault"


def test_an_account_without_any_groups_is_not_asked(cloud: Cloud) -> None:
    cloud.instance()
    cloud.snapshot()
    assert restore(cloud, DBSubnetGroupName="whatever") == "accepted"
