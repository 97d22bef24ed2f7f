"""The roles and databases that RDS puts into a new PostgreSQL, and the rules by which it lets anybody in."""

from psycopg import Connection, sql

from local.engines.port import NewDatabase

ADMIN = "rdsadmin"

# RDS's own superuser comes in by the unix socket only, whose folder nobody else can enter; everybody else
# comes by TCP with a password. Its database exists on every RDS PostgreSQL and refuses everybody.
HOST_BASED_ACCESS = f"""\
local all         {ADMIN} trust
local replication {ADMIN} trust
host  all         {ADMIN} 127.0.0.1/32 reject
host  {ADMIN}    all      127.0.0.1/32 reject
host  all         all      127.0.0.1/32 scram-sha-256
"""

# What the documentation of rds_superuser grants it.
_MEMBERSHIPS = (
    "pg_monitor",
    "pg_read_all_settings",
    "pg_signal_backend",
    "pg_checkpoint",
    "rds_replication",
    "rds_password",
)


def prepare_template(connection: Connection) -> None:
    """Create what all databases of RDS have in common."""
    for role in ("rds_superuser", "rds_replication", "rds_password", "rds_iam"):
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
    for membership in _MEMBERSHIPS:
        connection.execute(sql.SQL("GRANT {} TO rds_superuser").format(sql.Identifier(membership)))
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(ADMIN)))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(ADMIN)))


def prepare_database(connection: Connection, new: NewDatabase) -> None:
    """Create the master user, who is no superuser, and the database that is his."""
    master = sql.Identifier(new.master_username)
    connection.execute(
        sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER CREATEDB CREATEROLE PASSWORD {}").format(
            master, sql.Literal(new.master_password)
        )
    )
    connection.execute(sql.SQL("GRANT rds_superuser TO {} WITH ADMIN OPTION").format(master))
    connection.execute(sql.SQL("ALTER DATABASE postgres OWNER TO {}").format(master))
    if new.database_name not in (None, "postgres"):
        database = sql.Identifier(str(new.database_name))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, master))


def change_password(connection: Connection, role: str, password: str) -> None:
    """Set a role's password; as on RDS, the statement reaches no log."""
    connection.execute(
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
    )
