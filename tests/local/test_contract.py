"""What services expect is what the stacks give: nothing is missing, and nothing is given in vain."""

import importlib.util
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import pytest

from local.stacks import Stack
from local.task_runners import TaskStart
from local.world import World
from services.anonymize.worker.run import Settings
from shared.config import Development, PlacementConfig, Production, read
from shared.database.port import Kind
from shared.events import RefreshRequested
from shared.handler import Environment
from tests.loop.conftest import Scene, a_scene

STAGES = ("restore", "anonymize", "snapshot", "receiver")
PREFIX = "SNAPVEIL_"


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """A world whose worker was started once."""
    with contextmanager(a_scene)(Kind.CLUSTER) as opened:
        opened.world.send("restore", RefreshRequested(source="shop-fr"))
        opened.world.run(until=lambda: opened.world.tasks.started, at_most=timedelta(hours=12))
        yield opened


@pytest.fixture(scope="module")
def world(scene: Scene) -> World:
    return scene.world


@pytest.fixture(scope="module")
def start(world: World) -> TaskStart:
    """How the worker was started."""
    return world.tasks.started[0]


def account_of(stage: str) -> str:
    return "development" if stage == "receiver" else "production"


def given(variables: Mapping[str, str]) -> dict[str, str]:
    """Snapveil's variables, by the names that services have for them."""
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in variables.items()
        if name.startswith(PREFIX)
    }


def of_type(stack: Stack, type_: str) -> set[str]:
    return {one.physical_id for one in stack.resources.values() if one.type == type_}


@pytest.mark.parametrize("stage", STAGES)
def test_a_function_is_given_every_variable_that_it_reads_and_no_other(world: World, stage: str) -> None:
    expected = set(Environment.model_fields)
    if stage == "receiver":
        expected -= {"topic_arn"}  # development has no topic
    assert set(given(world.functions[stage].setup.environment)) == expected


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_functions_variables_name_exists_and_belongs_to_it(world: World, stage: str) -> None:
    name = account_of(stage)
    stack = world.stacks[name]
    environment = Environment(**given(world.functions[stage].setup.environment))  # type: ignore[arg-type]
    assert environment.config.removeprefix("ssm:") in of_type(stack, "AWS::SSM::Parameter")
    assert environment.ledger_table in of_type(stack, "AWS::DynamoDB::Table")
    assert environment.bus in of_type(stack, "AWS::Events::EventBus")
    assert environment.queue_url.endswith(f"/snapveil-{stage}")
    attributes = world.client(name, "sqs").get_queue_attributes(
        QueueUrl=environment.queue_url, AttributeNames=["RedrivePolicy"]
    )["Attributes"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert environment.dlq_url.rsplit("/", 1)[-1] == redrive["deadLetterTargetArn"].rsplit(":", 1)[-1]
    assert environment.max_receive_count == int(redrive["maxReceiveCount"])
    if environment.topic_arn:
        assert environment.topic_arn in of_type(stack, "AWS::SNS::Topic")


@pytest.mark.parametrize("stage", STAGES)
def test_a_function_is_fed_by_the_queue_that_it_names_and_its_handler_exists(
    world: World, stage: str
) -> None:
    setup = world.functions[stage].setup
    assert setup.handler == f"services.{stage}.handler.handler"
    assert importlib.util.find_spec(setup.handler.rpartition(".")[0]) is not None
    assert setup.name == f"snapveil-{stage}"
    assert setup.environment["POWERTOOLS_SERVICE_NAME"] == stage


class Reading(dict[str, str]):
    """An environment that notes what is read from it."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__(variables)
        self.needed: set[str] = set()
        self.wanted: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.needed.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: object = None) -> str:  # type: ignore[override]
        self.wanted.add(name)
        return super().get(name, "")


def test_the_worker_is_given_every_variable_that_it_needs_and_none_that_it_does_not_read(
    start: TaskStart,
) -> None:
    reading = Reading(start.environment)
    Settings.read(reading)
    assert reading.needed <= set(start.environment)
    unread = {name for name in start.environment if name.startswith(PREFIX)} - reading.needed - reading.wanted
    assert unread == set()


def test_the_worker_is_the_task_definitions_container_in_the_task_definitions_role(
    world: World, start: TaskStart
) -> None:
    assert (start.container, start.role) == ("worker", "snapveil-worker")
    assert start.role in world.stacks["production"].roles
    assert list(start.command) == ["python", "-m", "services.anonymize.worker"]
    assert importlib.util.find_spec("services.anonymize.worker.__main__") is not None


def production(world: World) -> Production:
    found = read(_document(world, "production"), "production")
    assert isinstance(found, Production)
    return found


def development(world: World) -> Development:
    found = read(_document(world, "development"), "development")
    assert isinstance(found, Development)
    return found


def _document(world: World, account: str) -> str:
    answer = world.client(account, "ssm").get_parameter(Name="/snapveil/config")
    return str(answer["Parameter"]["Value"])


def ensure_placed(stack: Stack, kind: Kind, placement: PlacementConfig) -> None:
    groups = "AWS::RDS::DBClusterParameterGroup" if kind is Kind.CLUSTER else "AWS::RDS::DBParameterGroup"
    assert placement.parameter_group in of_type(stack, groups)
    assert placement.subnet_group in of_type(stack, "AWS::RDS::DBSubnetGroup")
    assert placement.security_groups
    assert set(placement.security_groups) <= of_type(stack, "AWS::EC2::SecurityGroup")


def test_whatever_productions_document_names_is_in_productions_stack(world: World) -> None:
    document, stack = production(world), world.stacks["production"]
    worker = document.worker
    assert worker.cluster in of_type(stack, "AWS::ECS::Cluster") | _arns(stack, "AWS::ECS::Cluster")
    task = worker.task_definition
    definitions = of_type(stack, "AWS::ECS::TaskDefinition")
    assert task in definitions | {one.rsplit("/", 1)[-1].split(":")[0] for one in definitions}
    assert worker.subnets
    assert set(worker.subnets) <= of_type(stack, "AWS::EC2::Subnet")
    assert set(worker.security_groups) <= of_type(stack, "AWS::EC2::SecurityGroup")
    assert {document.share.key, document.production_key} <= _arns(stack, "AWS::KMS::Key")
    buckets = of_type(stack, "AWS::S3::Bucket")
    assert document.reports.split("/")[2] in buckets
    for source in document.sources.values():
        assert source.policy.split("/")[2] in buckets
        ensure_placed(stack, source.kind, source.temporary)


def test_whatever_developments_document_names_is_in_one_of_the_stacks(world: World) -> None:
    document, stack = development(world), world.stacks["development"]
    assert document.copy_key in _arns(stack, "AWS::KMS::Key")
    for target in document.targets.values():
        ensure_placed(stack, target.kind, target.placement)
    aliases = of_type(world.stacks["production"], "AWS::KMS::Alias")
    assert {key.split(":", 5)[5] for key in document.accept.keys} <= aliases


def test_the_two_documents_fit_each_other(world: World) -> None:
    ours, theirs = production(world), development(world)
    assert set(ours.sources) == set(theirs.targets)
    assert theirs.account_id in ours.share.accounts
    assert theirs.accept.owners == (ours.account_id,)


def _arns(stack: Stack, type_: str) -> set[str]:
    return {one.attributes["Arn"] for one in stack.resources.values() if one.type == type_}
