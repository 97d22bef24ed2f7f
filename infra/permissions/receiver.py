"""Receiver: copies what production shares, builds targets from it and replaces them; in development only."""

from infra.permissions import databases, stages
from infra.permissions.place import Development
from infra.permissions.statements import Conditions, Role, Statement, Text, arn, of
from shared.names import COPY, EDITION_TAG, RUN_ID_TAG, SHARED, TARGET

SECRETS = arn("secretsmanager", f"secret:snapveil/{TARGET}*/master*")
FUNCTION = arn("lambda", "function:snapveil-receiver")
INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


def role(place: Development) -> Role:
    """Return the role of the receiver function."""
    own = databases.databases(TARGET)
    return Role(
        name="snapveil-receiver",
        description="Copies shared snapshots, builds targets from the copies and replaces them.",
        trust=stages.trust(),
        statements=(
            *stages.common("receiver"),
            *stages.ledger(),
            stages.announce("SnapshotReceived", "TargetReplaced", "StageFailed"),
            *_network(),
            databases.look(),
            *_copying(place),
            *databases.restore(TARGET, groups(place), databases.snapshots(COPY)),
            *databases.add_instance(TARGET, _subnet_groups(place)),
            Statement("SetPasswordOrRename", ("rds:ModifyDBInstance", "rds:ModifyDBCluster"), own),
            Statement("DeleteReplaced", ("rds:DeleteDBInstance", "rds:DeleteDBCluster"), own),
            databases.tag(*own, *databases.snapshots(COPY), more=(EDITION_TAG, *place.tag_keys)),
            Statement(
                "KeepPassword",
                ("secretsmanager:CreateSecret", "secretsmanager:TagResource"),
                (SECRETS,),
                {"Null": {f"aws:RequestTag/{RUN_ID_TAG}": "false"}},
            ),
            Statement(
                "ReadOrReplacePassword",
                ("secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"),
                (SECRETS,),
            ),
        ),
    )


def _copying(place: Development) -> tuple[Statement, ...]:
    copy = ("rds:CopyDBSnapshot", "rds:CopyDBClusterSnapshot")
    delete = ("rds:DeleteDBSnapshot", "rds:DeleteDBClusterSnapshot")
    shared = tuple(
        one for account in place.production_accounts for one in databases.snapshots_of(account, SHARED)
    )
    keys, trusted = _share_keys(place)
    via: Conditions = {"StringEquals": {"kms:ViaService": databases.RDS}, **trusted}
    return (
        Statement("CopyShared", copy, shared),
        Statement("MakeCopy", copy, databases.snapshots(COPY), databases.RUN_TAG),
        Statement("DeleteCopies", delete, databases.snapshots(COPY)),
        *databases.use_keys(place.copy_key, *place.target_keys),
        *((databases.decrypt(place.copy_key),) if place.target_keys else ()),
        Statement("FindShareKey", ("kms:DescribeKey",), keys, trusted),
        Statement("DecryptShared", ("kms:Decrypt",), keys, via),
        Statement(
            "LetRdsUseShareKey",
            ("kms:CreateGrant",),
            keys,
            {**via, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
        Statement(
            "ReencryptShared",
            ("kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
            keys,
            via,
            reserved="AWS's page on sharing encrypted snapshots asks for them; RDS uses them on its own side",
        ),
    )


def _share_keys(place: Development) -> tuple[tuple[Text, ...], Conditions]:
    """Name share keys: by ARN where the document does, else by the alias, which IAM knows as a condition."""
    if place.trusted_keys:
        return place.trusted_keys, {}
    keys = tuple(of("kms", account, "key/*") for account in place.production_accounts)
    return keys, {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/snapveil-share"}}


def _subnet_groups(place: Development) -> tuple[Text, ...]:
    return databases.subnet_groups(place.subnet_groups, "snapveil-development")


def groups(place: Development) -> tuple[Text, ...]:
    """List the groups that a target may be put into."""
    return (*_subnet_groups(place), *databases.parameter_groups(TARGET, place.parameter_groups))


def _network() -> tuple[Statement, ...]:
    """The function stands in the target's network: Lambda makes its interfaces, and its code must not."""
    return (
        Statement(
            "StandInNetwork",
            INTERFACES,
            ("*",),
            why="Lambda checks these for every resource when a function joins a network, and refuses less",
            reserved="Lambda makes the function's network interfaces with them",
        ),
        Statement(
            "NotByTheFunctionItself",
            INTERFACES,
            ("*",),
            {"ArnEquals": {"lambda:SourceFunctionArn": FUNCTION}},
            effect="Deny",
            why="it denies",
        ),
    )
