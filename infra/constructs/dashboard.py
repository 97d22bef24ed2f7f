"""The dashboard: what moves, what waits, what failed, and how old the data are."""

import json
from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

NAME = "snapveil"
_WIDTH, _HEIGHT = 12, 6


def dashboard(scope: Construct, stages: Sequence[str], dead_letters: Sequence[str]) -> None:
    """Make the dashboard of an account's stages; `dead_letters` are its dead-letter queues."""
    queues = [f"snapveil-{stage}" for stage in stages]
    charts = [
        _chart("Messages handled", "Sum", _each("AWS/Lambda", "Invocations", "FunctionName", queues)),
        _chart(
            "Age of the oldest message (s)",
            "Maximum",
            _each("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queues),
        ),
        _chart(
            "Dead letters",
            "Maximum",
            _each("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", dead_letters),
        ),
        _chart("Function errors", "Sum", _each("AWS/Lambda", "Errors", "FunctionName", queues)),
        _chart(
            "Failed steps",
            "Sum",
            [["Snapveil", "StepFailed", "step", stage, "service", stage] for stage in stages],
        ),
        _chart(
            "Age of the data that developers have (s)",
            "Maximum",
            [[{"expression": "SEARCH('{Snapveil,service,source} MetricName=\"DataAge\"', 'Maximum', 3600)"}]],
        )
        if "snapshot" in stages
        else _chart(
            "Duration of the functions (ms)",
            "Maximum",
            _each("AWS/Lambda", "Duration", "FunctionName", queues),
        ),
    ]
    widgets = [
        {
            "type": "metric",
            "x": (number % 2) * _WIDTH,
            "y": (number // 2) * _HEIGHT,
            "width": _WIDTH,
            "height": _HEIGHT,
            "properties": chart,
        }
        for number, chart in enumerate(charts)
    ]
    cloudwatch.CfnDashboard(
        scope,
        "Dashboard",
        dashboard_name=NAME,
        dashboard_body=cdk.Fn.sub(json.dumps({"widgets": widgets}, separators=(",", ":"))),
    )


def _chart(title: str, statistic: str, metrics: list[list[Any]]) -> dict[str, Any]:
    return {
        "title": title,
        "region": "${AWS::Region}",
        "view": "timeSeries",
        "stat": statistic,
        "period": 300,
        "metrics": metrics,
    }


def _each(namespace: str, metric: str, dimension: str, names: Sequence[str]) -> list[list[Any]]:
    return [[namespace, metric, dimension, name] for name in names]
