"""Snapshot: makes, copies, shares and withdraws snapshots of masked databases; the only role that shares."""

from infra.permissions import databases, stages
from infra.permissions.place import Production
from infra.permissions.restore import source_keys
from infra.permissions.statements import Role, Statement
from shared.names import MASKED, SHARED, TEMPORARY


def role(place: Production) -> Role:
    """Return the role of the snapshot function."""
    keys = (place.production_key, *source_keys(place), *place.temporary_keys)
    made = (*databases.snapshots(MASKED), *databases.snapshots(SHARED))
    create = ("rds:CreateDBSnapshot", "rds:CreateDBClusterSnapshot")
    copy = ("rds:CopyDBSnapshot", "rds:CopyDBClusterSnapshot")
    return Role(
        name="snapveil-snapshot",
        description="Snapshots masked databases, and shares copies of these snapshots with development.",
        trust=stages.trust(),
        statements=(
            *stages.common("snapshot"),
            *stages.ledger(),
            Statement(
                "ListRuns",
                ("dynamodb:Scan",),
                (stages.TABLE,),
            ),
            stages.publish(),
            stages.announce("SnapshotShared"),
            databases.look(),
            Statement("SnapshotTemporary", create, databases.databases(TEMPORARY)),
            Statement("MakeSnapshot", create, databases.snapshots(MASKED), databases.RUN_TAG),
            Statement("CopyMasked", copy, databases.snapshots(MASKED)),
            Statement("MakeCopy", copy, databases.snapshots(SHARED), databases.RUN_TAG),
            databases.tag(*made),
            Statement(
                "Share",
                (
                    "rds:ModifyDBSnapshotAttribute",
                    "rds:ModifyDBClusterSnapshotAttribute",
                    "rds:DescribeDBSnapshotAttributes",
                    "rds:DescribeDBClusterSnapshotAttributes",
                ),
                databases.snapshots(SHARED),
            ),
            Statement("Withdraw", ("rds:DeleteDBSnapshot", "rds:DeleteDBClusterSnapshot"), made),
            *databases.use_keys(*keys, place.share_key),
            databases.decrypt(*keys),
        ),
    )
