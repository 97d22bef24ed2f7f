"""One worker at a time in a database: an advisory lock, held by a session that does nothing else.

The lock goes with the session. The server notices within seconds that a killed worker's is gone, and within a
minute that its host is (connecting.LIVENESS); a worker that only seems dead keeps it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.postgresql.residue.rights import attempt
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.sql import WORK_SCHEMA

PAUSE_SECONDS = 0.05
MOMENT = 1.0  # seconds in which the session of a worker that was killed just now goes; it is not waiting
TAKE = text("SELECT pg_try_advisory_lock(hashtext(:name))")
# Whoever makes his first temporary table clears what a session left that crashed in the same place; as long
# as this session stands, no other gets its place.
CLEARS = ("CREATE TEMPORARY TABLE snapveil_probe ()", "DROP TABLE pg_temp.snapveil_probe")


@contextmanager
def hold(database: Database, patience: float) -> Iterator[bool]:
    """Keep every other worker out, and give whether one had to be waited for. Raises MaskingError if another
    still holds the lock after `patience` seconds."""
    began = time.monotonic()
    with database.autocommit() as connection:
        while not connection.execute(TAKE, {"name": WORK_SCHEMA}).scalar_one():
            if time.monotonic() > began + patience:
                raise MaskingError(
                    f"another worker is at work in {database.address.database}: it still holds the advisory"
                    f" lock {WORK_SCHEMA} after {patience:g} seconds; stop its task, then ask for a refresh"
                )
            time.sleep(PAUSE_SECONDS)
        attempt(connection, CLEARS, "temporary tables")
        try:
            yield time.monotonic() > began + MOMENT
        finally:
            connection.invalidate()  # its end releases the lock, whatever state it is in
