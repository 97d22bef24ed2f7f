"""Ask a database of the development account whether it answers: the receiver's only use of a driver."""

import ssl
from typing import Any

from shared.database.families import Family, family_of, first_database
from shared.database.port import Database, Endpoint
from shared.observability import logger

PATIENCE_SECONDS = 5


def answers(database: Database, password: str, tls: str) -> bool:
    """Log in and run a query. A driver is loaded here, not with the handler, which seldom needs one.

    `tls` is require or disable; the server's certificate is not examined, as its key is what RDS chose.
    """
    if database.endpoint is None:
        return False
    ask = _ask_postgresql if family_of(database.engine) is Family.POSTGRESQL else _ask_mysql
    why = ask(database, database.endpoint, password, tls)
    if why is not None:
        logger.info("the new database does not answer yet", database=database.name, why=type(why).__name__)
    return why is None


def _ask_postgresql(database: Database, endpoint: Endpoint, password: str, tls: str) -> Exception | None:
    import psycopg  # noqa: PLC0415

    try:
        with psycopg.connect(
            host=endpoint.host,
            port=endpoint.port,
            user=database.master_username,
            password=password,
            dbname=first_database(database.engine, database.database_name),
            sslmode=tls,
            connect_timeout=PATIENCE_SECONDS,
        ) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError as error:
        return error
    return None


def _ask_mysql(database: Database, endpoint: Endpoint, password: str, tls: str) -> Exception | None:
    import pymysql  # noqa: PLC0415

    try:
        with pymysql.connect(
            host=endpoint.host,
            port=endpoint.port,
            user=database.master_username,
            password=password,
            database=first_database(database.engine, database.database_name),
            connect_timeout=PATIENCE_SECONDS,
            read_timeout=PATIENCE_SECONDS,
            **_tls(tls),
        ) as connection:
            connection.query("SELECT 1")
    except pymysql.OperationalError as error:
        return error
    return None


def _tls(wanted: str) -> dict[str, Any]:
    if wanted == "disable":
        return {"ssl_disabled": True}
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return {"ssl": context}
