# ruff: noqa: E501 - SQL keeps its own lines
"""Waits until nobody can still see the rows that masking deleted.

VACUUM FULL copies a deleted row into the new file as long as any transaction might want to see it: an open
REPEATABLE READ, a prepared transaction, a replication slot, autovacuum's ANALYZE.
"""

import time

from sqlalchemy import Connection, text

from services.anonymize.worker.engines.postgresql.connecting import Database

PATIENCE = 60.0
PAUSE = 0.1

# Plain VACUUMs of autovacuum hold nothing back, whatever snapshot they show.
_HOLDERS = """
SELECT format('a session of %s (pid %s)', coalesce(usename::text, backend_type), pid) FROM pg_stat_activity
 WHERE pid <> pg_backend_pid()
   AND (age(backend_xid) > age(CAST(:mark AS xid))
        OR ((datid IS NULL OR datname = current_database() OR :everywhere) AND age(backend_xmin) > age(CAST(:mark AS xid))))
   AND NOT (backend_type = 'autovacuum worker' AND query LIKE 'autovacuum: VACUUM %' AND query NOT LIKE '%ANALYZE%')
UNION ALL
SELECT format('prepared transaction %s', gid) FROM pg_prepared_xacts WHERE age(transaction) > age(CAST(:mark AS xid))
UNION ALL
SELECT format('replication slot %s', slot_name) FROM pg_replication_slots
 WHERE age(xmin) > age(CAST(:mark AS xid)) OR age(catalog_xmin) > age(CAST(:mark AS xid))
"""


def wait_for_old_snapshots(
    database: Database, patience: float | None = None, *, everywhere: bool = False
) -> list[str]:
    """Wait until every transaction has begun after now; return who still holds an old snapshot. `everywhere`: also
    of another database, which keeps rows of the catalogs that all databases share."""
    until = time.monotonic() + (PATIENCE if patience is None else patience)
    with database.autocommit() as connection:
        now = connection.execute(text("SELECT CAST(pg_current_xact_id() AS xid)::text")).scalar_one()
        while holders := _holders(connection, now, everywhere):
            if time.monotonic() > until:
                return [
                    f"{holder} may still see rows from before masking, so that they had to stay; end it"
                    for holder in holders
                ]
            time.sleep(PAUSE)
    return []


def _holders(connection: Connection, mark: str, everywhere: bool) -> list[str]:
    return list(connection.execute(text(_HOLDERS), {"mark": mark, "everywhere": everywhere}).scalars())
