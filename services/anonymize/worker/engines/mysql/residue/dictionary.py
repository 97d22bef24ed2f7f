# SQL keeps its own lines; names and numbers are ours.
# ruff: noqa: E501, S608
"""Writes over what MySQL's data dictionary (mysql.ibd) had: replaced comments, defaults, bodies and histograms.

No statement rebuilds it. Its tables are ordered by numbers that grow, and a page loses its old content when the rows
of something newer do not fit into it, when it is emptied, and when it is used again. So much is made and dropped
there that nobody needs, each time larger; and every table gets a new number meanwhile, whereby its rows move behind
what is made, and what is dropped is taken in by the page where they were. Free pages are used by routines as long
as it takes until the file grows.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.residue.old_versions import wait_until_purged
from services.anonymize.worker.engines.mysql.residue.rights import asked, attempt
from services.anonymize.worker.engines.mysql.residue.system_tables import rebuild_system_tables
from services.anonymize.worker.engines.mysql.sql import WORK_DATABASE, qualified, text_literal
from services.anonymize.worker.engines.mysql.tables import make_functions
from services.anonymize.worker.engines.results import Remainder

SIZES = (250, 900, 3500)  # of a text; what does not fit behind a dropped row has its page put in order
PASSES = 2  # a page that is merged into another one at the end of a pass is free, and used by the next
COMMENT = 1000  # the longest that is allowed everywhere
MANY = 14
VIEWS = 30
VIEW_COLUMNS = 60
BODY = 2**19  # of a routine that takes free pages, twice
GROWTH = 5 * 2**20  # the file grows by 4 MiB, before its last free pages are used
LONG = 60_000  # the longest expression of a column

_SIZE = "SELECT file_size FROM information_schema.innodb_tablespaces WHERE name = 'mysql'"
_TABLES = """
SELECT table_schema, table_name, table_comment FROM information_schema.tables
 WHERE table_type = 'BASE TABLE' AND engine IN ('InnoDB', 'MyISAM')
   AND table_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
 ORDER BY 1, 2
"""

_FUNCTIONS = f"SELECT routine_name FROM information_schema.routines WHERE routine_schema = '{WORK_DATABASE}' AND routine_type = 'FUNCTION'"
_MADE = " UNION ALL ".join(
    f"SELECT {kind}, {what}_name FROM information_schema.{what}s WHERE {what}_schema = '{WORK_DATABASE}' AND {what}_name LIKE 'dictionary_filler%'"
    for kind, what in (("'EVENT'", "event"), ("'PROCEDURE'", "routine"), ("IF(table_type = 'VIEW', 'VIEW', 'TABLE')", "table"))
)  # fmt: skip
# what each of the dictionary's tables with long texts writes into whole pages
_WHOLE_PAGES = {
    "routine": f"CREATE PROCEDURE {{name}}() SELECT '{'0' * BODY}'",
    "view": f"CREATE VIEW {{name}} AS SELECT '{'0' * BODY}' AS c",
    "event": f"CREATE EVENT {{name}} ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT '{'0' * BODY}'",
    "trigger": f"CREATE TRIGGER {{name}} BEFORE INSERT ON {{on}} FOR EACH ROW SET @snapveil_filler = '{'0' * BODY}'",
    "column": "CREATE TABLE {name} (c varchar(9), "
    + ", ".join(f"g{n} varchar(9) AS (IF(c = '{'0' * LONG}', 1, 0))" for n in range(9))
    + ") ENGINE=InnoDB STATS_PERSISTENT=0",
    "check": "CREATE TABLE {name} (c varchar(9), "
    + ", ".join(f"CHECK (c <> '{'0' * LONG}')" for _ in range(9))
    + ") ENGINE=InnoDB STATS_PERSISTENT=0",
}


def write_over_dictionary(database: Database, functions: Sequence[str] = ()) -> Remainder:
    """Write over the free space of the data dictionary; say what stays. `functions` are the worker's own, which are
    made anew: where they stand, nothing could be written over."""
    remainder = Remainder()
    if database.is_mariadb:
        return remainder
    with database.autocommit() as connection:
        for (name,) in query(connection, _FUNCTIONS):
            execute(connection, f"DROP FUNCTION {qualified(WORK_DATABASE, name)}")
        _clear(connection)
        remainder.left += wait_until_purged(connection)
        for _ in range(PASSES):
            for size in SIZES:
                for statement in _fillers(size):
                    remainder.left += attempt(connection, [statement], "data dictionary")
                _move(connection, remainder)
                rebuild_system_tables(database)
                _clear(connection)
                remainder.left += wait_until_purged(connection)
            remainder.left += _use_free_pages(connection)
            _clear(connection)
            remainder.left += wait_until_purged(connection)
    make_functions(database, functions)
    remainder.left[:] = list(dict.fromkeys(remainder.left))
    remainder.beyond.append(
        "MySQL's data dictionary: its free space was written over, but no statement rebuilds it; a text that was replaced may"
        " stay in a page between views, routines, triggers or events that are still there"
    )
    return remainder


def _fillers(size: int) -> Iterator[str]:
    """Things of every kind that the dictionary keeps texts of."""
    text, comment = "0" * size, "0" * min(size, COMMENT)
    columns = ", ".join(f"1 AS c{number}" for number in range(VIEW_COLUMNS))
    for number in range(VIEWS):
        yield f"CREATE VIEW {_name(number)} AS SELECT '{text}' AS c, {columns}"
    for number in range(MANY):
        yield f"CREATE PROCEDURE {_name(number)}() COMMENT '{comment}' SELECT '{text}'"
        yield f"CREATE EVENT {_name(number)} ON SCHEDULE EVERY 1 DAY DISABLE COMMENT '{comment}' DO SELECT '{text}'"
    several = range(MANY)
    parts = [
        *(f"c{n} varchar(9) DEFAULT '0' COMMENT '{comment}'" for n in several),
        *(f"e{n} enum('{comment[:250]}')" for n in several),
        *(f"KEY k{n} (c{n}) COMMENT '{comment}'" for n in several),
        *(f"CONSTRAINT {_bare(n)} CHECK (c{n} <> '{text}')" for n in several),
    ]
    yield f"CREATE TABLE {_name('t')} ({', '.join(parts)}) ENGINE=InnoDB STATS_PERSISTENT=0 COMMENT '{comment}'"
    for n in several:
        yield f"CREATE TRIGGER {_name(n)} BEFORE INSERT ON {_name('t')} FOR EACH ROW SET @snapveil_filler = '{text}'"
    values = ", ".join(
        f"PARTITION p{n} VALUES IN ('{n:02}{comment[:200]}') COMMENT '{comment}'" for n in several
    )
    yield f"CREATE TABLE {_name('p')} (c varchar(250)) ENGINE=InnoDB STATS_PERSISTENT=0 PARTITION BY LIST COLUMNS (c) ({values})"
    yield f"CREATE TABLE {_name('h')} (a varchar(42), b varchar(42)) ENGINE=InnoDB STATS_PERSISTENT=0"
    rows = ", ".join(f"('{n:03}{'0' * 39}', '{n:03}{'1' * 39}')" for n in range(min(size, 1000)))
    yield f"INSERT INTO {_name('h')} VALUES {rows}"
    yield f"ANALYZE TABLE {_name('h')} UPDATE HISTOGRAM ON a, b WITH 1024 BUCKETS"


def _bare(number: int | str) -> str:
    return f"dictionary_filler_{number}"


def _name(number: int | str) -> str:
    return qualified(WORK_DATABASE, _bare(number))


def _clear(connection: Connection) -> None:
    """Drop every filler: those of a cleaning that was killed, too."""
    for kind, name in query(connection, _MADE):
        execute(connection, f"DROP {kind} {qualified(WORK_DATABASE, name)}")


def _move(connection: Connection, remainder: Remainder) -> None:
    """Give every table a new number: even an ALTER that changes nothing does so."""
    for schema, name, comment in query(connection, _TABLES):
        statement = f"ALTER TABLE {qualified(schema, name)} COMMENT = {text_literal(comment)}"
        remainder.left += attempt(connection, [statement], f"data dictionary: {schema}.{name}")


def _use_free_pages(connection: Connection) -> list[str]:
    """Fill every free page of the file, and of each table that keeps free pages of its own, until the file grows."""
    execute(connection, f"CREATE TABLE {_name('w')} (c varchar(9)) ENGINE=InnoDB STATS_PERSISTENT=0")
    for kind, statement in _WHOLE_PAGES.items():
        before = _size(connection)
        if before is None:
            return ["data dictionary: GRANT PROCESS, to see how large its file is"]
        number, most = 0, 2 * before + 64 * 2**20
        while (grown := (_size(connection) or 0) - before) < GROWTH:
            number += 1
            if number * BODY > most:
                return [f"data dictionary: its file grew by {grown} bytes only; begin again"]
            made = statement.format(name=_name(f"{kind}_{number}"), on=_name("w"))
            if refused := attempt(connection, [made], "data dictionary"):
                return refused
    return []


def _size(connection: Connection) -> int | None:
    found: Sequence[tuple[object, ...]] | None = asked(connection, _SIZE)
    return int(str(found[0][0])) if found else None
