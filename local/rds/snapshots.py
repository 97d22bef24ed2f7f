"""Operations on snapshots of both kinds: create, copy (also from another account), delete, describe."""

from datetime import UTC, datetime
from typing import Any

from local.rds import checks, keys, lifecycle, shapes
from local.rds.errors import RefusedError
from local.rds.model import Database, Origin, Place, Snapshot
from local.rds.names import INSTANCE, Kind, Names
from local.rds.paging import filtered, paged
from local.rds.state import Call, volume_of
from local.rds.timeline import Phase, Timeline


def create(call: Call, names: Names) -> dict[str, Any]:
    params, state = call.params, call.state
    identifier = _identifier(names, names.snapshot_identifier, params)
    database = state.registry.database(call.place, names, params[names.identifier])
    if database.cluster is not None:
        raise RefusedError(
            "InvalidParameterValue",
            f"{database.identifier} is in {database.cluster.identifier}: use CreateDBClusterSnapshot.",
        )
    state.registry.ensure_snapshot_free(call.place, names, identifier)
    lifecycle.ensure_available(database)
    _ensure_room(call, names)
    snapshot = take(call, database, identifier, automated=False, tags=checks.tags(params.get("Tags", [])))
    return {names.snapshot: shapes.snapshot(snapshot, call.place, call.now)}


def take(
    call: Call, database: Database, identifier: str, *, automated: bool, tags: dict[str, str]
) -> Snapshot:
    """Begin a snapshot of an available database; an instance, unlike a cluster, is backing-up meanwhile."""
    state = call.state
    if not tags and database.settings.get("CopyTagsToSnapshot"):
        tags = dict(database.tags)
    origin = Origin(
        identifier=database.identifier,
        resource_id=database.resource_id,
        engine=database.engine,
        engine_version=database.engine_version,
        master_username=database.master_username,
        database_name=database.database_name,
        created=database.created,
        port=database.port,
        backup_retention=database.backup_retention,
        settings=dict(database.settings),
        tags=dict(database.tags),
    )
    snapshot = Snapshot(
        kind=database.kind,
        place=database.place,
        identifier=identifier,
        automated=automated,
        origin=origin,
        kms_key=database.kms_key,
        taken=call.now,
        originally_taken=call.now,
        tags=tags,
        timeline=lifecycle.resting(call.now),
    )

    def work() -> None:
        snapshot.volume = state.engines.snapshot(volume_of(database))

    creating = Phase("creating", state.timings.snapshot, work=state.run(work, snapshot, database))
    snapshot.timeline = Timeline([creating], lifecycle.AVAILABLE, call.now)
    if database.kind is Kind.INSTANCE:
        database.timeline.append([Phase("backing-up", state.timings.snapshot)], call.now)
    state.registry.add_snapshot(snapshot)
    return snapshot


def take_automated(call: Call, database: Database) -> Snapshot:
    """The nightly backup, under the name that RDS gives it."""
    at = datetime.fromtimestamp(call.now, UTC)
    identifier = f"rds:{database.identifier}-{at:%Y-%m-%d-%H-%M}"
    call.state.registry.ensure_snapshot_free(call.place, database.names, identifier)
    lifecycle.ensure_available(database)
    return take(call, database, identifier, automated=True, tags={})


def take_final(call: Call, names: Names, database: Database) -> None:
    """The snapshot that a deletion leaves behind, unless the call says that none is wanted."""
    parameter = "FinalDBSnapshotIdentifier"
    skip, wanted = call.params.get("SkipFinalSnapshot", False), call.params.get(parameter)
    if bool(skip) == bool(wanted):
        raise RefusedError(
            "InvalidParameterCombination",
            f"{parameter} cannot be specified when deleting with SkipFinalSnapshot."
            if skip
            else f"{parameter} is required unless SkipFinalSnapshot is specified.",
        )
    if wanted:
        identifier = _identifier(names, parameter, call.params)
        call.state.registry.ensure_snapshot_free(call.place, names, identifier)
        lifecycle.ensure_available(database)
        _ensure_room(call, names)
        take(call, database, identifier, automated=False, tags={})


def copy(call: Call, names: Names) -> dict[str, Any]:
    """A manual snapshot from any snapshot that the account can see, under another key if one is given."""
    params, state = call.params, call.state
    identifier = _identifier(names, names.target_snapshot, params)
    source = state.registry.snapshot(call.place, names, params[names.source_snapshot])
    state.registry.ensure_snapshot_free(call.place, names, identifier)
    ensure_available(source)
    _ensure_room(call, names)
    _ensure_copy_slot(call, names)
    tags = checks.tags(params.get("Tags", []))
    if not tags and params.get("CopyTags") and source.place == call.place:
        tags = dict(source.tags)
    target = Snapshot(
        kind=source.kind,
        place=call.place,
        identifier=identifier,
        automated=False,
        origin=source.origin,
        kms_key=_key_of_copy(call, names, source),
        taken=call.now,
        originally_taken=source.originally_taken,
        tags=tags,
        timeline=lifecycle.resting(call.now),
        source_arn=source.arn,
        copied_from=source,
    )

    def work() -> None:
        target.volume = state.engines.copy_snapshot(volume_of(source))

    creating = Phase("creating", state.timings.copy, work=state.run(work, target, source))
    target.timeline = Timeline([creating], lifecycle.AVAILABLE, call.now)
    state.registry.add_snapshot(target)
    return {names.snapshot: shapes.snapshot(target, call.place, call.now)}


def delete(call: Call, names: Names) -> dict[str, Any]:
    snapshot = call.state.registry.own_snapshot(call.place, names, call.params[names.snapshot_identifier])
    if snapshot.automated:
        raise RefusedError(
            names.snapshot_invalid_state,
            f"Only manual snapshots may be deleted: {snapshot.identifier} is automated.",
        )
    if not snapshot.timeline.at_rest:
        raise RefusedError(
            names.snapshot_invalid_state,
            f"Cannot delete {snapshot.identifier} while it is {snapshot.status}.",
        )
    shown = shapes.snapshot(snapshot, call.place, call.now)
    lifecycle.remove_snapshot(call.state, snapshot)
    return {names.snapshot: shown | {"Status": "deleted"}}


def describe(call: Call, names: Names) -> dict[str, Any]:
    params, registry = call.params, call.state.registry
    found = [s for s in registry.snapshots(names.kind) if s.visible_to(call.place)]
    if names.snapshot_identifier in params:
        found = [registry.snapshot(call.place, names, params[names.snapshot_identifier])]
    if names.snapshot_identifier not in params or "SnapshotType" in params:
        found = [s for s in found if _is_wanted(call, s)]
    if names.identifier in params:
        found = [s for s in found if s.origin.identifier == params[names.identifier].lower()]
    if names.resource_id in params:
        found = [s for s in found if s.origin.resource_id == params[names.resource_id]]
    meanings = {
        names.identifier_filter: lambda s: {s.origin.identifier},
        names.resource_filter: lambda s: {s.origin.resource_id},
        names.snapshot_filter: lambda s: {s.identifier, s.arn},
        "snapshot-type": lambda s: {shapes.snapshot_type(s, call.place)},
        "engine": lambda s: {s.origin.engine},
    }
    shown = [shapes.snapshot(s, call.place, call.now) for s in filtered(call, found, meanings)]
    return paged(call, f"{names.snapshot}s", shown, names.snapshot_identifier)


def ensure_available(snapshot: Snapshot) -> None:
    """Refuse to restore or copy what is not there yet, or will never be."""
    if snapshot.status != lifecycle.AVAILABLE:
        raise RefusedError(
            snapshot.names.snapshot_invalid_state,
            f"{snapshot.names.snapshot} {snapshot.identifier} is not available: it is {snapshot.status}.",
        )


def tags_after_restore(call: Call, snapshot: Snapshot) -> dict[str, str]:
    """The tags given; without any, those of the snapshot's database, within its account."""
    if call.params.get("Tags"):
        return checks.tags(call.params["Tags"])
    if snapshot.place.account != call.place.account or snapshot.source_arn is not None:
        return {}
    for database in call.state.registry.databases(snapshot.kind, call.place):
        if database.resource_id == snapshot.origin.resource_id:
            return dict(database.tags)
    return dict(snapshot.origin.tags)


def _is_wanted(call: Call, snapshot: Snapshot) -> bool:
    seen_as = shapes.snapshot_type(snapshot, call.place)
    wanted = call.params.get("SnapshotType")
    if wanted is not None:
        return bool(seen_as == wanted)
    extra = {"shared": "IncludeShared", "public": "IncludePublic"}
    return seen_as not in extra or bool(call.params.get(extra[seen_as]))


def _identifier(names: Names, parameter: str, params: dict[str, Any]) -> str:
    return checks.identifier(names, parameter, checks.required(params, parameter), snapshot=True)


def _ensure_room(call: Call, names: Names) -> None:
    limits = call.state.limits
    limit = limits.instance_snapshots if names is INSTANCE else limits.cluster_snapshots
    manual = [s for s in call.state.registry.snapshots(names.kind, call.place) if not s.automated]
    if len(manual) >= limit:
        raise RefusedError(
            "SnapshotQuotaExceeded", f"The quota of {limit} manual snapshots is used up: delete some first."
        )


def _ensure_copy_slot(call: Call, names: Names) -> None:
    limits = call.state.limits
    limit = limits.instance_copies if names is INSTANCE else limits.cluster_copies
    if sum(s.copying for s in call.state.registry.snapshots(names.kind, call.place)) >= limit:
        raise RefusedError(
            "SnapshotQuotaExceeded", f"{limit} snapshot copies are in progress already: wait for one of them."
        )


def _key_of_copy(call: Call, names: Names, source: Snapshot) -> str | None:
    given = call.params.get("KmsKeyId")
    if source.kms_key is None:
        if given and names is not INSTANCE:
            raise RefusedError(
                "InvalidParameterCombination",
                "KmsKeyId cannot be given to copy an unencrypted cluster snapshot.",
            )
        return keys.usable_key(call, given) if given else None
    keys.usable_key(call, source.kms_key)
    if given:
        return keys.usable_key(call, given)
    if _foreign(source, call.place):
        raise RefusedError(
            "KMSKeyNotAccessibleFault", "The target snapshot KMS key [None] does not exist: give a KmsKeyId."
        )
    return source.kms_key


def _foreign(snapshot: Snapshot, place: Place) -> bool:
    return snapshot.place.account != place.account
