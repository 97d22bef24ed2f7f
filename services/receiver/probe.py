"""What the receiver asks of a new database before developers get it, and has it do: its only use of drivers.

They are loaded here, not with the handler, which seldom needs one.
"""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from shared.database.families import Family, family_of, first_database
from shared.database.port import Database, Endpoint
from shared.errors import RefusedError
from shared.observability import logger

PATIENCE_SECONDS = 5
STATEMENT_SECONDS = 60
SHOWN = 60


class Probe:
    """Speaks to databases of the development account; what it reads is masked.

    `tls` is require or disable; the server's certificate is not examined, as its key is what RDS chose.
    """

    def __init__(self, tls: str) -> None:
        self._tls = tls

    def answers(self, database: Database, password: str) -> bool:
        """Log in and run a query."""
        if database.endpoint is None:
            return False
        try:
            with self._connected(database, database.endpoint, password) as connection:
                connection.cursor().execute("SELECT 1")
        except _LoginError as why:
            logger.info("the new database does not answer yet", database=database.name, why=str(why))
            return False
        return True

    def prepare(self, database: Database, password: str, statements: Sequence[str]) -> None:
        """Run statements, in one transaction where the engine has such for what they do.

        Raises RefusedError with the number of the statement.
        """
        assert database.endpoint is not None  # noqa: S101 - it has answered
        with self._connected(database, database.endpoint, password) as connection:
            for number, statement in enumerate(statements, start=1):
                try:
                    connection.cursor().execute(statement)
                except Exception as error:
                    raise RefusedError(f"prepare, statement {number}: {_told(error)}") from error
            connection.commit()

    def doubt(self, database: Database, password: str, queries: Sequence[str]) -> str | None:
        """Ask queries whose first value must be neither NULL, zero nor false; say which fails, or None."""
        assert database.endpoint is not None  # noqa: S101 - it has answered
        with self._connected(database, database.endpoint, password) as connection:
            for query in queries:
                cursor = connection.cursor()
                try:
                    cursor.execute(query)
                    row = cursor.fetchone()
                except Exception as error:  # noqa: BLE001 - a query that cannot be answered is a doubt as well
                    return f"{_shown(query)}: {_told(error)}"
                if not row or not row[0]:
                    return f"{_shown(query)} said {row[0] if row else 'nothing'}"
        return None

    @contextmanager
    def _connected(self, database: Database, endpoint: Endpoint, password: str) -> Iterator[Any]:
        family = family_of(database.engine)
        connect = _to_postgresql if family is Family.POSTGRESQL else _to_mysql
        name = first_database(database.engine, database.database_name)
        connection = connect(endpoint, database.master_username, password, name, self._tls)
        try:
            yield connection
        finally:
            connection.close()


class _LoginError(Exception):
    """The login failed; the text names the driver's error."""


def _to_postgresql(endpoint: Endpoint, user: str, password: str, database: str | None, tls: str) -> Any:
    import psycopg  # noqa: PLC0415

    try:
        return psycopg.connect(
            host=endpoint.host,
            port=endpoint.port,
            user=user,
            password=password,
            dbname=database,
            sslmode=tls,
            connect_timeout=PATIENCE_SECONDS,
            options=f"-c statement_timeout={STATEMENT_SECONDS}s",
        )
    except psycopg.OperationalError as error:
        raise _LoginError(type(error).__name__) from error


def _to_mysql(endpoint: Endpoint, user: str, password: str, database: str | None, tls: str) -> Any:
    import pymysql  # noqa: PLC0415

    try:
        return pymysql.connect(
            host=endpoint.host,
            port=endpoint.port,
            user=user,
            password=password,
            database=database,
            connect_timeout=PATIENCE_SECONDS,
            read_timeout=STATEMENT_SECONDS,
            **_tls(tls),
        )
    except pymysql.OperationalError as error:
        raise _LoginError(type(error).__name__) from error


def _tls(wanted: str) -> dict[str, Any]:
    if wanted == "disable":
        return {"ssl_disabled": True}
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return {"ssl": context}


def _shown(query: str) -> str:
    plain = " ".join(query.split())
    return plain if len(plain) <= SHOWN else plain[: SHOWN - 1] + "…"


def _told(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
