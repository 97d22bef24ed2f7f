"""The gate before moto: who is let through, what the others are told, and in whose words."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.accounts import DEVELOPMENT, PRODUCTION, REGION, Account, accounts, through
from local.authorization.acting import NotPermittedError, act
from local.authorization.authorizer import Authorizer, Call
from local.authorization.gate import authorized
from local.authorization.roles import DeployedRole
from local.emulation import emulated
from local.record import Record
from local.server import Server
from local.task_runners import FakeTasks
from local.tasks import TaskTimings

ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
QUEUE = f"arn:aws:sqs:{REGION}:{PRODUCTION}:q"


class Scene:
    """An account with one role, `tried`, whose policies a test writes."""

    def __init__(self) -> None:
        self.accounts = accounts()
        self.calls: list[Call] = []
        self.roles: dict[str, DeployedRole] = {}
        self.authorizer = Authorizer(lambda _: self.roles, self._who, self.calls.append)

    def let(self, *statements: dict[str, Any], boundary: Any = None, service: str = "x") -> None:
        trust = {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": PRODUCTION}},
                }
            ]
        }
        documents = ({"Statement": list(statements)},)
        self.roles["tried"] = DeployedRole("tried", trust, documents, boundary)

    @property
    def production(self) -> Account:
        return self.accounts["production"]

    def client(self, service: str) -> Any:
        return self.production.client(service, "tried")

    def refusal(self, service: str, call: Callable[[Any], Any]) -> dict[str, Any]:
        with pytest.raises(ClientError) as refused:
            call(self.client(service))
        answered: dict[str, Any] = refused.value.response["Error"]
        return answered

    def _who(self, key: str) -> tuple[str, str] | None:
        for account in self.accounts.values():
            if role := account.role_of(key):
                return account.number, role
        return None


@pytest.fixture
def scene() -> Iterator[Scene]:
    with emulated(Record(), FakeTasks(), TaskTimings()):
        scene = Scene()
        with authorized(scene.authorizer):
            yield scene


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("rds", lambda client: client.delete_db_instance(DBInstanceIdentifier="x"), "AccessDenied"),
        ("sns", lambda client: client.publish(TopicArn="arn:aws:sns:r:1:t", Message="x"), "AccessDenied"),
        (
            "sqs",
            lambda client: client.send_message(QueueUrl="https://q/1/q", MessageBody="x"),
            "AccessDenied",
        ),
        ("s3", lambda client: client.put_object(Bucket="b", Key="k", Body=b"x"), "AccessDenied"),
        ("s3", lambda client: client.list_objects_v2(Bucket="b", Prefix="x/"), "AccessDenied"),
        ("dynamodb", lambda client: client.scan(TableName="t"), "AccessDeniedException"),
        ("events", lambda client: client.put_events(Entries=[{"Source": "x"}]), "AccessDeniedException"),
        ("ecs", lambda client: client.list_tasks(cluster="c"), "AccessDeniedException"),
        ("kms", lambda client: client.describe_key(KeyId="alias/x"), "AccessDeniedException"),
        ("ssm", lambda client: client.get_parameter(Name="/x"), "AccessDeniedException"),
        ("secretsmanager", lambda client: client.get_secret_value(SecretId="x"), "AccessDeniedException"),
    ],
)
def test_a_call_is_refused_in_the_words_of_its_service(
    scene: Scene, service: str, call: Callable[[Any], Any], code: str
) -> None:
    scene.let()
    answered = scene.refusal(service, call)
    assert answered["Code"] == code
    assert "no statement of the role allows it" in answered["Message"]
    assert "role/tried" in answered["Message"]


def test_a_web_server_refuses_alike(scene: Scene, tmp_path: Path) -> None:
    scene.let()
    server = Server(tmp_path / "server.log")
    try:
        account = through(server.url, scene.accounts)["production"]
        calls: tuple[tuple[str, Callable[[Any], Any]], ...] = (
            ("rds", lambda rds: rds.delete_db_instance(DBInstanceIdentifier="x")),
            ("dynamodb", lambda dynamodb: dynamodb.scan(TableName="t")),
            ("sqs", lambda sqs: sqs.send_message(QueueUrl=f"{server.url}/1/q", MessageBody="x")),
            ("s3", lambda s3: s3.get_object(Bucket="b", Key="k")),
        )
        for service, call in calls:
            with pytest.raises(ClientError, match="no statement of the role allows it"):
                call(account.client(service, "tried"))
        account.client("sqs").create_queue(QueueName="q")
    finally:
        server.close()
    assert [call.resource for call in scene.calls][-1] == "arn:aws:s3:::b/k"


def test_an_operator_may_do_everything_and_is_not_recorded(scene: Scene) -> None:
    scene.production.client("sqs").create_queue(QueueName="q")
    assert scene.calls == []


def test_credentials_of_nobody_are_refused(scene: Scene) -> None:
    scene.accounts["production"]._credentials.clear()
    operator = scene.production.client("sqs")
    scene.production._credentials.clear()
    with pytest.raises(ClientError, match="security token"):
        operator.list_queues()


def test_a_role_that_no_stack_deployed_may_do_nothing(scene: Scene) -> None:
    answered = scene.refusal("sqs", lambda sqs: sqs.receive_message(QueueUrl="https://q/1/q"))
    assert "has no such role" in answered["Message"]


def test_an_operation_that_nobody_looked_up_is_refused_with_what_to_do(scene: Scene) -> None:
    scene.let(ALLOW)
    answered = scene.refusal("sqs", lambda sqs: sqs.list_queues())
    assert "local/authorization/table.py" in answered["Message"]
    assert not scene.calls[-1].allowed


def test_what_is_allowed_happens_and_is_recorded_with_the_statement_behind_it(scene: Scene) -> None:
    scene.production.client("sqs").create_queue(QueueName="q")
    scene.let({**ALLOW, "Sid": "Send", "Action": "sqs:SendMessage", "Resource": QUEUE})
    scene.client("sqs").send_message(QueueUrl="https://q/1/q", MessageBody="x")
    (call,) = scene.calls
    assert (call.action, call.resource, call.sids) == ("sqs:SendMessage", QUEUE, ("Send",))
    assert str(call) == f"tried may sqs:SendMessage on {QUEUE} (Send)"


@pytest.mark.parametrize(
    ("statements", "boundary", "why"),
    [
        ([ALLOW, {**ALLOW, "Effect": "Deny", "Sid": "No"}], None, "an explicit deny: No"),
        ([ALLOW], {"Statement": []}, "the permission boundary does not allow it"),
        ([ALLOW], {"Statement": [{**ALLOW, "Effect": "Deny", "Sid": "Never"}]}, "boundary:Never"),
        ([], {"Statement": [ALLOW]}, "no statement of the role allows it"),
    ],
)
def test_identity_and_boundary_must_both_allow_and_a_deny_wins(
    scene: Scene, statements: list[dict[str, Any]], boundary: Any, why: str
) -> None:
    scene.let(*statements, boundary=boundary)
    answered = scene.refusal("ssm", lambda ssm: ssm.get_parameter(Name="/x"))
    assert why in answered["Message"]


def test_a_queue_s_own_policy_can_deny(scene: Scene) -> None:
    scene.let(ALLOW)
    deny = '{"Statement":{"Sid":"Closed","Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}}'
    scene.production.client("sqs").create_queue(QueueName="q", Attributes={"Policy": deny})
    answered = scene.refusal("sqs", lambda sqs: sqs.send_message(QueueUrl="https://q/1/q", MessageBody="x"))
    assert "resource:Closed" in answered["Message"]


def test_a_key_s_policy_must_allow_as_well(scene: Scene) -> None:
    scene.let(ALLOW)
    policy = '{"Statement":{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"*","Resource":"*"}}'
    key = scene.production.client("kms").create_key(Policy=policy)["KeyMetadata"]["KeyId"]
    answered = scene.refusal("kms", lambda kms: kms.describe_key(KeyId=key))
    assert "the key policy does not allow it" in answered["Message"]


def test_a_service_acts_in_a_role_that_trusts_it_for_its_own_account_only(scene: Scene) -> None:
    scene.let({**ALLOW, "Action": "sqs:SendMessage"}, service="scheduler.amazonaws.com")
    role, source = scene.production.role_arn("tried"), f"arn:aws:scheduler:{REGION}:{PRODUCTION}:schedule/x"
    act("scheduler.amazonaws.com", source, role, "sqs:SendMessage", QUEUE)
    with pytest.raises(NotPermittedError, match=r"does not trust events\.amazonaws\.com"):
        act("events.amazonaws.com", source, role, "sqs:SendMessage", QUEUE)
    with pytest.raises(NotPermittedError, match="does not trust"):
        act(
            "scheduler.amazonaws.com", source.replace(PRODUCTION, DEVELOPMENT), role, "sqs:SendMessage", QUEUE
        )
    with pytest.raises(NotPermittedError, match="not authorized to perform: sqs:PurgeQueue"):
        act("scheduler.amazonaws.com", source, role, "sqs:PurgeQueue", QUEUE)


def test_nobody_is_asked_once_the_gate_is_gone() -> None:
    with emulated(Record(), FakeTasks(), TaskTimings()):
        scene = Scene()
        with authorized(scene.authorizer):
            pass
        scene.production.client("sqs").create_queue(QueueName="q")
        scene.client("sqs").list_queues()
        assert scene.calls == []
