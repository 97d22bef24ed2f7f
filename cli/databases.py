"""Looking at a database of either family: its address, its rows, and the line to open it with."""

import os
import shlex
import shutil
from typing import Any, LiteralString
from urllib.parse import quote

import psycopg
from psycopg import sql

from local import mysql
from local.engines.placement import wheel_binaries
from local.engines.server_programs import find_programs
from shared.database.families import Family, family_of

_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
  )
ORDER BY 1, 2
"""
_TABLES_OF_MYSQL = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = database() AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY 1
"""


def url_of(engine: str, host: str, port: int, user: str, password: str, database: str) -> str:
    """Write the address of a database as every client of its engine reads it."""
    if family_of(engine) is Family.MYSQL:
        return mysql.url_of(host, port, user, password, database)
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return f"postgresql://{login}@{host}:{port}/{quote(database, safe='')}"


def count_rows(url: str) -> dict[str, int]:
    """Count the rows of every table exactly, under its name in a policy; partitions count with their root."""
    counts = _of_each_table(url, "SELECT count(*) FROM {} AS t", "SELECT count(*) FROM {} AS t")
    return {table: int(count) for table, count in counts.items()}


def fingerprints(url: str) -> dict[str, str]:
    """A digest of every table's rows, whatever their order: the same rows give the same."""
    rows = "SELECT md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM {} AS t"
    return {table: str(found) for table, found in _of_each_table(url, rows, "CHECKSUM TABLE {}").items()}


def _of_each_table(url: str, postgresql: LiteralString, mysqls: str) -> dict[str, Any]:
    """What a query says of each table in its last column, by the table's name in a policy."""
    found: dict[str, Any] = {}
    if mysql.is_mysql(url):
        with mysql.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(_TABLES_OF_MYSQL)
            for (table,) in cursor.fetchall():
                cursor.execute(mysqls.format(mysql.quoted(table)))
                found[table] = cursor.fetchall()[0][-1]
        return found
    with psycopg.connect(url) as opened:
        for schema, table in opened.execute(_TABLES).fetchall():
            query = sql.SQL(postgresql).format(sql.Identifier(schema, table))
            row = opened.execute(query).fetchone()
            assert row is not None  # noqa: S101 - an aggregate without GROUP BY gives a row
            found[table if schema == "public" else f"{schema}.{table}"] = row[-1]
    return found


def client_line(url: str) -> str:
    """Write the command that opens a database; machines without a client have the embedded engine's."""
    return _mysql_line(url) if mysql.is_mysql(url) else _psql_line(url)


def _psql_line(url: str) -> str:
    program = "psql" if shutil.which("psql") else shlex.quote(str(wheel_binaries() / "psql"))
    return f"{program} {shlex.quote(url)}"


def _mysql_line(url: str) -> str:
    given = mysql.parameters_of(url)
    options = {
        "host": given["host"],
        "port": given["port"],
        "user": given["user"],
        "password": given["password"],
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    return f"{_mysql_client()} {shlex.join([*words, given['database'] or ''])}"


def _mysql_client() -> str:
    for name in ("mariadb", "mysql"):
        if shutil.which(name):
            return name
    programs = find_programs()
    libraries = os.pathsep.join(map(str, programs.libraries))
    client = shlex.quote(str(programs.server.parents[1] / "bin" / "mariadb"))
    return f"LD_LIBRARY_PATH={shlex.quote(libraries)} {client}" if libraries else client
