"""What no role may do to databases and snapshots."""

from local.accounts import DEVELOPMENT, PRODUCTION
from tests.infra.calls import COPY, MASKED, RESTORED, SHARED, SOURCE, TAGS, TARGET, TEMPORARY, arn, rds

DATABASES = [
    rds("delete production", "DeleteDBInstance", DBInstanceIdentifier=SOURCE, SkipFinalSnapshot=True),
    rds("delete production's cluster", "DeleteDBCluster", DBClusterIdentifier="shop-aurora"),
    rds("change production's password", "ModifyDBInstance", DBInstanceIdentifier=SOURCE),
    rds("change production's cluster", "ModifyDBCluster", DBClusterIdentifier="shop-aurora"),
    rds(
        "rename production to ours",
        "ModifyDBInstance",
        DBInstanceIdentifier=SOURCE,
        NewDBInstanceIdentifier=TEMPORARY,
    ),
    rds(
        "rename ours to production",
        "ModifyDBInstance",
        DBInstanceIdentifier=TEMPORARY,
        NewDBInstanceIdentifier=SOURCE,
    ),
    rds("reboot production", "RebootDBInstance", DBInstanceIdentifier=SOURCE),
    rds("stop production", "StopDBInstance", DBInstanceIdentifier=SOURCE),
    rds("stop production's cluster", "StopDBCluster", DBClusterIdentifier="shop-aurora"),
    rds("fail production over", "FailoverDBCluster", DBClusterIdentifier="shop-aurora"),
    rds(
        "delete production's snapshot", "DeleteDBSnapshot", DBSnapshotIdentifier=f"{SOURCE}-before-migration"
    ),
    rds(
        "delete a cluster's snapshot", "DeleteDBClusterSnapshot", DBClusterSnapshotIdentifier="shop-aurora-1"
    ),
    rds(
        "snapshot production",
        "CreateDBSnapshot",
        DBInstanceIdentifier=SOURCE,
        DBSnapshotIdentifier=MASKED,
        Tags=TAGS,
    ),
    rds(
        "copy raw data under another key",
        "CopyDBSnapshot",
        Tags=TAGS,
        SourceDBSnapshotIdentifier=f"rds:{SOURCE}-2026-11-16-05-05",
        TargetDBSnapshotIdentifier=SHARED,
    ),
    rds(
        "share with everybody",
        "ModifyDBSnapshotAttribute",
        "snapveil-snapshot",
        DBSnapshotIdentifier=SHARED,
        AttributeName="restore",
        ValuesToAdd=["all"],
    ),
    rds(
        "share",
        "ModifyDBClusterSnapshotAttribute",
        "snapveil-snapshot",
        DBClusterSnapshotIdentifier=SHARED,
        AttributeName="restore",
        ValuesToAdd=[DEVELOPMENT],
    ),
    rds(
        "share the masked snapshot",
        "ModifyDBSnapshotAttribute",
        DBSnapshotIdentifier=MASKED,
        AttributeName="restore",
        ValuesToAdd=[DEVELOPMENT],
    ),
    rds(
        "share a snapshot of the temporary database",
        "ModifyDBSnapshotAttribute",
        DBSnapshotIdentifier=TEMPORARY,
        AttributeName="restore",
        ValuesToAdd=[DEVELOPMENT],
    ),
    rds(
        "share production's snapshot",
        "ModifyDBSnapshotAttribute",
        AttributeName="restore",
        DBSnapshotIdentifier=f"{SOURCE}-before-migration",
        ValuesToAdd=[DEVELOPMENT],
    ),
    rds(
        "share development's copy",
        "ModifyDBSnapshotAttribute",
        DBSnapshotIdentifier=COPY,
        AttributeName="restore",
        ValuesToAdd=["999999999999"],
    ),
    rds(
        "restore over production",
        "RestoreDBInstanceFromDBSnapshot",
        **{**RESTORED, "DBInstanceIdentifier": SOURCE},
    ),
    rds(
        "restore for the world", "RestoreDBInstanceFromDBSnapshot", **{**RESTORED, "PubliclyAccessible": True}
    ),
    rds(
        "restore without saying that it is private",
        "RestoreDBInstanceFromDBSnapshot",
        **{name: value for name, value in RESTORED.items() if name != "PubliclyAccessible"},
    ),
    rds("restore without the run's tag", "RestoreDBInstanceFromDBSnapshot", **{**RESTORED, "Tags": []}),
    rds(
        "restore with tags of others",
        "RestoreDBInstanceFromDBSnapshot",
        **{**RESTORED, "Tags": [*TAGS, {"Key": "env", "Value": "prod"}]},
    ),
    rds(
        "restore into production's network",
        "RestoreDBInstanceFromDBSnapshot",
        **{**RESTORED, "DBSubnetGroupName": "production"},
    ),
    rds(
        "restore somebody else's snapshot",
        "RestoreDBInstanceFromDBSnapshot",
        **{**RESTORED, "DBSnapshotIdentifier": "rds:payroll-2026-11-16-05-05"},
    ),
    rds(
        "make a database of one's own",
        "CreateDBInstance",
        DBInstanceIdentifier=TEMPORARY,
        Engine="postgres",
        PubliclyAccessible=False,
        Tags=TAGS,
        DBSubnetGroupName="snapveil-temporary",
    ),
    rds("tag production", "AddTagsToResource", ResourceName=arn(PRODUCTION, f"db:{SOURCE}"), Tags=TAGS),
    rds(
        "tag what another made with the run's tag",
        "AddTagsToResource",
        ResourceName=arn(PRODUCTION, f"db:{TEMPORARY}"),
        Tags=TAGS,
    ),
    rds(
        "tag a snapshot by itself",
        "AddTagsToResource",
        ResourceName=arn(PRODUCTION, f"snapshot:{SHARED}"),
        Tags=TAGS,
    ),
    rds(
        "take a tag away",
        "RemoveTagsFromResource",
        ResourceName=arn(PRODUCTION, f"snapshot:{SHARED}"),
        TagKeys=["snapveil:run-id"],
    ),
    rds(
        "delete a temporary database", "DeleteDBInstance", "snapveil-restore", DBInstanceIdentifier=TEMPORARY
    ),
    rds("delete a target", "DeleteDBInstance", "snapveil-receiver", DBInstanceIdentifier=TARGET),
    rds("delete another database of developers", "DeleteDBInstance", DBInstanceIdentifier="dev-shop"),
]
