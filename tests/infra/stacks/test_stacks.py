"""What the two stacks promise about queues, functions, messages and what stays."""

import json
from collections.abc import Callable
from functools import partial

import pytest

from shared import observability
from shared.handler import Environment
from tests.infra.stacks.reading import Template, statements_in

STAGES = {"production": {"restore", "anonymize", "snapshot"}, "development": {"receiver"}}


def test_every_queue_has_a_dead_letter_queue_or_is_one(template: Template) -> None:
    for name, queue in template.all("SQS::Queue").items():
        if queue["QueueName"].endswith("-dlq"):
            assert "RedrivePolicy" not in queue
            continue
        behind = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        dead_letters = template.resources[behind]["Properties"]
        assert dead_letters["QueueName"] == f"{queue['QueueName']}-dlq", name
        assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
        assert dead_letters["RedriveAllowPolicy"]["redrivePermission"] == "byQueue"
        (allowed,) = dead_letters["RedriveAllowPolicy"]["sourceQueueArns"]
        assert allowed["Fn::Sub"].endswith(f":{queue['QueueName']}")


def test_dead_letters_are_kept_longer_than_messages_wait(template: Template) -> None:
    days = {
        one["QueueName"]: one["MessageRetentionPeriod"] // 86400
        for one in template.all("SQS::Queue").values()
    }
    assert {name: kept for name, kept in days.items() if kept != (14 if name.endswith("-dlq") else 4)} == {}


def test_every_queue_is_watched(template: Template) -> None:
    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for alarm in template.all("CloudWatch::Alarm").values()
        for dimension in alarm["Dimensions"]
        if dimension["Name"] == "QueueName"
    }
    assert watched == set(template.all("SQS::Queue"))


def test_one_dead_letter_and_one_failure_of_a_function_are_enough_for_an_alarm(template: Template) -> None:
    thresholds = {
        (alarm["MetricName"], one["Value"].get("Ref") or one["Value"]["Fn::GetAtt"][0]): alarm["Threshold"]
        for alarm in template.all("CloudWatch::Alarm").values()
        for one in alarm["Dimensions"]
        if one["Name"] in {"QueueName", "FunctionName"}
    }
    for name, queue in template.all("SQS::Queue").items():
        if queue["QueueName"].endswith("-dlq"):
            assert thresholds["ApproximateNumberOfMessagesVisible", name] == 0
    for name in template.all("Lambda::Function"):
        assert thresholds["Errors", name] == thresholds["Throttles", name] == 0


def test_every_alarm_tells_people_when_it_begins_and_when_it_ends(template: Template) -> None:
    for alarm in template.all("CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmsTopic"}]
        assert alarm["AlarmDescription"]


@pytest.mark.parametrize("what", ["SQS::Queue", "SNS::Topic", "S3::Bucket"])
def test_nothing_is_reached_without_tls(template: Template, what: str) -> None:
    refused = json.dumps(
        [
            statement["Resource"]
            for resource in template.resources.values()
            if resource["Type"].endswith("Policy")
            for statement in statements_in(resource["Properties"])
            if statement["Effect"] == "Deny"
            and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        ]
    )
    for name in template.all(what):
        assert f'"{name}"' in refused, f"{name} has no policy that refuses requests without TLS"


def test_every_queue_is_encrypted_and_hidden_for_six_times_its_function(template: Template) -> None:
    functions = template.all("Lambda::Function")
    for mapping in template.all("Lambda::EventSourceMapping").values():
        function = functions[mapping["FunctionName"]["Ref"]]
        queue = template.resources[mapping["EventSourceArn"]["Fn::GetAtt"][0]]["Properties"]
        assert 6 * function["Timeout"] <= queue["VisibilityTimeout"]
        assert function["Timeout"] <= 60
        assert mapping["BatchSize"] == 1
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert len(template.all("Lambda::EventSourceMapping")) == len(functions) == len(STAGES[template.account])
    assert all(queue["SqsManagedSseEnabled"] for queue in template.all("SQS::Queue").values())


def test_a_function_is_given_what_its_service_reads_and_nothing_else(template: Template) -> None:
    for function in template.all("Lambda::Function").values():
        variables = function["Environment"]["Variables"]
        own = {
            name.removeprefix("SNAPVEIL_").lower(): "x" for name in variables if name.startswith("SNAPVEIL_")
        }
        own["max_receive_count"] = variables["SNAPVEIL_MAX_RECEIVE_COUNT"]
        Environment.model_validate(own)
        assert set(own) - set(Environment.model_fields) == set()
        assert set(variables) - {f"SNAPVEIL_{name.upper()}" for name in own} == {
            "POWERTOOLS_SERVICE_NAME",
            "POWERTOOLS_METRICS_NAMESPACE",
        }


def test_each_stage_runs_its_own_service_under_its_own_role(template: Template) -> None:
    found = {
        function["FunctionName"]: (function["Handler"], function["Role"]["Fn::GetAtt"][0])
        for function in template.all("Lambda::Function").values()
    }
    assert found == {
        f"snapveil-{stage}": (f"services.{stage}.handler.handler", f"{stage.capitalize()}Role")
        for stage in STAGES[template.account]
    }


def test_a_queue_admits_only_the_topic_and_rule_that_it_is_for(template: Template) -> None:
    for name in template.all("SQS::Queue"):
        for statement in template.queue_policy(name):
            if statement["Effect"] == "Allow":
                assert statement["Action"] == "sqs:SendMessage"
                assert set(statement["Principal"]) == {"Service"}
                assert statement["Resource"] == {"Fn::GetAtt": [name, "Arn"]}
                assert set(statement["Condition"]) == {"ArnEquals"}


def test_whoever_trusts_a_service_says_on_whose_behalf(template: Template) -> None:
    trusts = list(template.trusts())
    assert trusts
    for name, statement in trusts:
        keys = {key for condition in statement["Condition"].values() for key in condition}
        assert keys & {"aws:SourceArn", "aws:SourceAccount"}, f"{name} trusts {statement['Principal']}"


def test_only_the_other_account_puts_its_own_events_on_the_bus(examples: dict[str, Template]) -> None:
    types = {
        "production": ["SnapshotReceived", "TargetReplaced", "StageFailed"],
        "development": ["SnapshotShared"],
    }
    others = {"production": "DevelopmentAccount", "development": "ProductionAccount"}
    for account, template in examples.items():
        statement = template.one("Events::EventBusPolicy")["Statement"]
        assert statement["Action"] == "events:PutEvents"
        assert statement["Condition"] == {
            "StringEquals": {"events:source": "snapveil", "events:detail-type": types[account]}
        }
        (principal,) = statement["Principal"]["AWS"]
        assert principal["Fn::Sub"][1] == {"A": {"Ref": others[account]}}
        receives = template.resources["BusReceive"]["Properties"]
        assert receives["EventPattern"] == {
            "account": [{"Ref": others[account]}],
            "source": ["snapveil"],
            "detail-type": types[account],
        }
        other = next(one for one in examples if one != account)
        sends = examples[other].resources["BusSend"]["Properties"]
        assert sends["EventPattern"]["detail-type"] == types[account], "what one sends the other admits"


def test_what_rules_and_schedules_cannot_deliver_is_kept(template: Template) -> None:
    targets = [target for rule in template.all("Events::Rule").values() for target in rule["Targets"]]
    targets += [schedule["Target"] for schedule in template.all("Scheduler::Schedule").values()]
    queues = template.all("SQS::Queue")
    for target in targets:
        assert queues[target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]]["QueueName"].endswith("-dlq")
        assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0


def test_refreshes_of_production_rest_until_somebody_switches_them_on(production: Template) -> None:
    parameters = production.content["Parameters"]
    refreshes = [
        schedule
        for name, schedule in production.all("Scheduler::Schedule").items()
        if name.endswith("Refresh")
    ]
    assert len(refreshes) == 2
    for schedule in refreshes:
        assert parameters[schedule["State"]["Ref"]]["Default"] == "DISABLED"
        assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}


def test_sweeps_run_every_hour_from_the_first_day(production: Template) -> None:
    sweeps = [one for name, one in production.all("Scheduler::Schedule").items() if "Sweep" in name]
    assert {(one["Name"], one["ScheduleExpression"], one["State"]) for one in sweeps} == {
        ("sweep-restore", "rate(1 hour)", "ENABLED"),
        ("sweep-snapshot", "rate(1 hour)", "ENABLED"),
    }


def test_development_is_swept_every_hour_too(development: Template) -> None:
    sweeps = [one for name, one in development.all("Scheduler::Schedule").items() if "Sweep" in name]
    assert [(one["Name"], one["ScheduleExpression"], one["State"]) for one in sweeps] == [
        ("sweep-receiver", "rate(1 hour)", "ENABLED")
    ]


def test_a_quota_that_is_nearly_used_up_raises_an_alarm_in_each_account(
    template: Template, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (alarm,) = [one for one in template.all("CloudWatch::Alarm").values() if one["MetricName"] == "QuotaUsed"]
    dimensions = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", dimensions["service"])
    observability.percentage("QuotaUsed", 80)
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {one: line[one] for one in line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]} == dimensions
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 79)


@pytest.mark.parametrize("metric", ["Orphans", "SweepFailed"])
def test_what_the_sweep_of_development_leaves_raises_an_alarm_there(
    development: Template, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, metric: str
) -> None:
    alarms = development.all("CloudWatch::Alarm").values()
    (alarm,) = [one for one in alarms if one["MetricName"] == metric]
    dimensions = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", dimensions["service"])
    observability.amount(metric, 1)
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {one: line[one] for one in line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]} == dimensions
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)


def test_what_holds_data_stays_and_is_named(template: Template) -> None:
    kept = {name for name, one in template.resources.items() if one.get("DeletionPolicy") == "Retain"}
    holding = {"DynamoDB::Table", "S3::Bucket", "KMS::Key"}
    assert kept == {name for kind in holding for name in template.all(kind)}
    assert all(template.resources[name]["UpdateReplacePolicy"] == "Retain" for name in kept)
    named = json.dumps(template.content["Outputs"]["Stays"])
    for alias in template.all("KMS::Alias").values():
        assert alias["AliasName"] in named
    for name in (*template.all("DynamoDB::Table"), *template.all("S3::Bucket")):
        assert f'"{name}"' in named


def test_the_ledger_can_be_restored_and_forgets_in_time(template: Template) -> None:
    table = template.one("DynamoDB::Table")
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert table["DeletionProtectionEnabled"] is True
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [
        ("pk", "HASH"),
        ("sk", "RANGE"),
    ]


def test_the_bucket_keeps_versions_and_is_private(production: Template) -> None:
    bucket = production.one("S3::Bucket")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_keys_are_renewed(template: Template) -> None:
    assert all(key["EnableKeyRotation"] for key in template.all("KMS::Key").values())


def test_a_dirty_run_a_failed_run_and_old_data_raise_alarms(production: Template) -> None:
    watched = {alarm["MetricName"] for alarm in production.all("CloudWatch::Alarm").values()}
    assert {"LeftDirty", "StepFailed", "DataAge"} <= watched
    ages = [one for one in production.all("CloudWatch::Alarm").values() if one["MetricName"] == "DataAge"]
    assert [alarm["Threshold"] for alarm in ages] == [9 * 86400] * 2
    assert all(alarm["InsufficientDataActions"] for alarm in ages), "silence is told as well"


def test_alarms_watch_the_metrics_as_the_services_write_them(
    production: Template, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """CloudWatch takes a metric with other dimensions for another metric, and such an alarm never rings."""

    def written(stage: str, write: Callable[[], None]) -> tuple[str, str, dict[str, str]]:
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", stage)
        write()
        line = json.loads(capsys.readouterr().out.splitlines()[-1])
        (metric,) = line["_aws"]["CloudWatchMetrics"]
        return (
            metric["Namespace"],
            metric["Metrics"][0]["Name"],
            {one: line[one] for one in metric["Dimensions"][0]},
        )

    watched = [
        (alarm["Namespace"], alarm["MetricName"], {one["Name"]: one["Value"] for one in alarm["Dimensions"]})
        for alarm in production.all("CloudWatch::Alarm").values()
    ]
    assert written("snapshot", lambda: observability.alarm("dirty")) in watched
    for stage in STAGES["production"]:
        assert written(stage, partial(observability.count, "StepFailed", step=stage)) in watched
    namespace, name, dimensions = written(
        "snapshot", lambda: observability.gauge("DataAge", 1, source="shop")
    )
    assert (namespace, name, dimensions | {"source": {"Ref": "ShopName"}}) in watched


def test_the_topic_filters_on_the_body_and_delivers_it_raw(production: Template) -> None:
    heard = {}
    for subscription in production.all("SNS::Subscription").values():
        if subscription["Protocol"] == "sqs":
            assert subscription["RawMessageDelivery"] is True
            assert subscription["FilterPolicyScope"] == "MessageBody"
            heard[subscription["Endpoint"]["Fn::GetAtt"][0]] = subscription["FilterPolicy"]["type"]
    assert heard == {
        "RestoreQueue": ["SnapshotShared", "StageFailed"],
        "AnonymizeQueue": ["DatabaseRestored"],
        "SnapshotQueue": ["DatabaseAnonymized", "StageFailed"],
    }


def test_the_dashboard_is_a_document_that_cloudwatch_can_read(template: Template) -> None:
    body = json.loads(template.one("CloudWatch::Dashboard")["DashboardBody"]["Fn::Sub"])
    assert len(body["widgets"]) == 6


def test_every_role_is_below_the_boundary(template: Template) -> None:
    roles = template.all("IAM::Role")
    assert all(role["PermissionsBoundary"] == {"Ref": "Boundary"} for role in roles.values())
    names = [json.dumps(role["RoleName"]) for role in roles.values()]
    assert len(names) == len(set(names))


def test_no_policy_allows_every_action(template: Template) -> None:
    for name, resource in template.resources.items():
        for statement in statements_in(resource.get("Properties", {})):
            if statement["Effect"] == "Allow":
                actions = statement["Action"]
                assert "*" not in ([actions] if isinstance(actions, str) else actions), name
