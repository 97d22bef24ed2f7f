"""DescribeKey across accounts: by ARN or alias, as far as the key's policy lets the caller."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.accounts import DEVELOPMENT, PRODUCTION, Account
from tests.local.messages import arn

RECEIVER = f"arn:aws:iam::{DEVELOPMENT}:role/snapveil-receiver"
LOOK = {"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": "*"}


def key(account: Account, *statements: dict[str, Any]) -> str:
    """Make a key under alias/share; return its ARN."""
    kms = account.client("kms")
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    made: str = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/share", TargetKeyId=made.rsplit("/", 1)[-1])
    return made


def described(account: Account, name: str, role: str = "snapveil-receiver") -> str:
    try:
        return str(account.client("kms", role).describe_key(KeyId=name)["KeyMetadata"]["Arn"])
    except ClientError as error:
        return str(error.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("statement", "role", "allowed"),
    [
        ({**LOOK, "Principal": {"AWS": f"arn:aws:iam::{DEVELOPMENT}:root"}}, "anybody", True),
        ({**LOOK, "Principal": {"AWS": RECEIVER}}, "snapveil-receiver", True),
        ({**LOOK, "Principal": {"AWS": RECEIVER}}, "anybody", False),
        (
            {
                **LOOK,
                "Principal": {"AWS": "*"},
                "Condition": {"ArnEquals": {"aws:PrincipalArn": [RECEIVER]}},
            },
            "snapveil-receiver",
            True,
        ),
        (
            {
                **LOOK,
                "Principal": {"AWS": "*"},
                "Condition": {"ArnEquals": {"aws:PrincipalArn": [RECEIVER]}},
            },
            "anybody",
            False,
        ),
        ({**LOOK, "Principal": {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}}, "anybody", False),
        (
            {**LOOK, "Action": "kms:Decrypt", "Principal": {"AWS": f"arn:aws:iam::{DEVELOPMENT}:root"}},
            "anybody",
            False,
        ),
    ],
)
def test_another_accounts_key_is_shown_to_whom_its_policy_lets(
    production: Account, development: Account, statement: dict[str, Any], role: str, allowed: bool
) -> None:
    made = key(production, statement)
    expected = made if allowed else "AccessDeniedException"
    assert described(development, made, role) == expected
    assert described(development, arn(production, "kms", "alias/share"), role) == expected


def test_an_alias_or_key_that_is_not_there_is_not_found(production: Account, development: Account) -> None:
    key(production, {**LOOK, "Principal": "*"})
    for name in ("alias/other", "key/3f0a3b0c-0000-0000-0000-000000000000"):
        assert described(development, arn(production, "kms", name)) == "NotFoundException"


def test_within_its_account_a_key_is_found_as_before(production: Account) -> None:
    made = key(production, {**LOOK, "Principal": "*"})
    for name in (made, "alias/share", arn(production, "kms", "alias/share"), made.rsplit("/", 1)[-1]):
        assert described(production, name, "operator") == made
