"""Schedules: each with a role of its own, one group, and a dead-letter queue for what could not be sent."""

import json
from collections.abc import Mapping
from dataclasses import replace

from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarms import Alarms
from infra.constructs.queues import dead_letter_queue, queue_policy
from infra.constructs.roles import iam_role
from infra.parameters import SourceParameters, with_source
from infra.permissions import Role
from infra.plain_stack import PlainStack

GROUP = "snapveil"


class Schedules(Construct):
    """The schedules of a stack; each sends a request to a stage's queue."""

    def __init__(
        self, stack: PlainStack, roles: Mapping[str, Role], boundary: iam.CfnManagedPolicy, alarms: Alarms
    ) -> None:
        super().__init__(stack, "Schedules")
        self._stack = stack
        self._roles = roles
        self._boundary = boundary
        self._group = scheduler.CfnScheduleGroup(self, "Group", name=GROUP)
        self._unsent = dead_letter_queue(self, "DeadLetters", "snapveil-schedules-dlq", alarms)
        queue_policy(self, "DeadLettersPolicy", self._unsent)

    def refresh(self, source: SourceParameters, queue: sqs.CfnQueue, *, of_target: bool = False) -> None:
        """Ask for a refresh of a source, or for a look at a target, whenever its parameters say so."""
        about = {"source": "${source}", "target": "${name}"} if of_target else {"source": "${name}"}
        request = {"version": 1, "type": "RefreshRequested", **about, "requested_by": "schedule"}
        kind = self._roles["snapveil-schedule-refresh"]
        role = replace(kind, name=with_source(f"{kind.name}-${{name}}", source))
        scheduler.CfnSchedule(
            self._stack,
            f"{source.id}Refresh",
            name=with_source("refresh-${name}", source),
            description=with_source("Snapveil: refresh ${name}", source),
            group_name=self._group.ref,
            schedule_expression=source.expression,
            schedule_expression_timezone=source.time_zone,
            state=source.state,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=self._target(
                iam_role(self._stack, f"{source.id}RefreshRole", role, self._boundary),
                queue,
                with_source(json.dumps(request), source),
            ),
        )

    def sweep(self, stage: str, queue: sqs.CfnQueue) -> None:
        """Ask a stage every hour to look for what every other path missed."""
        scheduler.CfnSchedule(
            self,
            f"Sweep{stage.capitalize()}",
            name=f"sweep-{stage}",
            description=f"Snapveil: {stage} looks for what was left behind",
            group_name=self._group.ref,
            schedule_expression="rate(1 hour)",
            schedule_expression_timezone="UTC",
            state="ENABLED",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=self._target(
                iam_role(
                    self,
                    f"Sweep{stage.capitalize()}Role",
                    self._roles[f"snapveil-schedule-sweep-{stage}"],
                    self._boundary,
                ),
                queue,
                json.dumps({"version": 1, "type": "SweepRequested"}),
            ),
        )

    def _target(
        self, role: iam.CfnRole, queue: sqs.CfnQueue, message: str
    ) -> scheduler.CfnSchedule.TargetProperty:
        return scheduler.CfnSchedule.TargetProperty(
            arn=queue.attr_arn,
            role_arn=role.attr_arn,
            input=message,
            dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=self._unsent.attr_arn),
            # An hour: the next sweep comes by itself, and a refresh that late is not what was planned.
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                maximum_event_age_in_seconds=3600, maximum_retry_attempts=20
            ),
        )
