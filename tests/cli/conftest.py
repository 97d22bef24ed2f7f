"""A user's own PostgreSQL server for tests of what reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from local.engines.port import NewDatabase, Volume
from local.engines.postgresql import PostgresEngines

TORTURE = Path(__file__).with_name("torture.sql")


@dataclass(frozen=True)
class Server:
    """A server on which tests make databases of their own."""

    port: int
    admin_dsn: str
    password: str

    def url(self, database: str) -> str:
        """The address of a database, for its owner."""
        return f"postgresql://owner:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, script: str = "") -> str:
        """Make a database, let a superuser run the script in it, and return its address."""
        with psycopg.connect(self.admin_dsn, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}" OWNER owner'.encode())
        if script:
            with psycopg.connect(self.admin_dsn, dbname=database, autocommit=True) as connection:
                connection.execute(script.encode())
                connection.execute(b"GRANT pg_read_all_data TO owner; ALTER ROLE owner BYPASSRLS")
        return self.url(database)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL as a user has it."""
    engines = PostgresEngines(root=tmp_path_factory.mktemp("user's server"))
    try:
        volume: Volume = engines.create(NewDatabase("owner", "owner's word", None))
        running = engines.start(volume, engines.reserve_port())
        yield Server(running.port, engines.admin_dsn(volume, "postgres"), "owner's%20word")
    finally:
        engines.close()


@pytest.fixture(scope="session")
def torture(server: Server) -> str:
    """The address of a database that has what real ones have."""
    return server.create("torture", TORTURE.read_text())
