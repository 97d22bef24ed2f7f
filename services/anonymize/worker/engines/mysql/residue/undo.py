# SQL keeps its own lines; names and numbers are ours.
# ruff: noqa: E501, S608
"""Writes over undo: pages that held old versions of rows are freed with the old versions in them.

A freed page keeps its content until it is used again. So undo is written that nobody needs, and kept by a
transaction that could still ask for it, until the file has to grow: then every free page was used. Each small
transaction takes its pages one by one, so that single free pages are used up as well as whole free extents.

A transaction of one page leaves it to the next one of its rollback segment, which writes behind what is there.
Such a page is given back when a larger transaction took it, so each segment gets some, before undo is purged.
"""

import re
from contextlib import ExitStack

from sqlalchemy import Connection

from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.residue.rights import asked, setting
from services.anonymize.worker.engines.mysql.sql import WORK_DATABASE, qualified
from services.anonymize.worker.engines.results import Remainder

FILLER = qualified(WORK_DATABASE, "undo_filler")
BYTES = 7372  # of a row, so that two fit into a page of undo; in small pages fewer
OF_A_PAGE = 0.45
ROWS = 56  # their old versions fill 28 of the 32 pages that a transaction's undo takes one by one; then it takes 64
RESERVE = 4 * 2**20  # a file grows while some extents are still free: InnoDB keeps these and 0.5 % in reserve
IN_RESERVE = 0.01
ROUNDS = 8  # transactions between two looks at the files

KEPT_PAGES = qualified(WORK_DATABASE, "undo_pages")
SEGMENTS = 128  # of each file; transactions take them in turn
LAPS = 3  # pages that a segment may have kept of transactions that went on at the same time
KEY = 3000  # bytes of a key, which undo of an INSERT and of a DELETE hold: eight do not fit into a page
KEYS = 8

_MARIADB = "SELECT name, file_size FROM information_schema.innodb_sys_tablespaces WHERE space = 0 OR name LIKE 'innodb_undo%'"
_MYSQL = "SELECT name, file_size FROM information_schema.innodb_tablespaces WHERE space_type = 'Undo'"


def fill_undo(database: Database, held: ExitStack) -> Remainder:
    """Write over every free page of the files that hold undo. What is written stays until `held` is closed: it has
    to reach the files first, which the lap of the redo log brings about."""
    with database.autocommit() as connection:
        sizes = _sizes(connection, database.is_mariadb)
        if sizes is None:
            return Remainder(["undo: GRANT PROCESS, to see how large its files are"])
        row = min(BYTES, int(setting(connection, "innodb_page_size") * OF_A_PAGE))
        _make_filler(connection, row)
        reader = held.enter_context(_reader(database))
        held.callback(_drop_filler, database)
        try:
            return _fill(connection, database.is_mariadb, sizes, row)
        finally:
            query(reader, "SELECT 1")  # it stood all the time


def give_pages_back(database: Database) -> Remainder:
    """Have no rollback segment keep a page of a transaction that ended; the pages are free once undo is purged."""
    with database.autocommit() as connection:
        sizes = _sizes(connection, database.is_mariadb)
        if sizes is None:
            return Remainder(["undo: GRANT PROCESS, to see how many files it has"])
        _take_kept_pages(connection, LAPS * SEGMENTS * len(sizes))
    return Remainder()


def _take_kept_pages(connection: Connection, transactions: int) -> None:
    execute(connection, f"DROP TABLE IF EXISTS {KEPT_PAGES}")
    execute(
        connection,
        f"CREATE TABLE {KEPT_PAGES} (id VARBINARY({KEY}) NOT NULL PRIMARY KEY) ENGINE=InnoDB ROW_FORMAT=DYNAMIC STATS_PERSISTENT=0",
    )
    size = min(KEY, setting(connection, "innodb_page_size") // 6)
    keys = ", ".join(f"(RPAD('{key}', {size}, '0'))" for key in range(KEYS))
    try:
        for _ in range(transactions):
            execute(connection, "START TRANSACTION")
            execute(connection, f"INSERT INTO {KEPT_PAGES} VALUES {keys}")
            execute(connection, f"DELETE FROM {KEPT_PAGES}")
            execute(connection, "COMMIT")
    finally:
        execute(connection, f"DROP TABLE IF EXISTS {KEPT_PAGES}")


def _sizes(connection: Connection, is_mariadb: bool) -> dict[str, int] | None:
    """The size of every file that holds undo, or that held it: in MariaDB up to version 10 it is ibdata1."""
    found = asked(connection, _MARIADB if is_mariadb else _MYSQL)
    return None if found is None else {str(name): int(str(size)) for name, size in found}


def _make_filler(connection: Connection, row: int) -> None:
    execute(connection, f"DROP TABLE IF EXISTS {FILLER}")
    execute(
        connection,
        f"CREATE TABLE {FILLER} (id INT NOT NULL PRIMARY KEY, filler VARBINARY({row}) NOT NULL) ENGINE=InnoDB ROW_FORMAT=DYNAMIC STATS_PERSISTENT=0",
    )
    numbers = f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
    execute(connection, f"INSERT INTO {FILLER} {numbers} SELECT i, REPEAT('0', {row}) FROM n")


def _drop_filler(database: Database) -> None:
    with database.autocommit() as connection:
        execute(connection, f"DROP TABLE IF EXISTS {FILLER}")


def _reader(database: Database) -> Connection:
    """A transaction that sees everything as it was when it began, so that no undo written since is purged."""
    connection = database.engine.connect()
    execute(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    execute(connection, "START TRANSACTION WITH CONSISTENT SNAPSHOT")
    return connection


def _fill(connection: Connection, is_mariadb: bool, before: dict[str, int], row: int) -> Remainder:
    written, most = 0, 2 * sum(before.values()) + 64 * 2**20
    beyond_growth: int | None = None
    while beyond_growth is None or beyond_growth > 0:
        for _ in range(ROUNDS):
            digit = (written // (ROWS * row)) % 10
            execute(connection, f"UPDATE {FILLER} SET filler = REPEAT('{digit or 'x'}', {row})")
            written += ROWS * row
        if beyond_growth is not None:
            beyond_growth -= ROUNDS * ROWS * row
            continue
        now = _sizes(connection, is_mariadb) or {}
        waiting = [
            name for name, size in before.items() if _is_written(name, before) and now.get(name, size) == size
        ]
        if not waiting:
            beyond_growth = int(RESERVE + IN_RESERVE * sum(before.values()))
        elif written > most:
            return Remainder([f"undo: {', '.join(waiting)} did not fill up; begin again"])
    return Remainder()


def _is_written(name: str, files: dict[str, int]) -> bool:
    """Whether undo is written there now: with files of its own, none goes to the system's."""
    own = [file for file in files if re.match("innodb_undo", file)]
    return name in own if own else True
