"""Executes a plan on PostgreSQL: clears the way, masks tables in parallel, brings everything back."""

import threading
import time
from collections.abc import Iterable, Sequence

from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.parallel import in_parallel
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.results import Masked
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.plan import DocumentCheck, Method, Plan, TablePlan, Trial
from services.anonymize.worker.progress import Advance, Tell
from services.anonymize.worker.schema import Member, Schema, Table
from services.anonymize.worker.sql import WORK_SCHEMA, qualified, quoted

SHOWN = 10


def prepare(database: Database, functions: Iterable[str]) -> None:
    """Make the worker's own schema and the functions that masks call."""
    with database.begin() as connection:
        execute(connection, f"CREATE SCHEMA IF NOT EXISTS {quoted(WORK_SCHEMA)}")
        for function in functions:
            execute(connection, function)


def lift_row_security(database: Database, schema: Schema) -> tuple[str, ...]:
    """Let the owner see every row of tables whose policies hold for the owner too; return what undoes it."""
    parts: list[Table | Member] = [*schema.tables]
    parts += [member for table in schema.tables for member in table.members]
    forced = dict.fromkeys(qualified(part.schema, part.name) for part in parts if part.forces_row_security)
    _in_one_transaction(
        database,
        [f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY" for name in forced],
        "lifting row security",
    )
    return tuple(f"ALTER TABLE IF EXISTS {name} FORCE ROW LEVEL SECURITY" for name in forced)


def restore_row_security(database: Database, statements: Sequence[str]) -> None:
    """Undo what lift_row_security did."""
    _in_one_transaction(database, statements, "restoring row security")


def remove_work(database: Database) -> None:
    """Remove the worker's own schema."""
    with database.begin() as connection:
        execute(connection, f"DROP SCHEMA IF EXISTS {quoted(WORK_SCHEMA)} CASCADE")


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


def mask(
    database: Database, plan: Plan, rows: dict[int, int], connections: int, tell: Tell
) -> tuple[Masked, ...]:
    """Mask every table of a plan. `rows` are the tables' row counts by oid. Raises MaskingError."""
    in_parallel(
        lambda statements: _in_one_transaction(database, statements, "writing down what masks read"),
        plan.lookups,
        connections,
    )
    _in_one_transaction(database, plan.dismantle, "clearing the way")
    work = [planned for planned in plan.tables if planned.statements]
    total = sum(rows.get(planned.table.oid, 0) for planned in work)
    done: list[Masked] = []
    lock = threading.Lock()
    tell(Advance("masking", 0, len(work), 0, total))

    def one(planned: TablePlan) -> Masked:
        masked = _mask_table(database, planned, rows.get(planned.table.oid, 0))
        with lock:
            done.append(masked)
            counted = sum(each.rows for each in done)
            tell(Advance("masking", len(done), len(work), counted, total, planned.table.label))
        return masked

    masked = in_parallel(one, work, connections)
    _in_one_transaction(database, plan.rebuild, "bringing back what stood in the way")
    _in_one_transaction(database, plan.refresh, "refreshing materialized views")
    untouched = (Masked(planned, 0, 0.0) for planned in plan.tables if not planned.statements)
    return (*masked, *untouched)


def _mask_table(database: Database, planned: TablePlan, rows: int) -> Masked:
    started = time.monotonic()
    try:
        with database.begin() as connection:
            for statement in planned.statements:
                execute(connection, statement)
    except Exception as error:
        raise MaskingError(f"{planned.table.label}: {reason_of(error)}") from error
    return Masked(planned, rows, time.monotonic() - started)


def _in_one_transaction(database: Database, statements: Sequence[str], doing: str) -> None:
    if not statements:
        return
    try:
        with database.begin() as connection:
            for statement in statements:
                execute(connection, statement)
    except Exception as error:
        raise MaskingError(f"{doing}: {reason_of(error)}") from error


def rewritten(plan: Plan) -> frozenset[int]:
    """Tables whose every relation is new after masking, with nothing of the old rows in it."""
    return frozenset(
        planned.table.oid for planned in plan.tables if planned.method in {Method.REWRITE, Method.TRUNCATE}
    )
