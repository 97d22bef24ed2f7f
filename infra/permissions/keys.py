"""Key policies: who may use which key, beside what IAM policies of the key's own account say."""

from collections.abc import Mapping
from typing import Any

from infra.permissions.place import Development, Production
from infra.permissions.statements import Document


def production(place: Production) -> tuple[Document, ...]:
    """The key of temporary databases and of the snapshots made of them."""
    return (_owner(),)


def share(place: Production) -> tuple[Document, ...]:
    """The key of what is shared: the receivers of the development accounts may copy through RDS."""
    receivers = [_receiver(account) for account in place.development_accounts]
    rds = {"Fn::Sub": "rds.${AWS::Region}.${AWS::URLSuffix}"}
    common = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Resource": "*"}
    via: Mapping[str, Any] = {
        "StringEquals": {"kms:ViaService": rds},
        "ArnEquals": {"aws:PrincipalArn": receivers},
    }
    return (
        _owner(),
        {
            "Sid": "ReceiverLooksAtTheKey",
            **common,
            "Action": "kms:DescribeKey",
            "Condition": {"ArnEquals": {"aws:PrincipalArn": receivers}},
        },
        {
            "Sid": "ReceiverCopiesThroughRds",
            **common,
            "Action": ["kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
            "Condition": via,
        },
        {
            "Sid": "RdsGrantsItselfTheKey",
            **common,
            "Action": "kms:CreateGrant",
            "Condition": {**via, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    )


def copy(place: Development) -> tuple[Document, ...]:
    """The key of copies and targets."""
    return (_owner(),)


def _owner() -> Document:
    """Let IAM policies of the key's account decide: without it nobody could ever change the key again."""
    return {
        "Sid": "AccountDecides",
        "Effect": "Allow",
        "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
        "Action": "kms:*",
        "Resource": "*",
    }


def _receiver(account: Any) -> Document:
    return {"Fn::Sub": ["arn:${AWS::Partition}:iam::${Account}:role/snapveil-receiver", {"Account": account}]}
