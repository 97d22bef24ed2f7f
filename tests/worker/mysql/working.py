"""Short ways to fill, mask and ask a MariaDB database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from services.anonymize.worker.connecting import Address
from services.anonymize.worker.engines import open_database
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.sql import quoted
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.pipeline import Outcome, anonymize
from services.anonymize.worker.policy import load_policy
from services.anonymize.worker.progress import Tell
from tests.mariadb import MariaDBServer
from tests.worker.building import tell_nobody

KEY = RunKey(b"k" * 32)


def address(server: MariaDBServer, name: str) -> Address:
    return Address(server.host, server.port, server.user, name, server.password, "disable", "mysql")


@contextmanager
def opened(server: MariaDBServer, name: str, key: RunKey | None = KEY) -> Iterator[Database]:
    database = open_database(address(server, name), key)
    assert isinstance(database, Database)
    with database:
        yield database


def work(
    server: MariaDBServer,
    name: str,
    policy: str,
    tell: Tell = tell_nobody,
    conclude: Callable[[Outcome], None] = lambda _: None,
    **files: bytes,
) -> Outcome:
    """Mask a database by the worker's whole pipeline; a file's name has `_` for `.`."""
    named = {file.replace("_", "."): content for file, content in files.items()}
    with opened(server, name) as database:
        bundle = {"policy.yaml": policy.encode(), **named}
        return anonymize(database, load_policy(policy, "policy.yaml"), bundle, 2, tell, conclude)


def ask(server: MariaDBServer, name: str | None, query: str) -> list[tuple[Any, ...]]:
    with server.connect(name) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def definitions(server: MariaDBServer, name: str) -> dict[str, list[str]]:
    """Every table as the server would make it anew, line by line; foreign keys come in any order."""
    return {
        table: sorted(
            line.rstrip(",")
            for line in ask(server, name, f"SHOW CREATE TABLE {quoted(table)}")[0][1].split("\n")
        )
        for table in _tables(server, name)
    }


def rows(server: MariaDBServer, name: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in an order that does not depend on how it lies."""
    return {
        table: sorted(ask(server, name, f"SELECT * FROM {quoted(table)}"), key=repr)
        for table in _tables(server, name)
    }


def _tables(server: MariaDBServer, name: str) -> list[str]:
    found = ask(
        server,
        None,
        "SELECT table_name FROM information_schema.tables"
        f" WHERE table_schema = '{name}' AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')",
    )
    return [str(table) for (table,) in found]


@contextmanager
def everywhere(server: MariaDBServer, setting: str, value: str, before: str) -> Iterator[None]:
    """A setting for all sessions to come."""
    with server.connect_as_admin() as session, session.cursor() as cursor:
        cursor.execute(f"SET GLOBAL {setting} = {value}")
        try:
            yield
        finally:
            cursor.execute(f"SET GLOBAL {setting} = {before}")
