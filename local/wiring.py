"""The wiring of both accounts, described in one place: what exists, who may send where, and what runs."""

from collections.abc import Iterable

from local.accounts import DEVELOPMENT, PRODUCTION, REGION
from local.resources import (
    Bus,
    Document,
    Function,
    Key,
    Queue,
    Rule,
    Schedule,
    Subscription,
    Target,
    TaskDefinition,
    Wiring,
)

TABLE = "snapveil-ledger"
TOPIC = "snapveil-events"
BUS = "snapveil"
CLUSTER = "snapveil"
WORKER = "snapveil-worker"
PARAMETER = "/snapveil/config"
PRODUCTION_KEY = "alias/snapveil-production"
SHARE_KEY = "alias/snapveil-share"
COPY_KEY = "alias/snapveil-copy"
FROM_DEVELOPMENT = ("SnapshotReceived", "TargetReplaced", "StageFailed")
FROM_PRODUCTION = ("SnapshotShared",)


def bucket_of(account: str) -> str:
    """Name the bucket that holds an account's policies and run reports."""
    return f"snapveil-{account}"


def production(document: str, sources: Iterable[str], worker: tuple[str, ...] = ()) -> Wiring:
    """Describe the production account, for these sources; `document` is its configuration."""
    topic = _arn("sns", PRODUCTION, TOPIC)
    crossing = _arn("events", PRODUCTION, f"rule/{BUS}/from-development")
    listens = {
        "restore": ["SnapshotShared", "StageFailed"],
        "anonymize": ["DatabaseRestored"],
        "snapshot": ["DatabaseAnonymized", "StageFailed"],
    }
    senders = {stage: [("sns.amazonaws.com", topic)] for stage in listens}
    senders["snapshot"].append(("events.amazonaws.com", crossing))
    stages = {stage: _stage(stage, PRODUCTION, senders[stage], topic=topic) for stage in listens}
    return Wiring(
        account="production",
        number=PRODUCTION,
        region=REGION,
        keys=(
            Key(PRODUCTION_KEY, "data of production, never shared", _key_policy(PRODUCTION)),
            Key(SHARE_KEY, "anonymized snapshots", _key_policy(PRODUCTION, users=(DEVELOPMENT,))),
        ),
        table=TABLE,
        buckets=(bucket_of(PRODUCTION),),
        parameters={PARAMETER: document},
        queues=tuple(queue for queues, _ in stages.values() for queue in queues),
        topics=(TOPIC,),
        subscriptions=tuple(
            Subscription(TOPIC, _queue(stage), {"type": types}) for stage, types in listens.items()
        ),
        buses=(Bus(BUS, _bus_policy(PRODUCTION, lets=DEVELOPMENT, types=FROM_DEVELOPMENT)),),
        rules=(
            _to_other_account("to-development", PRODUCTION, DEVELOPMENT, FROM_PRODUCTION),
            _to_queue("from-development", DEVELOPMENT, FROM_DEVELOPMENT, PRODUCTION, "snapshot"),
        ),
        schedules=(
            *(
                Schedule(
                    f"refresh-{source}",
                    "cron(0 3 ? * MON *)",
                    _queue("restore"),
                    {"version": 1, "type": "RefreshRequested", "source": source, "requested_by": "schedule"},
                    timezone="Europe/Paris",
                    enabled=False,
                )
                for source in sources
            ),
            *(
                Schedule(
                    f"sweep-{stage}", "rate(1 hour)", _queue(stage), {"version": 1, "type": "SweepRequested"}
                )
                for stage in ("restore", "snapshot")
            ),
        ),
        functions=tuple(function for _, function in stages.values()),
        clusters=(CLUSTER,),
        tasks=(
            TaskDefinition(
                WORKER, "worker", worker or ("python", "-m", "services.anonymize.worker"), "snapveil-worker"
            ),
        ),
    )


def development(document: str, targets: Iterable[str]) -> Wiring:
    """Describe the development account, for these targets; `document` is its configuration."""
    crossing = _arn("events", DEVELOPMENT, f"rule/{BUS}/from-production")
    queues, receiver = _stage("receiver", DEVELOPMENT, [("events.amazonaws.com", crossing)])
    return Wiring(
        account="development",
        number=DEVELOPMENT,
        region=REGION,
        keys=(Key(COPY_KEY, "development's copies", _key_policy(DEVELOPMENT)),),
        table=TABLE,
        buckets=(bucket_of(DEVELOPMENT),),
        parameters={PARAMETER: document},
        queues=queues,
        topics=(),
        subscriptions=(),
        buses=(Bus(BUS, _bus_policy(DEVELOPMENT, lets=PRODUCTION, types=FROM_PRODUCTION)),),
        rules=(
            _to_queue("from-production", PRODUCTION, FROM_PRODUCTION, DEVELOPMENT, "receiver"),
            _to_other_account("to-production", DEVELOPMENT, PRODUCTION, FROM_DEVELOPMENT),
        ),
        schedules=tuple(
            Schedule(
                f"refresh-{target}",
                "rate(1 hour)",
                _queue("receiver"),
                {"version": 1, "type": "RefreshRequested", "source": target, "requested_by": "schedule"},
            )
            for target in targets
        ),
        functions=(receiver,),
    )


def _stage(
    stage: str, account: str, senders: list[tuple[str, str]], topic: str | None = None
) -> tuple[tuple[Queue, ...], Function]:
    """Describe a stage's queue, its dead-letter queue and its function."""
    queue = Queue(
        _queue(stage),
        dead_letters=f"{_queue(stage)}-dlq",
        policy=_queue_policy(account, _queue(stage), senders),
    )
    # Rules put here what they could not deliver; SQS itself needs no permission to redrive.
    rules = [(service, arn) for service, arn in senders if service == "events.amazonaws.com"]
    dead = f"{queue.name}-dlq"
    dead_letters = Queue(
        dead, retention=14 * 86400, policy=_queue_policy(account, dead, rules) if rules else None
    )
    environment = {
        "SNAPVEIL_CONFIG": f"ssm:{PARAMETER}",
        "SNAPVEIL_LEDGER_TABLE": TABLE,
        "SNAPVEIL_QUEUE_URL": queue_url(account, queue.name),
        "SNAPVEIL_DLQ_URL": queue_url(account, dead),
        "SNAPVEIL_BUS": BUS,
        "SNAPVEIL_MAX_RECEIVE_COUNT": str(queue.max_receive_count),
        "POWERTOOLS_SERVICE_NAME": stage,
        "POWERTOOLS_METRICS_NAMESPACE": "Snapveil",
        **({"SNAPVEIL_TOPIC_ARN": topic} if topic else {}),
    }
    function = Function(
        name=f"snapveil-{stage}",
        handler=f"services.{stage}.handler.handler",
        role=f"snapveil-{stage}",
        queue=queue.name,
        environment=environment,
    )
    return (queue, dead_letters), function


def _queue(stage: str) -> str:
    return f"snapveil-{stage}"


def queue_url(account: str, name: str) -> str:
    """The URL of a queue as AWS gives it."""
    return f"https://sqs.{REGION}.amazonaws.com/{account}/{name}"


def _arn(service: str, account: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{account}:{resource}"


def _to_other_account(name: str, own: str, other: str, types: tuple[str, ...]) -> Rule:
    pattern = {"account": [own], "source": ["snapveil"], "detail-type": list(types)}
    target = Target("bus", _arn("events", other, f"event-bus/{BUS}"), role="snapveil-bus")
    return Rule(name, BUS, pattern, (target,))


def _to_queue(name: str, sender: str, types: tuple[str, ...], own: str, stage: str) -> Rule:
    pattern = {"account": [sender], "source": ["snapveil"], "detail-type": list(types)}
    target = Target(
        "queue", _arn("sqs", own, _queue(stage)), dead_letters=_arn("sqs", own, f"{_queue(stage)}-dlq")
    )
    return Rule(name, BUS, pattern, (target,))


def _queue_policy(account: str, queue: str, senders: list[tuple[str, str]]) -> Document:
    return _policy(
        {
            "Sid": f"Sender{number}",
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": _arn("sqs", account, queue),
            "Condition": {"ArnEquals": {"aws:SourceArn": arn}},
        }
        for number, (service, arn) in enumerate(senders)
    )


def _bus_policy(account: str, lets: str, types: tuple[str, ...]) -> Document:
    return _policy(
        [
            {
                "Sid": "OtherAccount",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{lets}:root"},
                "Action": "events:PutEvents",
                "Resource": _arn("events", account, f"event-bus/{BUS}"),
                "Condition": {
                    "StringEquals": {"events:source": "snapveil", "events:detail-type": list(types)}
                },
            }
        ]
    )


def _key_policy(owner: str, users: tuple[str, ...] = ()) -> Document:
    owners = {
        "Sid": "Owner",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{owner}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    # What the receiving account needs to copy a snapshot that is shared with it (RDS user guide).
    copiers = {
        "Sid": "Copy",
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam::{user}:root" for user in users]},
        "Action": [
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
        ],
        "Resource": "*",
    }
    return _policy([owners, copiers] if users else [owners])


def _policy(statements: Iterable[Document]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}
