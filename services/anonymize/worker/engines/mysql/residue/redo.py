# SQL keeps its own lines; names and numbers are ours.
# ruff: noqa: E501, S608
"""Writes over the redo log: one lap of filler over a log that is written in a circle, and over the doublewrite buffer.

A log's file keeps what was written until the log comes round. That it came round is seen by its position, the LSN.
"""

import re
from collections.abc import Callable

from sqlalchemy import Connection

from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.residue.filling import insert, new_table
from services.anonymize.worker.engines.mysql.residue.rights import asked, attempt, setting
from services.anonymize.worker.engines.mysql.sql import WORK_DATABASE, qualified
from services.anonymize.worker.engines.results import Remainder

FILLER = qualified(WORK_DATABASE, "redo_filler")
EMPTIED = 64  # statements after which the filler's table is emptied, so that it stays small
MARGIN = 1.1
PAGES = qualified(WORK_DATABASE, "page_filler")
PAGE_ROWS = 800  # two to a page: three times as many pages as the doublewrite buffer has places
DOUBLEWRITES = 2
MEGABYTE = 10**6
STUCK = 10  # statements that move the log no further

EVICTED = (
    "MySQL's doublewrite buffer: of pages that were pushed out of memory, the last few that production wrote may stay in"
    " #ib_*.dblwr (4 MB by default), which no statement has written again"
)

Tell = Callable[[int, int], None]  # megabytes of the lap that are written, and all of them


def run_lap(database: Database, tell: Tell) -> Remainder:
    """Write over the whole redo log and the doublewrite buffer; say what could not be."""
    with database.autocommit() as connection:
        begun = _position(connection)
        if begun is None:
            return Remainder(["redo log: GRANT PROCESS, to see how far it has come"])
        new_table(connection, FILLER, "InnoDB STATS_PERSISTENT=0")
        try:
            length = _length(connection, database.is_mariadb)
            at, statements, stuck = begun, 0, 0
            while at - begun < length * MARGIN:
                tell((at - begun) // MEGABYTE, int(length * MARGIN) // MEGABYTE)
                statements += 1
                if statements % EMPTIED == 0:
                    execute(connection, f"TRUNCATE TABLE {FILLER}")
                insert(connection, FILLER)
                now = _position(connection) or at
                stuck = stuck + 1 if now <= at else 0
                if stuck > STUCK:
                    return Remainder(["redo log: it is not written; begin again"])
                at = now
            has_files = not database.is_mariadb and database.version >= (8, 0, 20)
            return Remainder(_write_pages(connection), [EVICTED] if has_files else [])
        finally:
            execute(connection, f"DROP TABLE IF EXISTS {FILLER}")


def _write_pages(connection: Connection) -> list[str]:
    """Have many pages written at once, each of which passes the doublewrite buffer before: pages that change by a
    byte each, so that the log does not have them written earlier and a few at a time."""
    execute(connection, f"DROP TABLE IF EXISTS {PAGES}")
    execute(
        connection,
        f"CREATE TABLE {PAGES} (id INT NOT NULL PRIMARY KEY, turn TINYINT NOT NULL, filler VARBINARY(7500) NOT NULL) ENGINE=InnoDB ROW_FORMAT=DYNAMIC STATS_PERSISTENT=0",
    )
    numbers = f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {PAGE_ROWS})"
    try:
        execute(connection, f"INSERT INTO {PAGES} {numbers} SELECT i, 0, REPEAT('0', 7500) FROM n")
        for _ in range(DOUBLEWRITES):
            refused = attempt(
                connection, [f"FLUSH TABLES {PAGES} FOR EXPORT", "UNLOCK TABLES"], "doublewrite buffer"
            )
            if refused:
                return [f"{said}; GRANT RELOAD, LOCK TABLES" for said in refused]
            execute(connection, f"UPDATE {PAGES} SET turn = turn + 1")
        execute(connection, f"FLUSH TABLES {PAGES} FOR EXPORT")
        execute(connection, "UNLOCK TABLES")
    finally:
        execute(connection, f"DROP TABLE IF EXISTS {PAGES}")
    return []


def _position(connection: Connection) -> int | None:
    """How many bytes the redo log has had."""
    status = query(
        connection,
        "SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_lsn_current', 'Innodb_redo_log_current_lsn')",
    )
    if status:
        return int(status[0][1])
    said = asked(connection, "SHOW ENGINE INNODB STATUS")
    match = re.search(r"Log sequence number\s+(\d+)", str(said[0][2])) if said else None
    return int(match[1]) if match else None


def _length(connection: Connection, is_mariadb: bool) -> int:
    """How many bytes the redo log's files hold. MySQL keeps spare files with old content, so they count twice."""
    if is_mariadb:
        files = asked(connection, "SHOW GLOBAL VARIABLES LIKE 'innodb_log_files_in_group'") or [("", 1)]
        return setting(connection, "innodb_log_file_size") * int(str(files[0][1]))
    capacity = asked(connection, "SHOW GLOBAL VARIABLES LIKE 'innodb_redo_log_capacity'")
    if capacity:
        return 2 * int(str(capacity[0][1]))
    return setting(connection, "innodb_log_file_size") * setting(connection, "innodb_log_files_in_group")
