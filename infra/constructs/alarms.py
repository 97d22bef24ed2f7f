"""What tells people: one ops topic, and alarms that go there when they begin and when they end."""

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.policies import policy, tls_only
from infra.plain_stack import PlainStack

NAMESPACE = "Snapveil"
MINUTE, HOUR, DAY = 60, 3600, 86400


class Alarms(Construct):
    """The ops topic, and every alarm of a stack by its name."""

    def __init__(self, stack: PlainStack, email: str) -> None:
        super().__init__(stack, "Alarms")
        address = stack.text(
            "AlarmEmail", "Who gets an e-mail when something is wrong; may be empty", default=email
        )
        self.topic = sns.CfnTopic(self, "Topic", topic_name="snapveil-alarms", display_name="Snapveil")
        asked = cdk.CfnCondition(
            stack,
            "HasAlarmEmail",
            expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(address.value_as_string, "")),
        )
        mail = sns.CfnSubscription(
            self, "Email", topic_arn=self.topic.ref, protocol="email", endpoint=address.value_as_string
        )
        mail.cfn_options.condition = asked
        sns.CfnTopicPolicy(
            self,
            "TopicPolicy",
            topics=[self.topic.ref],
            policy_document=policy(
                [
                    tls_only("sns:Publish", self.topic.ref),
                    {
                        "Sid": "Alarms",
                        "Effect": "Allow",
                        "Principal": {"Service": "cloudwatch.amazonaws.com"},
                        "Action": "sns:Publish",
                        "Resource": self.topic.ref,
                        "Condition": {
                            "StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID},
                            "ArnLike": {
                                "aws:SourceArn": cdk.Fn.sub(
                                    "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}"
                                    ":alarm:snapveil-*"
                                )
                            },
                        },
                    },
                ]
            ),
        )

    def raise_when(
        self,
        scope: Construct,
        part: str,
        name: str,
        description: str,
        *,
        namespace: str,
        metric: str,
        dimensions: Mapping[str, str],
        above: float,
        statistic: str = "Sum",
        period: int = 5 * MINUTE,
        periods: int = 1,
        tell_silence: bool = False,
    ) -> cloudwatch.CfnAlarm:
        """Raise an alarm when a metric is above a value; `tell_silence` also when it stops being written."""
        extra: dict[str, Any] = {"insufficient_data_actions": [self.topic.ref]} if tell_silence else {}
        return cloudwatch.CfnAlarm(
            scope,
            part,
            alarm_name=name,
            alarm_description=description,
            namespace=namespace,
            metric_name=metric,
            dimensions=[
                cloudwatch.CfnAlarm.DimensionProperty(name=key, value=value)
                for key, value in dimensions.items()
            ],
            statistic=statistic,
            period=period,
            evaluation_periods=periods,
            threshold=above,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="missing" if tell_silence else "notBreaching",
            alarm_actions=[self.topic.ref],
            ok_actions=[self.topic.ref],
            **extra,
        )

    def quotas(self, scope: Construct, stage: str, warn_at: int) -> None:
        """Watch how full the account's quotas of RDS are, which a stage tells in whole percents, hourly."""
        self.raise_when(
            scope,
            "QuotaAlarm",
            "snapveil-quota",
            f"A quota of RDS is used to {warn_at} % or more; the log of {stage} says which.",
            namespace=NAMESPACE,
            metric="QuotaUsed",
            dimensions={"service": stage},
            above=warn_at - 1,
            statistic="Maximum",
            period=3 * HOUR,
        )

    def sweep(self, scope: Construct, stage: str) -> None:
        """Watch the hourly sweep: what only a person may delete, and deletions that fail hour after hour."""
        self.raise_when(
            scope,
            "OrphansAlarm",
            "snapveil-orphans",
            f"Databases or copies that belong to no target cost money; the log of {stage} names them."
            " Delete them by hand, or put their target back into the configuration.",
            namespace=NAMESPACE,
            metric="Orphans",
            dimensions={"service": stage},
            above=0,
            statistic="Maximum",
            period=3 * HOUR,
        )
        self.raise_when(
            scope,
            "SweepAlarm",
            "snapveil-sweep",
            f"Three hours in a row the sweep could not delete what nothing needs; the log of {stage}"
            " says why.",
            namespace=NAMESPACE,
            metric="SweepFailed",
            dimensions={"service": stage},
            above=0,
            period=HOUR,
            periods=3,
        )

    def dead_letters(self, scope: Construct, part: str, queue: sqs.CfnQueue) -> None:
        """Watch a dead-letter queue: one message is one too many."""
        self.raise_when(
            scope,
            part,
            str(queue.queue_name),
            "Messages that could not be handled, each with its reason. Mend the cause, then replay them.",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": queue.attr_queue_name},
            above=0,
            statistic="Maximum",
        )
