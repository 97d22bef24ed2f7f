"""What masking needs around a plan's statements on MySQL and MariaDB: functions, trials, the end."""

import re
from collections.abc import Iterable

from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.sql import WORK_DATABASE, quoted
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.plan import DocumentCheck, Method, Plan, Trial

SHOWN = 10
NAME = re.compile(r"CREATE FUNCTION (`\w+`\.`\w+`)")
NOT_TRUSTED = frozenset({1418, 1419})


def make_functions(database: Database, functions: Iterable[str]) -> None:
    """Make the functions that masks call."""
    try:
        with database.autocommit() as connection:
            for function in functions:
                match = NAME.match(function)
                if match is not None:
                    execute(connection, f"DROP FUNCTION IF EXISTS {match[1]}")
                execute(connection, function)
    except DBAPIError as error:
        hint = ""
        if error.orig is not None and error.orig.args[0] in NOT_TRUSTED:
            hint = (
                "; the binary log is on: set log_bin_trust_function_creators = 1 in the temporary database's"
                " parameter group, or restore it without backups"
            )
        raise MaskingError(f"making what masks call: {reason_of(error)}{hint}") from error


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
                shown = f"has {what} at {path or 'its root'}"
                found.append(f"{check.at}: {check.column} {shown}, which paths does not say")
    if found:
        more = f"\nand {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        hint = "\nname it under paths, or write others: keep or drop"
        raise MaskingError("\n".join(sorted(found)[:SHOWN]) + more + hint)


def failure(database: Database, trial: Trial) -> str | None:
    """Why a trial fails, as far as may be said; None if it does not."""
    try:
        with database.begin() as connection:
            return "" if query(connection, trial.query) else None
    except DBAPIError as error:
        reason = reason_of(error)
        return "" if reason.endswith("is withheld") else f": {reason}"


def rewritten(plan: Plan) -> frozenset[int]:
    """Tables that are new after masking, with nothing of the old rows in their files."""
    return frozenset(
        planned.table.oid for planned in plan.tables if planned.method in {Method.COPY, Method.TRUNCATE}
    )


def finish(database: Database) -> None:
    """Remove the worker's own database, in one statement: a server ends what it began, whoever is killed."""
    try:
        with database.autocommit() as connection:
            execute(connection, f"DROP DATABASE IF EXISTS {quoted(WORK_DATABASE)}")
    except DBAPIError as error:
        raise MaskingError(f"removing what masking made for itself: {reason_of(error)}") from error
