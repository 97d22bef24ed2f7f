"""Retention: what of an account's copies and databases nothing needs any more, over all its targets.

The sweep deletes what is due, and `snapveil sweep` shows the same without changing anything. A database goes
where the receiver's own step would delete it; copies go by the step's own count, whether or not a target is
what it is to be, so that they do not pile up while the newest cannot be built.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.receiver.settled import Settled, settled
from services.receiver.stage import age_of, excess, key_of, run_in
from shared import names
from shared.database.port import Condition, Database, Databases, Kind, Snapshot
from shared.due import Due
from shared.records import Sighting

if TYPE_CHECKING:
    from shared.config import Development
    from shared.ledger import Ledger

UNSEEN = timedelta(hours=3)
"""After so long without a sweep, what an earlier one saw says nothing about a copy of the same name."""
NO_TAG = f"it carries no tag {names.RUN_ID_TAG}"


@dataclass(frozen=True)
class Finding:
    """A thing that is to go, what `snapveil sweep` says of it, and under which key its history is."""

    due: Due
    thing: Snapshot | Database
    history: str = ""

    def is_due(self, now: datetime) -> bool:
        """Tell whether the sweep deletes it now."""
        return not self.due.stays and self.due.since is not None and self.due.since <= now


def due(
    ledger: "Ledger", databases: Mapping[Kind, Databases], config: "Development", now: datetime
) -> Iterator[Due]:
    """Say what goes, why and since when.

    What belongs to no target of the configuration stays: whoever removed the target decides.
    """
    for found in findings(ledger, copies_in(databases), standing_in(databases), config, now):
        yield found.due


def copies_in(databases: Mapping[Kind, Databases]) -> list[Snapshot]:
    """List the account's copies of both kinds."""
    return [one for port in databases.values() for one in port.snapshots_named(names.COPY)]


def standing_in(databases: Mapping[Kind, Databases]) -> list[Database]:
    """List the databases for developers of both kinds: targets, and what stands beside or aside."""
    return [one for port in databases.values() for one in port.named(names.TARGET)]


def findings(
    ledger: "Ledger",
    copies: Sequence[Snapshot],
    standing: Sequence[Database],
    config: "Development",
    now: datetime,
) -> Iterator[Finding]:
    """Find what goes among copies and databases; nothing is changed."""
    by_source: dict[str, list[Snapshot]] = {}
    for copy in copies:
        run = names.run_of(copy.name)
        if run is None:
            yield _stays(copy, "its name names no run")
        elif copy.condition is not Condition.DELETING:
            by_source.setdefault(names.source_of(run), []).append(copy)
    for own in by_source.values():
        own.sort(key=age_of, reverse=True)
    ends = {
        name: settled(ledger, config, name, by_source.get(config.source_of(name), []), standing)
        for name in config.targets
    }
    yield from _databases(standing, config, ends)
    bears = {database.tags.get(names.RUN_ID_TAG, "") for database in standing}
    for source, own in by_source.items():
        if config.targets_of(source):
            yield from _excess(ledger, config, source, own, bears, ends, now)
            yield from _unfinished(ledger, config, source, own, now)
            continue
        for copy in own:
            if run_in(copy) not in bears:
                yield _stays(copy, "the configuration has no target of its source")


def state_of(copy: Snapshot) -> str:
    """Say how far a copy is: what changes as long as it moves."""
    return f"{copy.status} {copy.percent} %"


def unchanged_since(copy: Snapshot, before: Sighting | None, now: datetime) -> datetime | None:
    """Tell since when an unfinished copy has not moved; None if nobody has seen it like this."""
    if before is None or before.state != state_of(copy) or now - before.last > UNSEEN:
        return None
    return before.since


def _is_of(target: str, name: str) -> bool:
    return name == target or name.startswith((f"{target}-new-", f"{target}-old-"))


def _databases(
    standing: Sequence[Database], config: "Development", ends: Mapping[str, Settled | None]
) -> Iterator[Finding]:
    for database in standing:
        owner = next((name for name, one in config.targets.items() if _is_of(one.name, database.name)), None)
        if owner is None:
            yield _stays(database, "the configuration has no such target")
            continue
        end = ends[owner]
        if end is None or database.name not in end.replaced:
            continue
        if not database.tags.get(names.RUN_ID_TAG):
            yield _stays(database, NO_TAG)
            continue
        why = f"{config.targets[owner].name} has taken its place"
        yield Finding(Due(database.name, why, end.replaced[database.name]), database, key_of(owner))


def _excess(
    ledger: "Ledger",
    config: "Development",
    source: str,
    own: Sequence[Snapshot],
    bears: set[str],
    ends: Mapping[str, Settled | None],
    now: datetime,
) -> Iterator[Finding]:
    """Find complete copies beyond `keep`, but none that a database was built from or an operator chose."""
    targets = config.targets_of(source)
    keep = max(one.keep for one in targets.values())
    complete = [copy for copy in own if copy.condition is Condition.READY]
    choices = (ledger.choice(key_of(name)) for name in targets) if len(complete) > keep else ()
    chosen = {choice.run_id for choice in choices if choice and choice.over == run_in(complete[0])}
    moments = [copy.created_at for copy in complete[:keep]]
    moments += [end.at for name in targets if (end := ends[name]) and end.at <= now]
    since = max((moment for moment in moments if moment), default=None)
    for copy in excess(own, keep, bears | chosen):
        yield _of_source(copy, targets, f"older than the {keep} to keep", since)


def _unfinished(
    ledger: "Ledger", config: "Development", source: str, own: Sequence[Snapshot], now: datetime
) -> Iterator[Finding]:
    """Find copies that failed or are half made, and have not moved for as long as the receiver may take."""
    limit = config.deadlines.receiver
    for copy in own:
        if copy.condition is not Condition.READY:
            since = unchanged_since(copy, ledger.sighting(copy.name), now)
            why = f"{copy.status} and unchanged for {limit}"
            yield _of_source(copy, config.targets_of(source), why, since + limit if since else None)


def _of_source(copy: Snapshot, targets: Mapping[str, object], why: str, since: datetime | None) -> Finding:
    if not copy.tags.get(names.RUN_ID_TAG):
        return _stays(copy, NO_TAG)
    return Finding(Due(copy.name, why, since), copy, key_of(next(iter(targets))))


def _stays(thing: Snapshot | Database, why: str) -> Finding:
    return Finding(Due(thing.name, why, stays=True), thing)
