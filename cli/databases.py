"""Looking at a PostgreSQL database: its address, its rows, and the line to open it with."""

import shlex
import shutil
from urllib.parse import quote

import psycopg
from psycopg import sql

from local.engines.placement import wheel_binaries

_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
  )
ORDER BY 1, 2
"""


def url_of(host: str, port: int, user: str, password: str, database: str) -> str:
    """Write the address of a database as every client reads it."""
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return f"postgresql://{login}@{host}:{port}/{quote(database, safe='')}"


def count_rows(url: str) -> dict[str, int]:
    """Count the rows of every table exactly, under its name in a policy; partitions count with their root."""
    with psycopg.connect(url) as connection:
        counts: dict[str, int] = {}
        for schema, table in connection.execute(_TABLES).fetchall():
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
            row = connection.execute(query).fetchone()
            assert row is not None  # noqa: S101 - an aggregate without GROUP BY gives a row
            counts[table if schema == "public" else f"{schema}.{table}"] = int(row[0])
        return counts


def psql_line(url: str) -> str:
    """Write the command that opens a database; machines without psql have the embedded engine's."""
    program = "psql" if shutil.which("psql") else shlex.quote(str(wheel_binaries() / "psql"))
    return f"{program} {shlex.quote(url)}"
