"""Sessions in a PostgreSQL database, all set up alike."""

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg

from services.anonymize.worker.connecting import (
    APPLICATION,
    CONNECT_SECONDS,
    Address,
    ConnectionProblemError,
    Sessions,
)

# search_path keeps what the database's own functions expect behind pg_catalog, so that no user's function is
# called instead of PostgreSQL's. row_security = off makes a hidden row an error instead of a row that is
# silently not masked. A plan of a mask's function holds whole word lists: planned anew per row, it costs a
# millisecond; it also holds what follows from the run's key, so that no log may print it. jit and a large
# maintenance_work_mem make rewrites slower here, not faster. Definitions come with the quotes that names need
# and with no more, and what is made anew stands where it stood.
SESSION = """
SET standard_conforming_strings = on; SET client_encoding = 'UTF8'; SET DateStyle = 'ISO, YMD';
SET TimeZone = 'UTC'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex';
SET extra_float_digits = 1; SET row_security = off; SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '60s';
SET quote_all_identifiers = off; SET default_tablespace = ''; SET xmloption = content;
SET default_transaction_read_only = off; SET jit = off; SET synchronous_commit = off;
SET plan_cache_mode = force_generic_plan; SET maintenance_work_mem = '256MB';
SET max_parallel_maintenance_workers = 1;
SET debug_print_parse = off; SET debug_print_rewritten = off; SET debug_print_plan = off;
"""
# The server keeps a session that only holds a lock, and ends those of a worker that is gone: within a minute
# if its host vanished, and within seconds what a killed one still had running. Older servers do not know all
# of these settings, and some systems cannot look while a statement runs.
LIVENESS = """
SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
SELECT set_config(name, '0', false) FROM pg_settings
 WHERE name IN ('idle_session_timeout', 'transaction_timeout');
"""
LOOK_FOR_CLIENT = """
SELECT set_config(name, '5s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'
"""
SEARCH_PATH = "SELECT set_config('search_path', 'pg_catalog, ' || current_setting('search_path'), false)"


def address_of(url: str) -> Address:
    """Read a postgresql:// URL. Raises ConnectionProblemError."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ConnectionProblemError(
            f"{parts.scheme or 'the URL'} is no PostgreSQL URL; write postgresql://user@host:port/database"
        )
    try:
        options = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
        conninfo: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(url)
        port = int(conninfo.get("port") or 5432)
    except (psycopg.ProgrammingError, ValueError):
        raise ConnectionProblemError(
            "the URL cannot be read; write postgresql://user@host:port/database"
        ) from None
    user = str(conninfo.get("user") or "postgres")
    return Address(
        host=str(conninfo.get("host") or "localhost"),
        port=port,
        user=user,
        database=str(conninfo.get("dbname") or user),
        password=str(conninfo.get("password") or ""),
        tls=unquote(options.get("sslmode", "prefer")),
    )


class Database(Sessions):
    """A database to work in."""

    def __init__(
        self, address: Address, settings: Mapping[str, str] | None = None, *, read_only: bool = False
    ) -> None:
        super().__init__(address, settings, "postgresql+psycopg://", pool_size=8)
        self.read_only = read_only
        self.application = f"{APPLICATION} {secrets.token_hex(4)}"  # tells our sessions from anybody's

    def another(self, name: str) -> "Database":
        """Another database of the same instance."""
        return Database(replace(self.address, database=name))

    def new_session(self) -> psycopg.Connection:
        connection = open_connection(self.address, self.settings, self.application)
        with connection.cursor() as cursor:
            cursor.execute(SESSION)
            cursor.execute(LIVENESS)
            with contextlib.suppress(psycopg.errors.InvalidParameterValue):
                cursor.execute(LOOK_FOR_CLIENT)
            cursor.execute(SEARCH_PATH)
            if self.read_only:
                cursor.execute("SET default_transaction_read_only = on")
        connection.autocommit = False
        return connection


def open_connection(
    address: Address, settings: Mapping[str, str] | None = None, application: str = APPLICATION
) -> psycopg.Connection:
    """Open a plain session in autocommit mode. Raises ConnectionProblemError.

    Settings travel in the start-up packet and in no statement: not even a server that logs every statement
    with its parameters writes them down.
    """
    options = " ".join(f"-c {name}={value}" for name, value in (settings or {}).items())
    try:
        return psycopg.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            dbname=address.database,
            sslmode=address.tls,
            application_name=application,
            connect_timeout=CONNECT_SECONDS,
            autocommit=True,
            options=options or None,
        )
    except psycopg.Error as error:
        raise ConnectionProblemError(f"{_place(address)}: {_login_reason(error, address)}") from None


def _place(address: Address) -> str:
    return f"{address.user}@{address.host}:{address.port}/{address.database}"


def _login_reason(error: psycopg.Error, address: Address) -> str:
    said = str(error)
    if (
        isinstance(error, psycopg.errors.InvalidPassword)
        or "password authentication failed" in said
        or "no password" in said
    ):
        return "wrong user or password"
    if "does not exist" in said and f'"{address.database}"' in said and "role" not in said:
        return "no such database"
    if "does not exist" in said and "role" in said:
        return "wrong user or password"
    if "starting up" in said or "shutting down" in said:
        return "the server is starting up"
    if "refused" in said:
        return "nothing listens there"
    if "resolve" in said or "Name or service" in said or "translate host" in said:
        return "no such host"
    if "timeout" in said:
        return "no answer in time"
    if "SSL" in said:
        return "the server does not offer the TLS that is asked for"
    return said.strip().splitlines()[-1].replace(address.password or "\0", "…")
