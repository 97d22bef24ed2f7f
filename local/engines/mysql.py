"""Real MySQL engines, where MySQL is: served like MariaDB's, and made, set and asked a little differently."""

from collections.abc import Mapping

from local.engines.mariadb import MariaDBEngines
from local.engines.mariadb_accounts import ADMIN
from local.engines.port import Volume
from local.engines.processes import MYSQL
from local.engines.served import path_of, run
from local.engines.server_programs import MYSQL as MYSQL_SERVER

# As RDS has it: no X protocol, a binary log only where backups are on.
_OF_MYSQL = {
    "collation_server": "utf8mb4_0900_ai_ci",
    "performance_schema": "0",
    "innodb_redo_log_capacity": "32M",
    "mysqlx": "0",
    "skip_log_bin": "1",
}

# RDS's own admin has no password: it comes in by the unix socket only, whose folder nobody else can enter.
_ACCOUNTS = f"""
CREATE USER {ADMIN}@localhost IDENTIFIED WITH caching_sha2_password;
GRANT ALL PRIVILEGES ON *.* TO {ADMIN}@localhost WITH GRANT OPTION;
DROP USER root@localhost;
"""


class MySQLEngines(MariaDBEngines):
    """MySQL that `find_programs` finds, writing below `root` (or in a private folder)."""

    product = "MySQL"
    engine_names = frozenset(("mysql", "aurora-mysql"))
    kind = MYSQL
    packaged = MYSQL_SERVER
    own_settings: Mapping[str, str] = _OF_MYSQL
    unlogged = "SET SESSION sql_log_bin = 0, sql_log_off = 1"

    def _make_template(self, volume: Volume) -> None:
        """Let the server make its system tables; every new database is a copy of them."""
        accounts = self._temporary(volume).with_suffix(".sql")
        command = [
            *self._command(volume, 0, listens=False),
            "--initialize-insecure",
            f"--init-file={accounts}",
        ]
        accounts.write_text(_ACCOUNTS)
        accounts.chmod(0o644)
        try:
            run(command, **self._placement.process_options())
        finally:
            accounts.unlink()
        (path_of(volume) / "auto.cnf").unlink(missing_ok=True)  # the server's own number
