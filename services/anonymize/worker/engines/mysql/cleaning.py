"""Removes what masking leaves of old values on MySQL and MariaDB, part by part, each with its own seconds.

A masked table is new; what it was lies on: in kept tables' free space, in undo and in the logs of changes, in
the server's own tables. The order matters: what a part deletes, a later one writes over, and undo stays
allocated until the lap of the redo log has written it to its files. Each part can be done again, so that a
cleaning that was killed is begun anew.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field

from services.anonymize.worker.engines.cleaning import Part, advance, run_parts
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.residue.aria_log import run_lap_of_aria
from services.anonymize.worker.engines.mysql.residue.binary_log import purge_binary_logs
from services.anonymize.worker.engines.mysql.residue.change_buffer import name_change_buffer
from services.anonymize.worker.engines.mysql.residue.dictionary import write_over_dictionary
from services.anonymize.worker.engines.mysql.residue.old_versions import wait_for_purge
from services.anonymize.worker.engines.mysql.residue.redo import run_lap
from services.anonymize.worker.engines.mysql.residue.statistics import renew_statistics
from services.anonymize.worker.engines.mysql.residue.system_tables import empty_logs, rebuild_system_tables
from services.anonymize.worker.engines.mysql.residue.tables import rebuild_tables
from services.anonymize.worker.engines.mysql.residue.undo import fill_undo, give_pages_back
from services.anonymize.worker.engines.results import Cleaning, Remainder
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.progress import Tell
from services.anonymize.worker.schema import Table


@dataclass(frozen=True)
class Work:
    """What cleaning works on; `tables` are those that masking did not make anew, `functions` the worker's."""

    database: Database
    policy: Policy
    tables: tuple[Table, ...]
    connections: int
    tell: Tell
    functions: tuple[str, ...] = ()
    held: ExitStack = field(
        default_factory=ExitStack
    )  # what has to stay until all parts are done, and ends then


def _aria_log(work: Work) -> Remainder:
    """Its checkpoint comes while other parts are under way, and is waited for in the end."""
    remainder, wait = run_lap_of_aria(work.database)
    work.held.callback(wait)
    return remainder


def _redo(work: Work) -> Remainder:
    def tell(done: int, total: int) -> None:
        work.tell(advance(PARTS, "redo log", f"redo log, {done:,} of {total:,} MB"))

    return run_lap(work.database, tell)


def _end(work: Work) -> Remainder:
    work.held.close()
    return Remainder()


PARTS: tuple[Part[Work], ...] = (
    Part("tables", lambda work: rebuild_tables(work.database, work.tables, work.connections)),
    Part("statistics", lambda work: renew_statistics(work.database)),
    Part("logs in tables", lambda work: empty_logs(work.database)),
    Part("system tables", lambda work: rebuild_system_tables(work.database)),
    Part("Aria's log", _aria_log),
    Part("kept undo", lambda work: give_pages_back(work.database)),
    Part("old versions", lambda work: wait_for_purge(work.database)),
    Part("data dictionary", lambda work: write_over_dictionary(work.database, work.functions)),
    Part("undo", lambda work: fill_undo(work.database, work.held)),
    Part("change buffer", lambda work: name_change_buffer(work.database)),
    Part("redo log", _redo),
    Part("binary log", lambda work: purge_binary_logs(work.database)),
    Part("checkpoint", _end),
)


def clean(work: Work) -> Cleaning:
    """Empty every place where an old value may still stand."""
    with work.held:
        return Cleaning(len(work.tables), run_parts(PARTS, work, work.tell))
