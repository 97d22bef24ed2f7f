"""Resource policies: who is let in."""

from typing import Any

import pytest

from local.policies import PolicyError, Request, allows

REQUEST = Request(
    "events.amazonaws.com",
    "sqs:SendMessage",
    "arn:aws:sqs:r:1:q",
    {"aws:SourceArn": "arn:aws:events:r:1:rule/x"},
)
STATEMENT: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "arn:aws:sqs:r:1:q",
}


def let(*statements: dict[str, Any], request: Request = REQUEST) -> bool:
    return allows({"Statement": list(statements)}, request)


def test_nothing_is_allowed_by_default() -> None:
    assert not allows(None, REQUEST)
    assert not let()


def test_a_statement_allows_what_it_names_and_nothing_else() -> None:
    assert let(STATEMENT)
    assert let(STATEMENT | {"Action": ["sqs:ReceiveMessage", "SQS:Send*"], "Resource": "*"})
    assert not let(STATEMENT | {"Action": "sqs:ReceiveMessage"})
    assert not let(STATEMENT | {"Resource": "arn:aws:sqs:r:1:other"})
    assert not let(STATEMENT | {"Principal": {"Service": "sns.amazonaws.com"}})
    assert not let(STATEMENT | {"Principal": {"AWS": "events.amazonaws.com.evil"}})


def test_a_deny_wins() -> None:
    assert not let(STATEMENT, STATEMENT | {"Effect": "Deny"})


@pytest.mark.parametrize(
    "principal", ["*", {"AWS": "*"}, {"AWS": ["2", "1"]}, {"AWS": "arn:aws:iam::1:root"}]
)
def test_an_account_can_be_named_in_several_ways(principal: Any) -> None:
    assert let(
        STATEMENT | {"Principal": principal}, request=Request("1", "sqs:SendMessage", "arn:aws:sqs:r:1:q")
    )


@pytest.mark.parametrize(
    ("condition", "fulfilled"),
    [
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:events:r:1:rule/x"}}, True),
        ({"ArnLike": {"AWS:SOURCEARN": "arn:aws:events:*:1:rule/*"}}, True),
        ({"StringEquals": {"aws:SourceArn": ["a", "b"]}}, False),
        ({"StringEquals": {"aws:SourceAccount": "1"}}, False),
        ({"ForAllValues:StringEquals": {"aws:SourceAccount": "1"}}, True),
        ({"ForAnyValue:StringEquals": {"aws:SourceAccount": "1"}}, False),
    ],
)
def test_every_condition_must_be_fulfilled(condition: dict[str, Any], fulfilled: bool) -> None:
    assert let(STATEMENT | {"Condition": condition}) is fulfilled


@pytest.mark.parametrize(
    "statement",
    [{"Condition": {"IpAddress": {"aws:SourceIp": "1.2.3.4"}}}, {"NotPrincipal": {"AWS": "1"}}],
)
def test_what_cannot_be_evaluated_is_not_guessed(statement: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match="not evaluated here"):
        let(STATEMENT | statement)
