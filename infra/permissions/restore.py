"""Restore: makes temporary databases, gives them a password that it cannot read, and deletes them again."""

from infra.permissions import databases, stages
from infra.permissions.place import POLICIES, Production, Source
from infra.permissions.statements import Role, Statement, Text, arn, arn_with
from shared.names import RUN_ID_TAG, TEMPORARY

SECRETS = arn("secretsmanager", "secret:snapveil/*/master*")


def role(place: Production) -> Role:
    """Return the role of the restore function."""
    return Role(
        name="snapveil-restore",
        description="Restores production's snapshots into temporary databases and deletes these.",
        trust=stages.trust(),
        statements=(
            *stages.common("restore"),
            *stages.ledger(locks=True),
            stages.publish(),
            *stages.read_policies(policies(place)),
            databases.look(),
            *databases.restore(TEMPORARY, groups(place), sources(place)),
            *databases.add_instance(TEMPORARY, subnet_groups(place)),
            Statement(
                "SetPassword",
                ("rds:ModifyDBInstance", "rds:ModifyDBCluster"),
                databases.databases(TEMPORARY),
            ),
            Statement(
                "Delete",
                ("rds:DeleteDBInstance", "rds:DeleteDBCluster"),
                databases.databases(TEMPORARY),
            ),
            databases.tag(*databases.databases(TEMPORARY)),
            *databases.use_keys(place.production_key, *source_keys(place)),
            databases.decrypt(place.production_key, *source_keys(place)),
            Statement(
                "KeepPassword",
                ("secretsmanager:CreateSecret", "secretsmanager:TagResource"),
                (SECRETS,),
                {"Null": {f"aws:RequestTag/{RUN_ID_TAG}": "false"}},
            ),
            Statement(
                "ReplaceOrDeletePassword",
                (
                    "secretsmanager:PutSecretValue",
                    "secretsmanager:DescribeSecret",
                    "secretsmanager:DeleteSecret",
                ),
                (SECRETS,),
            ),
        ),
    )


def policies(place: Production) -> tuple[tuple[Text, str], ...]:
    """List where policy bundles lie: the stack's own bucket, and what sources bring along."""
    brought = (
        (source.policy_bucket, source.policy_prefix or POLICIES)
        for source in place.sources
        if source.policy_bucket is not None
    )
    return (place.bucket, POLICIES), *brought


def source_keys(place: Production) -> tuple[Text, ...]:
    """List the customer keys of sources: a restored instance stays under its source's."""
    return tuple(source.key for source in place.sources if source.key is not None)


def subnet_groups(place: Production) -> tuple[Text, ...]:
    """List the subnet groups of temporary databases."""
    names = place.subnet_groups or ("snapveil-temporary",)
    return tuple(arn("rds", f"subgrp:{name}") for name in names)


def groups(place: Production) -> tuple[Text, ...]:
    """List the groups that a temporary database may be put into."""
    names = (f"{TEMPORARY}*", *place.parameter_groups)
    return (
        *subnet_groups(place),
        *(arn("rds", f"{kind}:{name}") for name in names for kind in ("pg", "cluster-pg")),
    )


def sources(place: Production) -> tuple[Text, ...]:
    """List the snapshots that may be restored: those of a source bear its name.

    RDS names automated ones `rds:<database>-…` and those before an upgrade `preupgrade-<database>-…`; manual
    ones must begin with the database's name.
    """
    return tuple(one for source in place.sources for one in _snapshots(source))


def _snapshots(source: Source) -> tuple[Text, ...]:
    kind = "cluster-snapshot" if source.kind == "cluster" else "snapshot"
    names = ("rds:${Database}-*", "${Database}-*", "preupgrade-${Database}-*")
    return tuple(arn_with("rds", f"{kind}:{name}", Database=source.database) for name in names)
