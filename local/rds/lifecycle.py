"""How a database changes by the clock: the phases that instances and clusters have in common."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from local.engines import NewDatabase
from local.rds.checks import identifier, no_managed_password, password, retention
from local.rds.errors import RefusedError
from local.rds.model import Database, Snapshot
from local.rds.names import Kind, Names
from local.rds.state import Call, State, volume_of
from local.rds.timeline import Phase, Timeline

AVAILABLE = "available"
MASKED_PASSWORD = "****"  # noqa: S105 (what RDS shows while a new password is pending)
NOT_DELETABLE = ("deleting", "renaming")


def resting(now: float) -> Timeline:
    """A timeline with nothing ahead."""
    return Timeline([], AVAILABLE, now)


def ensure_room(call: Call, names: Names) -> None:
    """Refuse one database more than the account may have."""
    limits = call.state.limits
    limit = limits.instances if names.kind is Kind.INSTANCE else limits.clusters
    if len(call.state.registry.databases(names.kind, call.place)) >= limit:
        raise RefusedError(
            names.too_many, f"The quota of {limit} {names.database}s in {call.place.region} is used up."
        )


def ensure_available(database: Database) -> None:
    """Refuse a change of a database that is busy."""
    if database.status != AVAILABLE:
        raise RefusedError(
            database.names.invalid_state,
            f"{database.names.database} {database.identifier} is not available, but {database.status}.",
        )


def begin_creation(call: Call, database: Database, master_password: str) -> "Future[None]":
    """Make the volume of a new database."""
    engines = call.state.engines

    def make() -> None:
        database.volume = engines.create(
            NewDatabase(database.master_username, master_password, database.database_name, database.engine)
        )

    return call.state.run(make, database)


def begin_restore(call: Call, database: Database, snapshot: Snapshot) -> "Future[None]":
    """Make the volume of a restored database; it keeps the roles and passwords of the snapshot."""
    engines = call.state.engines

    def make() -> None:
        database.volume = engines.restore(volume_of(snapshot))

    return call.state.run(make, database, snapshot)


def begin_answering(call: Call, database: Database) -> "Future[None]":
    """Start the engine of an instance, or of the cluster for its first member."""
    engines = call.state.engines

    def start() -> None:
        database.running = engines.start(volume_of(database), database.port)
        database.port = database.running.port

    return call.state.run(start, database)


def rise(call: Call, database: Database, status: str, seconds: float, work: "Future[None]") -> None:
    """Let a new database pass from its first state to available, with a first backup if it keeps backups.

    Aurora's backups are continuous and never show; RDS takes its baseline right after a restore, too:
    https://github.com/hashicorp/terraform-provider-aws/issues/44104
    """
    phases = [Phase(status, seconds, work=work)]
    if database.kind is Kind.INSTANCE and database.cluster is None and database.backup_retention > 0:
        phases.append(Phase("backing-up", call.state.timings.backup))
    database.timeline = Timeline(phases, AVAILABLE, call.now)
    call.state.registry.add(database)


def modify(call: Call, names: Names) -> Database:
    """What Modify does to both kinds: password, new name, protection, retention."""
    state, params = call.state, call.params
    database = state.registry.database(call.place, names, params[names.identifier])
    ensure_available(database)
    no_managed_password(params)
    days = retention(names, params.get("BackupRetentionPeriod", database.backup_retention))
    changes: list[Phase] = []
    if "MasterUserPassword" in params:
        changes += _password_phases(state, database, password(database.engine, params["MasterUserPassword"]))
    new_name = params.get(names.new_identifier)
    renamed = identifier(names, names.new_identifier, new_name) if new_name else database.identifier
    if renamed != database.identifier:
        state.registry.ensure_free(call.place, names, renamed)
        database.pending[names.identifier] = renamed
        if params.get(
            "ApplyImmediately"
        ):  # otherwise it waits for a maintenance window, which never comes here
            changes += _rename_phases(state, database, renamed)
    if "MasterUserPassword" in params:
        database.pending["MasterUserPassword"] = MASKED_PASSWORD
    if changes:
        changes.insert(0, Phase(AVAILABLE, state.timings.modify_lag))
        database.timeline.append(changes, call.now)
    database.deletion_protection = params.get("DeletionProtection", database.deletion_protection)
    database.backup_retention = days
    return database


def _password_phases(state: State, database: Database, new_password: str) -> list[Phase]:
    def apply() -> None:
        state.engines.set_password(volume_of(database), database.master_username, new_password)

    status = "resetting-master-credentials"
    return [
        Phase(status, state.timings.reset_password),
        Phase(
            status,
            0,
            begin=partial(state.run, apply, database),
            then=partial(database.pending.pop, "MasterUserPassword", None),
        ),
    ]


def _rename_phases(state: State, database: Database, new_identifier: str) -> list[Phase]:
    state.registry.reserve(database, new_identifier)

    def rename() -> None:
        state.registry.rename(database, new_identifier)
        database.pending.pop(database.names.identifier, None)

    return [Phase("renaming", state.timings.rename, then=rename)]


def ensure_deletable(database: Database, message: str) -> None:
    """Refuse to delete what is protected or on its way already."""
    if database.deletion_protection:
        raise RefusedError("InvalidParameterCombination", message)
    too_early = database.kind is Kind.CLUSTER and database.status == "creating"
    if database.status in NOT_DELETABLE or too_early:
        raise RefusedError(
            database.names.invalid_state,
            f"{database.names.database} {database.identifier} cannot be deleted while {database.status}.",
        )


def begin_deletion(call: Call, database: Database, work: Callable[[], None]) -> None:
    """Let a database pass away; its name stays taken until it is gone."""
    state = call.state
    done = state.run(work, database.storage)

    def forget() -> None:
        state.registry.forget(database)
        if database.delete_automated_backups and database.cluster is None:
            _forget_automated_snapshots(state, database)

    database.delete_automated_backups = call.params.get("DeleteAutomatedBackups", True)
    database.timeline = Timeline(
        [Phase("deleting", state.timings.delete, work=done, then=forget)], AVAILABLE, call.now
    )


def _forget_automated_snapshots(state: State, database: Database) -> None:
    for snapshot in state.registry.snapshots(database.kind, database.place):
        if snapshot.automated and snapshot.origin.resource_id == database.resource_id:
            remove_snapshot(state, snapshot)


def remove_snapshot(state: State, snapshot: Snapshot) -> None:
    """Forget a snapshot. Copies of it that are still under way are cancelled: they come to rest as failed."""
    state.registry.forget_snapshot(snapshot)
    for copy in state.registry.snapshots(snapshot.kind):
        if copy.copied_from is snapshot and not copy.timeline.at_rest:
            copy.timeline.fail()

    def remove() -> None:
        if snapshot.volume is not None:
            state.engines.remove(snapshot.volume)

    state.run(remove, snapshot)
