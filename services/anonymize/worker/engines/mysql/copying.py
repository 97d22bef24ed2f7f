"""Makes a table's masked copy: its structure, its rows, and only then its indexes, each by sorting once.

An index that is there while rows come in is written row by row, which takes two to three times as long.
MariaDB's way around that (unique_checks = 0) is none: measured on 10.11, it says nothing of two equal values,
and leaves an empty table.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.mysql.connecting import SQL_MODE
from services.anonymize.worker.engines.mysql.deadlocks import execute_again
from services.anonymize.worker.engines.mysql.planning import SHOW_CREATE, new_name
from services.anonymize.worker.engines.mysql.sql import WORK_DATABASE, quoted, text_literal
from services.anonymize.worker.plan import TablePlan
from services.anonymize.worker.schema import Table

HEAD = re.compile(r"^CREATE TABLE `(?:[^`]|``)+` \(")
FOREIGN_KEY = re.compile(r",\n  CONSTRAINT `(?:[^`]|``)+` FOREIGN KEY .*?(?=,?\n)")
KEY = re.compile(r"^  ((?:UNIQUE |FULLTEXT |SPATIAL )?KEY (`(?:[^`]|``)+`) .*?),?$")
PRIMARY = re.compile(r"^  PRIMARY KEY \((`(?:[^`]|``)+`)")
INNODB = ") ENGINE=InnoDB"
INSERT = "INSERT INTO "
WHOLE = ""
PART_BYTES = 64 * 2**20  # a larger table is filled in parts
MOST_PARTS = 64
WHOLE_NUMBERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})

Keys = list[tuple[str, str]]
"""Keys by name, with their definitions."""


class Copying:
    """A table's copy on its way: one session begins it, several may fill it, and the last of them ends it.

    `lock` is held by whoever begins or ends it, or counts what is `left` to fill.
    """

    def __init__(self, planned: TablePlan, parts: int) -> None:
        self.planned = planned
        self.lock = threading.Lock()
        self.left = parts
        self.began = 0.0  # by the monotonic clock; 0 before
        self.was_there = False  # an earlier worker had put it in the table's place
        self._keys: Keys = []

    def begin(self, connection: Connection) -> None:
        """Make the copy without rows, and without the keys that can wait."""
        for statement in self.planned.statements:
            if statement.startswith(INSERT):
                self._keys = _take_keys(connection, self.planned.table)
                return
            run_step(connection, self.planned.table, statement, filled=False)

    def fill(self, connection: Connection, part: str) -> None:
        """Copy rows: `part` says which, behind the table's name."""
        for statement in self.planned.statements:
            if statement.startswith(INSERT):
                execute_again(connection, statement + part)

    def end(self, connection: Connection) -> None:
        """Give the copy its keys, and put it in the table's place."""
        if any(statement.startswith(INSERT) for statement in self.planned.statements):
            _give_keys(connection, self.planned.table, self._keys)
            execute_again(connection, self.planned.statements[-1])


def parts_of(connection: Connection, planned: TablePlan) -> list[str]:
    """What sessions fill by themselves, as SQL behind the table's name: each partition, or ranges of a large
    table's rows by a whole number that orders them; the whole table says nothing."""
    table = planned.table
    if planned.units:
        return [unit.said for unit in planned.units]
    number = min(table.size // PART_BYTES, MOST_PARTS)
    key = next((unique.columns[0] for unique in table.uniques if unique.name == "PRIMARY"), None)
    column = table.column(key) if key else None
    if number < 2 or table.versioned or column is None or column.base_type not in WHOLE_NUMBERS:
        return [WHOLE]
    ordered = quoted(column.name)
    first, last = query(connection, f"SELECT MIN({ordered}), MAX({ordered}) FROM {quoted(table.name)}")[0]  # noqa: S608
    if first is None:
        return [WHOLE]
    bounds = sorted({first + (last + 1 - first) * place // number for place in range(1, number)} - {first})
    starts = ["", *(f"{ordered} >= {bound}" for bound in bounds)]
    ends = [*(f"{ordered} < {bound}" for bound in bounds), ""]
    return [
        f" WHERE {' AND '.join(filter(None, both))}" if any(both) else WHOLE
        for both in zip(starts, ends, strict=True)
    ]


def run_step(connection: Connection, table: Table, statement: str, *, filled: bool) -> None:
    """Run one of a table's statements; unless it is to be `filled`, without any row."""
    if statement.startswith(SHOW_CREATE):
        with as_shown(connection):
            made = FOREIGN_KEY.sub("", str(query(connection, statement)[0][1]))
            execute_again(connection, HEAD.sub(lambda _: f"CREATE TABLE {new_name(table)} (", made, count=1))
    elif statement.startswith(INSERT):
        keys = _take_keys(connection, table)
        if filled:
            execute_again(connection, statement)
        _give_keys(connection, table, keys)
    else:
        execute_again(connection, statement)


def _take_keys(connection: Connection, table: Table) -> Keys:
    with as_shown(connection):
        keys = _later(connection, table)
    _alter(connection, table, [f"DROP KEY {name}" for name, _ in keys])
    return keys


def _give_keys(connection: Connection, table: Table, keys: Keys) -> None:
    with as_shown(connection):
        _alter(connection, table, [f"ADD {definition}" for _, definition in keys])


@contextmanager
def as_shown(connection: Connection) -> Iterator[None]:
    """A session that reads what SHOW CREATE TABLE says: MariaDB doubles a comment's backslashes always."""
    escaping = ",".join(mode for mode in SQL_MODE.split(",") if mode != "NO_BACKSLASH_ESCAPES")
    execute(connection, f"SET SESSION sql_mode = '{escaping}'")
    try:
        yield
    except BaseException:
        connection.invalidate()  # nobody else gets a session that reads literals in another way
        raise
    execute(connection, f"SET SESSION sql_mode = '{SQL_MODE}'")


def _later(connection: Connection, table: Table) -> Keys:
    """The keys that can wait, as names and definitions: all but the one by which InnoDB orders its rows or
    gives numbers. All of them or none, so that they keep their order."""
    lines = str(query(connection, SHOW_CREATE + new_name(table))[0][1]).split("\n")
    keys = [(match[2], match[1]) for line in lines if (match := KEY.match(line))]
    primary = next((match[1] for line in lines if (match := PRIMARY.match(line))), None)
    numbered = next((quoted(column.name) for column in table.columns if column.identity), primary)
    innodb = any(line.startswith(INNODB) for line in lines)
    if not innodb or primary is None or numbered != primary:
        return []
    return keys if len(keys) == _counted(connection, table) else []


def _counted(connection: Connection, table: Table) -> int:
    found = query(
        connection,
        "SELECT COUNT(DISTINCT index_name) FROM information_schema.statistics"  # noqa: S608 - literals
        f" WHERE table_schema = {text_literal(WORK_DATABASE)}"
        f" AND table_name = {text_literal(f'new_{table.oid}')} AND index_name <> 'PRIMARY'",
    )
    return int(found[0][0])


def _alter(connection: Connection, table: Table, changes: list[str]) -> None:
    if changes:
        execute_again(connection, f"ALTER TABLE {new_name(table)} {', '.join(changes)}")
