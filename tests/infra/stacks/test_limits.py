"""What AWS would refuse at deployment is refused when a template is made."""

import pytest

from infra.limits import TooLargeError, check


def test_a_configuration_that_does_not_fit_into_a_parameter_is_refused() -> None:
    text = "x" * 8_000 + "${AWS::AccountId}${SourceName}" * 5
    template = {
        "Resources": {
            "Configuration": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": {"Fn::Sub": text}}}
        }
    }
    with pytest.raises(TooLargeError, match=r"characters of Configuration: 8260, where AWS takes 8192"):
        check(template)


def test_a_role_whose_policies_are_too_long_together_is_refused() -> None:
    statement = {
        "Effect": "Allow",
        "Action": ["rds:Restore"],
        "Resource": [{"Fn::GetAtt": ["A", "Arn"]}] * 80,
    }
    policy = {"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy, policy]}}
    with pytest.raises(TooLargeError, match="characters of the policy of Big"):
        check({"Resources": {"Big": role}})


def test_more_parameters_than_a_template_may_have_are_refused() -> None:
    with pytest.raises(TooLargeError, match="parameters: 201"):
        check({"Resources": {}, "Parameters": {f"P{number}": {} for number in range(201)}})
