"""What a master user may do and what not: attempts that name what was refused, and roles worth joining."""

from collections.abc import Iterable

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import execute
from services.anonymize.worker.engines.results import Remainder
from services.anonymize.worker.failures import reason_of
from services.anonymize.worker.sql import quoted

__all__ = ["Remainder", "attempt", "join", "may_rewrite_shared"]

_MAINTAIN_SINCE = 170000  # server_version_num that has the privilege MAINTAIN

# Refusals, not failures: a right is missing, a thing is in use, the server was built or set up without it.
_REFUSED = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.InvalidTableDefinition,  # the type of a partition key
    psycopg.errors.ObjectNotInPrerequisiteState,
    psycopg.errors.ObjectInUse,
    psycopg.errors.DependentObjectsStillExist,
    psycopg.errors.FeatureNotSupported,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedFile,
)


def attempt(connection: Connection, statements: Iterable[str], what: str) -> list[str]:
    """Run statements; return what was refused, as a line that names the thing, or nothing."""
    try:
        for statement in statements:
            execute(connection, statement)
    except DBAPIError as error:
        if isinstance(error.orig, _REFUSED):
            return [f"{what}: {reason_of(error)}"]
        raise
    return []


def join(connection: Connection, owner: str, user: str) -> bool:
    """Become a member of a role, if that is allowed; return whether its rights are ours."""
    if not connection.execute(text("SELECT pg_has_role(:owner, 'USAGE')"), {"owner": owner}).scalar_one():
        try:
            execute(connection, f"GRANT {quoted(owner)} TO {quoted(user)}")
        except DBAPIError as error:
            if isinstance(error.orig, _REFUSED):
                return False
            raise
    return True


def may_rewrite_shared(connection: Connection) -> bool:
    """Whether the catalogs that all databases share may be rewritten and analyzed (pg_maintain)."""
    if int(connection.execute(text("SHOW server_version_num")).scalar_one()) < _MAINTAIN_SINCE:
        return False
    may: bool = connection.execute(
        text("SELECT has_table_privilege('pg_catalog.pg_authid', 'MAINTAIN')")
    ).scalar_one()
    return may
