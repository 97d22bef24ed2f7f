"""Removes the binary log: it holds rows as they were before and after every change."""

import time

from sqlalchemy import Connection

from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.residue.rights import asked, attempt, attempt_any, setting
from services.anonymize.worker.engines.mysql.sql import text_literal
from services.anonymize.worker.engines.results import Remainder

PATIENCE = 60.0  # a file that something reads is removed when it is read
PAUSE = 0.5


def purge_binary_logs(database: Database) -> Remainder:
    """Remove every file of the binary log that was written before now; say which stay."""
    with database.autocommit() as connection:
        if not setting(connection, "log_bin"):
            return Remainder()
        old = database.is_mariadb or database.version < (8, 4)
        refused = attempt(
            connection, ["RESET MASTER" if old else "RESET BINARY LOGS AND GTIDS"], "binary log"
        )
        if not refused:
            return Remainder()
        before = _files(connection)
        if attempt(connection, ["FLUSH BINARY LOGS"], "binary log"):
            return Remainder(
                [f"{said}; restore the copy without backups, so that it has none" for said in refused]
            )
        ways = (
            [f"PURGE BINARY LOGS TO {text_literal(max(_files(connection), default=''))}"],
            ["CALL mysql.rds_set_configuration('binlog retention hours', NULL)"],
        )
        refused = attempt_any(connection, ways, "binary log")
        until = time.monotonic() + (0 if refused else PATIENCE)
        while left := sorted(before & _files(connection)):
            if time.monotonic() > until:
                why = "; ".join(refused) or f"binary log: {', '.join(left)} stay"
                return Remainder([f"{why}; restore the copy without backups, so that it has none"])
            time.sleep(PAUSE)
    return Remainder()


def _files(connection: Connection) -> set[str]:
    return {str(row[0]) for row in asked(connection, "SHOW BINARY LOGS") or ()}
