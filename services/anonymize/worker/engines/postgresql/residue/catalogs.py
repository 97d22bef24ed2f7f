# ruff: noqa: E501 - SQL and messages keep their own lines
"""Rewrites the catalogs: defaults, comments, constants and old histograms stay in their dead rows.

All but those that cannot hold a value, by what their files and columns are and not by a list: each rewrite makes
several files anew, and what costs is the disk's confirmation of each, at the rewrite and at the next checkpoint.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, text

from services.anonymize.worker.connecting import execute
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.postgresql.residue.rights import (
    Remainder,
    attempt,
    may_rewrite_shared,
)
from services.anonymize.worker.engines.postgresql.residue.snapshots import wait_for_old_snapshots

# No value stands where no page is (an empty index has one, which holds no key), nor in numbers of objects and flags.
# What cannot be decided counts as holding something.
_CATALOGS = """
SELECT c.relname, pg_relation_filenode(c.oid) AS file,
       (EXISTS (SELECT FROM unnest(ARRAY[c.oid, c.reltoastrelid]) AS heap(oid)
                 WHERE heap.oid <> 0 AND coalesce(pg_relation_size(heap.oid), 1) > 0)
        OR EXISTS (SELECT FROM pg_index x WHERE x.indrelid IN (c.oid, c.reltoastrelid)
                    AND coalesce(pg_relation_size(x.indexrelid), 2 ^ 31) > current_setting('block_size')::int))
       AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
                    AND a.atttypid <> ALL ('{oid,regproc,int2,int4,bool,"\\"char\\""}'::regtype[])) AS holds
  FROM pg_class c
 WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND c.relisshared = :shared
 ORDER BY c.relname
"""
_ORPHANED = 256 * 1024  # bytes; beside the tables lies the cache of catalogs, of 160 KiB

# An added column's default stands in the catalog until its table is rewritten.
_MISSING = """
SELECT format('%s.%I', a.attrelid::regclass, a.attname) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE a.atthasmissing AND c.relkind IN ('r', 'p', 'm') AND c.oid >= 16384
"""

# Files of the database's folder that no relation owns: a crash of the source left them.
_STRAY = """
SELECT pg_database_size(current_database()) - sum(pg_relation_size(c.oid, fork))::bigint
  FROM pg_class c CROSS JOIN unnest(ARRAY['main', 'fsm', 'vm', 'init']) AS fork
 WHERE c.relkind IN ('r', 'i', 't', 'm', 'S') AND NOT c.relisshared
"""


class _Catalog(NamedTuple):
    name: str
    file: int
    holds: bool  # whether a value may stand in it


def rewrite_catalogs(database: Database) -> Remainder:
    """Rewrite every catalog of one database that can hold a value; say which stay as they were."""
    remainder = Remainder()
    with database.autocommit() as connection:
        if _rewrite(connection, shared=False, left=remainder.left):
            owner = connection.execute(
                text("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()")
            ).scalar_one()
            remainder.left.append(
                f"catalogs of database {database.address.database}: only its owner {owner} may rewrite them"
            )
        for column in connection.execute(text(_MISSING)).scalars():
            remainder.left.append(f"{column}: the default that it was added with stands in the catalog")
        stray = int(connection.execute(text(_STRAY)).scalar_one())
        if stray > _ORPHANED:
            remainder.left.append(
                f"{stray // 2**10:,} KiB lie in files of {database.address.database} that belong to no table:"
                " a crash of the source left them, and only a copy by pg_dump is without them"
            )
    return remainder


def rewrite_shared_catalogs(database: Database) -> Remainder:
    """Rewrite the catalogs that all databases share, where a role allows it (pg_maintain)."""
    remainder = Remainder()
    with database.autocommit() as connection:
        if not may_rewrite_shared(connection):
            remainder.beyond.append(
                "catalogs that all databases share: comments on roles and databases, settings of roles, password"
                " hashes and subscriptions' connection strings that were replaced or dropped stay in their free space"
                " and in statistics; only pg_maintain may rewrite them"
            )
            return remainder
        remainder.left += wait_for_old_snapshots(database, everywhere=True)
        if kept := _rewrite(connection, shared=True, left=remainder.left):
            remainder.left.append(f"shared catalogs were not rewritten: {', '.join(kept)}")
    return remainder


def _rewrite(connection: Connection, *, shared: bool, left: list[str]) -> list[str]:
    """Rewrite; return those that still stand in the same file, because VACUUM only warns."""
    before = {one.name: one.file for one in _catalogs(connection, shared) if one.holds}
    for place, name in enumerate(before):
        left += attempt(connection, [f"VACUUM (FULL) pg_catalog.{name}"], name)
        if place == 0 and _same(before, _catalogs(connection, shared)) == list(before):
            return list(before)  # nor will the others
    return _same(before, _catalogs(connection, shared))


def _same(before: Mapping[str, int], after: Iterable[_Catalog]) -> list[str]:
    return [one.name for one in after if before.get(one.name) == one.file]


def _catalogs(connection: Connection, shared: bool) -> list[_Catalog]:
    return [_Catalog(*row) for row in connection.execute(text(_CATALOGS), {"shared": shared}).tuples()]


def forget_statements(database: Database, work_schema: str) -> Remainder:
    """Empty pg_stat_statements: it keeps the text of statements, those of ALTER and COMMENT word for word."""
    remainder = Remainder()
    with database.autocommit() as connection:
        loaded = connection.execute(
            text("SELECT current_setting('shared_preload_libraries', true) LIKE '%pg_stat_statements%'")
        ).scalar_one()
        schema = connection.execute(
            text(
                "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
                " WHERE e.extname = 'pg_stat_statements'"
            )
        ).scalar_one_or_none()
        if schema is not None:
            reset = [f"SELECT {schema}.pg_stat_statements_reset()"]
        else:
            reset = [
                f"CREATE EXTENSION pg_stat_statements SCHEMA {work_schema}",
                f"SELECT {work_schema}.pg_stat_statements_reset()",
                "DROP EXTENSION pg_stat_statements",
            ]
        if loaded or schema is not None:
            refused = attempt(connection, reset, "pg_stat_statements keeps the text of statements")
            remainder.left += refused
            if refused and schema is None:
                execute(connection, "DROP EXTENSION IF EXISTS pg_stat_statements")
    return remainder
