"""Operations on instances: those with data of their own, and those that serve a cluster."""

from typing import Any

from local.rds import checks, groups, keys, lifecycle, shapes, snapshots
from local.rds.errors import RefusedError
from local.rds.model import Database
from local.rds.names import CLUSTER, INSTANCE
from local.rds.paging import filtered, paged
from local.rds.state import Call, new_resource_id

_DEFAULT_VERSIONS = {
    "postgres": "18.6",  # what the embedded engine is
    "aurora-postgresql": "17.5",
    "mysql": "8.0.43",
    "mariadb": "10.11.14",  # of the series that the embedded engine is, as RDS offers it
    "aurora-mysql": "8.0.mysql_aurora.3.10.1",
}
_FOLLOW_THE_SNAPSHOT = ("DBInstanceClass", "AllocatedStorage", "StorageType", "Iops")


def create(call: Call) -> dict[str, Any]:
    identifier = checks.identifier(INSTANCE, "DBInstanceIdentifier", call.params["DBInstanceIdentifier"])
    checks.no_managed_password(call.params)
    call.state.registry.ensure_free(call.place, INSTANCE, identifier)
    lifecycle.ensure_room(call, INSTANCE)
    groups.ensure(call)
    engine = ensure_supported(call)
    if "DBClusterIdentifier" in call.params:
        return _create_member(call, identifier, engine)
    if engine.startswith("aurora"):
        raise RefusedError(
            "InvalidParameterCombination", f"An instance of {engine} needs a DBClusterIdentifier."
        )
    master_password = checks.password(engine, checks.required(call.params, "MasterUserPassword"))
    database = _new(call, identifier)
    lifecycle.rise(
        call, database, "creating", call.state.timings.create, _begin(call, database, master_password)
    )
    return {"DBInstance": shapes.instance(call.state, database)}


def restore(call: Call) -> dict[str, Any]:
    """From a snapshot: data, master user and passwords as they were; most settings as for a new instance."""
    params, state = call.params, call.state
    identifier = checks.identifier(INSTANCE, "DBInstanceIdentifier", params["DBInstanceIdentifier"])
    snapshot = state.registry.snapshot(call.place, INSTANCE, checks.required(params, "DBSnapshotIdentifier"))
    state.registry.ensure_free(call.place, INSTANCE, identifier)
    lifecycle.ensure_room(call, INSTANCE)
    snapshots.ensure_available(snapshot)
    groups.ensure(call)
    origin = snapshot.origin
    if params.get("DBName"):
        raise RefusedError(
            "InvalidParameterValue", f"DBName must not be given when restoring {origin.engine}."
        )
    if snapshot.kms_key is not None and snapshot.place != call.place:
        raise RefusedError(
            "KMSKeyNotAccessibleFault",
            f"{snapshot.arn} is encrypted and another account's: copy it with a key of your own first.",
        )
    if snapshot.kms_key is not None:
        keys.usable_key(call, snapshot.kms_key)
    database = Database(
        kind=INSTANCE.kind,
        place=call.place,
        identifier=identifier,
        resource_id=new_resource_id(INSTANCE.resource_prefix),
        engine=origin.engine,
        engine_version=origin.engine_version,
        master_username=origin.master_username,
        database_name=origin.database_name,
        kms_key=snapshot.kms_key,
        created=call.now,
        port=state.engines.reserve_port(),
        backup_retention=checks.retention(
            INSTANCE, params.get("BackupRetentionPeriod", origin.backup_retention)
        ),
        deletion_protection=params.get("DeletionProtection", False),
        tags=snapshots.tags_after_restore(call, snapshot),
        settings={key: origin.settings[key] for key in _FOLLOW_THE_SNAPSHOT if key in origin.settings}
        | settings(params),
        timeline=lifecycle.resting(call.now),
    )
    lifecycle.begin_restore(call, database, snapshot)
    work = lifecycle.begin_answering(call, database)
    lifecycle.rise(call, database, "creating", state.timings.restore, work)
    return {"DBInstance": shapes.instance(state, database)}


def modify(call: Call) -> dict[str, Any]:
    database = call.state.registry.database(call.place, INSTANCE, call.params["DBInstanceIdentifier"])
    if database.cluster is not None and "MasterUserPassword" in call.params:
        raise RefusedError(
            "InvalidParameterCombination",
            f"{database.identifier} is a member of {database.cluster.identifier}: modify that.",
        )
    groups.ensure(call)
    lifecycle.modify(call, INSTANCE)
    database.settings |= settings(call.params)
    return {"DBInstance": shapes.instance(call.state, database)}


def delete(call: Call) -> dict[str, Any]:
    params, state = call.params, call.state
    database = state.registry.database(call.place, INSTANCE, params["DBInstanceIdentifier"])
    lifecycle.ensure_deletable(
        database, "Cannot delete protected DB Instance, please disable deletion protection and try again."
    )
    cluster = database.cluster
    if cluster is None:
        snapshots.take_final(call, INSTANCE, database)
    others = (
        [m for m in state.registry.members(cluster) if m is not database and m.status != "deleting"]
        if cluster
        else []
    )

    def work() -> None:
        if cluster is None and database.volume is not None:
            state.engines.remove(database.volume)
            database.running = database.volume = None
        elif cluster is not None and not others and cluster.volume is not None:
            state.engines.stop(cluster.volume)
            cluster.running = None

    lifecycle.begin_deletion(call, database, work)
    return {"DBInstance": shapes.instance(state, database)}


def describe(call: Call) -> dict[str, Any]:
    found = call.state.registry.databases(INSTANCE.kind, call.place)
    if "DBInstanceIdentifier" in call.params:
        found = [call.state.registry.database(call.place, INSTANCE, call.params["DBInstanceIdentifier"])]
    meanings = {
        "db-instance-id": lambda database: {database.identifier, database.arn},
        "db-cluster-id": lambda database: (
            {database.cluster.identifier, database.cluster.arn} if database.cluster else set()
        ),
        "dbi-resource-id": lambda database: {database.resource_id},
        "engine": lambda database: {database.engine},
    }
    shown = [shapes.instance(call.state, database) for database in filtered(call, found, meanings)]
    return paged(call, "DBInstances", shown, "DBInstanceIdentifier")


def ensure_supported(call: Call) -> str:
    """The engine that a call names, if the engines behind this world have it."""
    engine = str(checks.required(call.params, "Engine"))
    if not call.state.engines.supports(engine):
        raise RefusedError("InvalidParameterValue", f"Invalid DB engine: {engine}")
    return engine


def new_key(call: Call, *, encrypt: bool) -> str | None:
    """The key of a new database: the one given, else aws/rds; None when encryption is declined."""
    if call.params.get("KmsKeyId"):
        return keys.usable_key(call, call.params["KmsKeyId"])
    return keys.default_key(call.place) if call.params.get("StorageEncrypted", encrypt) else None


def default_version(engine: str) -> str:
    return _DEFAULT_VERSIONS[engine]


def settings(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters that are only remembered and shown again."""
    return {name: params[name] for name in shapes.SHOWN_SETTINGS if name in params}


def _new(call: Call, identifier: str) -> Database:
    params = call.params
    return Database(
        kind=INSTANCE.kind,
        place=call.place,
        identifier=identifier,
        resource_id=new_resource_id(INSTANCE.resource_prefix),
        engine=params["Engine"],
        engine_version=params.get("EngineVersion") or default_version(params["Engine"]),
        master_username=checks.required(params, "MasterUsername"),
        database_name=params.get("DBName"),
        kms_key=new_key(call, encrypt=True),
        created=call.now,
        port=call.state.engines.reserve_port(),
        backup_retention=checks.retention(INSTANCE, params.get("BackupRetentionPeriod", 1)),
        deletion_protection=params.get("DeletionProtection", False),
        tags=checks.tags(params.get("Tags", [])),
        settings=settings(params),
        timeline=lifecycle.resting(call.now),
    )


def _begin(call: Call, database: Database, master_password: str) -> Any:
    lifecycle.begin_creation(call, database, master_password)
    return lifecycle.begin_answering(call, database)


def _create_member(call: Call, identifier: str, engine: str) -> dict[str, Any]:
    params, state = call.params, call.state
    cluster = state.registry.database(call.place, CLUSTER, params["DBClusterIdentifier"])
    lifecycle.ensure_available(cluster)
    if engine != cluster.engine:
        raise RefusedError(
            "InvalidParameterCombination",
            f"The engine of {cluster.identifier} is {cluster.engine}, not {engine}.",
        )
    for parameter in ("MasterUsername", "MasterUserPassword", "DBName", "StorageEncrypted", "KmsKeyId"):
        if parameter in params:
            raise RefusedError(
                "InvalidParameterCombination", f"{parameter} belongs to cluster {cluster.identifier}."
            )
    member = Database(
        kind=INSTANCE.kind,
        place=call.place,
        identifier=identifier,
        resource_id=new_resource_id(INSTANCE.resource_prefix),
        engine=engine,
        engine_version=cluster.engine_version,
        master_username=cluster.master_username,
        database_name=cluster.database_name,
        kms_key=cluster.kms_key,
        created=call.now,
        port=cluster.port,
        backup_retention=cluster.backup_retention,
        deletion_protection=False,
        tags=checks.tags(params.get("Tags", [])),
        settings=settings(params),
        timeline=lifecycle.resting(call.now),
        cluster=cluster,
    )
    lifecycle.rise(
        call, member, "creating", state.timings.add_instance, lifecycle.begin_answering(call, cluster)
    )
    return {"DBInstance": shapes.instance(state, member)}
