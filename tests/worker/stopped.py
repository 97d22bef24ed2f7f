"""A PostgreSQL with a past that can be copied, started, stopped and searched byte by byte while it stands.

Compression would hide values from a search, so everything that is compressed by default is stored plainly:
catalogs and statistics (by a superuser, before the past happens), and the log, which is plain anyway.
"""

import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from local.engines.placement import Placement, place
from tests.servers import SETTINGS, free_port, wait_until_ready

MASTER, DATABASE = "master", "shop"
MARK = b"qzvx"
_MARKED = re.compile(rb"qzvx([a-z]{2})")
_DIGITS = re.compile(rb"0612987[0-9]")
# Expressions in catalogs write a constant as the numbers of its bytes.
_NUMBERS = re.compile(b" ".join(str(byte).encode() for byte in MARK) + rb" (\d+) (\d+) ")

ENGINE = {
    **SETTINGS,
    "max_wal_size": "64MB",
    "min_wal_size": "4MB",
    "wal_level": "logical",
    "max_prepared_transactions": 4,
    "shared_preload_libraries": "pg_stat_statements",
    "allow_system_table_mods": "on",
    "log_statement": "all",
    "wal_compression": "off",
    "default_toast_compression": "pglz",
    "shared_buffers": "32MB",
}

_COMPRESSED = """
SELECT format('ALTER TABLE %s ALTER COLUMN %I SET STORAGE EXTERNAL', a.attrelid::regclass, a.attname)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND a.attstorage IN ('x', 'm')
   AND NOT (c.relisshared AND current_database() <> 'postgres')
"""  # noqa: E501


@dataclass(frozen=True)
class Engine:
    """A running server on a data directory."""

    port: int
    password: str
    data: Path
    log: Path

    def url(self, user: str = MASTER, database: str = DATABASE) -> str:
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def connect(self, user: str = MASTER, database: str = DATABASE) -> psycopg.Connection:
        return psycopg.connect(self.url(user, database), autocommit=True)


class Yard:
    """Where data directories lie; they are copied from one another."""

    def __init__(self, placed: Placement, root: Path) -> None:
        self.placed = placed
        self.root = root
        self.password = secrets.token_hex(8)

    def create(self, name: str) -> Path:
        data = self.placed.data / name
        data.mkdir()
        self.placed.give(data)
        secret = self.placed.data / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)
        subprocess.run(
            [
                *(self.placed.binaries / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256"),
                *(f"--pwfile={secret}", "-E", "UTF8", "--locale=C", "--no-sync", "--wal-segsize=1"),
            ],
            check=True,
            capture_output=True,
            **self.placed.process_options(),
        )
        return data

    def copy(self, data: Path, name: str) -> Path:
        target = self.placed.data / name
        subprocess.run(["cp", "-a", str(data), str(target)], check=True)
        return target

    @contextmanager
    def run(self, data: Path, *, crash: bool = False, **settings: object) -> Iterator[Engine]:
        """Run a server and stop it cleanly, or as a power cut would."""
        engine = Engine(free_port(), self.password, data, self.root / f"{data.name}.log")
        wanted = {**ENGINE, **settings, "port": engine.port}
        options = [part for name, value in wanted.items() for part in ("-c", f"{name}={value}")]
        with engine.log.open("ab") as log:
            command = [self.placed.binaries / "postgres", "-D", data, *options]
            process = subprocess.Popen(command, stdout=log, stderr=log, **self.placed.process_options())
        try:
            wait_until_ready(self.placed, engine.port, engine.log)
            yield engine
        finally:
            process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
            process.wait(30)


@contextmanager
def yard() -> Iterator[Yard]:
    """A place for data directories that is removed in the end."""
    root = Path(tempfile.mkdtemp(prefix="snapveil-tests-"))
    root.chmod(0o755)
    placed = place(root, database_bytes=80_000_000)  # in memory, where there is room
    try:
        yield Yard(placed, root)
    finally:
        placed.lock.close()
        for folder in (*placed.everything, root):
            shutil.rmtree(folder, ignore_errors=True)


def make_past(yard: Yard, history: str) -> Path:
    """Make a data directory with a past; the last that happened to it was a crash."""
    data = yard.create("past")
    with yard.run(data, crash=True) as engine:
        with engine.connect("postgres", "postgres") as root:
            root.execute(
                f"CREATE ROLE {MASTER} LOGIN NOSUPERUSER CREATEDB CREATEROLE REPLICATION PASSWORD"
                f" '{engine.password}' IN ROLE pg_monitor, pg_checkpoint, pg_signal_backend, pg_maintain,"
                " pg_create_subscription"
            )
            root.execute(f"CREATE DATABASE {DATABASE} OWNER {MASTER}")
            root.execute(f"ALTER DATABASE postgres OWNER TO {MASTER}")
        for database in ("postgres", DATABASE):
            with engine.connect("postgres", database) as root:
                for (plain,) in root.execute(_COMPRESSED).fetchall():
                    root.execute(plain)
                root.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
                root.execute(f"GRANT EXECUTE ON FUNCTION pg_stat_statements_reset TO {MASTER}")
                root.execute(f"ALTER SCHEMA public OWNER TO {MASTER}")
        with engine.connect("postgres") as root:
            root.execute(
                f"CREATE FOREIGN DATA WRAPPER anything;"
                f" GRANT USAGE ON FOREIGN DATA WRAPPER anything TO {MASTER}"
            )
            for name in ("old", "older"):
                root.execute(
                    f"CREATE SUBSCRIPTION {name} CONNECTION 'host=h password=qzvxsb{name}' PUBLICATION p WITH"
                    " (connect = false, enabled = false, slot_name = NONE, create_slot = false)"
                )
                root.execute(f"ALTER SUBSCRIPTION {name} OWNER TO {MASTER}")
            root.execute("ANALYZE pg_subscription")
        with engine.connect(database="postgres") as other:
            other.execute(
                "CREATE TABLE gone AS SELECT 'qzvxod' || i % 9 AS x FROM generate_series(1, 90) i;"
                "ANALYZE gone; DROP TABLE gone;"
                "CREATE TYPE one AS (); CREATE TYPE two AS ();"
                "COMMENT ON TYPE one IS 'qzvxoc1'; COMMENT ON TYPE two IS 'qzvxoc1';"
                "ANALYZE pg_description; DROP TYPE one, two"
            )
        with engine.connect() as master:
            master.execute("CREATE ROLE app LOGIN PASSWORD 'x'; CREATE ROLE reader LOGIN PASSWORD 'x'")
            master.execute(history.encode())
            master.execute(f"COMMENT ON DATABASE {DATABASE} IS 'qzvxsd'")
            master.execute(f"COMMENT ON DATABASE {DATABASE} IS NULL")
        cut_off = engine.connect()  # its temporary table outlives it
        cut_off.execute(
            "CREATE TEMP TABLE of_a_session AS SELECT 'qzvxtm' || i % 9 AS x FROM generate_series(1, 90) i;"
            "ANALYZE of_a_session"
        )
        cut_off.execute("CHECKPOINT")
    with yard.run(data) as engine, engine.connect() as master:
        master.execute("CREATE UNLOGGED TABLE hurried (mail text)")
        master.execute("INSERT INTO hurried SELECT 'qzvxul' || i || '@free.fr' FROM generate_series(1, 50) i")
        master.execute("SELECT pg_create_logical_replication_slot('feed', 'pgoutput')")
        master.execute(
            "BEGIN; INSERT INTO orders (id, code) VALUES (0, 'qzvxpt'); PREPARE TRANSACTION 'open'"
        )
        master.execute("DO $$BEGIN PERFORM 'qzvxpg'; END$$")
        master.execute("CHECKPOINT")
    return data


def search(data: Path, *secrets_too: str) -> Counter[str]:
    """Count every marked value in every file of a stopped data directory, as `code in folder`."""
    assert not (data / "postmaster.pid").exists()
    found: Counter[str] = Counter()
    for path in data.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        folder = path.relative_to(data).parts[0]
        lowered = content.lower() if MARK.upper() in content else content
        found.update(f"{code.decode()} in {folder}" for code in _MARKED.findall(lowered))
        found.update(
            f"{chr(int(first))}{chr(int(second))} in {folder}" for first, second in _NUMBERS.findall(content)
        )
        found.update(f"phone in {folder}" for _ in _DIGITS.findall(content))
        found.update(f"secret in {folder}" for secret in secrets_too if secret.encode() in content)
    return found
