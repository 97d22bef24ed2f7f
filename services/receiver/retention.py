"""Retention: which copies nothing needs any more, over all targets of the account."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from services.receiver.actions import Edition
from services.receiver.stage import age_of, key_of, run_in
from shared import names, quotas
from shared.database.port import Condition, Database, Databases, Kind, Snapshot
from shared.due import Due
from shared.events import Trigger

if TYPE_CHECKING:
    from datetime import datetime

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


def due(ledger: "Ledger", databases: Mapping[Kind, Databases], config: "Development") -> Iterator[Due]:
    """Find what goes once a target is what it is to be: databases beside and aside from it, and old copies.

    What belongs to no target of the configuration stays: whoever removed the target decides.
    """
    keep = {source: target.keep for source, target in config.targets.items()}
    copies = [one for port in databases.values() for one in port.snapshots_named(names.COPY)]
    standing = [one for port in databases.values() for one in port.named(names.TARGET)]
    settled = {source: _settled(ledger, config, source, copies, standing) for source in config.targets}
    owners = {target.name: source for source, target in config.targets.items()}
    for database in standing:
        name, _, _ = database.name.partition("-new-")
        name, _, _ = name.partition("-old-")
        if name not in owners:
            yield Due(database.name, "the configuration has no such target", stays=True)
        elif database.name != name and (since := settled[owners[name]]):
            yield Due(database.name, f"{name} has taken its place", since)
    for copy in removable(copies, keep, _needed(ledger, databases, keep)):
        source = names.source_of(run_in(copy))
        if source in keep:
            yield Due(copy.name, f"older than the {keep[source]} to keep", settled[source])
        else:
            yield Due(copy.name, "the configuration has no target of its source", stays=True)


def _settled(
    ledger: "Ledger",
    config: "Development",
    source: str,
    copies: Collection[Snapshot],
    standing: Collection[Database],
) -> "datetime | None":
    """Tell when the grace of what a target is to be ends; None as long as it is not that."""
    own = [one for one in copies if (run := names.run_of(one.name)) and names.source_of(run) == source]
    if not own:
        return None
    newest = run_in(max(own, key=age_of))
    choice = ledger.choice(key_of(source))
    chosen = choice is not None and choice.over == newest
    wish = Edition(choice.run_id, choice.edition) if choice and chosen else Edition(newest)
    target = config.targets[source]
    delivered = ledger.delivery(wish.run_id, wish.name).replaced_at
    if delivered is None or not any(one.name == target.name and wish.is_in(one) for one in standing):
        return None
    return delivered + target.grace


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
