"""What every stage may do: read its document, use its queue, write to the ledger and the log."""

from infra.permissions.place import BUS, LEDGER, PARAMETER
from infra.permissions.statements import Conditions, Document, Statement, Text, arn, below, trusts

TABLE = arn("dynamodb", f"table/{LEDGER}")
KEYS = "dynamodb:LeadingKeys"
WORKERS = "worker#*"
"""What the worker alone writes: how far it is, what verification found, why it gave up."""

LOCKS = "lock#*"


def trust() -> tuple[Document, ...]:
    """Let Lambda take the role, for functions of this account."""
    return (trusts("lambda.amazonaws.com", {}),)


def common(stage: str) -> tuple[Statement, ...]:
    """Return what each stage needs of its own queue, document, log and traces."""
    return (
        Statement("ReadDocument", ("ssm:GetParameter",), (arn("ssm", f"parameter{PARAMETER}"),)),
        Statement(
            "ContinueOrBury",
            ("sqs:SendMessage",),
            (arn("sqs", f"snapveil-{stage}"), arn("sqs", f"snapveil-{stage}-dlq")),
        ),
        Statement(
            "PollQueue",
            ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
            (arn("sqs", f"snapveil-{stage}"),),
        ),
        Statement(
            "WriteLog",
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            (arn("logs", f"log-group:/snapveil/{stage}:*"),),
            reserved="Lambda writes the function's log with them, outside of the function's own calls",
        ),
        Statement(
            "WriteTraces",
            ("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
            ("*",),
            why="X-Ray has no resource level for them",
            reserved="Lambda sends its own traces with them where tracing is active",
        ),
    )


def ledger(*, locks: bool = False) -> tuple[Statement, ...]:
    """Return what a stage may do with the ledger: read all of it, and write what is not the worker's."""
    others = (WORKERS,) if locks else (WORKERS, LOCKS)
    own: Conditions = {"ForAllValues:StringNotLike": {KEYS: list(others)}}
    statements = (
        Statement("ReadLedger", ("dynamodb:GetItem",), (TABLE,)),
        Statement("WriteLedger", ("dynamodb:PutItem", "dynamodb:UpdateItem"), (TABLE,), own),
    )
    if not locks:
        return statements
    return (
        *statements,
        Statement(
            "ReleaseLock",
            ("dynamodb:DeleteItem",),
            (TABLE,),
            {"ForAllValues:StringLike": {KEYS: [LOCKS]}, "Null": {KEYS: "false"}},
        ),
    )


def publish() -> Statement:
    """Let a stage of production publish on the topic."""
    return Statement("Publish", ("sns:Publish",), (arn("sns", "snapveil-events"),))


def announce(*types: str) -> Statement:
    """Let a stage put events of these types on its account's bus, in Snapveil's name only."""
    return Statement(
        "Announce",
        ("events:PutEvents",),
        (arn("events", f"event-bus/{BUS}"),),
        {"StringEquals": {"events:source": "snapveil", "events:detail-type": list(types)}},
    )


def read_policies(places: tuple[tuple[Text, str], ...]) -> tuple[Statement, ...]:
    """Return who may read the policy bundles: `places` are buckets (ARN) with the prefix they lie under."""
    buckets: list[Text] = []
    for bucket, _ in places:
        if bucket not in buckets:
            buckets.append(bucket)
    prefixes = sorted({prefix for _, prefix in places})
    objects = tuple(below(bucket, f"{prefix}/*") for bucket, prefix in places)
    return (
        Statement(
            "ListPolicies",
            ("s3:ListBucket",),
            tuple(buckets),
            {"StringLike": {"s3:prefix": [f"{prefix}/*" for prefix in prefixes]}},
        ),
        Statement("ReadPolicies", ("s3:GetObject",), objects),
    )
