"""Dead-letter queues, each with an alarm, and the policies of all queues."""

from collections.abc import Sequence

from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarms import Alarms
from infra.constructs.policies import Statement, policy, tls_only

DAY = 24 * 60 * 60
STAGE_RETENTION = 4 * DAY
# SQS counts the age of a dead letter from its first sending, so the dead-letter queue has to keep longer.
DEAD_LETTER_RETENTION = 14 * DAY


def dead_letter_queue(
    scope: Construct, part: str, name: str, alarms: Alarms, redrive_from: str | None = None
) -> sqs.CfnQueue:
    """Make a dead-letter queue; `redrive_from` is the ARN of the one queue that may redrive into it."""
    allow = (
        {"redrivePermission": "byQueue", "sourceQueueArns": [redrive_from]}
        if redrive_from
        else {"redrivePermission": "denyAll"}
    )
    queue = sqs.CfnQueue(
        scope,
        part,
        queue_name=name,
        message_retention_period=DEAD_LETTER_RETENTION,
        sqs_managed_sse_enabled=True,
        redrive_allow_policy=allow,
    )
    alarms.dead_letters(scope, f"{part}Alarm", queue)
    return queue


def queue_policy(scope: Construct, part: str, queue: sqs.CfnQueue, lets: Sequence[Statement] = ()) -> None:
    """Say who may send to a queue, beside this account's roles."""
    sqs.CfnQueuePolicy(
        scope,
        part,
        queues=[queue.ref],
        policy_document=policy([tls_only("sqs:*", queue.attr_arn), *lets]),
    )
