"""Restore: makes temporary databases, gives them a password that it cannot read, and deletes them again."""

from infra.permissions import databases, stages
from infra.permissions.place import POLICIES, Production, Source
from infra.permissions.statements import Role, Statement, Text, arn, arn_with
from shared.names import RUN_ID_TAG, TEMPORARY

INLINE, ATTACHED = 8, 14
"""How many sources' snapshots the role's own policy names, and how many each further policy."""

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
            *databases.restore(TEMPORARY, groups(place), snapshots(place.sources[:INLINE])),
            *_backups(place),
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
            *databases.use_keys(place.production_key, *source_keys(place), *place.temporary_keys),
            *((databases.decrypt(*source_keys(place)),) if source_keys(place) else ()),
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
        attached=_further(place),
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
    """List the customer keys of sources, each once: a restored instance stays under its source's."""
    keys: list[Text] = []
    for source in place.sources:
        if source.key is not None and source.key not in keys:
            keys.append(source.key)
    return tuple(keys)


def subnet_groups(place: Production) -> tuple[Text, ...]:
    """List the subnet groups of temporary databases."""
    return databases.subnet_groups(place.subnet_groups, "snapveil-temporary")


def groups(place: Production) -> tuple[Text, ...]:
    """List the groups that a temporary database may be put into."""
    return (*subnet_groups(place), *databases.parameter_groups(TEMPORARY, place.parameter_groups))


def snapshots(sources: tuple[Source, ...]) -> tuple[Text, ...]:
    """List the snapshots that may be restored: those of a source bear its name.

    RDS names automated ones `rds:<database>-…` and those before an upgrade `preupgrade-<database>-…`; manual
    ones must begin with the database's name.
    """
    return tuple(one for source in sources for one in _snapshots(source))


def _further(place: Production) -> tuple[tuple[Statement, ...], ...]:
    """List the snapshots of sources beyond those that fit into the role's own policy."""
    return tuple(
        databases.restore_from(snapshots(place.sources[first : first + ATTACHED]), f"Part{number}")
        for number, first in enumerate(range(INLINE, len(place.sources), ATTACHED), start=2)
    )


def _backups(place: Production) -> tuple[Statement, ...]:
    """AWS Backup's snapshots of clusters stand among a cluster's own, and are named by job."""
    if all(source.kind == "instance" for source in place.sources):
        return ()
    backups = arn("rds", "cluster-snapshot:awsbackup:job-*")
    return (
        Statement(
            "RestoreBackups",
            databases.RESTORE[1:],
            (backups,),
            reserved="only where AWS Backup keeps a cluster's newest snapshot",
        ),
    )


def _snapshots(source: Source) -> tuple[Text, ...]:
    kind = "cluster-snapshot" if source.kind == "cluster" else "snapshot"
    names = ("rds:${Database}-*", "${Database}-*", "preupgrade-${Database}-*")
    return tuple(arn_with("rds", f"{kind}:{name}", Database=source.database) for name in names)
