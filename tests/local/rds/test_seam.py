"""The seam to moto: over HTTP with assumed roles, in place and taken out again."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from local.engines import NoEngines
from local.rds import DatabaseSummary, RdsWorld
from local.rds.names import Kind
from tests.local.rds.cloud import DEVELOPMENT, PASSWORD, PRODUCTION, REGION, TIMES, Clock, Cloud, refusal


@pytest.fixture
def server(cloud: Cloud) -> Iterator[str]:
    made = ThreadedMotoServer(port=0, verbose=False)
    made.start()
    host, port = made.get_host_and_port()
    yield f"http://{host}:{port}"
    made.stop()


def _assumed(url: str, account: str) -> Any:
    """An RDS client whose account moto knows by its credentials alone."""
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}
    role = f"arn:aws:iam::{account}:role/stage"
    sts = boto3.client("sts", endpoint_url=url, **keys)
    credentials = sts.assume_role(RoleArn=role, RoleSessionName="stage")["Credentials"]
    return boto3.client(
        "rds",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def test_assumed_roles_reach_their_own_account_over_http(cloud: Cloud, server: str) -> None:
    cloud.instance()
    production, development = _assumed(server, PRODUCTION), _assumed(server, DEVELOPMENT)
    (found,) = production.describe_db_instances()["DBInstances"]
    assert found["DBInstanceArn"] == f"arn:aws:rds:{REGION}:{PRODUCTION}:db:shop-fr"
    assert development.describe_db_instances()["DBInstances"] == []
    unknown = refusal(development.describe_db_instances, DBInstanceIdentifier="shop-fr")
    assert unknown == "DBInstanceNotFound"


def test_what_is_not_emulated_is_still_motos(cloud: Cloud) -> None:
    rds = cloud.production.rds
    rds.create_db_parameter_group(
        DBParameterGroupName="isolated", DBParameterGroupFamily="postgres18", Description="no SQL in logs"
    )
    groups = rds.describe_db_parameter_groups()["DBParameterGroups"]
    assert [group["DBParameterGroupName"] for group in groups] == ["isolated"]


def test_a_world_starts_empty_and_leaves_nothing_behind(cloud: Cloud) -> None:
    cloud.instance()
    cloud.world.uninstall()
    assert cloud.engines.volumes == 0
    answered_by_moto = cloud.production.rds.describe_db_instances()["DBInstances"]
    assert answered_by_moto == []
    second = RdsWorld(NoEngines(), TIMES, Clock())
    second.install()
    try:
        assert second.databases(PRODUCTION) == []
        assert cloud.production.rds.describe_db_instances()["DBInstances"] == []
    finally:
        second.uninstall()


def test_the_world_lists_every_database_of_an_account(cloud: Cloud) -> None:
    cloud.instance()
    cloud.cluster()
    port = cloud.production.instance("shop-fr")["Endpoint"]["Port"]
    assert cloud.world.databases(PRODUCTION) == [
        DatabaseSummary("shop-fr", Kind.INSTANCE, "available", port, None),
        DatabaseSummary("shop-es", Kind.CLUSTER, "available", None, None),
    ]
    assert cloud.world.databases(DEVELOPMENT) == []
    cloud.member()
    assert cloud.world.databases(PRODUCTION)[1].port == cloud.production.cluster("shop-es")["Port"]


def test_a_failed_engine_shows_as_a_failed_database_that_can_be_deleted(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_room(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(cloud.engines, "create", no_room)
    cloud.instance()
    assert cloud.production.status("instance", "shop-fr") == "failed"
    assert "no data" in caplog.text
    cloud.production.rds.delete_db_instance(DBInstanceIdentifier="shop-fr", SkipFinalSnapshot=True)
    cloud.pass_time()
    assert cloud.world.databases(PRODUCTION) == []


def test_a_password_never_appears_in_what_the_api_tells(cloud: Cloud) -> None:
    cloud.instance()
    assert PASSWORD not in str(cloud.production.instance("shop-fr"))
