"""RDS in policies: names by prefix, the tags that a create call must bring, and keys used through RDS only.

Which types of resource an action is asked for is told by the service authorization reference of Amazon RDS.
IAM knows no key for whom a snapshot is shared with; that only one role may share at all stands in for it.
"""

from collections.abc import Iterable

from infra.permissions.statements import Conditions, Statement, Text, arn, of
from shared.names import RUN_ID_TAG, SOURCE_TAG

RDS: Text = {"Fn::Sub": "rds.${AWS::Region}.${AWS::URLSuffix}"}
RUN_TAG: Conditions = {"Null": {f"aws:RequestTag/{RUN_ID_TAG}": "false"}}
PRIVATE: Conditions = {"Bool": {"rds:PubliclyAccessible": "false"}, **RUN_TAG}
"""Not reachable from outside, and said so: the condition fails also where a call leaves it open."""

RESTORE = ("rds:RestoreDBInstanceFromDBSnapshot", "rds:RestoreDBClusterFromSnapshot")
SNAPSHOTS = ("snapshot", "cluster-snapshot")
OPTIONS = arn("rds", "og:default:*")


def databases(prefix: str) -> tuple[Text, ...]:
    """Name instances and clusters by the beginning of their names."""
    return arn("rds", f"db:{prefix}*"), arn("rds", f"cluster:{prefix}*")


def snapshots(prefix: str) -> tuple[Text, ...]:
    """Name snapshots of both kinds by the beginning of their names."""
    return tuple(arn("rds", f"{kind}:{prefix}*") for kind in SNAPSHOTS)


def snapshots_of(account: Text, prefix: str) -> tuple[Text, ...]:
    """Name another account's snapshots of both kinds by the beginning of their names."""
    return tuple(of("rds", account, f"{kind}:{prefix}*") for kind in SNAPSHOTS)


def subnet_groups(brought: Iterable[str], own: str) -> tuple[Text, ...]:
    """Name the subnet groups that a database may be put into: those brought along, or the stack's own."""
    return tuple(arn("rds", f"subgrp:{name}") for name in (tuple(brought) or (own,)))


def parameter_groups(prefix: str, brought: Iterable[str]) -> tuple[Text, ...]:
    """Name the parameter groups of both kinds that a database may get."""
    names = (f"{prefix}*", *brought)
    return tuple(arn("rds", f"{kind}:{name}") for name in names for kind in ("pg", "cluster-pg"))


def look() -> Statement:
    """Let a role see databases and snapshots; it lists them, and a list is asked for every name."""
    return Statement(
        "Look",
        (
            "rds:DescribeDBInstances",
            "rds:DescribeDBClusters",
            "rds:DescribeDBSnapshots",
            "rds:DescribeDBClusterSnapshots",
        ),
        (*databases(""), *snapshots("")),
        why="a list of databases or snapshots is asked for with every name of the account",
    )


def restore(into: str, groups: Iterable[Text], sources: tuple[Text, ...]) -> tuple[Statement, ...]:
    """Let a role restore from these snapshots, into these groups, under names that begin with `into`."""
    instance, cluster = databases(into)
    return (
        Statement("RestoreInstance", RESTORE[:1], (instance,), PRIVATE),
        Statement("RestoreCluster", RESTORE[1:], (cluster,), RUN_TAG),
        Statement("RestoreWith", RESTORE, (OPTIONS, *groups)),
        *restore_from(sources),
    )


def restore_from(sources: tuple[Text, ...], part: str = "") -> tuple[Statement, ...]:
    """Let a role read these snapshots, for a restore."""
    return (Statement(f"RestoreFrom{part}", RESTORE, sources),) if sources else ()


def add_instance(to: str, subnet_groups: Iterable[Text]) -> tuple[Statement, ...]:
    """Let a role give a restored cluster its instance; a database of its own it cannot make."""
    instance, cluster = databases(to)
    aurora = {"StringLike": {"rds:DatabaseEngine": "aurora-*"}}
    return (
        Statement("AddInstance", ("rds:CreateDBInstance",), (instance,), {**PRIVATE, **aurora}),
        Statement(
            "AddInstanceTo",
            ("rds:CreateDBInstance",),
            (cluster, OPTIONS, arn("rds", "pg:default.*"), arn("rds", "subgrp:default"), *subnet_groups),
        ),
    )


def tag(*resources: Text, more: Iterable[str] = ()) -> Statement:
    """Let a role tag what it creates, in the create call, with the run's tags, these and no others."""
    keys = [RUN_ID_TAG, SOURCE_TAG, *more]
    return Statement(
        "TagWhatIsMade",
        ("rds:AddTagsToResource",),
        resources,
        {
            "Bool": {"rds:TagsFromRequest": "true"},
            "ForAllValues:StringEquals": {"aws:TagKeys": keys},
            **RUN_TAG,
        },
    )


def use_keys(*keys: Text) -> tuple[Statement, ...]:
    """Let RDS use keys for what a role makes: what "Authorizing use of a customer managed key" asks for."""
    via: Conditions = {"StringEquals": {"kms:ViaService": RDS}}
    return (
        Statement("DescribeKeys", ("kms:DescribeKey",), keys, via),
        Statement(
            "LetRdsUseKeys",
            ("kms:CreateGrant",),
            keys,
            {**via, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def decrypt(*keys: Text) -> Statement:
    """Let RDS decrypt a snapshot that is copied or restored under another key."""
    return Statement("Decrypt", ("kms:Decrypt",), keys, {"StringEquals": {"kms:ViaService": RDS}})
