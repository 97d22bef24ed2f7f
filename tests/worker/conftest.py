"""A throw-away PostgreSQL for the worker's tests, with a master role that is no superuser, as on RDS."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.servers import postgres_server
from tests.worker.masking import use_key

MASTER = "master"


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL; `master` owns the databases and is a member of what RDS gives its master user."""

    port: int
    password: str
    binaries: Path

    def url(self, database: str, user: str = MASTER, password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def superuser(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.url(database, "postgres"), autocommit=True)

    def connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(self.url(database), autocommit=True)


@contextmanager
def running_server() -> Iterator[Server]:
    """A server for as long as the context lasts."""
    settings = {
        "max_wal_size": "1GB",
        "wal_level": "logical",
        "max_connections": 60,
        "shared_preload_libraries": "pg_stat_statements",
    }
    with postgres_server("scram-sha-256", settings) as login:
        running = Server(login.port, login.password, login.binaries)
        with running.superuser() as connection:
            connection.execute(
                f"CREATE ROLE {MASTER} LOGIN NOSUPERUSER CREATEDB CREATEROLE PASSWORD '{login.password}'"
                f" IN ROLE pg_monitor, pg_checkpoint, pg_read_all_stats, pg_signal_backend"
            )
        with running.superuser("template1") as connection:  # RDS lets its master user forget statements
            connection.execute("CREATE EXTENSION pg_stat_statements")
            connection.execute(f"GRANT EXECUTE ON FUNCTION pg_stat_statements_reset TO {MASTER}")
        yield running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_server() as running:
        yield running


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """An empty database that the master owns, and its only one."""
    name = f"db_{secrets.token_hex(4)}"
    with server.superuser() as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {MASTER}")
    with server.superuser(name) as connection:
        connection.execute(f"ALTER SCHEMA public OWNER TO {MASTER}")
    yield name
    with server.superuser() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def mask_sessions(server: Server) -> Iterator[list[psycopg.Connection]]:
    """The one session in which masks are tried on their own, in a database of its own."""
    name = "masks"
    with server.superuser() as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {MASTER}")
    sessions: list[psycopg.Connection] = []
    yield sessions
    for session in sessions:
        session.close()
    with server.superuser() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def mask_session(server: Server, mask_sessions: list[psycopg.Connection]) -> psycopg.Connection:
    """A session with a run's key, for masks on their own; a new one if another test's run ended it."""
    try:
        if mask_sessions:
            mask_sessions[-1].execute("SELECT 1")
            return mask_sessions[-1]
    except psycopg.OperationalError:
        mask_sessions.clear()
    session = server.connect("masks")
    session.execute("CREATE SCHEMA IF NOT EXISTS snapveil_work")
    use_key(session, b"k" * 32)
    session.execute("SET plan_cache_mode = force_generic_plan")
    mask_sessions.append(session)
    return session
