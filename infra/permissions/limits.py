"""The permission boundary: the most that any role of an account could ever do, whatever its own policy says.

It grants nothing: a role may do what its policy *and* the boundary allow. What must never happen is denied
outright, so that it stays so when somebody widens a role by hand.
"""

from infra.permissions import stages
from infra.permissions.databases import snapshots_of
from infra.permissions.place import REPORTS, Development, Place, Production
from infra.permissions.statements import Conditions, Statement, Text, arn, below
from shared.names import COPY, MASKED, PREFIX, SHARED, TARGET, TEMPORARY

_NOTHING = "a boundary grants nothing: roles name their resources"
_DENIES = "it denies"

_BOTH = (
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "rds:AddTagsToResource",
    "rds:CopyDB*Snapshot",
    "rds:CreateDBInstance",
    "rds:DeleteDB*",
    "rds:DescribeDB*",
    "rds:ModifyDBCluster",
    "rds:ModifyDBInstance",
    "rds:RestoreDB*Snapshot",
    "secretsmanager:CreateSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:TagResource",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "ssm:GetParameter",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
_PRODUCTION = (
    "dynamodb:DeleteItem",
    "dynamodb:Scan",
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "ecs:DescribeTasks",
    "ecs:ListTasks",
    "ecs:RunTask",
    "ecs:StopTask",
    "ecs:TagResource",
    "iam:PassRole",
    "rds:CreateDB*Snapshot",
    "rds:ModifyDB*SnapshotAttribute",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
    "secretsmanager:DeleteSecret",
    "secretsmanager:DescribeSecret",
    "sns:Publish",
)
_DEVELOPMENT = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
)
_CHANGES = (
    "rds:AddTagsToResource",
    "rds:Copy*",
    "rds:Create*Snapshot",
    "rds:Delete*",
    "rds:Failover*",
    "rds:Modify*",
    "rds:Promote*",
    "rds:Reboot*",
    "rds:RemoveTagsFromResource",
    "rds:Start*",
    "rds:Stop*",
)
_ADMINISTRATION = (
    "dynamodb:*Table*",
    "ecs:ExecuteCommand",
    "events:*Permission",
    "iam:Attach*",
    "iam:Create*",
    "iam:Delete*",
    "iam:Detach*",
    "iam:Put*",
    "iam:Update*",
    "kms:DisableKey",
    "kms:PutKeyPolicy",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "lambda:*",
    "rds:RemoveTagsFromResource",
    "s3:*Policy",
    "s3:Delete*",
    "sns:*Permission",
    "sqs:*Permission",
    "sqs:SetQueueAttributes",
    "sts:AssumeRole",
)


def of(place: Place) -> tuple[Statement, ...]:
    """Return the boundary of an account's roles."""
    return _production(place) if isinstance(place, Production) else _development(place)


def _production(place: Production) -> tuple[Statement, ...]:
    made = (
        arn("rds", f"db:{TEMPORARY}*"),
        arn("rds", f"cluster:{TEMPORARY}*"),
        *(
            arn("rds", f"{kind}:{prefix}*")
            for kind in ("snapshot", "cluster-snapshot")
            for prefix in (MASKED, SHARED)
        ),
    )
    return (
        *_common((*_BOTH, *_PRODUCTION), made),
        Statement(
            "OnlySnapshotShares",
            ("rds:ModifyDB*SnapshotAttribute",),
            ("*",),
            _nobody_but("snapshot"),
            effect="Deny",
            why=_DENIES,
        ),
        Statement(
            "OnlyRestoreDeletesDatabases",
            ("rds:DeleteDBCluster", "rds:DeleteDBInstance"),
            ("*",),
            _nobody_but("restore"),
            effect="Deny",
            why=_DENIES,
        ),
        Statement(
            "OnlyTheWorkerReadsPasswords",
            ("secretsmanager:GetSecretValue",),
            ("*",),
            _nobody_but("worker"),
            effect="Deny",
            why=_DENIES,
        ),
        Statement(
            "OnlyTheWorkerAttests",
            ("dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
            ("*",),
            {
                "ForAnyValue:StringLike": {stages.KEYS: [stages.WORKERS]},
                **_nobody_but("worker"),
            },
            effect="Deny",
            why=_DENIES,
        ),
        Statement(
            "OnlyTheWorkersRolesArePassed",
            ("iam:PassRole",),
            effect="Deny",
            not_resources=(
                arn("iam", "role/snapveil-worker", region=""),
                arn("iam", "role/snapveil-worker-execution", region=""),
            ),
        ),
        Statement(
            "NothingIsWrittenButReports",
            ("s3:PutObject",),
            effect="Deny",
            not_resources=(below(place.bucket, f"{REPORTS}/*"),),
        ),
    )


def _development(place: Development) -> tuple[Statement, ...]:
    made: tuple[Text, ...] = (
        arn("rds", f"db:{TARGET}*"),
        arn("rds", f"cluster:{TARGET}*"),
        arn("rds", f"snapshot:{COPY}*"),
        arn("rds", f"cluster-snapshot:{COPY}*"),
        # what is copied: another account's, which no other call could reach
        *(shared for account in place.production_accounts for shared in snapshots_of(account, SHARED)),
    )
    return (
        *_common((*_BOTH, *_DEVELOPMENT), made),
        Statement("NobodyShares", ("rds:ModifyDB*SnapshotAttribute",), ("*",), effect="Deny", why=_DENIES),
    )


def _common(most: tuple[str, ...], made: tuple[Text, ...]) -> tuple[Statement, ...]:
    return (
        Statement("Most", tuple(sorted(most)), ("*",), why=_NOTHING),
        Statement(
            "ChangeOnlyWhatSnapveilMade",
            _CHANGES,
            effect="Deny",
            not_resources=made,
        ),
        Statement(
            "NothingIsPublic",
            ("rds:CreateDBInstance", "rds:RestoreDBInstanceFromDBSnapshot"),
            ("*",),
            {"Bool": {"rds:PubliclyAccessible": "true"}},
            effect="Deny",
            why=_DENIES,
        ),
        Statement(
            "KeysAreGrantedToAwsOnly",
            ("kms:CreateGrant",),
            ("*",),
            {"Bool": {"kms:GrantIsForAWSResource": "false"}},
            effect="Deny",
            why=_DENIES,
        ),
        Statement("NobodyAdministers", _ADMINISTRATION, ("*",), effect="Deny", why=_DENIES),
    )


def _nobody_but(role: str) -> Conditions:
    return {"ArnNotEquals": {"aws:PrincipalArn": arn("iam", f"role/{PREFIX}{role}", region="")}}
