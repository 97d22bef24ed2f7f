"""Intrinsic functions: what each comes to, and that nothing is guessed at."""

import json
from typing import Any

import pytest

from local.stacks.errors import TemplateError
from local.stacks.resolution import NO_VALUE, Scope

PSEUDO = {"AWS::Region": "eu-west-3", "AWS::AccountId": "111111111111", "AWS::Partition": "aws"}
MADE = {("Queue", None): "https://queue", ("Queue", "Arn"): "arn:aws:sqs:::queue"}


@pytest.fixture
def scope() -> Scope:
    return Scope(
        {"Name": "shop", "Empty": "", "List": ["a", "b"]},
        PSEUDO,
        {"Sizes": {"small": {"cpu": "256"}}},
        {
            "Named": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, ""]}]},
            "Both": {"Fn::And": [{"Condition": "Named"}, {"Fn::Equals": [{"Ref": "Empty"}, ""]}]},
            "Either": {"Fn::Or": [{"Fn::Not": [{"Condition": "Named"}]}, {"Fn::Equals": ["a", "b"]}]},
        },
        lambda name, attribute: MADE[name, attribute],
    )


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ({"Ref": "Name"}, "shop"),
        ({"Ref": "List"}, ["a", "b"]),
        ({"Ref": "Queue"}, "https://queue"),
        ({"Ref": "AWS::Region"}, "eu-west-3"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:aws:sqs:::queue"),
        ({"Fn::GetAtt": "Queue.Arn"}, "arn:aws:sqs:::queue"),
        ({"Fn::Sub": "${Name} at ${Queue.Arn} is ${!kept}"}, "shop at arn:aws:sqs:::queue is ${kept}"),
        ({"Fn::Sub": ["${Own}/${Name}", {"Own": {"Ref": "AWS::AccountId"}}]}, "111111111111/shop"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Name"}, 1]]}, "a-shop-1"),
        ({"Fn::Join": [",", {"Ref": "List"}]}, "a,b"),
        ({"Fn::Split": ["/", "a/b"]}, ["a", "b"]),
        ({"Fn::Select": ["1", {"Fn::Split": ["/", "a/b"]}]}, "b"),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "eu-west-3a"),
        ({"Fn::FindInMap": ["Sizes", "small", "cpu"]}, "256"),
        ({"Fn::If": ["Both", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Either", "yes", "no"]}, "no"),
        ({"Fn::Base64": {"Ref": "Name"}}, "c2hvcA=="),
        ({"Fn::ToJsonString": {"name": {"Ref": "Name"}}}, '{"name":"shop"}'),
        ({"a": [{"b": {"Ref": "Name"}}], "n": 1}, {"a": [{"b": "shop"}], "n": 1}),
        ({"Ref": "AWS::NoValue"}, NO_VALUE),
        (
            {"a": {"Ref": "AWS::NoValue"}, "b": [1, {"Fn::If": ["Either", 2, {"Ref": "AWS::NoValue"}]}]},
            {"b": [1]},
        ),
    ],
    ids=lambda value: "no value" if value is NO_VALUE else json.dumps(value, default=str)[:60],
)
def test_a_function_comes_to_what_it_says(scope: Scope, value: Any, result: Any) -> None:
    assert scope.resolve(value) == result


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"Fn::ImportValue": "other"}, "Fn::ImportValue is not emulated"),
        ({"Fn::FindInMap": ["Sizes", "large", "cpu"]}, "Unable to get mapping for Sizes::large::cpu"),
        ({"Fn::If": ["Unknown", 1, 2]}, "condition Unknown is not defined"),
        ({"Fn::Join": ["-", "no list"]}, "Fn::Join cannot be used like this"),
        ({"Fn::Join": ["-", [{"Ref": "List"}]]}, "is no text"),
        ({"Fn::Select": [7, ["a"]]}, "Fn::Select cannot be used like this"),
        ({"Fn::If": ["Named"]}, "Fn::If cannot be used like this"),
        ("{{resolve:ssm:/a}}", "dynamic references"),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_what_cannot_be_worked_out_is_an_error(scope: Scope, value: Any, why: str) -> None:
    with pytest.raises(TemplateError, match=why):
        scope.resolve(value)
