"""A throw-away PostgreSQL with two equal shops in it, for root and for ordinary users."""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from examples.shop.load import load_shop
from tests.servers import postgres_server

CUSTOMERS = 400


@dataclass(frozen=True)
class Shop:
    """A loaded shop: where it is, what the loader counted and what it said."""

    conninfo: str
    counts: dict[str, int]
    said: tuple[str, ...]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The connection string of a superuser; made as RDS makes it, apart from durability."""
    with postgres_server("trust", {"shared_buffers": "32MB"}) as login:
        yield f"host=127.0.0.1 port={login.port} user=postgres"


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
