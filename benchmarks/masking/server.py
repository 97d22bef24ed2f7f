"""A PostgreSQL server for measuring: settings as on RDS, durable writes, a master user without all rights."""

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from local.engines.placement import Placement, place
from local.engines.port import NewDatabase
from local.engines.roles import ADMIN, HOST_BASED_ACCESS, prepare_database, prepare_template
from local.engines.served import HOST, free_port

MASTER = "master"
TEMPLATE = "template_shop"
GIB = 2**30

# RDS's defaults where they matter for speed; fsync and full_page_writes stay on. Autovacuum is off, so that
# it works for nobody in the middle of a measurement.
SETTINGS = {
    "wal_level": "replica",
    "max_wal_size": "2GB",
    "min_wal_size": "192MB",
    "maintenance_work_mem": "400MB",
    "checkpoint_timeout": "5min",
    "autovacuum": "off",
    "wal_compression": "off",
    "ssl": "off",
    "timezone": "UTC",
    "password_encryption": "scram-sha-256",
}
READY_SECONDS = 60.0


def shared_buffers() -> int:
    """Bytes of shared buffers: a quarter of the memory as on RDS, at most 4 GiB."""
    return min(4 * GIB, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4)


@dataclass
class Server:
    """A data directory with a process; `restart` is what a restored instance comes from: nothing cached."""

    placement: Placement
    data: Path
    port: int
    password: str = field(repr=False)
    process: subprocess.Popen[bytes] | None = None

    def conninfo(self, database: str, user: str = MASTER) -> str:
        """How libpq reaches a database."""
        if user == ADMIN:
            return f"host={self.placement.sockets} port={self.port} user={ADMIN} dbname={database}"
        return f"host={HOST} port={self.port} user={user} password={self.password} dbname={database}"

    def url(self, database: str) -> str:
        """The database's URL for the master user."""
        return f"postgresql://{MASTER}:{self.password}@{HOST}:{self.port}/{database}"

    def admin(self, database: str = "postgres") -> psycopg.Connection:
        """A session of the superuser, in autocommit mode."""
        return psycopg.connect(self.conninfo(database, ADMIN), autocommit=True)

    def start(self) -> None:
        """Start, and wait until it answers."""
        settings = SETTINGS | {
            "shared_buffers": f"{shared_buffers() // 2**20}MB",
            "port": str(self.port),
            "listen_addresses": HOST,
            "unix_socket_directories": f'"{self.placement.sockets}"',
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.placement.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.placement.binaries / "postgres"), "-D", str(self.data), *options],
                stdout=log, stderr=log, **self.placement.process_options(),
            )  # fmt: skip
        until = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.admin().close()
                return
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > until:
                    said = (self.placement.home / "log").read_text(errors="replace")[-2000:]
                    raise RuntimeError(f"PostgreSQL did not start: {said}") from None
            time.sleep(0.05)

    def stop(self) -> None:
        """Shut down cleanly."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(600)
            self.process = None

    @contextlib.contextmanager
    def copy(self, template: str) -> Iterator[str]:
        """A fresh copy of a template in a server that has just started, read once so that nobody pays for a
        cold cache; dropped afterwards."""
        name = "shop"
        with self.admin() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(
                f"CREATE DATABASE {name} OWNER {MASTER} TEMPLATE {template} STRATEGY file_copy"
            )
            connection.execute("CHECKPOINT")
        os.sync()
        self.stop()
        self.start()
        with psycopg.connect(self.conninfo(name), autocommit=True) as connection:
            for table in ("customers", "addresses", "newsletter", "orders"):
                connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            connection.execute("CHECKPOINT")
        yield name
        with self.admin() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute("CHECKPOINT")


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server of our own, in the temporary directory, that goes with everything it wrote."""
    root = Path(tempfile.mkdtemp(prefix="snapveil-bench-"))
    root.chmod(0o755)
    placement = place(root)
    data = placement.data / "data"
    data.mkdir()
    placement.give(data)
    server = Server(placement, data, free_port(), secrets.token_hex(16))
    try:
        subprocess.run(
            [
                str(placement.binaries / "initdb"), "-D", str(data), f"--username={ADMIN}", "--auth=trust",
                "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            ],
            check=True, capture_output=True, **placement.process_options(),
        )  # fmt: skip
        (data / "pg_hba.conf").write_text(HOST_BASED_ACCESS)
        server.start()
        with server.admin() as connection:
            prepare_template(connection)
            prepare_database(connection, NewDatabase(MASTER, server.password, None))
        yield server
    finally:
        server.stop()
        placement.lock.close()
        for folder in (*placement.everything, root):
            shutil.rmtree(folder, ignore_errors=True)
