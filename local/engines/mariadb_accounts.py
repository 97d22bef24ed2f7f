"""The accounts that RDS puts into a new MariaDB or MySQL, and the statements that make one from nothing."""

from collections.abc import Iterable
from pathlib import Path

from pymysql.connections import Connection

from local.engines.port import EngineError, NewDatabase
from local.mysql import quoted

ADMIN = "rdsadmin"

# What a master user of RDS for MariaDB gets, below 11.4 (which adds SHOW CREATE ROUTINE):
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.MasterAccounts.html. No SUPER, no FILE.
MASTER_PRIVILEGES = (
    *("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "RELOAD", "PROCESS", "REFERENCES", "INDEX"),
    *("ALTER", "SHOW DATABASES", "CREATE TEMPORARY TABLES", "LOCK TABLES", "EXECUTE", "REPLICATION CLIENT"),
    *("CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "CREATE USER", "EVENT", "TRIGGER"),
    "REPLICATION SLAVE",
)
# What a master user of RDS for MySQL 8.0 and newer has besides, by the role rds_superuser_role; which of them
# there are is a matter of the server's version.
OF_MYSQL = frozenset(
    (
        *("CREATE ROLE", "DROP ROLE", "APPLICATION_PASSWORD_ADMIN", "ROLE_ADMIN", "XA_RECOVER_ADMIN"),
        *("SET_USER_ID", "SET_ANY_DEFINER"),
    )
)

# As mariadb-install-db reads them, without the help texts. From version 11 on their names begin with mariadb.
_SYSTEM_TABLES = (
    "{}_system_tables.sql",
    "{}_performance_tables.sql",
    "{}_system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
    "{}_sys_schema.sql",
)

# RDS's own admin has no password: it comes in by the unix socket only, whose folder nobody else can enter.
# With skip_name_resolve nobody who comes by TCP is at localhost.
_ACCOUNTS = """
DELETE FROM mysql.global_priv WHERE User IN ('root', '');
DELETE FROM mysql.proxies_priv;
FLUSH PRIVILEGES;
CREATE USER rdsadmin@localhost;
GRANT ALL PRIVILEGES ON *.* TO rdsadmin@localhost WITH GRANT OPTION;
"""


def first_statements(shares: Iterable[Path]) -> str:
    """What a server started with --bootstrap reads; `shares` are the folders to look for its SQL files in."""
    for share in shares:
        for prefix in ("mysql", "mariadb"):
            files = [share / name.format(prefix) for name in _SYSTEM_TABLES]
            if all(file.exists() for file in files):
                texts = [file.read_text(encoding="utf-8") for file in files]
                return "\n".join(["CREATE DATABASE mysql;", "USE mysql;", *texts, _ACCOUNTS])
    looked = ", ".join(map(str, shares))
    raise EngineError(f"MariaDB's system tables (mysql_system_tables.sql) are in none of {looked}")


def prepare_database(connection: Connection, new: NewDatabase) -> None:
    """Create the master user and the first database, if one is wanted."""
    with connection.cursor() as cursor:
        if new.database_name is not None:
            cursor.execute(f"CREATE DATABASE {quoted(new.database_name)}")
    let_in(connection, new.master_username, new.master_password)


def let_in(connection: Connection, master: str, password: str) -> None:
    """Set the master user's password and restore what he may do, as a new password does on RDS."""
    account = (master, "%")
    with connection.cursor() as cursor:
        cursor.execute("CREATE USER IF NOT EXISTS %s@%s", account)
        cursor.execute("ALTER USER %s@%s IDENTIFIED BY %s ACCOUNT UNLOCK", (*account, password))
        cursor.execute("SHOW PRIVILEGES")
        there = sorted(OF_MYSQL & {str(name).upper() for name, *_ in cursor.fetchall()})
        granted = ", ".join((*MASTER_PRIVILEGES, *there))
        cursor.execute(f"GRANT {granted} ON *.* TO %s@%s WITH GRANT OPTION", account)
