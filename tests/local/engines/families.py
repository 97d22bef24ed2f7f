"""Both families of engines for tests: how to log in, and what to break."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pymysql

from local.engines import NewDatabase, PostgresEngines, Running, Volume
from tests.local.engines.folders import engine_folder
from tests.mariadb import ENGINES, require_mariadb

MASTER, PASSWORD = "shop_admin", "it's a secret"
MARIADB_SHOP = NewDatabase(MASTER, PASSWORD, "shop", "mariadb")
POSTGRESQL_SHOP = NewDatabase(MASTER, PASSWORD, "shop")


def connect_mariadb(
    port: int, user: str = MASTER, password: str = PASSWORD, database: str | None = "shop"
) -> Any:
    return pymysql.connect(
        host="127.0.0.1", port=port, user=user, password=password, database=database, autocommit=True
    )


def connect_postgresql(
    port: int, user: str = MASTER, password: str = PASSWORD, database: str | None = "shop"
) -> Any:
    parameters = {"host": "127.0.0.1", "sslmode": "disable", "connect_timeout": 5}
    return psycopg.connect(
        port=port, user=user, password=password, dbname=database or "postgres", autocommit=True, **parameters
    )


def ask(connection: Any, question: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchall() if cursor.description else ()


@dataclass(frozen=True)
class Family:
    """One family's engines, a running database that no test writes to, and a snapshot of it."""

    name: str
    engines: Any  # MariaDBEngines or PostgresEngines
    shop: Volume
    snapshot: Volume
    connect: Callable[..., Any]
    refused: type[Exception]  # what a failed login raises

    def port(self) -> int:
        """Where the shop answers."""
        return self.engines.start(self.shop, 0).port  # a running engine is left alone

    def started_copy(self, of: Volume | None = None) -> tuple[Volume, Running]:
        """A database restored from the snapshot, or from another one."""
        copy = self.engines.restore(of or self.snapshot)
        return copy, self.engines.start(copy, self.engines.reserve_port())


@contextmanager
def family(name: str) -> Iterator[Family]:
    """One of `mariadb` and `postgresql`; whoever ends leaves no file."""
    is_mariadb = name == "mariadb"
    if is_mariadb:
        require_mariadb()
    with engine_folder() as folder:
        engines: Any = ENGINES(folder) if is_mariadb else PostgresEngines(folder)
        shop = engines.create(MARIADB_SHOP if is_mariadb else POSTGRESQL_SHOP)
        engines.start(shop, engines.reserve_port())
        yield Family(
            name,
            engines,
            shop,
            engines.snapshot(shop),
            connect_mariadb if is_mariadb else connect_postgresql,
            pymysql.err.OperationalError if is_mariadb else psycopg.OperationalError,
        )
        engines.close()
        assert list(folder.iterdir()) == []
