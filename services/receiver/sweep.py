"""The sweep of development: hourly it deletes what nothing needs, and tells what only a person may."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from services.receiver.retention import Finding, findings, standing_in, state_of, unchanged_since
from shared import names, quotas
from shared.database.guard import GuardError
from shared.database.port import Condition, Databases, Kind, Snapshot
from shared.events import Trigger
from shared.observability import amount, count, logger
from shared.records import Sighting

if TYPE_CHECKING:
    from shared.config import Development
    from shared.ledger import Ledger

STEP = "receiver.sweep"
LONGEST_LIST = 20


def sweep(
    ledger: "Ledger",
    databases: Mapping[Kind, Databases],
    config: "Development",
    clock: Callable[[], datetime],
) -> Callable[[], Iterator[Trigger]]:
    """Make the hourly look over the whole account, which asks nobody else for anything.

    Whoever dies on the way leaves the rest to the next hour: all is found anew from what is there.
    """

    def look() -> Iterator[Trigger]:
        now = clock()
        snapshots = [one for port in databases.values() for one in port.snapshots_named("")]
        copies = [one for one in snapshots if one.name.startswith(names.COPY)]
        found = list(findings(ledger, copies, standing_in(databases), config, now))
        quotas.tell(
            snapshots, config.quotas, (one.due.name for one in found if isinstance(one.thing, Snapshot))
        )
        _tell_orphans(found)
        for copy in copies:
            if copy.condition in {Condition.PENDING, Condition.FAILED}:
                _remember(ledger, copy, now)
        for finding in found:
            if finding.is_due(now):
                _delete(ledger, databases[finding.thing.kind], finding, now)
        yield from ()

    return look


def _tell_orphans(found: Iterable[Finding]) -> None:
    """Write the metric Orphans, and say which they are: what nobody but a person deletes."""
    orphans = sorted((one.due.name, one.due.why) for one in found if one.due.stays)
    amount("Orphans", len(orphans))
    if orphans:
        logger.warning(
            "what belongs to no target stays and costs money: delete it by hand once nobody needs it, or put"
            " its target back into the configuration",
            orphans=[f"{name}: {why}" for name, why in orphans[:LONGEST_LIST]],
            orphans_in_all=len(orphans),
        )


def _remember(ledger: "Ledger", copy: Snapshot, now: datetime) -> None:
    """Write down how an unfinished copy looks, so that the next sweep can tell whether it moves."""
    since = unchanged_since(copy, ledger.sighting(copy.name), now) or now
    ledger.record_sighting(copy.name, Sighting(state=state_of(copy), since=since, last=now))


def _delete(ledger: "Ledger", port: Databases, finding: Finding, now: datetime) -> None:
    """Delete one thing. The history has it before it happens: no deletion is missing there."""
    thing, why = finding.thing, finding.due.why
    ledger.note(finding.history, STEP, "deletes", f"{thing.name}: {why}")
    logger.info("the sweep deletes", what=thing.name, why=why)
    try:
        if isinstance(thing, Snapshot):
            port.delete_snapshot(thing)
        else:
            port.delete(thing)
    except (ClientError, BotoCoreError, GuardError) as error:
        if _is_going(port, finding):  # another did it, or the answer was lost
            return
        count("SweepFailed")
        logger.error("the sweep could not delete", what=thing.name, why=str(error))
        ledger.note(finding.history, STEP, "failed", f"{thing.name} could not be deleted: {error}")
        return
    if isinstance(thing, Snapshot) and thing.condition is not Condition.READY:
        ledger.record_sighting(thing.name, Sighting(state="deleted", since=now, last=now))


def _is_going(port: Databases, finding: Finding) -> bool:
    is_copy = isinstance(finding.thing, Snapshot)
    there = port.find_snapshot(finding.thing.name) if is_copy else port.find(finding.thing.name)
    return there is None or there.condition is Condition.DELETING
