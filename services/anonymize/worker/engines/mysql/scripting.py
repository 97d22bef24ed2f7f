"""The customer's SQL on MySQL and MariaDB, in sessions that know nothing of the run's key."""

import re
from collections.abc import Iterator

import pymysql
from pymysql.constants import CLIENT
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.checkpoints import Checkpoints
from services.anonymize.worker.connecting import Address
from services.anonymize.worker.engines.mysql.connecting import open_connection
from services.anonymize.worker.engines.scripts import Sql
from services.anonymize.worker.failures import MaskingError, reason_of

# Whatever ends a transaction here, with or without being asked to: every statement that defines something. A
# comment with such a word only costs that its file is marked instead of being one transaction with its
# checkpoint. Of SET only few do, and every UPDATE has one, so those are looked for where a statement or line
# begins. https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html
ENDS_TRANSACTION = re.compile(
    r"\b(alter|analyze|autocommit|begin|cache|call|change|check|commit|create|delimiter|drop|execute|flush|grant"
    r"|import|install|load|lock|optimize|rename|repair|reset|revoke|rollback|savepoint|start|stop|truncate"
    r"|uninstall|unlock|xa)\b|(?:^|;|\*/)\s*set\s+(?:password|default)\b",
    re.IGNORECASE | re.MULTILINE,
)
EMPTY_QUERY = 1065  # what is nothing but comments
DELIMITER = re.compile(r"^\s*delimiter\s+(\S+)\s*$", re.IGNORECASE | re.MULTILINE)


def sql_of(address: Address, checkpoints: Checkpoints) -> Sql:
    """How SQL runs in a database."""

    def in_one(step: str, statements: str) -> bool:
        if ENDS_TRANSACTION.search(statements):
            return False
        engine = create_engine("mysql+pymysql://", creator=lambda: _open(address, False), poolclass=NullPool)
        with engine.connect() as connection:
            try:
                if checkpoints.claim(connection, step):
                    session = connection.connection.driver_connection
                    assert isinstance(session, pymysql.connections.Connection)  # noqa: S101 - of this family
                    _send(session, statements)
                    connection.commit()
            except (pymysql.MySQLError, DBAPIError) as error:
                raise MaskingError(reason_of(error)) from error
        return True

    def as_written(statements: str) -> None:
        connection = _open(address, True)
        try:
            for part in parts_of(statements):
                _send(connection, part)
        except pymysql.MySQLError as error:
            raise MaskingError(reason_of(error)) from error
        finally:
            connection.close()

    return Sql(in_one, as_written)


def parts_of(statements: str) -> Iterator[str]:
    """What is sent at once: the server itself tells statements apart by semicolons, and where a line says
    `DELIMITER //`, as MySQL's own client reads it, each up to the next `//` comes alone."""
    delimiter, start = ";", 0
    for match in [*DELIMITER.finditer(statements), None]:
        text = statements[start : match.start() if match else len(statements)]
        pieces = [text] if delimiter == ";" else text.split(delimiter)
        yield from (piece for piece in pieces if piece.strip())
        if match is not None:
            delimiter, start = match[1], match.end()


def _open(address: Address, autocommit: bool) -> pymysql.connections.Connection:
    return open_connection(
        address, autocommit=autocommit, client_flag=CLIENT.FOUND_ROWS | CLIENT.MULTI_STATEMENTS
    )


def _send(connection: pymysql.connections.Connection, statements: str) -> None:
    """Send statements, and wait until all of them are done."""
    if not statements.strip():
        return
    with connection.cursor() as cursor:
        try:
            cursor.execute(statements)
            while cursor.nextset():
                pass
        except pymysql.MySQLError as error:
            if error.args[0] != EMPTY_QUERY:
                raise
