"""What masking needs around a plan's statements on MySQL and MariaDB: functions, trials, the end."""

import re
from collections.abc import Iterable

from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import execute
from services.anonymize.worker.engines.mysql.connecting import OLD_DATABASE, Database
from services.anonymize.worker.engines.mysql.sql import WORK_DATABASE, quoted
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.plan import Method, Plan

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
        raise MaskingError(f"making what masks call: {reason_of(error)}{hint(error)}") from error


def hint(error: DBAPIError) -> str:
    """What to do about an error, where the message does not say it."""
    if error.orig is None or error.orig.args[0] not in NOT_TRUSTED:
        return ""
    return (
        "; the binary log is on: set log_bin_trust_function_creators = 1 in the temporary database's"
        " parameter group, or restore it without backups"
    )


def rewritten(plan: Plan) -> frozenset[int]:
    """Tables that are new after masking, with nothing of the old rows in their files."""
    return frozenset(
        planned.table.oid for planned in plan.tables if planned.method in {Method.COPY, Method.TRUNCATE}
    )


def finish(database: Database) -> None:
    """Remove the worker's own databases; last the one that says that it was here, in one statement: a server
    ends what it began, whoever is killed."""
    try:
        with database.autocommit() as connection:
            for name in (OLD_DATABASE, WORK_DATABASE):
                execute(connection, f"DROP DATABASE IF EXISTS {quoted(name)}")
    except DBAPIError as error:
        raise MaskingError(f"removing what masking made for itself: {reason_of(error)}") from error
