"""Ask a database of the development account whether it answers: the receiver's only use of a driver."""

from shared.database.port import Database
from shared.observability import logger

PATIENCE_SECONDS = 5


def answers(database: Database, password: str, tls: str) -> bool:
    """Log in and run a query. The driver is loaded here, not with the handler, which seldom needs it."""
    import psycopg  # noqa: PLC0415

    if database.endpoint is None:
        return False
    try:
        with psycopg.connect(
            host=database.endpoint.host,
            port=database.endpoint.port,
            user=database.master_username,
            password=password,
            dbname=database.database_name or "postgres",
            sslmode=tls,
            connect_timeout=PATIENCE_SECONDS,
        ) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError as error:
        logger.info("the new database does not answer yet", database=database.name, why=type(error).__name__)
        return False
