"""Templates and their parameters: what CloudFormation would refuse, before anything is made."""

from typing import Any

import pytest

from local.stacks import Template, TemplateError
from local.stacks.parameters import values
from local.stacks.stack import check_types
from tests.local.declarations import simple

QUEUE = {"Type": "AWS::SQS::Queue"}


def referring(*names: str, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": {"Tags": [{"Ref": name} for name in names]}, **more}


def test_resources_are_made_after_what_they_refer_to_or_say_that_they_depend_on() -> None:
    template = Template(
        simple({"C": referring("B"), "B": {**QUEUE, "DependsOn": "A"}, "A": QUEUE, "D": referring()})
    )
    assert template.order == ("A", "D", "B", "C")


def test_resources_that_wait_for_each_other_are_named() -> None:
    with pytest.raises(TemplateError, match=r"Circular dependency between resources: \[A, B\]"):
        Template(simple({"A": referring("B"), "B": referring("A"), "C": QUEUE}))
    with pytest.raises(TemplateError, match=r"Circular dependency between resources: \[A\]"):
        Template(simple({"A": referring("A")}))


def test_a_type_that_is_not_known_is_named() -> None:
    template = Template(simple({"A": {"Type": "AWS::SQS::Cue"}, "B": QUEUE}))
    with pytest.raises(TemplateError, match=r"Unrecognized resource types: \[AWS::SQS::Cue\]"):
        check_types(template)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"Resources": {}}, "At least one Resources member"),
        (simple({"A": referring("B")}), r"Unresolved resource dependencies \[B\]"),
        (simple({"A": {"Type": "AWS::SQS::Queue", "DependsOn": ["B"]}}), r"\[B\]"),
        (simple({"A": {"Type": "AWS::SQS::Queue", "Condition": "No"}}), r"\[No\]"),
        (simple({"A": {}}), "Every resource needs a Type"),
        (simple({"A": {**QUEUE, "CreationPolicy": {}}}), "CreationPolicy: not emulated"),
        (simple({"A": {**QUEUE, "DeletionPolicy": "Snapshot"}}), "DeletionPolicy Snapshot is not emulated"),
        (simple({"A": QUEUE}, Rules={}), "Rules"),
        (simple({"A": QUEUE}, Transform="AWS::Serverless-2016-10-31"), "Transform"),
    ],
)
def test_a_template_that_would_be_understood_in_part_is_refused(document: dict[str, Any], why: str) -> None:
    with pytest.raises(TemplateError, match=why):
        Template(document)


def test_parameters_have_their_default_or_what_is_given() -> None:
    declared = {
        "Name": {"Type": "String", "Default": "shop"},
        "Zones": {"Type": "CommaDelimitedList"},
        "Count": {"Type": "Number", "MinValue": 1},
    }
    assert values(declared, {"Zones": "a, b", "Count": "2"}) == {
        "Name": "shop",
        "Zones": ["a", "b"],
        "Count": "2",
    }


@pytest.mark.parametrize(
    ("parameter", "given", "why"),
    [
        ({"Type": "String"}, {}, r"Parameters: \[P\] must have values"),
        ({"Type": "String"}, {"P": "a", "Q": "b"}, r"Parameters: \[Q\] do not exist in the template"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, {"P": "A"}, "Parameter P failed .*: must match"),
        ({"Type": "String", "AllowedValues": ["a", "b"]}, {"P": "c"}, r"must be one of \[a, b\]"),
        ({"Type": "String", "MinLength": "2"}, {"P": "c"}, "its length"),
        (
            {"Type": "String", "AllowedPattern": "a", "ConstraintDescription": "say a"},
            {"P": "b"},
            "constraint: say a",
        ),
        ({"Type": "Number"}, {"P": "many"}, "must be a number"),
        ({"Type": "Number", "MaxValue": 3}, {"P": "4"}, "out of its range"),
        ({"Type": "AWS::SSM::Parameter::Value<String>"}, {"P": "/a"}, "not emulated"),
    ],
)
def test_a_parameter_that_is_missing_unknown_or_out_of_bounds_is_refused(
    parameter: dict[str, Any], given: dict[str, str], why: str
) -> None:
    with pytest.raises(TemplateError, match=why):
        values({"P": parameter}, given)
