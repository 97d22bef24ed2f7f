"""One worker at a time on a server: a named lock, held by a session that does nothing else.

The lock goes with the session, which the server ends when a killed worker's socket closes. A statement that
this worker had under way goes on, though, until it is done: so whoever gets the lock ends the sessions that
are left. Nobody else logs in as the temporary database's master user, whose password is the run's own.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pymysql
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.sql import WORK_SCHEMA

PAUSE_SECONDS = 0.5
MOST_SECONDS_TO_END = 60.0
NO_SUCH_THREAD = 1094
TAKE = text("SELECT GET_LOCK(:name, 0)")
RELEASE = text("SELECT RELEASE_LOCK(:name)")
OTHERS = text(
    "SELECT id FROM information_schema.processlist"
    " WHERE user = SUBSTRING_INDEX(CURRENT_USER(), '@', 1) AND db IN (DATABASE(), :name)"
    " AND command <> 'Sleep'"
)


@contextmanager
def hold(database: Database, patience: float) -> Iterator[bool]:
    """Keep every other worker out, and give whether one had to be waited for. Raises MaskingError if another
    still holds the lock after `patience` seconds."""
    waited = False
    deadline = time.monotonic() + patience
    with database.autocommit() as connection:
        while connection.execute(TAKE, {"name": WORK_SCHEMA}).scalar_one() != 1:
            waited = True
            if time.monotonic() > deadline:
                raise MaskingError(
                    f"another worker is at work in {database.address.database}: it still holds the lock"
                    f" {WORK_SCHEMA} after {patience:g} seconds; stop its task, then ask for a refresh"
                )
            time.sleep(PAUSE_SECONDS)
        _end_what_is_left(connection, database)
        try:
            yield waited
        except BaseException:
            connection.invalidate()  # its end releases the lock, whatever state it is in
            raise
        connection.execute(RELEASE, {"name": WORK_SCHEMA})


def _end_what_is_left(connection: Connection, database: Database) -> None:
    """End the sessions of a killed worker, and wait until they are gone: what they wrote is rolled back."""
    deadline = time.monotonic() + MOST_SECONDS_TO_END
    while left := _left(connection, database):
        for session in left:
            try:
                connection.exec_driver_sql(f"KILL {session:d}")
            except DBAPIError as error:
                if not _is_gone(error):
                    raise
        if time.monotonic() > deadline:
            raise MaskingError(
                f"{len(left)} sessions of an earlier worker do not end; what they wrote is still rolled back"
            )
        time.sleep(PAUSE_SECONDS)


def _left(connection: Connection, database: Database) -> list[int]:
    found = connection.execute(OTHERS, {"name": WORK_SCHEMA}).scalars()
    return [int(session) for session in found if int(session) not in database.sessions]


def _is_gone(error: DBAPIError) -> bool:
    return isinstance(error.orig, pymysql.MySQLError) and error.orig.args[0] == NO_SUCH_THREAD
