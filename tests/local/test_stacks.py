"""The kept templates, deployed for local sources: documents are valid, every sender may send, all can go."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import deployed, keys, policies
from local.accounts import DEVELOPMENT, PRODUCTION, REGION
from local.documents import LocalSource, Pacing
from local.stacks import Stack
from local.stacks.families import TYPES
from local.stacks.resource import Resource
from local.templates import kept
from local.world import World
from shared.config import Config, Development, Production, read
from shared.database.port import Kind

SOURCES = {
    "shop-fr": LocalSource("shop-fr-prod", {"policy.yaml": b"x"}, max_snapshot_age="12h"),
    "shop-es": LocalSource("shop-es-prod", {"policy.yaml": b"x"}, Kind.CLUSTER, replace="delete_first"),
    "shop-be": LocalSource("shop-be-prod", {"policy.yaml": b"x"}),
}
RECEIVER = f"arn:aws:iam::{DEVELOPMENT}:role/snapveil-receiver"


@pytest.fixture
def world() -> Iterator[World]:
    with World(SOURCES) as opened:
        yield opened


def config(world: World, account: str) -> Config:
    answer = world.client(account, "ssm").get_parameter(Name="/snapveil/config")
    return read(str(answer["Parameter"]["Value"]), "here")


def of_type(stack: Stack, type_: str) -> list[Resource]:
    return [one for one in stack.resources.values() if one.type == type_]


def test_productions_document_names_the_local_sources_and_what_the_stack_made(world: World) -> None:
    document = config(world, "production")
    assert isinstance(document, Production)
    assert (document.account_id, document.share.accounts) == (PRODUCTION, (DEVELOPMENT,))
    assert {name: (one.kind, one.database) for name, one in document.sources.items()} == {
        "shop-fr": (Kind.INSTANCE, "shop-fr-prod"),
        "shop-es": (Kind.CLUSTER, "shop-es-prod"),
        "shop-be": (Kind.INSTANCE, "shop-be-prod"),
    }
    assert {name: one.temporary.parameter_group for name, one in document.sources.items()} == {
        name: f"snapveil-tmp-{name}" for name in SOURCES
    }
    assert document.sources["shop-fr"].max_snapshot_age.total_seconds() == 12 * 3600
    assert document.worker.tls == "disable"


def test_developments_document_names_the_local_targets_and_productions_key(world: World) -> None:
    document = config(world, "development")
    assert isinstance(document, Development)
    assert document.accept.owners == (PRODUCTION,)
    assert {name: (one.name, one.replace) for name, one in document.targets.items()} == {
        "shop-fr": ("snapveil-dev-shop-fr", "beside"),
        "shop-es": ("snapveil-dev-shop-es", "delete_first"),
        "shop-be": ("snapveil-dev-shop-be", "beside"),
    }
    (alias,) = document.accept.keys
    receivers = world.accounts["development"].client("kms", "snapveil-receiver")
    share = config(world, "production")
    assert isinstance(share, Production)
    assert receivers.describe_key(KeyId=alias)["KeyMetadata"]["Arn"] == share.share.key


@pytest.mark.parametrize(
    "pacing", [Pacing(), Pacing.fast(), Pacing.coarse(), Pacing(deadlines={"restore": "1h"})]
)
def test_every_pacing_makes_valid_documents(pacing: Pacing) -> None:
    with World(SOURCES, pacing=pacing) as world:
        for account in ("production", "development"):
            assert config(world, account).account == account


def test_a_policys_files_lie_where_the_document_says(world: World) -> None:
    bucket = f"snapveil-{PRODUCTION}-{REGION}"
    found = world.client("production", "s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert {one["Key"] for one in found} == {f"policies/{name}/policy.yaml" for name in SOURCES}


def senders(stack: Stack) -> list[tuple[str, str, str]]:
    """Who sends to which queue: service, ARN of the sender, ARN of the queue."""
    subscribed = [
        ("sns.amazonaws.com", one.properties["TopicArn"], one.properties["Endpoint"])
        for one in of_type(stack, "AWS::SNS::Subscription")
        if one.properties["Protocol"] == "sqs"
    ]
    ruled = [
        ("events.amazonaws.com", rule.attributes["Arn"], arn)
        for rule in of_type(stack, "AWS::Events::Rule")
        for target in rule.properties["Targets"]
        for arn in (target["Arn"], target.get("DeadLetterConfig", {}).get("Arn", ""))
        if ":sqs:" in arn
    ]
    return subscribed + ruled


def test_every_queue_lets_in_who_sends_to_it(world: World) -> None:
    for account, stack in world.stacks.items():
        for service, sender, queue in senders(stack):
            request = policies.Request(service, "sqs:SendMessage", queue, {"aws:SourceArn": sender})
            assert policies.allows(_policy(world, account, queue), request), (sender, queue)
        assert senders(stack)


def _policy(world: World, account: str, queue: str) -> Any:
    sqs = world.client(account, "sqs")
    url = sqs.get_queue_url(QueueName=queue.rsplit(":", 1)[-1])["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    return json.loads(attributes["Policy"])


def test_the_share_key_is_the_only_one_that_development_may_use(world: World) -> None:
    usable = set()
    for alias in of_type(world.stacks["production"], "AWS::KMS::Alias"):
        key = keys.find(PRODUCTION, REGION, alias.physical_id)
        assert key is not None
        via = {"kms:ViaService": f"rds.{REGION}.amazonaws.com"}
        if keys.lets(key, DEVELOPMENT, RECEIVER, "kms:Decrypt", **via):
            usable.add(alias.physical_id)
            assert not keys.lets(key, DEVELOPMENT, RECEIVER, "kms:Decrypt")
    assert usable == {"alias/snapveil-share"}


def test_weekly_refreshes_are_off_and_sweeps_are_on_until_somebody_decides(world: World) -> None:
    listed = world.client("production", "scheduler").list_schedules()["Schedules"]
    assert {one["Name"]: one["State"] for one in listed} == {
        **{f"refresh-{name}": "DISABLED" for name in SOURCES},
        "sweep-restore": "ENABLED",
        "sweep-snapshot": "ENABLED",
    }


def test_each_function_acts_in_a_role_of_its_own(world: World) -> None:
    access_keys = {
        stage: function.setup.environment["AWS_ACCESS_KEY_ID"] for stage, function in world.functions.items()
    }
    assert len(set(access_keys.values())) == len(access_keys) == 4
    for stage, access_key in access_keys.items():
        account = "development" if stage == "receiver" else "production"
        assert world.accounts[account].role_of(access_key) == f"snapveil-{stage}"
        assert f"snapveil-{stage}" in world.stacks[account].roles


def test_a_role_may_do_what_the_stack_lets_it_and_no_more(world: World) -> None:
    url = "https://sqs.eu-west-3.amazonaws.com/111111111111/snapveil-anonymize"
    world.accounts["production"].client("sqs", "snapveil-anonymize").send_message(
        QueueUrl=url, MessageBody="x"
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        world.accounts["production"].client("sqs", "snapveil-restore").send_message(
            QueueUrl=url, MessageBody="x"
        )
    with pytest.raises(ClientError, match="AccessDenied"):
        world.accounts["production"].client("rds", "snapveil-anonymize").describe_db_instances()


def test_databases_are_restored_into_the_stacks_groups(world: World) -> None:
    rds = world.client("production", "rds")
    refused = rds.exceptions.DBSubnetGroupNotFoundFault
    given = {
        "DBInstanceIdentifier": "a",
        "Engine": "postgres",
        "DBInstanceClass": "db.t4g.medium",
        "AllocatedStorage": 20,
        "MasterUsername": "shop",
        "MasterUserPassword": "long-enough",
    }
    with pytest.raises(refused):
        rds.create_db_instance(**given, DBSubnetGroupName="snapveil-development")
    made = rds.create_db_instance(**given, DBSubnetGroupName="snapveil-temporary")
    assert made["DBInstance"]["DBSubnetGroup"]["DBSubnetGroupName"] == "snapveil-temporary"


def test_deleting_both_stacks_leaves_only_what_holds_data(world: World) -> None:
    holding = {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key"}
    for account, stack in world.stacks.items():
        assert stack.delete(), stack.reason
        kept_types = {one.type for one in stack.events if one.status == "DELETE_SKIPPED"}
        assert kept_types <= holding
        assert "AWS::DynamoDB::Table" in kept_types
        client = world.accounts[account].client
        assert client("sqs").list_queues().get("QueueUrls", []) == []
        assert client("sns").list_topics()["Topics"] == []
        assert client("scheduler").list_schedules()["Schedules"] == []
        assert client("ssm").describe_parameters()["Parameters"] == []
        assert [one["Name"] for one in client("events").list_event_buses()["EventBuses"]] == ["default"]
        assert client("events").list_archives()["Archives"] == []
        assert client("ecs").list_task_definitions()["taskDefinitionArns"] == []
        assert client("dynamodb").list_tables()["TableNames"] == ["snapveil-ledger"]
    assert world.rds.databases(PRODUCTION) == []


def test_every_type_and_property_of_the_kept_templates_is_understood() -> None:
    for template in kept().values():
        for name, resource in template["Resources"].items():
            assert resource["Type"] in TYPES, name
            TYPES[resource["Type"]].check(resource.get("Properties", {}))


def test_the_dead_letter_queues_are_those_that_nothing_takes_from(world: World) -> None:
    dead = {name for stack in world.stacks.values() for name in deployed.dead_letter_queues(stack)}
    everything = {name for stack in world.stacks.values() for name in deployed.queues(stack)}
    assert everything - dead == {
        f"snapveil-{stage}" for stage in ("restore", "anonymize", "snapshot", "receiver")
    }
    assert all(name.endswith("-dlq") for name in dead)
