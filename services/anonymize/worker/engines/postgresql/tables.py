"""What masking needs around a plan's statements on PostgreSQL: functions, trials, row security, the end."""

import json
from collections.abc import Iterable

import psycopg
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.checkpoints import Checkpoints
from services.anonymize.worker.connecting import execute
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.plan import Method, Plan
from services.anonymize.worker.schema import Member, Schema, Table
from services.anonymize.worker.sql import WORK_SCHEMA, qualified, quoted

FORCED = "forced row security"


def make_functions(database: Database, functions: Iterable[str]) -> None:
    """Make the functions that masks call. Raises MaskingError."""
    try:
        with database.begin() as connection:
            for function in functions:
                execute(connection, function)
    except DBAPIError as error:
        raise MaskingError(f"making what masks call: {reason_of(error)}{_hint(error)}") from error


def _hint(error: DBAPIError) -> str:
    """What to do about an error, where the message does not say it."""
    if not isinstance(error.orig, psycopg.errors.FeatureNotSupported):
        return ""
    return (
        "; a database in SQL_ASCII does not say what its letters are, which this mask has to know: use hash,"
        " constant or null, or dump the source into a database in UTF8"
    )


def lift_row_security(database: Database, checkpoints: Checkpoints, schema: Schema) -> None:
    """Let the owner see every row of tables whose policies hold for the owner too, and note what undoes
    it."""
    parts: list[Table | Member] = [*schema.tables]
    parts += [member for table in schema.tables for member in table.members]
    forced = dict.fromkeys(qualified(part.schema, part.name) for part in parts if part.forces_row_security)
    if not forced:
        return
    known = json.loads(checkpoints.notes().get(FORCED, "[]"))
    try:
        with database.begin() as connection:
            for name in forced:
                execute(connection, f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY")
            checkpoints.note(connection, FORCED, json.dumps([*dict.fromkeys([*known, *forced])]))
    except DBAPIError as error:
        raise MaskingError(f"lifting row security: {reason_of(error)}") from error


def finish(database: Database, checkpoints: Checkpoints) -> None:
    """Force row security where it was forced and remove the worker's own schema, in one transaction."""
    forced = json.loads(checkpoints.notes().get(FORCED, "[]"))
    try:
        with database.begin() as connection:
            for name in forced:
                execute(connection, f"ALTER TABLE IF EXISTS {name} FORCE ROW LEVEL SECURITY")
            execute(connection, f"DROP SCHEMA IF EXISTS {quoted(WORK_SCHEMA)} CASCADE")
    except DBAPIError as error:
        raise MaskingError(f"removing what masking made for itself: {reason_of(error)}") from error


def rewritten(plan: Plan) -> frozenset[int]:
    """Tables whose every relation is new after masking, with nothing of the old rows in it."""
    return frozenset(
        planned.table.oid for planned in plan.tables if planned.method in {Method.REWRITE, Method.TRUNCATE}
    )
