"""Retention: which copies nothing needs any more, over all targets of the account."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from services.receiver.stage import age_of, key_of
from shared import names, quotas
from shared.database.port import Condition, Databases, Kind, Snapshot
from shared.events import Trigger

if TYPE_CHECKING:
    from shared.config import Development
    from shared.ledger import Ledger


def removable(
    copies: Collection[Snapshot], keep: Mapping[str, int], needed: Collection[str]
) -> tuple[Snapshot, ...]:
    """List the copies beyond `keep` of their source, and those of sources without a target; pure.

    `needed` are runs whose copies stay in any case: a database stands that was built from them, or an
    operator chose them. A copy without a run in its name is nobody's to judge.
    """
    by_source: dict[str, list[tuple[str, Snapshot]]] = {}
    for copy in copies:
        run = names.run_of(copy.name)
        if run is not None:
            by_source.setdefault(names.source_of(run), []).append((run, copy))
    found: list[Snapshot] = []
    for source, own in by_source.items():
        own.sort(key=lambda one: age_of(one[1]), reverse=True)
        found += [
            copy
            for run, copy in own[keep.get(source, 0) :]
            if run not in needed and copy.condition is Condition.READY
        ]
    return tuple(found)


def sweep(
    ledger: "Ledger", databases: Mapping[Kind, Databases], config: "Development"
) -> Callable[[], Iterator[Trigger]]:
    """Make the hourly look over the whole account; it asks for nothing, and tells how full quotas are."""

    def look() -> Iterator[Trigger]:
        snapshots = [one for port in databases.values() for one in port.snapshots_named("")]
        copies = [snapshot for snapshot in snapshots if snapshot.name.startswith(names.COPY)]
        keep = {source: target.keep for source, target in config.targets.items()}
        going = removable(copies, keep, _needed(ledger, databases, keep))
        quotas.tell(snapshots, config.quotas, (copy.name for copy in going))
        yield from ()

    return look


def _needed(
    ledger: "Ledger", databases: Mapping[Kind, Databases], sources: Collection[str]
) -> frozenset[str]:
    """Name the runs that a database of ours bears, or that an operator chose."""
    standing = {
        database.tags.get(names.RUN_ID_TAG, "")
        for port in databases.values()
        for database in port.named(names.TARGET)
    }
    choices = (ledger.choice(key_of(source)) for source in sources)
    return frozenset(standing | {choice.run_id for choice in choices if choice})
