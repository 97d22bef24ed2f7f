"""A stack's life: made in order, taken back after a failure, changed, deleted but for what must be kept."""

import json
from typing import Any

import pytest

from local.accounts import Account
from local.stacks import DeploymentError, Stack, Template, TemplateError, deploy
from tests.local.declarations import Template as Document
from tests.local.declarations import changed, simple

TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": "Retain",
    "Properties": {
        "TableName": "ledger",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    },
}
TWO_QUEUES = simple(
    {
        "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q-dlq"}},
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": {"Fn::Sub": "${Name}"},
                "RedrivePolicy": {
                    "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]},
                    "maxReceiveCount": 3,
                },
            },
        },
        "Ledger": TABLE,
    },
    Parameters={"Name": {"Type": "String", "Default": "q"}, "More": {"Type": "String", "Default": ""}},
    Conditions={"WantsMore": {"Fn::Not": [{"Fn::Equals": [{"Ref": "More"}, ""]}]}},
    Outputs={"Url": {"Value": {"Ref": "Queue"}}, "Extra": {"Condition": "WantsMore", "Value": "x"}},
)
BROKEN = {
    "Type": "AWS::SQS::Queue",
    "DependsOn": "Queue",
    "Properties": {"QueueName": "bad", "Colour": "red"},
}


def with_resource(template: Document, name: str, resource: dict[str, Any]) -> Document:
    return changed(template, lambda own: own["Resources"].update({name: resource}))


def queues(account: Account) -> set[str]:
    urls = account.client("sqs").list_queues().get("QueueUrls", [])
    return {url.rsplit("/", 1)[-1] for url in urls}


def statuses(stack: Stack, logical_id: str) -> list[str]:
    return [event.status for event in stack.events if event.logical_id == logical_id]


def test_what_a_template_declares_is_made_and_told(production: Account) -> None:
    stack = deploy(TWO_QUEUES, production, {})
    assert queues(production) == {"q", "q-dlq"}
    url = stack.resources["Queue"].physical_id
    assert url == "https://sqs.eu-west-3.amazonaws.com/111111111111/q"
    attributes = production.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    assert json.loads(attributes["Attributes"]["RedrivePolicy"])["maxReceiveCount"] == 3
    assert {name: output.value for name, output in stack.outputs.items()} == {"Url": url}
    assert stack.status == "CREATE_COMPLETE"


def test_a_failure_takes_back_what_was_made_and_says_what_failed(production: Account) -> None:
    with pytest.raises(DeploymentError, match=r"snapveil: Bad: AWS::SQS::Queue: Colour: not understood"):
        deploy(with_resource(TWO_QUEUES, "Bad", BROKEN), production, {})
    assert queues(production) == set()


def test_an_unknown_type_is_refused_before_anything_is_made(production: Account) -> None:
    with pytest.raises(TemplateError, match="AWS::SQS::Cue"):
        deploy(with_resource(TWO_QUEUES, "Bad", {"Type": "AWS::SQS::Cue"}), production, {})
    assert queues(production) == set()
    assert production.client("dynamodb").list_tables()["TableNames"] == []


def test_deleting_leaves_what_must_be_kept_and_names_it(production: Account) -> None:
    stack = deploy(TWO_QUEUES, production, {})
    assert stack.delete()
    assert queues(production) == set()
    assert production.client("dynamodb").list_tables()["TableNames"] == ["ledger"]
    assert [(event.logical_id) for event in stack.events if event.status == "DELETE_SKIPPED"] == ["Ledger"]
    deleted = [event.logical_id for event in stack.events if event.status == "DELETE_COMPLETE"]
    assert deleted == ["Queue", "Dead", "snapveil"]


def test_what_was_kept_is_in_the_way_of_the_next_stack(production: Account) -> None:
    deploy(TWO_QUEUES, production, {}).delete()
    with pytest.raises(DeploymentError, match=r"Ledger: .*Table already exists"):
        deploy(TWO_QUEUES, production, {})


def test_an_update_makes_what_is_new_changes_what_changed_and_deletes_what_is_gone(
    production: Account,
) -> None:
    stack = deploy(TWO_QUEUES, production, {})

    def other(own: Document) -> None:
        own["Resources"]["Queue"]["Properties"]["VisibilityTimeout"] = 77
        own["Resources"]["Third"] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "third"}}
        own["Resources"]["Topic"] = {"Type": "AWS::SNS::Topic", "Condition": "WantsMore"}

    assert stack.update(Template(changed(TWO_QUEUES, other)), {})
    assert stack.status == "UPDATE_COMPLETE"
    assert queues(production) == {"q", "q-dlq", "third"}
    assert statuses(stack, "Dead") == ["CREATE_COMPLETE"]
    assert statuses(stack, "Queue") == ["CREATE_COMPLETE", "UPDATE_COMPLETE"]
    assert "Topic" not in stack.resources
    assert stack.update(Template(changed(TWO_QUEUES, other)), {"More": "yes"})
    assert "Topic" in stack.resources
    assert stack.update(Template(TWO_QUEUES), {})
    assert queues(production) == {"q", "q-dlq"}
    assert set(stack.resources) == {"Dead", "Queue", "Ledger"}


def test_an_update_without_a_change_is_refused_as_cloudformation_does(production: Account) -> None:
    stack = deploy(TWO_QUEUES, production, {})
    with pytest.raises(TemplateError, match="No updates are to be performed"):
        stack.update(Template(TWO_QUEUES), {"Name": "q"})


def test_an_update_that_fails_ends_with_what_there_was(production: Account) -> None:
    stack = deploy(TWO_QUEUES, production, {})
    assert not stack.update(Template(with_resource(TWO_QUEUES, "Bad", BROKEN)), {})
    assert (stack.status, set(stack.resources)) == ("UPDATE_ROLLBACK_COMPLETE", {"Dead", "Queue", "Ledger"})
    assert "Colour" in stack.reason
    assert queues(production) == {"q", "q-dlq"}


def test_data_are_not_replaced_by_an_update(production: Account) -> None:
    stack = deploy(TWO_QUEUES, production, {})

    def rename(own: Document) -> None:
        own["Resources"]["Ledger"]["Properties"]["TableName"] = "other"

    assert not stack.update(Template(changed(TWO_QUEUES, rename)), {})
    assert "TableName of table ledger cannot change" in stack.reason
    assert production.client("dynamodb").list_tables()["TableNames"] == ["ledger"]


def test_a_role_is_known_with_its_policies_and_its_boundary(production: Account) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    stack = deploy(
        simple(
            {
                "Boundary": {
                    "Type": "AWS::IAM::ManagedPolicy",
                    "Properties": {"ManagedPolicyName": "most", "PolicyDocument": document},
                },
                "Role": {
                    "Type": "AWS::IAM::Role",
                    "Properties": {
                        "RoleName": "reader",
                        "AssumeRolePolicyDocument": document,
                        "PermissionsBoundary": {"Ref": "Boundary"},
                        "Policies": [{"PolicyName": "own", "PolicyDocument": document}],
                    },
                },
            }
        ),
        production,
        {},
    )
    role = stack.roles["reader"]
    assert (role.policies, role.boundary, role.trust) == ((document,), document, document)
    assert stack.resources["Role"].attributes["Arn"] == "arn:aws:iam::111111111111:role/reader"
