"""What the API calls an instance and what it calls a cluster: the two differ in every name and error code."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The two kinds of database that RDS knows."""

    INSTANCE = "instance"
    CLUSTER = "cluster"


@dataclass(frozen=True)
class Names:
    """Parameter, result and error names of one kind (codes as in botocore's model)."""

    kind: Kind
    database: str  # the word in results; plural with an s
    identifier: str
    resource_id: str
    resource_prefix: str
    arn: str
    snapshot: str
    snapshot_arn: str
    not_found: str
    already_exists: str
    invalid_state: str
    too_many: str
    snapshot_not_found: str
    snapshot_already_exists: str
    snapshot_invalid_state: str
    identifier_filter: str
    resource_filter: str
    snapshot_filter: str

    @property
    def new_identifier(self) -> str:
        return f"New{self.identifier}"

    @property
    def snapshot_identifier(self) -> str:
        return f"{self.snapshot}Identifier"

    @property
    def source_snapshot(self) -> str:
        return f"Source{self.snapshot}Identifier"

    @property
    def target_snapshot(self) -> str:
        return f"Target{self.snapshot}Identifier"


INSTANCE = Names(
    kind=Kind.INSTANCE,
    database="DBInstance",
    identifier="DBInstanceIdentifier",
    resource_id="DbiResourceId",
    resource_prefix="db",
    arn="db",
    snapshot="DBSnapshot",
    snapshot_arn="snapshot",
    not_found="DBInstanceNotFound",
    already_exists="DBInstanceAlreadyExists",
    invalid_state="InvalidDBInstanceState",
    too_many="InstanceQuotaExceeded",
    snapshot_not_found="DBSnapshotNotFound",
    snapshot_already_exists="DBSnapshotAlreadyExists",
    snapshot_invalid_state="InvalidDBSnapshotState",
    identifier_filter="db-instance-id",
    resource_filter="dbi-resource-id",
    snapshot_filter="db-snapshot-id",
)

CLUSTER = Names(
    kind=Kind.CLUSTER,
    database="DBCluster",
    identifier="DBClusterIdentifier",
    resource_id="DbClusterResourceId",
    resource_prefix="cluster",
    arn="cluster",
    snapshot="DBClusterSnapshot",
    snapshot_arn="cluster-snapshot",
    not_found="DBClusterNotFoundFault",
    already_exists="DBClusterAlreadyExistsFault",
    invalid_state="InvalidDBClusterStateFault",
    too_many="DBClusterQuotaExceededFault",
    snapshot_not_found="DBClusterSnapshotNotFoundFault",
    snapshot_already_exists="DBClusterSnapshotAlreadyExistsFault",
    snapshot_invalid_state="InvalidDBClusterSnapshotStateFault",
    identifier_filter="db-cluster-id",
    resource_filter="db-cluster-resource-id",
    snapshot_filter="db-cluster-snapshot-id",
)

NAMES = {Kind.INSTANCE: INSTANCE, Kind.CLUSTER: CLUSTER}
