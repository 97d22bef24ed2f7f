"""Freshness: how old each source's data are in development, as a metric that an alarm watches.

A pipeline that stopped raises no error; only the age of what developers have tells.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.observability import gauge
from shared.records import Run


def ages(runs: Iterable[Run], sources: Iterable[str], now: datetime) -> dict[str, timedelta]:
    """Tell for each source how old the data are that developers have; pure.

    The age counts from the source snapshot of the newest run that replaced a target. A source of which no
    run ever did is as old as its first run; one that was never asked for is left out.
    """
    known = list(runs)
    found: dict[str, timedelta] = {}
    for source in sources:
        own = [run for run in known if run.source == source]
        replaced = [run.snapshot_created_at for run in own if run.replaced_at]
        if replaced:
            found[source] = now - max(replaced)
        elif own:
            found[source] = now - min(run.started_at for run in own)
    return found


def tell(runs: Iterable[Run], sources: Iterable[str], now: datetime) -> None:
    """Write the ages as the metric DataAge, in seconds, one a source."""
    for source, age in ages(runs, sources, now).items():
        gauge("DataAge", age.total_seconds(), source=source)
