"""Rebuilds every table that masking did not make anew: old rows and dropped columns stay in a kept one."""

from collections.abc import Iterable

from services.anonymize.worker.connecting import execute
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.deadlocks import again
from services.anonymize.worker.engines.mysql.residue.rights import attempt
from services.anonymize.worker.engines.mysql.sql import qualified
from services.anonymize.worker.engines.parallel import in_parallel
from services.anonymize.worker.engines.results import Remainder
from services.anonymize.worker.schema import Table


def rebuild_tables(database: Database, tables: Iterable[Table], connections: int) -> Remainder:
    """Rebuild each of `tables` with its indexes, its partitions and what full-text search keeps of it."""
    work = sorted((table for table in tables if not table.foreign), key=lambda table: -table.size)
    found = in_parallel(lambda table: _rebuild(database, table), work, connections)
    return Remainder([said for some in found for said in some])


def _rebuild(database: Database, table: Table) -> list[str]:
    name = qualified(database.address.database, table.name)
    with database.autocommit() as connection:
        if table.versioned:
            execute(connection, "SET SESSION system_versioning_alter_history = KEEP")
        return again(lambda: attempt(connection, [f"ALTER TABLE {name} FORCE"], table.label))
