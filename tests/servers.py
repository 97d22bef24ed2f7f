"""A PostgreSQL server of one's own, for tests: below any path, for root and for ordinary users."""

import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.engines.placement import Placement, place

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
}


@dataclass(frozen=True)
class SuperuserLogin:
    """Where a server answers, the password of its superuser `postgres`, and where its programs are."""

    port: int
    password: str
    binaries: Path


@contextmanager
def postgres_server(auth: str, settings: Mapping[str, object]) -> Iterator[SuperuserLogin]:
    """Run a server; `auth` is how it knows who logs in (trust, scram-sha-256)."""
    root = Path(tempfile.mkdtemp(prefix="snapveil-tests-"))
    root.chmod(0o755)
    placed = place(root)
    login = SuperuserLogin(free_port(), secrets.token_hex(8), placed.binaries)
    try:
        data = _initialized(placed, auth, login.password)
        wanted = {**SETTINGS, **settings, "port": login.port}
        options = [part for name, value in wanted.items() for part in ("-c", f"{name}={value}")]
        with (root / "log").open("wb") as log:
            command = [placed.binaries / "postgres", "-D", data, *options]
            postgres = subprocess.Popen(command, stdout=log, stderr=log, **placed.process_options())
        try:
            wait_until_ready(placed, login.port, root / "log")
            yield login
        finally:
            postgres.terminate()
            postgres.wait(30)
    finally:
        placed.lock.close()
        for folder in (*placed.everything, root):
            shutil.rmtree(folder, ignore_errors=True)


def _initialized(placed: Placement, auth: str, password: str) -> Path:
    data, secret = placed.data / "data", placed.data / "password"
    data.mkdir()
    placed.give(data)
    secret.write_text(password)
    secret.chmod(0o644)
    subprocess.run(
        [
            *(placed.binaries / "initdb", "-D", data, "-U", "postgres", "-A", auth, f"--pwfile={secret}"),
            *("-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--no-sync", "-k"),
        ],
        check=True,
        capture_output=True,
        **placed.process_options(),
    )
    return data


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until_ready(placed: Placement, port: int, log: Path) -> None:
    """Wait until a server answers; show its log if it does not."""
    command = [placed.binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    for _ in range(200):
        if subprocess.run(command, check=False, timeout=5, **placed.process_options()).returncode == 0:
            return
    raise AssertionError(log.read_text())
