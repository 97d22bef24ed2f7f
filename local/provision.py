"""Creating what a wiring describes, through plain boto3 calls, as a deployment would."""

import json
import re
from collections.abc import Mapping

from local.accounts import Account
from local.resources import Queue, Rule, Schedule, TaskDefinition, Wiring
from local.wiring import bucket_of

_KEY = re.compile(r"\$\{key:(?P<name>[\w/-]+)\}")


class WiringError(ValueError):
    """A wiring refers to something that it does not describe."""


def apply(wiring: Wiring, account: Account, keys: Mapping[str, str] | None = None) -> dict[str, str]:
    """Create everything in an account. Returns its keys' ARNs as the other account's texts name them:
    `account/alias`.

    `keys` are the other account's. Raises WiringError for a key that neither has.
    """
    known = dict(keys or {}) | _make_keys(wiring, account)
    _make_storage(wiring, account, known)
    for queue in sorted(
        wiring.queues, key=lambda one: one.dead_letters is not None
    ):  # dead-letter queues first
        _make_queue(queue, account)
    for topic in wiring.topics:
        account.client("sns").create_topic(Name=topic)
    for subscription in wiring.subscriptions:
        account.client("sns").subscribe(
            TopicArn=_arn(account, "sns", subscription.topic),
            Protocol="sqs",
            Endpoint=_arn(account, "sqs", subscription.queue),
            Attributes={
                "RawMessageDelivery": "true",
                "FilterPolicyScope": "MessageBody",
                "FilterPolicy": json.dumps(subscription.filter_policy),
            },
        )
    for bus in wiring.buses:
        account.client("events").create_event_bus(Name=bus.name)
        if bus.policy:
            account.client("events").put_permission(EventBusName=bus.name, Policy=json.dumps(bus.policy))
    for rule in wiring.rules:
        _make_rule(rule, account)
    for schedule in wiring.schedules:
        _make_schedule(schedule, account)
    for cluster in wiring.clusters:
        account.client("ecs").create_cluster(clusterName=cluster)
    for task in wiring.tasks:
        _make_task_definition(task, account)
    return {
        f"{wiring.account}/{alias}": arn for alias, arn in known.items() if "/" not in alias.partition("/")[2]
    }


def publish_bundle(account: Account, name: str, files: Mapping[str, bytes]) -> None:
    """Put a policy and its files where the configuration document says."""
    for path, content in files.items():
        account.client("s3").put_object(
            Bucket=bucket_of(account.number), Key=f"policies/{name}/{path}", Body=content
        )


def _make_keys(wiring: Wiring, account: Account) -> dict[str, str]:
    arns: dict[str, str] = {}
    for key in wiring.keys:
        made = account.client("kms").create_key(Description=key.description, Policy=json.dumps(key.policy))
        arns[key.alias] = made["KeyMetadata"]["Arn"]
        account.client("kms").create_alias(AliasName=key.alias, TargetKeyId=made["KeyMetadata"]["KeyId"])
    return arns


def _make_storage(wiring: Wiring, account: Account, keys: Mapping[str, str]) -> None:
    dynamodb = account.client("dynamodb")
    dynamodb.create_table(
        TableName=wiring.table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.update_time_to_live(
        TableName=wiring.table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    for bucket in wiring.buckets:
        account.client("s3").create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": account.region}
        )
    for name, text in wiring.parameters.items():
        account.client("ssm").put_parameter(
            Name=name, Value=_filled(text, keys), Type="String", Tier="Intelligent-Tiering"
        )


def _make_queue(queue: Queue, account: Account) -> None:
    attributes = {
        "VisibilityTimeout": str(queue.visibility_timeout),
        "MessageRetentionPeriod": str(queue.retention),
    }
    if queue.dead_letters:
        attributes["RedrivePolicy"] = json.dumps(
            {
                "deadLetterTargetArn": _arn(account, "sqs", queue.dead_letters),
                "maxReceiveCount": queue.max_receive_count,
            }
        )
    if queue.policy:
        attributes["Policy"] = json.dumps(queue.policy)
    account.client("sqs").create_queue(QueueName=queue.name, Attributes=attributes)


def _make_rule(rule: Rule, account: Account) -> None:
    events = account.client("events")
    events.put_rule(
        Name=rule.name, EventBusName=rule.bus, EventPattern=json.dumps(rule.pattern), State=rule.state
    )
    targets = [
        {
            "Id": target.id,
            "Arn": target.arn,
            **({"RoleArn": account.role_arn(target.role)} if target.role else {}),
            **({"DeadLetterConfig": {"Arn": target.dead_letters}} if target.dead_letters else {}),
        }
        for target in rule.targets
    ]
    events.put_targets(Rule=rule.name, EventBusName=rule.bus, Targets=targets)


def _make_schedule(schedule: Schedule, account: Account) -> None:
    account.client("scheduler").create_schedule(
        Name=schedule.name,
        ScheduleExpression=schedule.expression,
        ScheduleExpressionTimezone=schedule.timezone,
        State="ENABLED" if schedule.enabled else "DISABLED",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": _arn(account, "sqs", schedule.queue),
            "RoleArn": account.role_arn("snapveil-scheduler"),
            "Input": json.dumps(schedule.message),
        },
    )


def _make_task_definition(task: TaskDefinition, account: Account) -> None:
    account.client("ecs").register_task_definition(
        family=task.family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu=task.cpu,
        memory=task.memory,
        taskRoleArn=account.role_arn(task.role),
        containerDefinitions=[
            {
                "name": task.container,
                "image": task.image,
                "command": list(task.command),
                "environment": [
                    {"name": name, "value": value} for name, value in sorted(task.environment.items())
                ],
                "memory": int(task.memory),
                "essential": True,
            }
        ],
    )


def _filled(text: str, keys: Mapping[str, str]) -> str:
    def arn(match: re.Match[str]) -> str:
        if match["name"] not in keys:
            raise WiringError(f"${{key:{match['name']}}}: no such key (known: {', '.join(sorted(keys))})")
        return keys[match["name"]]

    return _KEY.sub(arn, text)


def _arn(account: Account, service: str, resource: str) -> str:
    return f"arn:aws:{service}:{account.region}:{account.number}:{resource}"
