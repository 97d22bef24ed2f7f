"""CloudFormation's API, as a deployment with plain boto3 uses it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.accounts import Account
from tests.local.declarations import simple

TEMPLATE = simple(
    {
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": "q", "VisibilityTimeout": {"Ref": "Timeout"}},
        },
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "Properties": {"BucketName": "data-of-mine"},
        },
    },
    Description="A queue and a bucket",
    Parameters={"Timeout": {"Type": "Number", "Default": 30, "MaxValue": 60}},
    Outputs={"Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}, "Description": "its ARN"}},
)
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"RoleName": "r", "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
}


@pytest.fixture
def cloudformation(production: Account) -> Any:
    return production.client("cloudformation")


def created(cloudformation: Any, template: Any = TEMPLATE, name: str = "s", **more: Any) -> str:
    answer = cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template), **more)
    return str(answer["StackId"])


def parameter(value: str) -> list[dict[str, str]]:
    return [{"ParameterKey": "Timeout", "ParameterValue": value}]


def refused(call: Any, *arguments: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **given)
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def status(cloudformation: Any, name: str = "s") -> str:
    (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    return str(found["StackStatus"])


def test_a_stack_is_made_and_described(cloudformation: Any) -> None:
    stack_id = created(cloudformation, Parameters=parameter("45"), Tags=[{"Key": "a", "Value": "b"}])
    cloudformation.get_waiter("stack_create_complete").wait(StackName="s")
    (found,) = cloudformation.describe_stacks(StackName="s")["Stacks"]
    assert (found["StackId"], found["Description"]) == (stack_id, "A queue and a bucket")
    assert found["Parameters"] == [{"ParameterKey": "Timeout", "ParameterValue": "45"}]
    assert found["Tags"] == [{"Key": "a", "Value": "b"}]
    (output,) = found["Outputs"]
    assert output["OutputValue"] == "arn:aws:sqs:eu-west-3:111111111111:q"
    listed = cloudformation.list_stack_resources(StackName="s")["StackResourceSummaries"]
    assert {(one["LogicalResourceId"], one["ResourceStatus"]) for one in listed} == {
        ("Queue", "CREATE_COMPLETE"),
        ("Bucket", "CREATE_COMPLETE"),
    }
    events = cloudformation.describe_stack_events(StackName="s")["StackEvents"]
    assert [one["ResourceStatus"] for one in events][:: len(events) - 1] == [
        "CREATE_COMPLETE",
        "CREATE_IN_PROGRESS",
    ]
    assert cloudformation.get_template(StackName="s")["TemplateBody"] == TEMPLATE


def test_a_name_is_taken_until_its_stack_is_deleted(cloudformation: Any) -> None:
    created(cloudformation)
    assert refused(created, cloudformation).startswith("AlreadyExistsException")


def test_a_resource_that_fails_rolls_everything_back_and_the_events_say_why(
    cloudformation: Any, production: Account
) -> None:
    template = simple(
        {"Bad": {"Type": "AWS::SQS::Queue", "DependsOn": "Queue", "Properties": {"Colour": "red"}}}
        | TEMPLATE["Resources"],
        Parameters=TEMPLATE["Parameters"],
    )
    created(cloudformation, template)
    assert status(cloudformation) == "ROLLBACK_COMPLETE"
    assert "QueueUrls" not in production.client("sqs").list_queues()
    events = cloudformation.describe_stack_events(StackName="s")["StackEvents"]
    (failed,) = [one for one in events if one["ResourceStatus"] == "CREATE_FAILED"]
    assert failed["LogicalResourceId"] == "Bad"
    assert "Colour" in failed["ResourceStatusReason"]
    update = refused(cloudformation.update_stack, StackName="s", TemplateBody=json.dumps(TEMPLATE))
    assert "is in ROLLBACK_COMPLETE state and can not be updated" in update


def test_an_update_changes_what_changed_and_refuses_to_change_nothing(
    cloudformation: Any, production: Account
) -> None:
    created(cloudformation)
    body = json.dumps(TEMPLATE)
    cloudformation.update_stack(StackName="s", TemplateBody=body, Parameters=parameter("50"))
    cloudformation.get_waiter("stack_update_complete").wait(StackName="s")
    url = production.client("sqs").get_queue_url(QueueName="q")["QueueUrl"]
    attributes = production.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    assert attributes["Attributes"]["VisibilityTimeout"] == "50"
    again = refused(
        cloudformation.update_stack,
        StackName="s",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "Timeout", "UsePreviousValue": True}],
    )
    assert again == "ValidationError: No updates are to be performed."


def test_a_deleted_stack_is_known_by_its_id_only_and_keeps_what_must_be_kept(
    cloudformation: Any, production: Account
) -> None:
    stack_id = created(cloudformation)
    cloudformation.delete_stack(StackName="s")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="s")
    missing = refused(cloudformation.describe_stacks, StackName="s")
    assert missing == "ValidationError: Stack with id s does not exist"
    assert status(cloudformation, stack_id) == "DELETE_COMPLETE"
    assert "QueueUrls" not in production.client("sqs").list_queues()
    buckets = production.client("s3").list_buckets()["Buckets"]
    assert [one["Name"] for one in buckets] == ["data-of-mine"]
    cloudformation.delete_stack(StackName="s")


def test_a_change_set_takes_in_what_an_earlier_stack_left(cloudformation: Any, production: Account) -> None:
    created(cloudformation)
    production.client("s3").put_object(Bucket="data-of-mine", Key="k", Body=b"kept")
    cloudformation.delete_stack(StackName="s")
    given = {
        "StackName": "s",
        "TemplateBody": json.dumps(TEMPLATE),
        "ChangeSetName": "adopt",
        "ChangeSetType": "CREATE",
    }
    made = cloudformation.create_change_set(**given, ImportExistingResources=True)
    assert status(cloudformation) == "REVIEW_IN_PROGRESS"
    described = cloudformation.describe_change_set(ChangeSetName="adopt", StackName="s")
    assert (described["Status"], described["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    cloudformation.execute_change_set(ChangeSetName=made["Id"])
    assert status(cloudformation) == "CREATE_COMPLETE"
    found = production.client("s3").get_object(Bucket="data-of-mine", Key="k")
    assert found["Body"].read() == b"kept"


def test_a_protected_stack_is_not_deleted(cloudformation: Any) -> None:
    created(cloudformation, EnableTerminationProtection=True)
    assert "TerminationProtection is enabled" in refused(cloudformation.delete_stack, StackName="s")
    cloudformation.update_termination_protection(StackName="s", EnableTerminationProtection=False)
    cloudformation.delete_stack(StackName="s")
    assert cloudformation.describe_stacks()["Stacks"] == []


def test_roles_with_names_must_be_acknowledged(cloudformation: Any) -> None:
    template = simple({"Role": ROLE})
    assert refused(created, cloudformation, template) == (
        "InsufficientCapabilitiesException: Requires capabilities : ['CAPABILITY_NAMED_IAM']"
    )
    created(cloudformation, template, Capabilities=["CAPABILITY_NAMED_IAM"])
    assert status(cloudformation) == "CREATE_COMPLETE"


def test_a_large_template_has_to_come_from_a_bucket(cloudformation: Any, production: Account) -> None:
    large = {**TEMPLATE, "Metadata": {"Text": "x" * 60_000}}
    assert "less than or equal to 51200" in refused(created, cloudformation, large)
    s3 = production.client("s3")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": production.region})
    s3.put_object(Bucket="code", Key="t/production.json", Body=json.dumps(large).encode())
    for number, url in enumerate(
        (
            "https://code.s3.eu-west-3.amazonaws.com/t/production.json",
            "https://s3.eu-west-3.amazonaws.com/code/t/production.json",
        )
    ):
        summary = cloudformation.get_template_summary(TemplateURL=url)
        assert summary["ResourceTypes"] == ["AWS::S3::Bucket", "AWS::SQS::Queue"]
        if number == 0:
            cloudformation.create_stack(StackName="s", TemplateURL=url)
    assert status(cloudformation) == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"TemplateBody": "{"}, "JSON not well-formed"),
        ({"TemplateBody": json.dumps(simple({"A": {"Type": "AWS::A::B"}}))}, "Unrecognized resource types"),
        ({"TemplateBody": json.dumps(TEMPLATE), "Parameters": parameter("99")}, "Parameter Timeout failed"),
        ({"TemplateBody": json.dumps(TEMPLATE), "OnFailure": "DO_NOTHING"}, "OnFailure is not emulated"),
        ({}, "Either Template URL or Template Body"),
    ],
)
def test_what_cannot_be_deployed_makes_no_stack(cloudformation: Any, given: dict[str, Any], why: str) -> None:
    message = refused(cloudformation.create_stack, StackName="s", **given)
    assert message.startswith("ValidationError: ")
    assert why in message
    assert cloudformation.describe_stacks()["Stacks"] == []


def test_a_template_is_checked_without_a_stack(cloudformation: Any) -> None:
    answer = cloudformation.validate_template(TemplateBody=json.dumps(TEMPLATE))
    assert [(one["ParameterKey"], one["DefaultValue"]) for one in answer["Parameters"]] == [("Timeout", "30")]


def test_the_accounts_see_nothing_of_each_others_stacks(cloudformation: Any, development: Account) -> None:
    created(cloudformation)
    assert development.client("cloudformation").describe_stacks()["Stacks"] == []


def test_a_function_needs_its_zip(cloudformation: Any, production: Account) -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"S3Bucket": "code", "S3Key": "restore.zip"},
            "Handler": "h.h",
            "Role": "arn:aws:iam::111111111111:role/r",
        },
    }
    created(cloudformation, simple({"F": function}))
    assert status(cloudformation) == "ROLLBACK_COMPLETE"
    s3 = production.client("s3")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": production.region})
    s3.put_object(Bucket="code", Key="restore.zip", Body=b"zip")
    created(cloudformation, simple({"F": function}), name="again")
    assert status(cloudformation, "again") == "CREATE_COMPLETE"
