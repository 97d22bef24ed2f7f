"""Removes the binary log: it holds rows as they were before and after every change."""

from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.residue.rights import asked, attempt_any, setting
from services.anonymize.worker.engines.mysql.sql import text_literal
from services.anonymize.worker.engines.results import Remainder


def purge_binary_logs(database: Database) -> Remainder:
    """Remove every file of the binary log that was written before now."""
    remainder = Remainder()
    with database.autocommit() as connection:
        if not setting(connection, "log_bin"):
            return remainder
        before = {str(row[0]) for row in asked(connection, "SHOW BINARY LOGS") or ()}
        anew = (
            "RESET MASTER"
            if database.is_mariadb or database.version < (8, 4)
            else "RESET BINARY LOGS AND GTIDS"
        )
        ways = (
            [anew],
            ["FLUSH BINARY LOGS", f"PURGE BINARY LOGS TO {text_literal(max(before, default=''))}"],
            ["CALL mysql.rds_set_configuration('binlog retention hours', NULL)"],
        )
        refused = attempt_any(connection, ways, "binary log")
        remainder.left += [
            f"{said}; restore the copy without backups, so that it has none" for said in refused
        ]
    return remainder
