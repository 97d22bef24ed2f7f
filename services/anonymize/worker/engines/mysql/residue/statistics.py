# SQL keeps its own lines.
# ruff: noqa: E501
"""Forgets the optimizer's statistics and takes them anew: they quote extreme and common values of columns.

MariaDB keeps them in mysql.column_stats, where a deleted row stays readable until the table is rebuilt. MySQL has
histograms in its data dictionary. InnoDB's own statistics are counts.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.residue.old_versions import wait_until_purged
from services.anonymize.worker.engines.mysql.residue.rights import asked, attempt
from services.anonymize.worker.engines.mysql.sql import qualified, quoted
from services.anonymize.worker.engines.results import Remainder

_TABLES = """
SELECT s.db_name, s.table_name FROM mysql.table_stats s
  JOIN information_schema.tables t ON t.table_schema = s.db_name AND t.table_name = s.table_name
 ORDER BY 1, 2
"""
_COLUMNS = "SELECT DISTINCT db_name, table_name, column_name FROM mysql.column_stats ORDER BY 1, 2, 3"
_HISTOGRAMS = """
SELECT schema_name, table_name, column_name, JSON_EXTRACT(histogram, '$."number-of-buckets-specified"')
  FROM information_schema.column_statistics ORDER BY 1, 2, 3
"""


def renew_statistics(database: Database) -> Remainder:
    """Forget all statistics of columns and take them anew for the tables that had some; say which stay."""
    with database.autocommit() as connection:
        return Remainder(_of_mariadb(connection) if database.is_mariadb else _of_mysql(connection))


def _of_mariadb(connection: Connection) -> list[str]:
    tables, columns = asked(connection, _TABLES), asked(connection, _COLUMNS)
    if tables is None or columns is None:
        return ["statistics of columns: GRANT SELECT, INSERT, DELETE ON mysql.column_stats"]
    if left := attempt(connection, ["DELETE FROM mysql.column_stats"], "statistics of columns"):
        return left
    by_table: dict[tuple[str, str], list[str]] = {}
    for database, table, column in columns:
        by_table.setdefault((str(database), str(table)), []).append(str(column))
    for database, table in tables:
        names = by_table.get((str(database), str(table)), [])
        left += _analyze(connection, str(database), str(table), names)
    return left


def _analyze(connection: Connection, database: str, table: str, columns: Sequence[str]) -> list[str]:
    known = asked(connection, f"SHOW COLUMNS FROM {qualified(database, table)}") or []
    there = [name for name in columns if name in {str(row[0]) for row in known}]
    listed = ", ".join(map(quoted, there))
    statement = f"ANALYZE TABLE {qualified(database, table)} PERSISTENT FOR COLUMNS ({listed}) INDEXES ALL"
    return attempt(connection, [statement], f"statistics of {database}.{table}")


def _of_mysql(connection: Connection) -> list[str]:
    """Forget all of them first: a page of the dictionary is emptied only when its last row is gone."""
    left = []
    found = asked(connection, _HISTOGRAMS) or []
    for database, table, column, _ in found:
        left += attempt(
            connection,
            [f"ANALYZE TABLE {qualified(str(database), str(table))} DROP HISTOGRAM ON {quoted(str(column))}"],
            f"histogram of {database}.{table}.{column}",
        )
    if found:
        left += wait_until_purged(connection)
    for database, table, column, buckets in found:
        again = f"UPDATE HISTOGRAM ON {quoted(str(column))} WITH {buckets} BUCKETS"
        left += attempt(
            connection,
            [f"ANALYZE TABLE {qualified(str(database), str(table))} {again}"],
            f"histogram of {database}.{table}.{column}",
        )
    return left
