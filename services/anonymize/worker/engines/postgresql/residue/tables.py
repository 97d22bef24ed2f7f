"""Rewrites every table that masking did not: old rows and dropped columns stay in a kept table, too."""

import time
from collections import deque
from collections.abc import Iterable

import psycopg
from sqlalchemy import text

from services.anonymize.worker.connecting import query
from services.anonymize.worker.engines.parallel import in_parallel
from services.anonymize.worker.engines.postgresql.connecting import Database, open_connection
from services.anonymize.worker.engines.postgresql.residue.rights import Remainder, attempt, join
from services.anonymize.worker.schema import Member, Table
from services.anonymize.worker.sql import qualified

MOST_SESSIONS = 500
AT_ONCE = (
    50  # places are given out in turn, or the last one first: then only keeping sessions reaches further
)
RESERVE = 10  # places that we leave to others
AUTOVACUUM_PATIENCE = 120.0  # seconds

# Temporary tables whose sessions are gone: a crash left them, and autovacuum has not come by yet.
_PLACES = """
SELECT current_setting('max_connections')::int
       - (SELECT count(*) FROM pg_stat_activity WHERE usename IS NOT NULL)::int,
       current_setting('autovacuum') = 'on'
"""
_TEMPORARY = """
SELECT DISTINCT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relpersistence = 't' AND c.relkind = 'r' ORDER BY 1
"""


def rewrite_tables(database: Database, tables: Iterable[Table], connections: int) -> Remainder:
    """Rewrite every relation of `tables`, and drop what is left of other sessions' temporary tables."""
    remainder = Remainder()
    work = [
        (table, member)
        for table in sorted(tables, key=lambda table: -table.size)
        for member in table.members
        if not member.foreign
    ]
    for found in in_parallel(lambda one: _rewrite(database, *one), work, connections):
        remainder.left += found.left
        remainder.beyond += found.beyond
    remainder.left += _drop_temporary(database)
    return remainder


def _rewrite(database: Database, table: Table, member: Member) -> Remainder:
    with database.autocommit() as connection:
        owner, ours = connection.execute(
            text(
                "SELECT pg_get_userbyid(relowner), pg_has_role(relowner, 'USAGE') FROM pg_class"
                " WHERE oid = :oid"
            ),
            {"oid": member.oid},
        ).one()
        name = qualified(member.schema, member.name)
        if ours or join(connection, owner, database.address.user):
            return Remainder(attempt(connection, [f"VACUUM (FULL) {name}"], table.label))
        # VACUUM would only warn
        if table.extension:
            return Remainder(beyond=[f"{table.label}: belongs to extension {table.extension} and to {owner}"])
        return Remainder([f"{table.label}: owned by {owner}; GRANT {owner} TO {database.address.user}"])


def _drop_temporary(database: Database) -> list[str]:
    """Have other sessions' temporary tables dropped. Only a superuser may do it himself, but a session that
    makes its first temporary table empties the schema of whoever had its place, and autovacuum comes."""
    with database.autocommit() as connection:
        if not query(connection, _TEMPORARY):
            return []
        free, autovacuum = query(connection, _PLACES)[0]
    database.engine.dispose()  # one of our own idle sessions may have that place
    sessions: deque[psycopg.Connection] = deque()
    try:
        for _ in range(MOST_SESSIONS):
            if len(sessions) >= max(1, min(AT_ONCE, free - RESERVE)):
                sessions.popleft().close()
            sessions.append(open_connection(database.address))
            sessions[-1].execute(
                "CREATE TEMPORARY TABLE snapveil_probe (); DROP TABLE pg_temp.snapveil_probe"
            )
            if not sessions[-1].execute(_TEMPORARY).fetchall():
                return []
    finally:
        for session in sessions:
            session.close()
    until = time.monotonic() + (AUTOVACUUM_PATIENCE if autovacuum else 0)
    with database.autocommit() as connection:
        while left := query(connection, _TEMPORARY):
            if time.monotonic() >= until:
                break
            time.sleep(1)
    return [f"temporary tables in {name} of a session that is gone or alive; DROP them" for (name,) in left]
