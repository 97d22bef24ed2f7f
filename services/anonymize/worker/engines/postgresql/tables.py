"""What masking needs around a plan's statements on PostgreSQL: functions, trials, row security, the end."""

import json
from collections.abc import Iterable

from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.checkpoints import Checkpoints
from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.plan import DocumentCheck, Method, Plan, Trial
from services.anonymize.worker.schema import Member, Schema, Table
from services.anonymize.worker.sql import WORK_SCHEMA, qualified, quoted

SHOWN = 10
FORCED = "forced row security"


def make_functions(database: Database, functions: Iterable[str]) -> None:
    """Make the functions that masks call."""
    with database.begin() as connection:
        for function in functions:
            execute(connection, function)


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


def check_documents(database: Database, checks: Iterable[DocumentCheck | Trial]) -> None:
    """Look for what the policy does not know or cannot do before anything is written. Raises MaskingError."""
    trials = sorted((check for check in checks if isinstance(check, Trial)), key=lambda trial: trial.at)
    failed = [
        f"{trial.at}: {trial.column}: {trial.complaint}{why}"
        for trial in trials
        if (why := failure(database, trial)) is not None
    ]
    if failed:
        raise MaskingError("\n".join(failed))
    found: list[str] = []
    with database.begin() as connection:
        for check in checks:
            if isinstance(check, Trial):
                continue
            for path, what in query(connection, check.query):
                shown = (
                    f"has {what} at {path}"
                    if what == "unknown key"
                    else f"has {_kind(what)} at {path or 'its root'}"
                )
                found.append(f"{check.at}: {check.column} {shown}, which paths does not say")
    if found:
        more = f"\nand {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        hint = "\nname it under paths, or write others: keep or drop"
        raise MaskingError("\n".join(sorted(found)[:SHOWN]) + more + hint)


def failure(database: Database, trial: Trial) -> str | None:
    """Why a trial fails, as far as may be said; None if it does not."""
    try:
        with database.begin() as connection:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            return "" if query(connection, trial.query) else None
    except DBAPIError as error:
        reason = reason_of(error)
        return "" if reason.endswith("is withheld") else f": {reason}"


def _kind(found: str) -> str:
    return f"an {found}" if found[0] in "ao" else f"a {found}"


def rewritten(plan: Plan) -> frozenset[int]:
    """Tables whose every relation is new after masking, with nothing of the old rows in it."""
    return frozenset(
        planned.table.oid for planned in plan.tables if planned.method in {Method.REWRITE, Method.TRUNCATE}
    )
