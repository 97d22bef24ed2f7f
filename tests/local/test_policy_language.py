"""The language of policies: what AWS's evaluation logic says, as laws that hold for whatever is drawn."""

import fnmatch
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.policies import Policy, Request, arn_like, string_like

WORDS = st.text("ab:/*?", max_size=8)
PLAIN = st.text("ab:/", max_size=8)
VALUES = st.lists(st.sampled_from("abc"), min_size=1, max_size=3)
POSITIVE = st.sampled_from(["StringEquals", "StringLike", "ArnLike", "StringEqualsIgnoreCase"])


def applies(statement: dict[str, Any], **context: Any) -> bool:
    made = {"Effect": "Allow", "Action": "s:Do", "Resource": "*"} | statement
    for name in ("Action", "Resource"):
        if f"Not{name}" in statement:
            del made[name]
    request = Request("arn:aws:iam::1:role/x", "s:Do", "arn:aws:s:r:1:thing", context)
    return bool(Policy.of({"Statement": [made]}).applying(request))


@given(PLAIN, WORDS)
def test_wildcards_match_as_in_a_shell(given: str, pattern: str) -> None:
    assert string_like(given, pattern) is fnmatch.fnmatchcase(given, pattern)


@given(WORDS)
def test_a_pattern_that_is_an_arn_matches_itself(resource: str) -> None:
    arn = f"arn:aws:s:r:1:{resource}"
    assert arn_like(arn, arn)
    assert arn_like(arn, "arn:aws:s:*:*:*")


def test_a_wildcard_does_not_reach_into_the_next_part_of_an_arn() -> None:
    assert not arn_like("arn:aws:rds:r:1:db:x", "arn:aws:rds:*:db:x")
    assert arn_like("arn:aws:rds:r:1:db:x", "arn:aws:rds:r:1:*")


@given(st.sampled_from(["arn:aws:s:r:1:thing", "arn:aws:s:r:2:thing", "*", "arn:aws:s:r:1:t*"]))
def test_not_resource_is_what_resource_is_not(pattern: str) -> None:
    assert applies({"Resource": pattern}) is not applies({"NotResource": pattern})


@given(st.sampled_from(["s:Do", "s:D*", "s:Other", "*"]))
def test_not_action_is_what_action_is_not(pattern: str) -> None:
    assert applies({"Action": pattern}) is not applies({"NotAction": pattern})


@given(POSITIVE, st.sampled_from("abc"), VALUES)
def test_a_negated_operator_is_the_opposite_for_a_key_that_is_there(
    operator: str, given: str, wanted: list[str]
) -> None:
    negated = operator.replace("String", "StringNot").replace("ArnLike", "ArnNotLike")
    assert applies({"Condition": {operator: {"k": wanted}}}, k=given) is not applies(
        {"Condition": {negated: {"k": wanted}}}, k=given
    )


@given(VALUES, VALUES)
def test_all_values_fit_unless_some_value_does_not(given: list[str], wanted: list[str]) -> None:
    every = {"Condition": {"ForAllValues:StringEquals": {"k": wanted}}}
    some_other = {"Condition": {"ForAnyValue:StringNotEquals": {"k": wanted}}}
    assert applies(every, k=given) is not applies(some_other, k=given)


@given(st.lists(st.sampled_from(["Allow", "Deny"]), max_size=4))
def test_the_order_of_statements_does_not_matter(effects: list[str]) -> None:
    def found(listed: list[str]) -> list[str]:
        statements = [{"Effect": one, "Action": "*", "Resource": "*"} for one in listed]
        request = Request("x", "s:Do", "arn:aws:s:r:1:thing")
        return sorted(one.effect for one in Policy.of({"Statement": statements}).applying(request))

    assert found(effects) == found(effects[::-1]) == sorted(effects)


@pytest.mark.parametrize(
    ("condition", "context", "met"),
    [
        ({"Bool": {"k": "false"}}, {"k": "False"}, True),
        ({"Bool": {"k": "false"}}, {}, False),
        ({"BoolIfExists": {"k": "false"}}, {}, True),
        ({"Null": {"k": "true"}}, {}, True),
        ({"Null": {"k": "false"}}, {}, False),
        ({"Null": {"K": "false"}}, {"k": "x"}, True),
        ({"StringNotEquals": {"k": "a"}}, {}, True),
        ({"ForAnyValue:StringNotEquals": {"k": "a"}}, {}, False),
        ({"ForAllValues:StringLike": {"k": "a*"}}, {}, True),
        ({"ForAllValues:StringLike": {"k": "a*"}}, {"k": ["ab", "b"]}, False),
        ({"ForAllValues:StringNotLike": {"k": "a*"}}, {"k": ["ab", "b"]}, False),
        ({"NumericLessThan": {"k": "3"}}, {"k": "2"}, True),
        ({"StringEquals": {"k": "${aws:PrincipalAccount}"}}, {"k": "1", "aws:PrincipalAccount": "1"}, True),
        ({"StringEquals": {"k": "${aws:PrincipalAccount}"}}, {"k": ""}, False),
        ({"StringLike": {"k": "a${*}"}}, {"k": "ab"}, False),
        ({"StringLike": {"k": "a${*}"}}, {"k": "a*"}, True),
        ({"StringEquals": {"k": "${aws:Team, 'none'}"}}, {"k": "none"}, True),
    ],
)
def test_what_conditions_mean(condition: dict[str, Any], context: dict[str, Any], met: bool) -> None:
    assert applies({"Condition": condition}, **context) is met


def test_a_resource_may_hold_a_variable() -> None:
    statement = {"Resource": "arn:aws:s:r:${aws:PrincipalAccount}:thing"}
    assert applies(statement, **{"aws:PrincipalAccount": "1"})
    assert not applies(statement, **{"aws:PrincipalAccount": "2"})
