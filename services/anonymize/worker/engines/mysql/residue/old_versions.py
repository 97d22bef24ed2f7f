# ruff: noqa: E501 - SQL keeps its own lines
"""Waits until nobody can still see the rows that masking replaced, and the server has thrown old versions away.

Undo that a transaction may still need cannot be written over, and a table that is rebuilt keeps rows for whoever
reads it in an older state.
"""

import time

from sqlalchemy import Connection

from services.anonymize.worker.connecting import query
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


def _holders(connection: Connection, since: int, ours: set[int]) -> list[str]:
    found = asked(connection, _TRANSACTIONS.format(since=since))
    if found is None:
        return [""]
    return [str(said) for said, session in found if session not in ours]


def _purged(connection: Connection, until: float) -> list[str]:
    """The history is what purging has not freed yet. It frees many transactions' undo at once, now and then, and
    only while new ones come."""
    for statement in (
        f"DROP TABLE IF EXISTS {TOUCHED}",
        f"CREATE TABLE {TOUCHED} (n BIGINT NOT NULL) ENGINE=InnoDB STATS_PERSISTENT=0",
        f"INSERT INTO {TOUCHED} VALUES (0)",  # noqa: S608
    ):
        connection.exec_driver_sql(statement)
    try:
        before = 0
        while length := int(query(connection, _HISTORY)[0][0]):
            if length < before and length <= 1:  # one of ours came after all was freed
                break
            if time.monotonic() > until:
                return [f"undo: {length} transactions are not purged yet; begin again"]
            before = length
            connection.exec_driver_sql(f"UPDATE {TOUCHED} SET n = n + 1")  # noqa: S608
            time.sleep(PAUSE)
    finally:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {TOUCHED}")
    return []
