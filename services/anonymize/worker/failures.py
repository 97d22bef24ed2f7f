"""What may be said of a failure: PostgreSQL's messages quote values, so only those that cannot are
repeated."""

import traceback
from pathlib import Path

import psycopg
from botocore.exceptions import ClientError
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import ConnectionProblemError
from services.anonymize.worker.policy import PolicyError

# Classes whose primary message names objects and never values: connections, logins, transactions, missing
# objects, privileges, constraints (their values stand in DETAIL), resources, locks, cancelled statements.
QUIET_CLASSES = frozenset(
    {"08", "0A", "23", "25", "28", "2B", "3D", "3F", "40", "42", "53", "55", "57", "58"}
)
UNIQUE_VIOLATION = "23505"


class MaskingError(Exception):
    """The run cannot go on. The message is safe: it holds no personal value and says what to do."""


def reason_of(error: BaseException) -> str:
    """Return one or few lines that may go to the ledger and to logs."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, psycopg.Error):
        error = error.orig
    if isinstance(error, psycopg.Error):
        return _of_postgres(error)
    if isinstance(error, MaskingError | ConnectionProblemError | PolicyError):
        return str(error)
    if isinstance(error, ClientError):
        return f"AWS refused {error.operation_name}: {error.response.get('Error', {}).get('Code', 'unknown')}"
    place = f"unexpected {type(error).__name__} at {_place_of(error)}"
    return f"{place}; its message may quote a value and is withheld"


def _place_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"


def _of_postgres(error: psycopg.Error) -> str:
    state = error.sqlstate or ""
    if not state:
        return "the connection to the database broke"
    if state[:2] in QUIET_CLASSES:
        said = f"{error.diag.message_primary} (SQLSTATE {state})"
        if state == UNIQUE_VIOLATION:
            said += "; if two values differ in case or spaces only, write case: exact for the email mask"
        return said
    try:
        name = errors.lookup(state).__name__
    except KeyError:
        name = "error"
    where = f" in {error.diag.table_name}" if error.diag.table_name else ""
    return f"{name}{where} (SQLSTATE {state}); its message may quote a value and is withheld"
