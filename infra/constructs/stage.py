"""A stage: queue, dead-letter queue, Lambda, role, log and alarms. Written once, used four times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarms import HOUR, NAMESPACE, Alarms
from infra.constructs.policies import Statement, lets_service, policy, tls_only
from infra.constructs.queues import STAGE_RETENTION, dead_letter_queue, queue_policy
from infra.constructs.roles import iam_role
from infra.parameters import Code
from infra.permissions import Role

TIMEOUT_SECONDS = 60
# AWS asks for six times the function's timeout, so that a throttled delivery comes again before it is lost.
VISIBILITY_SECONDS = 6 * TIMEOUT_SECONDS
MAX_RECEIVE_COUNT = 5
MEMORY_MB = 512
# The lowest that Lambda takes. What must not happen twice at once is kept apart by the ledger, not by this.
MAXIMUM_CONCURRENCY = 2


@dataclass(frozen=True)
class Surroundings:
    """What all stages of a stack have in common."""

    code: Code
    boundary: iam.CfnManagedPolicy
    alarms: Alarms
    log_days: int
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Hears:
    """What puts messages on a stage's queue: types of the topic, and rules of the bus."""

    topic: sns.CfnTopic | None = None
    types: Sequence[str] = ()
    rules: Sequence[str] = ()


class Stage(Construct):
    """Everything of one stage."""

    def __init__(
        self,
        scope: Construct,
        stage: str,
        role: Role,
        hears: Hears,
        around: Surroundings,
        network: functions.CfnFunction.VpcConfigProperty | None = None,
    ) -> None:
        super().__init__(scope, stage.capitalize())
        self.name = f"snapveil-{stage}"
        self.role = iam_role(self, "Role", role, around.boundary)
        self._make_queues(hears, around.alarms)
        self.log = logs.CfnLogGroup(
            self, "Log", log_group_name=f"/snapveil/{stage}", retention_in_days=around.log_days
        )
        self._make_function(stage, hears, around, network)
        self._watch(stage, around.alarms)

    def _make_queues(self, hears: Hears, alarms: Alarms) -> None:
        own_arn = cdk.Fn.sub(
            f"arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{self.name}"
        )  # by name: the two queues know each other
        self.dead_letters = dead_letter_queue(self, "DeadLetters", f"{self.name}-dlq", alarms, own_arn)
        self.queue = sqs.CfnQueue(
            self,
            "Queue",
            queue_name=self.name,
            visibility_timeout=VISIBILITY_SECONDS,
            message_retention_period=STAGE_RETENTION,
            sqs_managed_sse_enabled=True,
            redrive_policy={
                "deadLetterTargetArn": self.dead_letters.attr_arn,
                "maxReceiveCount": MAX_RECEIVE_COUNT,
            },
        )
        rules = [(rule, _rule_arn(rule)) for rule in hears.rules]
        topic = hears.topic
        queue_policy(
            self,
            "QueuePolicy",
            self.queue,
            [
                *([_topic_sends(topic, self.queue)] if topic else []),
                *(_rule_sends(rule, arn, self.queue) for rule, arn in rules),
            ],
        )
        # A rule puts here what it could not deliver; SQS itself needs no permission to redrive.
        queue_policy(
            self,
            "DeadLettersPolicy",
            self.dead_letters,
            [_rule_sends(rule, arn, self.dead_letters) for rule, arn in rules],
        )
        if topic:
            sns.CfnSubscription(
                self,
                "Subscription",
                topic_arn=topic.ref,
                protocol="sqs",
                endpoint=self.queue.attr_arn,
                raw_message_delivery=True,
                filter_policy_scope="MessageBody",
                filter_policy={"type": list(hears.types)},
            )

    def _make_function(
        self,
        stage: str,
        hears: Hears,
        around: Surroundings,
        network: functions.CfnFunction.VpcConfigProperty | None,
    ) -> None:
        variables = {
            **around.variables,
            "SNAPVEIL_QUEUE_URL": self.queue.ref,
            "SNAPVEIL_DLQ_URL": self.dead_letters.ref,
            "SNAPVEIL_MAX_RECEIVE_COUNT": str(MAX_RECEIVE_COUNT),
            "POWERTOOLS_SERVICE_NAME": stage,
            "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
            **({"SNAPVEIL_TOPIC_ARN": hears.topic.ref} if hears.topic else {}),
        }
        self.function = functions.CfnFunction(
            self,
            "Function",
            function_name=self.name,
            description=f"Snapveil: {stage}",
            runtime="python3.13",
            architectures=["arm64"],
            handler=f"services.{stage}.handler.handler",
            code=functions.CfnFunction.CodeProperty(
                s3_bucket=around.code.bucket, s3_key=cdk.Fn.join("", [around.code.prefix, f"{stage}.zip"])
            ),
            role=self.role.attr_arn,
            timeout=TIMEOUT_SECONDS,
            memory_size=MEMORY_MB,
            environment=functions.CfnFunction.EnvironmentProperty(variables=variables),
            tracing_config=functions.CfnFunction.TracingConfigProperty(mode="Active"),
            logging_config=functions.CfnFunction.LoggingConfigProperty(log_group=self.log.ref),
            vpc_config=network,
        )
        functions.CfnEventSourceMapping(
            self,
            "Messages",
            function_name=self.function.ref,
            event_source_arn=self.queue.attr_arn,
            batch_size=1,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=functions.CfnEventSourceMapping.ScalingConfigProperty(
                maximum_concurrency=MAXIMUM_CONCURRENCY
            ),
        )

    def _watch(self, stage: str, alarms: Alarms) -> None:
        function = {"FunctionName": self.function.ref}
        alarms.raise_when(
            self,
            "AgeAlarm",
            f"{self.name}-age",
            f"A message waits for {stage} for more than an hour: its function is late or does not run.",
            namespace="AWS/SQS",
            metric="ApproximateAgeOfOldestMessage",
            dimensions={"QueueName": self.queue.attr_queue_name},
            above=HOUR,
            statistic="Maximum",
        )
        alarms.raise_when(
            self,
            "ErrorAlarm",
            f"{self.name}-errors",
            f"The function of {stage} could not start or ended without an answer; its log says why.",
            namespace="AWS/Lambda",
            metric="Errors",
            dimensions=function,
            above=0,
        )
        alarms.raise_when(
            self,
            "ThrottleAlarm",
            f"{self.name}-throttles",
            f"The function of {stage} was refused for want of concurrency in this account.",
            namespace="AWS/Lambda",
            metric="Throttles",
            dimensions=function,
            above=0,
            periods=3,
        )
        alarms.raise_when(
            self,
            "FailedAlarm",
            f"{self.name}-failed",
            f"A run failed in {stage}; `snapveil status` says which and why.",
            namespace=NAMESPACE,
            metric="StepFailed",
            dimensions={"step": stage, "service": stage},
            above=0,
        )


def _rule_arn(rule: str) -> str:
    return cdk.Fn.sub(
        f"arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:rule/snapveil/{rule}"
    )


def _topic_sends(topic: sns.CfnTopic, queue: sqs.CfnQueue) -> Statement:
    return lets_service("Topic", "sns.amazonaws.com", "sqs:SendMessage", queue.attr_arn, topic.ref)


def _rule_sends(rule: str, arn: str, queue: sqs.CfnQueue) -> Statement:
    sid = "".join(part.capitalize() for part in rule.split("-"))
    return lets_service(sid, "events.amazonaws.com", "sqs:SendMessage", queue.attr_arn, arn)


def events_topic(scope: Construct) -> sns.CfnTopic:
    """Make the topic over which the stages of production talk; its roles may publish, nobody else."""
    topic = sns.CfnTopic(scope, "Topic", topic_name="snapveil-events")
    sns.CfnTopicPolicy(
        scope, "TopicPolicy", topics=[topic.ref], policy_document=policy([tls_only("sns:Publish", topic.ref)])
    )
    return topic
