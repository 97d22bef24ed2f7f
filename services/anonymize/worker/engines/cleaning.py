"""Removes what masking leaves of old values on PostgreSQL: old row versions, statistics, and catalogs' dead
rows.

A plain VACUUM leaves deleted values readable in page holes, and ANALYZE leaves old histograms in
pg_statistic's dead rows; only rewriting removes both (measured). The owner of a database may do all of it
without being superuser.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import Database, execute
from services.anonymize.worker.engines.postgresql import in_parallel
from services.anonymize.worker.failures import reason_of
from services.anonymize.worker.plan import vacuum_full
from services.anonymize.worker.progress import Advance, Tell
from services.anonymize.worker.schema import Table

# Each holds values of users: histograms, defaults of added columns, constants in expressions, comments, large
# objects.
CATALOGS = (
    "pg_statistic",
    "pg_statistic_ext_data",
    "pg_attribute",
    "pg_attrdef",
    "pg_index",
    "pg_rewrite",
    "pg_constraint",
    "pg_description",
    "pg_largeobject",
    "pg_largeobject_metadata",
)


@dataclass(frozen=True)
class Cleaning:
    """What was cleaned, and what could not be and why."""

    tables: int
    seconds: float
    left: tuple[str, ...]


def clean(database: Database, tables: Iterable[Table], connections: int, tell: Tell) -> Cleaning:
    """Rewrite `tables` (those that masking did not), renew all statistics, and rewrite the catalogs."""
    started = time.monotonic()
    work = sorted((table for table in tables if not table.foreign), key=lambda table: -table.size)
    tell(Advance("cleaning", 0, len(work)))
    left = [
        said
        for found in in_parallel(lambda table: _vacuum(database, table), work, connections)
        for said in found
    ]
    tell(Advance("cleaning", len(work), len(work)))
    with database.autocommit() as connection:
        left += _try(connection, "ANALYZE", "statistics")
        for catalog in CATALOGS:
            left += _try(connection, f"VACUUM (FULL) pg_catalog.{catalog}", catalog)
        reset = _statement_reset(connection)
        if reset is not None:
            left += _try(connection, reset, "pg_stat_statements")
        left += _try(connection, "CHECKPOINT", "checkpoint")
    return Cleaning(len(work), time.monotonic() - started, tuple(left))


def _vacuum(database: Database, table: Table) -> list[str]:
    with database.autocommit() as connection:
        owned = connection.execute(
            text("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = :oid"), {"oid": table.oid}
        ).scalar_one()
        if not owned:  # VACUUM would only warn
            return [f"{table.label}: owned by {table.owner}"]
        return [said for statement in vacuum_full(table) for said in _try(connection, statement, table.label)]


def _statement_reset(connection: Connection) -> str | None:
    schema = connection.execute(
        text(
            "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
            " WHERE e.extname = 'pg_stat_statements'"
        )
    ).scalar_one_or_none()
    return f"SELECT {schema}.pg_stat_statements_reset()" if schema else None


def _try(connection: Connection, statement: str, what: str) -> list[str]:
    try:
        execute(connection, statement)
    except DBAPIError as error:
        if isinstance(
            error.orig, psycopg.errors.InsufficientPrivilege | psycopg.errors.ObjectNotInPrerequisiteState
        ):
            return [f"{what}: {reason_of(error)}"]
        raise
    return []
