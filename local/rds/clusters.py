"""Operations on clusters. A cluster owns the data; without an instance nothing answers."""

from typing import Any

from local.rds import checks, groups, keys, lifecycle, shapes, snapshots
from local.rds.errors import RefusedError
from local.rds.instances import default_version, ensure_supported, new_key, settings
from local.rds.model import Database, Snapshot
from local.rds.names import CLUSTER
from local.rds.paging import filtered, paged
from local.rds.state import Call, new_resource_id


def create(call: Call) -> dict[str, Any]:
    params, state = call.params, call.state
    checks.no_managed_password(params)
    identifier = _free_identifier(call)
    engine = _ensure_cluster_engine(call)
    master_password = checks.password(engine, checks.required(params, "MasterUserPassword"))
    cluster = Database(
        kind=CLUSTER.kind,
        place=call.place,
        identifier=identifier,
        resource_id=new_resource_id(CLUSTER.resource_prefix),
        engine=engine,
        engine_version=params.get("EngineVersion") or default_version(engine),
        master_username=checks.required(params, "MasterUsername"),
        database_name=params.get("DatabaseName"),
        kms_key=new_key(call, encrypt=True),
        created=call.now,
        port=state.engines.reserve_port(),
        backup_retention=checks.retention(CLUSTER, params.get("BackupRetentionPeriod", 1)),
        deletion_protection=params.get("DeletionProtection", False),
        tags=checks.tags(params.get("Tags", [])),
        settings=settings(params),
        timeline=lifecycle.resting(call.now),
    )
    work = lifecycle.begin_creation(call, cluster, master_password)
    lifecycle.rise(call, cluster, "creating", state.timings.create, work)
    return {"DBCluster": shapes.cluster(state, cluster)}


def restore(call: Call) -> dict[str, Any]:
    """From a snapshot, also from a shared one, under another key if one is given. Makes no instance."""
    params, state = call.params, call.state
    snapshot = state.registry.snapshot(call.place, CLUSTER, checks.required(params, "SnapshotIdentifier"))
    identifier = _free_identifier(call)
    engine = _ensure_cluster_engine(call)
    snapshots.ensure_available(snapshot)
    origin = snapshot.origin
    if engine != origin.engine:
        raise RefusedError(
            "InvalidParameterValue", f"{snapshot.identifier} is of {origin.engine}, not of {engine}."
        )
    cluster = Database(
        kind=CLUSTER.kind,
        place=call.place,
        identifier=identifier,
        resource_id=new_resource_id(CLUSTER.resource_prefix),
        engine=origin.engine,
        engine_version=params.get("EngineVersion") or origin.engine_version,
        master_username=origin.master_username,
        database_name=origin.database_name,
        kms_key=_key_after_restore(call, snapshot),
        created=call.now,
        port=state.engines.reserve_port(),
        backup_retention=checks.retention(
            CLUSTER, params.get("BackupRetentionPeriod", origin.backup_retention)
        ),
        deletion_protection=params.get("DeletionProtection", False),
        tags=snapshots.tags_after_restore(call, snapshot),
        settings=settings(params),
        timeline=lifecycle.resting(call.now),
    )
    work = lifecycle.begin_restore(call, cluster, snapshot)
    lifecycle.rise(call, cluster, "creating", state.timings.restore, work)
    return {"DBCluster": shapes.cluster(state, cluster)}


def modify(call: Call) -> dict[str, Any]:
    groups.ensure(call)
    cluster = lifecycle.modify(call, CLUSTER)
    cluster.settings |= settings(call.params)
    return {"DBCluster": shapes.cluster(call.state, cluster)}


def delete(call: Call) -> dict[str, Any]:
    state = call.state
    cluster = state.registry.database(call.place, CLUSTER, call.params["DBClusterIdentifier"])
    lifecycle.ensure_deletable(
        cluster, "Cannot delete protected Cluster, please disable deletion protection and try again."
    )
    if any(member.status != "deleting" for member in state.registry.members(cluster)):
        raise RefusedError(
            CLUSTER.invalid_state,
            "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
        )
    snapshots.take_final(call, CLUSTER, cluster)

    def work() -> None:
        if cluster.volume is not None:
            state.engines.remove(cluster.volume)
            cluster.running = cluster.volume = None

    lifecycle.begin_deletion(call, cluster, work)
    return {"DBCluster": shapes.cluster(state, cluster)}


def describe(call: Call) -> dict[str, Any]:
    found = call.state.registry.databases(CLUSTER.kind, call.place)
    if "DBClusterIdentifier" in call.params:
        found = [call.state.registry.database(call.place, CLUSTER, call.params["DBClusterIdentifier"])]
    meanings = {
        "db-cluster-id": lambda cluster: {cluster.identifier, cluster.arn},
        "db-cluster-resource-id": lambda cluster: {cluster.resource_id},
        "engine": lambda cluster: {cluster.engine},
    }
    shown = [shapes.cluster(call.state, cluster) for cluster in filtered(call, found, meanings)]
    return paged(call, "DBClusters", shown, "DBClusterIdentifier")


def _free_identifier(call: Call) -> str:
    identifier = checks.identifier(CLUSTER, "DBClusterIdentifier", call.params["DBClusterIdentifier"])
    call.state.registry.ensure_free(call.place, CLUSTER, identifier)
    lifecycle.ensure_room(call, CLUSTER)
    groups.ensure(call)
    return identifier


def _ensure_cluster_engine(call: Call) -> str:
    engine = ensure_supported(call)
    if not engine.startswith("aurora-"):
        raise RefusedError(
            "InvalidParameterValue", f"Clusters of {engine} are not emulated: only Aurora's are."
        )
    return engine


def _key_after_restore(call: Call, snapshot: Snapshot) -> str | None:
    """The key given, else the snapshot's own, which a foreign account may only use if its policy says so."""
    if snapshot.kms_key is not None:
        keys.usable_key(call, snapshot.kms_key)
    if call.params.get("KmsKeyId"):
        return keys.usable_key(call, call.params["KmsKeyId"])
    if snapshot.kms_key is not None and snapshot.place != call.place:
        raise RefusedError(
            "KMSKeyNotAccessibleFault",
            f"{snapshot.arn} belongs to another account: KmsKeyId must name a key of your own.",
        )
    return snapshot.kms_key
