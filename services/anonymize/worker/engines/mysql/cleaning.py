"""Removes what masking leaves of old values on MySQL and MariaDB, part by part, each with its own seconds.

A masked table is new; what it was lies on: in kept tables' free space, in undo and in the logs of changes, in
the server's own tables. The order matters: what a part deletes, a later one writes over, and undo stays
allocated until the lap of the redo log has written it to its files. Each part can be done again, so that a
cleaning that was killed is begun anew.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.residue.aria_log import run_lap_of_aria
from services.anonymize.worker.engines.mysql.residue.binary_log import purge_binary_logs
from services.anonymize.worker.engines.mysql.residue.old_versions import wait_for_purge
from services.anonymize.worker.engines.mysql.residue.redo import run_lap
from services.anonymize.worker.engines.mysql.residue.statistics import renew_statistics
from services.anonymize.worker.engines.mysql.residue.system_tables import empty_logs, rebuild_system_tables
from services.anonymize.worker.engines.mysql.residue.tables import rebuild_tables
from services.anonymize.worker.engines.mysql.residue.undo import fill_undo
from services.anonymize.worker.engines.results import Cleaned, Cleaning, Remainder
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.progress import Advance, Tell
from services.anonymize.worker.schema import Table


@dataclass(frozen=True)
class Work:
    """What cleaning works on; `tables` are those that masking did not make anew."""

    database: Database
    policy: Policy
    tables: tuple[Table, ...]
    connections: int
    tell: Tell
    held: ExitStack = field(
        default_factory=ExitStack
    )  # what has to stay until all parts are done, and ends then


@dataclass(frozen=True)
class Part:
    """One place where old values stay."""

    name: str
    clean: Callable[[Work], Remainder]


def _aria_log(work: Work) -> Remainder:
    """Its checkpoint comes while other parts are under way, and is waited for in the end."""
    remainder, wait = run_lap_of_aria(work.database)
    work.held.callback(wait)
    return remainder


def _redo(work: Work) -> Remainder:
    def tell(done: int, total: int) -> None:
        work.tell(_advance("redo log", f"redo log, {done:,} of {total:,} MB"))

    return run_lap(work.database, tell)


def _end(work: Work) -> Remainder:
    work.held.close()
    return Remainder()


PARTS = (
    Part("tables", lambda work: rebuild_tables(work.database, work.tables, work.connections)),
    Part("statistics", lambda work: renew_statistics(work.database)),
    Part("logs in tables", lambda work: empty_logs(work.database)),
    Part("system tables", lambda work: rebuild_system_tables(work.database)),
    Part("Aria's log", _aria_log),
    Part("old versions", lambda work: wait_for_purge(work.database)),
    Part("undo", lambda work: fill_undo(work.database, work.held)),
    Part("redo log", _redo),
    Part("binary log", lambda work: purge_binary_logs(work.database)),
    Part("checkpoint", _end),
)


def clean(work: Work) -> Cleaning:
    """Empty every place where an old value may still stand."""
    done = []
    with work.held:
        for part in PARTS:
            work.tell(_advance(part.name, part.name))
            started = time.monotonic()
            remainder = part.clean(work)
            seconds = time.monotonic() - started
            done.append(Cleaned(part.name, seconds, tuple(remainder.left), tuple(remainder.beyond)))
    work.tell(Advance("cleaning", len(PARTS), len(PARTS)))
    return Cleaning(len(work.tables), tuple(done))


def _advance(part: str, words: str) -> Advance:
    """Progress in parts, not tables: most of them concern no table."""
    place = next((index for index, known in enumerate(PARTS) if known.name == part), 0)
    return Advance("cleaning", place, len(PARTS), table=words)
