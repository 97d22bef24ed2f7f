"""Removes what masking leaves of old values on PostgreSQL, part by part, each with its own seconds.

A plain VACUUM leaves deleted values readable in page holes, and ANALYZE leaves old histograms in
pg_statistic's dead rows; only rewriting removes both (measured). The owner of a database may do all of it
without being superuser. The order matters: what a part deletes, a later one rewrites, and the write-ahead log
comes last because every part writes to it. The catalogs of two databases are rewritten at the same time: both
wait for the disk and not for each other, and what they remove was deleted before either began. Each part can
be done again, so a cleaning that was killed is begun anew.
"""

from dataclasses import dataclass

from services.anonymize.worker.engines.cleaning import Part, advance, run_parts
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.postgresql.residue.catalogs import (
    forget_statements,
    rewrite_catalogs,
    rewrite_shared_catalogs,
)
from services.anonymize.worker.engines.postgresql.residue.large_objects import drop_large_objects
from services.anonymize.worker.engines.postgresql.residue.other_databases import clean_other_databases
from services.anonymize.worker.engines.postgresql.residue.rights import Remainder
from services.anonymize.worker.engines.postgresql.residue.snapshots import wait_for_old_snapshots
from services.anonymize.worker.engines.postgresql.residue.statistics import renew_statistics
from services.anonymize.worker.engines.postgresql.residue.tables import rewrite_tables
from services.anonymize.worker.engines.postgresql.residue.write_ahead_log import run_lap
from services.anonymize.worker.engines.results import Cleaning
from services.anonymize.worker.policy import LargeObjects, Policy
from services.anonymize.worker.progress import Tell
from services.anonymize.worker.schema import Table
from services.anonymize.worker.sql import WORK_SCHEMA


@dataclass(frozen=True)
class Work:
    """What cleaning works on; `tables` are those whose files masking did not replace."""

    database: Database
    policy: Policy
    tables: tuple[Table, ...]
    connections: int
    tell: Tell


def _large_objects(work: Work) -> Remainder:
    if work.policy.large_objects is not LargeObjects.DROP:
        return Remainder()
    return drop_large_objects(work.database)


def _write_ahead_log(work: Work) -> Remainder:
    def tell(done: int, total: int) -> None:
        work.tell(advance(PARTS, "write-ahead log", f"write-ahead log, {done:,} of {total:,} MB"))

    return run_lap(work.database, tell)


PARTS: tuple[Part[Work], ...] = (
    Part("large objects", _large_objects),
    Part("old snapshots", lambda work: Remainder(wait_for_old_snapshots(work.database))),
    Part("tables", lambda work: rewrite_tables(work.database, work.tables, work.connections)),
    Part("statistics", lambda work: renew_statistics(work.database, work.connections)),
    Part("old snapshots of catalogs", lambda work: Remainder(wait_for_old_snapshots(work.database))),
    Part("catalogs", lambda work: rewrite_catalogs(work.database)),
    Part("other databases", lambda work: clean_other_databases(work.database), beside=True),
    Part("shared catalogs", lambda work: rewrite_shared_catalogs(work.database)),
    Part("statements", lambda work: forget_statements(work.database, WORK_SCHEMA)),
    Part("write-ahead log", _write_ahead_log),
)


def clean(work: Work) -> Cleaning:
    """Empty every place where an old value may still stand."""
    return Cleaning(len(work.tables), run_parts(PARTS, work, work.tell, work.connections))
