"""One worker at a time on a server: a named lock, held by a session that does nothing else.

The lock goes with the session, which the server ends when a killed worker's socket closes, and within a
minute when its host vanishes: the session says that it lives. A statement that this worker had under way goes
on until it is done, so whoever gets the lock ends the sessions that are left and still work or hold a
transaction. Nobody else logs in as the temporary database's master user, whose password is the run's own.
"""

import threading
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
SILENT_SECONDS = 60  # after which the server takes a session for dead
PULSE_SECONDS = 15.0
MOST_SECONDS_TO_END = 60.0
NO_SUCH_THREAD = 1094
TAKE = text("SELECT GET_LOCK(:name, 0)")
RELEASE = text("SELECT RELEASE_LOCK(:name)")
OTHERS = text(
    "SELECT id FROM information_schema.processlist"
    " WHERE user = SUBSTRING_INDEX(CURRENT_USER(), '@', 1) AND db IN (DATABASE(), :name)"
    " AND (command <> 'Sleep' OR id IN (SELECT trx_mysql_thread_id FROM information_schema.innodb_trx))"
)


@contextmanager
def hold(database: Database, patience: float) -> Iterator[bool]:
    """Keep every other worker out, and give whether one had to be waited for. Raises MaskingError if another
    still holds the lock after `patience` seconds, or if the lock was lost meanwhile."""
    waited = False
    deadline = time.monotonic() + patience
    with database.autocommit() as connection:
        connection.exec_driver_sql(f"SET SESSION wait_timeout = {SILENT_SECONDS}")
        while connection.execute(TAKE, {"name": WORK_SCHEMA}).scalar_one() != 1:
            waited = True
            if time.monotonic() > deadline:
                raise MaskingError(
                    f"another worker is at work in {database.address.database}: it still holds the lock"
                    f" {WORK_SCHEMA} after {patience:g} seconds; stop its task, then ask for a refresh"
                )
            time.sleep(PAUSE_SECONDS)
        try:
            _end_what_is_left(connection, database)
            with _pulse(connection):
                yield waited
        except BaseException:
            connection.invalidate()  # its end releases the lock, whatever state it is in
            raise
        _release(connection)


def _release(connection: Connection) -> None:
    """Let others in. Raises MaskingError if the lock was lost before."""
    try:
        released = connection.execute(RELEASE, {"name": WORK_SCHEMA}).scalar_one()
    except DBAPIError:
        released = None
    connection.invalidate()  # nothing else is done in a session that is soon taken for dead
    if released != 1:
        raise MaskingError("the lock that kept other workers out was lost meanwhile; ask for a refresh")


@contextmanager
def _pulse(connection: Connection) -> Iterator[None]:
    """Let a session say every few seconds that it lives."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(PULSE_SECONDS):
            try:
                connection.exec_driver_sql("DO 0")
            except DBAPIError:  # the end of the context finds the lock lost
                return

    thread = threading.Thread(target=beat, name="pulse", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


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
