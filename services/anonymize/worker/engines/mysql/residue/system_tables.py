# SQL keeps its own lines.
# ruff: noqa: E501
"""Empties the logs that the server keeps in tables, and rebuilds its own tables: replaced texts of routines and
events, old password hashes and deleted statistics stay in their free space.

All of the server's tables that can be rebuilt, not a list of those known to quote values.
"""

from sqlalchemy import Connection

from services.anonymize.worker.connecting import query
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.residue.rights import asked, attempt_any, setting
from services.anonymize.worker.engines.mysql.sql import qualified
from services.anonymize.worker.engines.results import Remainder

_TABLES = """
SELECT table_name FROM information_schema.tables
 WHERE table_schema = 'mysql' AND table_type = 'BASE TABLE' AND engine IN ({engines})
   AND table_name NOT IN ('innodb_index_stats', 'innodb_table_stats') ORDER BY table_name
"""
_LOGS = ("general_log", "slow_log")
_SETTINGS = {"general_log": "general_log", "slow_log": "slow_query_log"}


def rebuild_system_tables(database: Database) -> Remainder:
    """Rebuild the tables of database mysql; say which stay as they were."""
    remainder = Remainder()
    with database.autocommit() as connection:
        engines = "'Aria', 'MyISAM'" if database.is_mariadb else "'InnoDB', 'MyISAM'"
        for (name,) in query(connection, _TABLES.format(engines=engines)):
            table = qualified("mysql", name)
            said = asked(connection, f"OPTIMIZE NO_WRITE_TO_BINLOG TABLE {table}")
            if said is None and not database.is_mariadb:  # MySQL 9 has a right of its own for that
                said = asked(connection, f"OPTIMIZE TABLE {table}")
            wrong = "refused" if said is None else _complaint(said)
            if wrong:
                where = remainder.left if database.is_mariadb else remainder.beyond
                where.append(f"mysql.{name}: what was replaced in it stays in its free space ({wrong})")
    return remainder


def _complaint(said: list[tuple[object, ...]]) -> str:
    """What OPTIMIZE says instead of failing."""
    wrong = [str(row[3]) for row in said if str(row[2]).lower() == "error"]
    return "; ".join(wrong)


def empty_logs(database: Database) -> Remainder:
    """Empty the general and the slow log; RDS rotates them, twice for both of their tables."""
    remainder = Remainder()
    with database.autocommit() as connection:
        for name in _LOGS:
            rotate = f"CALL mysql.rds_rotate_{name}"
            ways = ([f"TRUNCATE TABLE mysql.{name}"], [rotate, rotate])
            remainder.left += attempt_any(connection, ways, f"mysql.{name}")
            remainder.beyond += _in_a_file(connection, name)
    return remainder


def _in_a_file(connection: Connection, name: str) -> list[str]:
    output = str(query(connection, "SELECT @@GLOBAL.log_output")[0][0])
    if "FILE" not in output or not setting(connection, _SETTINGS[name]):
        return []
    file = query(connection, f"SELECT @@GLOBAL.{_SETTINGS[name]}_file")[0][0]
    return [
        f"{file}: the {name.replace('_', ' ')} is a file, which no statement empties; set log_output = TABLE"
    ]
