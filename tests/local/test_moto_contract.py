"""What the embedded cloud relies on in moto: each test names a behaviour that a new moto might change.

When one fails after an update, the correction beside it in `local/` must be looked at – or is needed no more.
"""

import inspect
import json
from importlib.metadata import version
from typing import Any

import moto.backends
import moto.dynamodb.models
import moto.ec2.models.instance_types
import moto.ecs.models
import moto.kms.models
import pytest
from moto import mock_aws
from moto.core.base_backend import BackendDict, BaseBackend
from moto.events.models import EventBus, Rule
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket
from moto.sqs.models import Message, Queue, sqs_backends

from local.accounts import DEVELOPMENT, PRODUCTION, Account
from local.buckets import policies_read_elsewhere
from local.cloudformation import stacks_backends
from local.emulation import _replaced
from tests.local.messages import arn, queue, queue_with_dead_letters


def test_the_version_is_the_one_whose_behaviour_was_measured() -> None:
    assert version("moto").split(".")[:2] == ["5", "2"]


def test_backends_are_built_late_from_a_class_that_can_be_exchanged() -> None:
    for backends, ours in _replaced.items():
        assert isinstance(backends, BackendDict)
        assert issubclass(ours, backends.backend)
        assert issubclass(ours, BaseBackend)


def test_paths_are_found_through_the_backend() -> None:
    assert isinstance(inspect.getattr_static(BaseBackend, "_url_module"), property)
    for method in ("urls", "url_paths", "url_bases"):
        assert "_url_module" in inspect.getsource(inspect.getattr_static(BaseBackend, method).fget)


def test_a_role_that_nobody_made_can_be_assumed_and_its_key_tells_the_account(
    production: Account, development: Account
) -> None:
    for account, number in ((production, PRODUCTION), (development, DEVELOPMENT)):
        assert account.client("sts").get_caller_identity()["Account"] == number
        for role in ("one", "two"):
            identity = account.client("sts", role).get_caller_identity()
            assert f"assumed-role/{role}/" in identity["Arn"]


def test_the_accounts_see_nothing_of_each_other(production: Account, development: Account) -> None:
    queue(production, "q")
    assert "QueueUrls" not in development.client("sqs").list_queues()


def test_messages_and_queues_have_the_parts_that_we_read(production: Account) -> None:
    url, _ = queue_with_dead_letters(production, "q", tries=2)
    production.client("sqs").send_message(QueueUrl=url, MessageBody="m", DelaySeconds=5)
    found: Queue = sqs_backends[production.number][production.region].get_queue("q")
    (message,) = found._messages
    assert isinstance(message, Message)
    assert message.delayed_until == pytest.approx(message.sent_timestamp + 5000, abs=1000)
    assert (message.visible_at, message.approximate_receive_count) == (0, 0)
    assert found.redrive_policy["maxReceiveCount"] == 2
    assert found.dead_letter_queue.name == "q-dlq"
    assert found._pending_messages == set()
    assert found.messages == []


def test_a_queue_url_may_have_any_host(production: Account) -> None:
    queue(production, "q")
    url = f"https://sqs.eu-west-3.amazonaws.com/{production.number}/q"
    production.client("sqs").send_message(QueueUrl=url, MessageBody="m")
    assert production.client("sqs").receive_message(QueueUrl=url)["Messages"]


def test_rules_and_buses_have_the_parts_that_we_read(production: Account) -> None:
    events = production.client("events")
    events.create_event_bus(Name="b")
    events.put_rule(Name="r", EventBusName="b", EventPattern='{"account": ["1"]}', State="DISABLED")
    from moto.events.models import events_backends

    bus: EventBus = events_backends[production.number][production.region].event_buses["b"]
    rule: Rule = bus.rules["r"]
    assert (bus.account_id, bus.arn) == (production.number, arn(production, "events", "event-bus/b"))
    assert (rule.state, rule.account_id, rule.arn) == (
        "DISABLED",
        production.number,
        arn(production, "events", "rule/b/r"),
    )
    assert rule.event_pattern.matches_event({"account": "1", "detail": {}})  # type: ignore[typeddict-item]
    assert not rule.event_pattern.matches_event({"account": "2", "detail": {}})  # type: ignore[typeddict-item]


def test_a_policy_is_kept_as_it_was_given_with_all_its_statements(production: Account) -> None:
    statements = [
        {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"AWS": "1"},
            "Action": "events:PutEvents",
            "Resource": "*",
        }
        for sid in ("A", "B")
    ]
    events = production.client("events")
    events.create_event_bus(Name="b")
    events.put_permission(
        EventBusName="b", Policy=json.dumps({"Version": "2012-10-17", "Statement": statements})
    )
    assert json.loads(events.describe_event_bus(Name="b")["Policy"])["Statement"] == statements


def test_symmetric_keys_work_although_all_share_one_private_key(production: Account) -> None:
    kms = production.client("kms")
    keys = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2)]
    sealed = kms.encrypt(KeyId=keys[0], Plaintext=b"secret", EncryptionContext={"run": "a"})["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"run": "a"})["Plaintext"] == b"secret"
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"run": "a"})["KeyId"].endswith(keys[0])


def test_the_conditional_writes_of_the_ledger_are_understood(production: Account) -> None:
    dynamodb = production.client("dynamodb")
    dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item: dict[str, Any] = {"pk": {"S": "a"}, "token": {"S": "1"}, "state": {"S": "working"}}
    names = {"#token": "token", "#state": "state"}
    dynamodb.put_item(TableName="t", Item=item, ConditionExpression="attribute_not_exists(pk)")
    condition = {
        "ConditionExpression": "#token IN (:a, :b) AND #state = :s",
        "ExpressionAttributeNames": names,
    }
    values = {":a": {"S": "0"}, ":b": {"S": "1"}, ":s": {"S": "working"}}
    dynamodb.put_item(
        TableName="t", Item=item | {"token": {"S": "2"}}, ExpressionAttributeValues=values, **condition
    )
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(TableName="t", Item=item, ExpressionAttributeValues=values, **condition)


def test_a_services_backends_are_found_through_one_function(production: Account) -> None:
    assert moto.backends.get_backend("cloudformation") is stacks_backends
    assert moto.backends.get_backend("sqs") is sqs_backends


def test_a_bucket_policy_is_read_without_its_conditions_so_that_it_must_be_read_elsewhere() -> None:
    bucket = FakeBucket("b", "111111111111", "eu-west-3")
    bucket.policy = json.dumps(
        {
            "Statement": [
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": "arn:aws:s3:::b/*",
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ]
        }
    ).encode()
    denied = bucket.get_permission("s3:PutObject", "arn:aws:s3:::b/k")
    assert denied is PermissionResult.DENIED
    with policies_read_elsewhere():
        assert bucket.get_permission("s3:PutObject", "arn:aws:s3:::b/k") is PermissionResult.NEUTRAL


def test_while_a_cloud_is_open_moto_uses_our_classes(production: Account) -> None:
    assert [backends.backend for backends in _replaced] == list(_replaced.values())


@pytest.mark.parametrize("service", sorted(backends.service_name for backends in _replaced))
def test_outside_of_a_cloud_moto_has_its_own_classes(service: str) -> None:
    with mock_aws():
        (backends,) = [one for one in _replaced if one.service_name == service]
        assert backends.backend.__module__ == f"moto.{service}.models"


def test_what_is_left_out_of_ec2_is_what_nobody_here_asks_for() -> None:
    assert moto.ec2.models.instance_types.INSTANCE_TYPES == {}
    assert callable(moto.kms.models.generate_private_key)
