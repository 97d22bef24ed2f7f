"""The running cloud: messages reach processes that act in their own role and account."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local.cloud import Cloud
from local.documents import LocalSource
from local.emulation import AlreadyOpenError
from local.templates import kept
from tests.local.conftest import POLICY
from tests.local.declarations import Template, changed, of_type

BUS, TABLE = "snapveil", "snapveil-ledger"
SOURCES = {"shop-fr": LocalSource("shop-fr-prod", POLICY)}
WORKER = (
    "from shared.ledger import Ledger; from shared.records import Progress; import sys; "
    "Ledger(sys.argv[1]).record_progress('a-run', Progress(step='masking'))"
)


def noting() -> dict[str, Template]:
    """The kept templates, with functions that note what they get and a worker that tells that it ran."""

    def note(template: Template) -> None:
        for function in of_type(template, "AWS::Lambda::Function"):
            function["Properties"]["Handler"] = "tests.local.handlers.note"
        for task in of_type(template, "AWS::ECS::TaskDefinition"):
            container = task["Properties"]["ContainerDefinitions"][0]
            container["EntryPoint"] = ["python", "-c", WORKER, TABLE]

    return {name: changed(template, note) for name, template in kept().items()}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with Cloud(tmp_path_factory.mktemp("cloud"), SOURCES, templates=noting(), retry_after=0) as opened:
        yield opened


def noted(cloud: Cloud, account: str, body: str) -> dict[str, Mapping[str, Any]]:
    """What functions of an account noted about a message, by function."""
    answer = cloud.client(account, "dynamodb").query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"noted#{body}"}},
    )
    return {item["sk"]["S"]: item for item in answer["Items"]}


def settled(cloud: Cloud) -> None:
    """Wait until no message is under way."""
    cloud.wait_until(lambda: not cloud.leftovers().unacknowledged_messages, 60)


def put(cloud: Cloud, account: str, type_: str) -> str:
    answer = cloud.client(account, "events").put_events(
        Entries=[
            {
                "EventBusName": BUS,
                "Source": "snapveil",
                "DetailType": type_,
                "Detail": json.dumps({"type": type_}),
            }
        ]
    )
    assert answer["FailedEntryCount"] == 0
    return str(answer["Entries"][0]["EventId"])


def all_noted(cloud: Cloud) -> list[tuple[str, str]]:
    return [
        (item["pk"]["S"].removeprefix("noted#"), item["sk"]["S"])
        for account in ("production", "development")
        for item in cloud.client(account, "dynamodb").scan(TableName=TABLE)["Items"]
        if item["pk"]["S"].startswith("noted#")
    ]


@pytest.mark.parametrize(
    ("stage", "account", "other"),
    [("restore", "production", "development"), ("receiver", "development", "production")],
)
def test_a_message_reaches_a_process_that_acts_in_its_own_role_and_account(
    cloud: Cloud, stage: str, account: str, other: str
) -> None:
    cloud.send(stage, f"hello {stage}")
    cloud.wait_until(lambda: noted(cloud, account, f"hello {stage}"), 60)
    (item,) = noted(cloud, account, f"hello {stage}").values()
    number = cloud.accounts[account].number
    assert item["who"]["S"].startswith(f"arn:aws:sts::{number}:assumed-role/snapveil-{stage}/")
    assert int(item["pid"]["N"]) in cloud.functions[stage].pids()
    assert noted(cloud, other, f"hello {stage}") == {}


@pytest.mark.parametrize(
    ("type_", "stages"),
    [
        ("DatabaseRestored", {"anonymize"}),
        ("DatabaseAnonymized", {"snapshot"}),
        ("SnapshotShared", {"restore"}),
        ("StageFailed", {"restore", "snapshot"}),
        ("SnapshotReceived", set()),
    ],
)
def test_a_published_event_reaches_the_stages_that_listen_for_it(
    cloud: Cloud, type_: str, stages: set[str]
) -> None:
    body = json.dumps({"type": type_, "version": 1})
    topic = f"arn:aws:sns:eu-west-3:{cloud.accounts['production'].number}:snapveil-events"
    cloud.client("production", "sns").publish(TopicArn=topic, Message=body)
    settled(cloud)
    assert set(noted(cloud, "production", body)) == {f"snapveil-{stage}" for stage in stages}
    assert cloud.events[-1].type == type_


@pytest.mark.parametrize(
    ("sender", "type_", "function"),
    [
        ("production", "SnapshotShared", "snapveil-receiver"),
        ("development", "SnapshotReceived", "snapveil-snapshot"),
        ("development", "TargetReplaced", "snapveil-snapshot"),
        ("development", "StageFailed", "snapveil-snapshot"),
        ("development", "SnapshotShared", None),
        ("production", "TargetReplaced", None),
    ],
)
def test_an_event_crosses_to_the_other_account_if_it_is_meant_to(
    cloud: Cloud, sender: str, type_: str, function: str | None
) -> None:
    event_id = put(cloud, sender, type_)
    settled(cloud)
    received = [(json.loads(body), name) for body, name in all_noted(cloud) if event_id in body]
    assert [name for _, name in received] == ([function] if function else [])
    assert {envelope["account"] for envelope, _ in received} <= {cloud.accounts[sender].number}


def test_a_message_whose_function_is_killed_comes_again_to_a_new_process(cloud: Cloud) -> None:
    cloud.send("anonymize", "hang")
    first = cloud.wait_until(lambda: noted(cloud, "production", "hang"), 60)["snapveil-anonymize"]
    cloud.functions["anonymize"].kill()
    cloud.wait_until(
        lambda: noted(cloud, "production", "hang")["snapveil-anonymize"]["tries"]["N"] == "2", 60
    )
    settled(cloud)
    assert int(first["pid"]["N"]) not in cloud.functions["anonymize"].pids()
    assert cloud.leftovers().dead_letters == {}


def test_a_schedule_fired_by_hand_puts_its_message_on_the_queue(cloud: Cloud) -> None:
    cloud.fire_schedule("production", "refresh-shop-fr")
    body = '{"version": 1, "type": "RefreshRequested", "source": "shop-fr", "requested_by": "schedule"}'
    cloud.wait_until(lambda: noted(cloud, "production", body), 60)


def test_a_task_runs_as_a_process_with_the_workers_role(cloud: Cloud) -> None:
    ecs = cloud.client("production", "ecs")
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
    answer = ecs.run_task(
        cluster="snapveil",
        taskDefinition="snapveil-worker",
        launchType="FARGATE",
        networkConfiguration=network,
    )
    arn = answer["tasks"][0]["taskArn"]

    def stopped() -> Any:
        (task,) = ecs.describe_tasks(cluster="snapveil", tasks=[arn])["tasks"]
        return task if task["lastStatus"] == "STOPPED" else None

    task = cloud.wait_until(stopped, 60)
    assert task["containers"][0]["exitCode"] == 0, (cloud.directory / "tasks").exists()
    told = cloud.ledger("production").progress("a-run")
    assert told is not None
    assert told.step == "masking"


def test_what_waits_is_counted_wherever_it_is(cloud: Cloud) -> None:
    sqs = cloud.client("production", "sqs")
    url = sqs.get_queue_url(QueueName="snapveil-restore")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="delayed", DelaySeconds=900)
    dead = sqs.get_queue_url(QueueName="snapveil-restore-dlq")["QueueUrl"]
    sqs.send_message(QueueUrl=dead, MessageBody="dead")
    left = cloud.leftovers()
    assert left.unacknowledged_messages == {"snapveil-restore": 1}
    assert left.dead_letters == {"snapveil-restore-dlq": 1}
    for queue in (url, dead):
        sqs.purge_queue(QueueUrl=queue)
    assert cloud.leftovers().empty


def test_what_a_run_made_is_found_among_the_leftovers(cloud: Cloud) -> None:
    secrets = cloud.client("production", "secretsmanager")
    secrets.create_secret(Name="snapveil/shop-fr-20261116t0305-1f9c3a7e/master", SecretString="{}")
    cloud.client("production", "rds").create_db_instance(
        DBInstanceIdentifier="snapveil-tmp-shop-fr-20261116t0305-1f9c3a7e",
        Engine="postgres",
        DBInstanceClass="db.t4g.medium",
        AllocatedStorage=20,
        MasterUsername="shop",
        MasterUserPassword="long-enough",
    )
    left = cloud.leftovers()
    assert left.temporary_databases == ("snapveil-tmp-shop-fr-20261116t0305-1f9c3a7e",)
    assert left.secrets == ("snapveil/shop-fr-20261116t0305-1f9c3a7e/master",)


def test_another_process_can_have_a_cloud_at_the_same_time(cloud: Cloud, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from tests.local.test_cloud import SOURCES, noting, noted\n"
        "from local.cloud import Cloud\n"
        "with Cloud(Path(sys.argv[1]), SOURCES, templates=noting()) as cloud:\n"
        "    cloud.send('restore', 'from the other one')\n"
        "    cloud.wait_until(lambda: noted(cloud, 'production', 'from the other one'), 60)\n"
        "    print(cloud.endpoint_url)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    assert finished.stdout.strip().startswith("http://127.0.0.1:")
    assert finished.stdout.strip() != cloud.endpoint_url
    assert noted(cloud, "production", "from the other one") == {}


def test_the_same_process_can_not(cloud: Cloud, tmp_path: Path) -> None:
    with pytest.raises(AlreadyOpenError, match="close it first"), Cloud(tmp_path / "second", SOURCES):
        pass


def test_waiting_in_vain_says_where_the_logs_are(cloud: Cloud) -> None:
    with pytest.raises(TimeoutError, match=str(cloud.directory)):
        cloud.wait_until(lambda: False, 0.01)
