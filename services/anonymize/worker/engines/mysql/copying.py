"""Makes a table's masked copy: its structure, its rows, and only then its indexes, each by sorting once.

An index that is there while rows come in is written row by row, which takes two to three times as long.
MariaDB's way around that (unique_checks = 0) is none: measured on 10.11, it says nothing of two equal values,
and leaves an empty table.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.mysql.connecting import SQL_MODE
from services.anonymize.worker.engines.mysql.planning import SHOW_CREATE, new_name
from services.anonymize.worker.engines.mysql.sql import WORK_DATABASE, quoted, text_literal
from services.anonymize.worker.plan import TablePlan
from services.anonymize.worker.schema import Table

HEAD = re.compile(r"^CREATE TABLE `(?:[^`]|``)+` \(")
FOREIGN_KEY = re.compile(r",\n  CONSTRAINT `(?:[^`]|``)+` FOREIGN KEY .*?(?=,?\n)")
KEY = re.compile(r"^  ((?:UNIQUE |FULLTEXT |SPATIAL )?KEY (`(?:[^`]|``)+`) .*?),?$")
PRIMARY = re.compile(r"^  PRIMARY KEY \((`(?:[^`]|``)+`)")
INNODB = ") ENGINE=InnoDB"


def make_copy(connection: Connection, planned: TablePlan) -> None:
    """Run a plan's statements for one table."""
    for statement in planned.statements:
        run_step(connection, planned.table, statement, filled=True)


def run_step(connection: Connection, table: Table, statement: str, *, filled: bool) -> None:
    """Run one of a table's statements; unless it is to be `filled`, without any row."""
    if statement.startswith(SHOW_CREATE):
        with as_shown(connection):
            made = FOREIGN_KEY.sub("", str(query(connection, statement)[0][1]))
            execute(connection, HEAD.sub(lambda _: f"CREATE TABLE {new_name(table)} (", made, count=1))
    elif statement.startswith("INSERT INTO "):
        with as_shown(connection):
            keys = _later(connection, table)
        _alter(connection, table, [f"DROP KEY {name}" for name, _ in keys])
        if filled:
            execute(connection, statement)
        with as_shown(connection):
            _alter(connection, table, [f"ADD {definition}" for _, definition in keys])
    else:
        execute(connection, statement)


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


def _later(connection: Connection, table: Table) -> list[tuple[str, str]]:
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
        execute(connection, f"ALTER TABLE {new_name(table)} {', '.join(changes)}")
