"""What belongs to a source and a target among what an account holds: told by names, owners and keys."""

from collections.abc import Collection

from services.receiver.stage import age_of
from shared import names
from shared.database.port import Condition, Database, Databases, Origin, Snapshot


def is_acceptable(snapshot: Snapshot, source: str, owners: Collection[str], keys: Collection[str]) -> bool:
    """Tell whether a snapshot may be copied: allowed owner and key, name of a run of this source."""
    run_id = names.run_of(snapshot.name)
    return (
        snapshot.origin is Origin.SHARED
        and snapshot.owner in owners
        and run_id is not None
        and names.source_of(run_id) == source
        and snapshot.name.rsplit(":", 1)[-1] == names.shared_snapshot(run_id)
        and snapshot.encrypted
        and snapshot.kms_key in keys
        and snapshot.condition is Condition.READY
    )


def copies_of(source: str, databases: Databases) -> tuple[Snapshot, ...]:
    """List a source's copies, newest data first."""
    copies = [
        snapshot
        for snapshot in databases.snapshots_named(names.COPY)
        if (run := names.run_of(snapshot.name)) and names.source_of(run) == source
    ]
    return tuple(sorted(copies, key=age_of, reverse=True))


def next_to(target: str, databases: Databases, infix: str) -> list[Database]:
    """List the databases that stand beside a target (`-new-`), or aside from it (`-old-`)."""
    return sorted(databases.named(f"{target}{infix}"), key=lambda database: database.name, reverse=True)
