"""Key policies: who may use which key, beside what IAM policies of the key's own account say."""

from infra.permissions.databases import RDS
from infra.permissions.place import Development, Production
from infra.permissions.statements import ACCOUNT, Conditions, Document, Text


def production(place: Production) -> tuple[Document, ...]:
    """The key of temporary databases and of the snapshots made of them."""
    return (_owner(), _nobody_else())


def share(place: Production) -> tuple[Document, ...]:
    """The key of what is shared: the receivers of the development accounts may copy through RDS.

    Roles are named by condition: a principal that does not exist yet makes a key policy invalid, and
    development is deployed after production.
    """
    accounts = [_root(account) for account in place.development_accounts]
    receivers = {"aws:PrincipalArn": [_receiver(account) for account in place.development_accounts]}
    via: Conditions = {"ArnEquals": receivers, "StringEquals": {"kms:ViaService": RDS}}
    common: Document = {"Effect": "Allow", "Principal": {"AWS": accounts}, "Resource": "*"}
    return (
        _owner(),
        {
            "Sid": "ReceiversLook",
            **common,
            "Action": "kms:DescribeKey",
            "Condition": {"ArnEquals": receivers},
        },
        {
            "Sid": "ReceiversCopyThroughRds",
            **common,
            "Action": ["kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
            "Condition": via,
        },
        {
            "Sid": "ReceiversLetRdsUseIt",
            **common,
            "Action": "kms:CreateGrant",
            "Condition": {**via, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    )


def copy(place: Development) -> tuple[Document, ...]:
    """The key of copies and targets."""
    return (_owner(), _nobody_else())


def _owner() -> Document:
    """Let IAM policies of the key's account decide: without it nobody could ever change the key again."""
    return {
        "Sid": "AccountDecides",
        "Effect": "Allow",
        "Principal": {"AWS": _root(ACCOUNT)},
        "Action": "kms:*",
        "Resource": "*",
    }


def _nobody_else() -> Document:
    """Keep other accounts out, whatever is added to the policy later."""
    return {
        "Sid": "NoOtherAccount",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "kms:*",
        "Resource": "*",
        "Condition": {
            "StringNotEquals": {"kms:CallerAccount": ACCOUNT},
            "Bool": {"aws:PrincipalIsAWSService": "false"},
        },
    }


def _root(account: Text) -> Text:
    return {"Fn::Sub": ["arn:${AWS::Partition}:iam::${Account}:root", {"Account": account}]}


def _receiver(account: Text) -> Text:
    text = "arn:${AWS::Partition}:iam::${Account}:role/snapveil-receiver"
    return {"Fn::Sub": [text, {"Account": account}]}
