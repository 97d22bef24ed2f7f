"""The customer's SQL on PostgreSQL, in sessions that know nothing of the run's key."""

import re

import psycopg
from psycopg import errors
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.checkpoints import Checkpoints
from services.anonymize.worker.connecting import Address
from services.anonymize.worker.engines.postgresql.connecting import open_connection
from services.anonymize.worker.engines.scripts import Sql
from services.anonymize.worker.failures import MaskingError, reason_of

# Whatever can end a transaction, wherever it stands: a comment or a CASE with such a word only costs that its
# file is marked instead of being one transaction with its checkpoint.
ENDS_TRANSACTION = re.compile(r"\b(commit|rollback|abort|end|prepare)\b", re.IGNORECASE)
# what PostgreSQL says to VACUUM and its like, or to a procedure that commits, within a transaction
NOT_IN_ONE = (errors.ActiveSqlTransaction, errors.InvalidTransactionTermination)


def sql_of(address: Address, checkpoints: Checkpoints) -> Sql:
    """How SQL runs in a database."""

    def in_one(step: str, statements: str) -> bool:
        if ENDS_TRANSACTION.search(statements):
            return False
        engine = create_engine("postgresql+psycopg://", creator=lambda: _open(address), poolclass=NullPool)
        with engine.connect() as connection:
            try:
                if checkpoints.claim(connection, step):
                    _send(connection, statements)
                    connection.commit()
            except NOT_IN_ONE:
                return False
            except (psycopg.Error, DBAPIError) as error:
                raise MaskingError(reason_of(error)) from error
        return True

    def as_written(statements: str) -> None:
        connection = open_connection(address)
        try:
            connection.execute(statements.encode())
        except psycopg.Error as error:
            raise MaskingError(reason_of(error)) from error
        finally:
            connection.close()

    return Sql(in_one, as_written)


def _open(address: Address) -> psycopg.Connection:
    connection = open_connection(address)
    connection.autocommit = False
    return connection


def _send(connection: Connection, statements: str) -> None:
    """Without parameters psycopg sends a text as it is, several statements included."""
    session = connection.connection.driver_connection
    assert isinstance(session, psycopg.Connection)  # noqa: S101 - the driver of this family
    session.execute(statements.encode())
