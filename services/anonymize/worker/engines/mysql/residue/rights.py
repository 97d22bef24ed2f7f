"""What a master user may do and what not: attempts that name what was refused."""

from collections.abc import Iterable, Sequence

import pymysql
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import execute, query

# Refusals, not failures: a right is missing, a thing is in use, the server was built or set up without it.
REFUSED = {
    1044: "no right to the database",
    1045: "access denied",
    1094: "it is gone",
    1142: "no right to the table",
    1143: "no right to the column",
    1192: "replication is running",
    1193: "the server has no such setting",
    1198: "replication is running",
    1205: "a lock was not given up in time",
    1227: "a right is missing that a master user does not have by default",
    1235: "the server was built without it",
    1290: "the server runs with an option that forbids it",
    1305: "the server has no such procedure",
    1370: "no right to the procedure",
    1381: "there is no binary log",
    1396: "the account may not be changed",
    1401: "a right is missing to see prepared transactions",
    1419: "the binary log is on, and log_bin_trust_function_creators is not",
    3566: "no right to a table of the server's own",
}


def number_of(error: DBAPIError) -> int:
    """The server's number of an error; 0 where it has none."""
    arguments = error.orig.args if isinstance(error.orig, pymysql.MySQLError) else ()
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0


def refusal(error: DBAPIError) -> str | None:
    """Why the server refused something; None if it is no refusal."""
    number = number_of(error)
    return f"{REFUSED[number]} (error {number})" if number in REFUSED else None


def attempt(connection: Connection, statements: Iterable[str], what: str) -> list[str]:
    """Run statements; return what was refused, as a line that names the thing, or nothing."""
    try:
        for statement in statements:
            execute(connection, statement)
    except DBAPIError as error:
        why = refusal(error)
        if why is None:
            raise
        return [f"{what}: {why}"]
    return []


def attempt_any(connection: Connection, ways: Sequence[Iterable[str]], what: str) -> list[str]:
    """Run the first of several ways that is allowed; return what was refused of the first, or nothing."""
    refused: list[str] = []
    for way in ways:
        said = attempt(connection, way, what)
        if not said:
            return []
        refused = refused or said
    return refused


def asked(connection: Connection, question: str) -> list[tuple[object, ...]] | None:
    """The rows of a query; None if it is refused."""
    try:
        return [tuple(row) for row in query(connection, question)]
    except DBAPIError as error:
        if refusal(error) is None:
            raise
        return None


def asked_column(connection: Connection, question: str, name: str) -> list[str] | None:
    """One column of what a SHOW says, whose place depends on the version; None if it is refused."""
    try:
        return [str(row[name]) for row in connection.exec_driver_sql(question).mappings()]
    except DBAPIError as error:
        if refusal(error) is None:
            raise
        return None


def setting(connection: Connection, name: str) -> int:
    """A global setting as a number."""
    return int(query(connection, f"SELECT @@GLOBAL.{name}")[0][0])
