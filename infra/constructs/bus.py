"""The bus towards the other account: its archive, who may put what on it, and the rules both ways."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.alarms import Alarms
from infra.constructs.policies import lets_service
from infra.constructs.queues import dead_letter_queue, queue_policy
from infra.constructs.roles import iam_role
from infra.constructs.stage import Stage
from infra.permissions import Role

NAME = "snapveil"
SOURCE = "snapveil"
RETRY = events.CfnRule.RetryPolicyProperty(maximum_event_age_in_seconds=86400, maximum_retry_attempts=185)


class Bus(Construct):
    """The account's own bus, with everything that passed over it kept for a while, to replay."""

    def __init__(self, scope: Construct, archive_days: int) -> None:
        super().__init__(scope, "Bus")
        self.bus = events.CfnEventBus(
            self,
            "EventBus",
            name=NAME,
            description="Snapveil: between the production and development accounts",
        )
        events.CfnArchive(
            self,
            "Archive",
            archive_name=NAME,
            source_arn=self.bus.attr_arn,
            description="What passed over the bus; replay it to the same bus only",
            event_pattern={"source": [SOURCE]},
            retention_days=archive_days,
        )

    def admit(self, accounts: Sequence[str], types: Sequence[str]) -> None:
        """Let exactly these accounts put exactly these events on the bus."""
        events.CfnEventBusPolicy(
            self,
            "Policy",
            event_bus_name=self.bus.ref,
            statement_id="OtherAccount",
            statement={
                "Effect": "Allow",
                "Principal": {
                    "AWS": [
                        cdk.Fn.sub("arn:${AWS::Partition}:iam::${A}:root", {"A": one}) for one in accounts
                    ]
                },
                "Action": "events:PutEvents",
                "Resource": self.bus.attr_arn,
                "Condition": {"StringEquals": {"events:source": SOURCE, "events:detail-type": list(types)}},
            },
        )

    def send(
        self,
        name: str,
        accounts: Sequence[str],
        types: Sequence[str],
        role: Role,
        boundary: iam.CfnManagedPolicy,
        alarms: Alarms,
    ) -> None:
        """Carry our own events to the same bus of other accounts; what cannot be delivered is kept."""
        rule_arn = cdk.Fn.sub(
            f"arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:rule/{NAME}/{name}"
        )
        taken = iam_role(self, "SendRole", role, boundary)
        undelivered = dead_letter_queue(self, "SendDeadLetters", f"snapveil-{name}-dlq", alarms)
        queue_policy(
            self,
            "SendDeadLettersPolicy",
            undelivered,
            [lets_service("Rule", "events.amazonaws.com", "sqs:SendMessage", undelivered.attr_arn, rule_arn)],
        )
        events.CfnRule(
            self,
            "Send",
            name=name,
            description="Snapveil: to the other account",
            event_bus_name=self.bus.ref,
            event_pattern=_pattern([cdk.Aws.ACCOUNT_ID], types),
            state="ENABLED",
            targets=[
                events.CfnRule.TargetProperty(
                    id=f"bus{number}",
                    arn=cdk.Fn.sub(
                        f"arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{Other}}:event-bus/{NAME}",
                        {"Other": account},
                    ),
                    role_arn=taken.attr_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=undelivered.attr_arn),
                    retry_policy=RETRY,
                )
                for number, account in enumerate(accounts, start=1)
            ],
        )

    def receive(self, name: str, accounts: Sequence[str], types: Sequence[str], stage: Stage) -> None:
        """Carry the other accounts' events to a stage's queue."""
        events.CfnRule(
            self,
            "Receive",
            name=name,
            description="Snapveil: from the other account",
            event_bus_name=self.bus.ref,
            event_pattern=_pattern(accounts, types),
            state="ENABLED",
            targets=[
                events.CfnRule.TargetProperty(
                    id="queue",
                    arn=stage.queue.attr_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(
                        arn=stage.dead_letters.attr_arn
                    ),
                    retry_policy=RETRY,
                )
            ],
        )


def _pattern(accounts: Sequence[str], types: Sequence[str]) -> dict[str, list[str]]:
    return {"account": list(accounts), "source": [SOURCE], "detail-type": list(types)}
