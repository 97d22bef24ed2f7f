# ruff: noqa: E501 - SQL keeps its own lines
"""Waits until nobody can still see the rows that masking replaced, and the server has thrown old versions away.

Undo that a transaction may still need cannot be written over, and a table that is rebuilt keeps rows for whoever
reads it in an older state.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.residue.rights import asked
from services.anonymize.worker.engines.mysql.sql import WORK_DATABASE, qualified
from services.anonymize.worker.engines.results import Remainder

PATIENCE = 60.0
PAUSE = 0.02
TOUCHED = qualified(WORK_DATABASE, "touched")

_TRANSACTIONS = """
SELECT CASE WHEN trx_mysql_thread_id = 0 THEN 'a prepared transaction'
            ELSE CONCAT('session ', trx_mysql_thread_id, COALESCE(CONCAT(' of ', user), '')) END, trx_mysql_thread_id
  FROM information_schema.innodb_trx LEFT JOIN information_schema.processlist ON id = trx_mysql_thread_id
 WHERE trx_mysql_thread_id <> CONNECTION_ID() AND trx_started < FROM_UNIXTIME({since})
"""
_TURNS = re.compile(r"Trx id counter (\d+)\s+Purge done for trx's n:o < (\d+)")
_HISTORY = "SELECT `count` FROM information_schema.innodb_metrics WHERE name = 'trx_rseg_history_len'"


def wait_for_purge(database: Database, patience: float | None = None) -> Remainder:
    """Wait until every transaction has begun after now and undo is purged; say who still holds old versions."""
    until = time.monotonic() + (PATIENCE if patience is None else patience)
    with database.autocommit() as connection:
        since = query(connection, "SELECT UNIX_TIMESTAMP() + 1")[0][0]
        while holders := _holders(connection, since, database.sessions):
            if holders == [""]:
                return Remainder(["old versions of rows: nobody may see who holds them; GRANT PROCESS"])
            if time.monotonic() > until:
                return Remainder(
                    [
                        f"{holder} may still see rows from before masking, so that they had to stay; end it"
                        for holder in holders
                    ]
                )
            time.sleep(PAUSE)
        return Remainder(_purged(connection, until))


def wait_until_purged(connection: Connection) -> list[str]:
    """Wait until what was deleted before now is purged from its pages; its undo may still be there."""
    until = time.monotonic() + PATIENCE
    for _ in range(2):  # what the status tells may be of a turn that is not ended
        turns = _turns(connection)
        if turns is None:
            return ["old versions of rows: nobody may see which are purged; GRANT PROCESS"]
        begun, done = turns
        with _touched(connection) as touch:
            while done < begun:
                if time.monotonic() > until:
                    return ["old versions of rows: what was deleted is not purged yet; begin again"]
                touch()
                time.sleep(PAUSE)
                _, done = _turns(connection) or (0, 0)
    return []


def _turns(connection: Connection) -> tuple[int, int] | None:
    """The number that the next transaction gets, and the one before which all are purged."""
    said = asked(connection, "SHOW ENGINE INNODB STATUS")
    match = _TURNS.search(str(said[0][2])) if said else None
    return (int(match[1]), int(match[2])) if match else None


def _holders(connection: Connection, since: int, ours: set[int]) -> list[str]:
    found = asked(connection, _TRANSACTIONS.format(since=since))
    if found is None:
        return [""]
    return [str(said) for said, session in found if session not in ours]


def _purged(connection: Connection, until: float) -> list[str]:
    """The history is what purging has not freed yet. It frees many transactions' undo at once, now and then, and
    only while new ones come."""
    with _touched(connection) as touch:
        before = 0
        while length := int(query(connection, _HISTORY)[0][0]):
            if length < before and length <= 1:  # one of ours came after all was freed
                break
            if time.monotonic() > until:
                return [f"undo: {length} transactions are not purged yet; begin again"]
            before = length
            touch()
            time.sleep(PAUSE)
    return []


@contextmanager
def _touched(connection: Connection) -> Iterator[Callable[[], int]]:
    """What makes one small transaction."""
    for statement in (
        f"DROP TABLE IF EXISTS {TOUCHED}",
        f"CREATE TABLE {TOUCHED} (n BIGINT NOT NULL) ENGINE=InnoDB STATS_PERSISTENT=0",
        f"INSERT INTO {TOUCHED} VALUES (0)",  # noqa: S608
    ):
        execute(connection, statement)
    try:
        yield lambda: execute(connection, f"UPDATE {TOUCHED} SET n = n + 1")  # noqa: S608
    finally:
        execute(connection, f"DROP TABLE IF EXISTS {TOUCHED}")
