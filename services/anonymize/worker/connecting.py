"""Where the database that is masked is, and a login that waits for a late password."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Self
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, Row, create_engine

from services.anonymize.worker.progress import Advance, Tell

APPLICATION = "snapveil"
CONNECT_SECONDS = 10
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0


class ConnectionProblemError(Exception):
    """The database cannot be reached or refuses the login; the message never holds a password."""


@dataclass(frozen=True)
class Address:
    """Where a database is and who opens it."""

    host: str
    port: int
    user: str
    database: str
    password: str = field(repr=False)
    tls: str = "prefer"
    family: Literal["postgresql", "mysql"] = "postgresql"

    def environment(self) -> dict[str, str]:
        """What libpq, MySQL's clients and most programs read."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        place = f"{self.host}:{self.port}/{quote(self.database, safe='')}"
        if self.family == "mysql":
            return {
                "MYSQL_HOST": self.host,
                "MYSQL_TCP_PORT": str(self.port),
                "MYSQL_USER": self.user,
                "MYSQL_PWD": self.password,
                "MYSQL_DATABASE": self.database,
                "DATABASE_URL": f"mysql://{login}@{place}",
            }
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.database,
            "PGSSLMODE": self.tls,
            "DATABASE_URL": f"postgresql://{login}@{place}?sslmode={self.tls}",
        }


def log_in(
    addresses: Callable[[], Address], try_login: Callable[[Address], None], patience: float, tell: Tell
) -> Address:
    """Wait until the login works and return the address that did. The address is read anew at each try,
    because a restored database takes its new password only some time after it says that it is available.

    Raises ConnectionProblemError after `patience` seconds, with the last reason.
    """
    deadline = time.monotonic() + patience
    pause = FIRST_PAUSE
    while True:
        tell(Advance("connecting"))
        address = addresses()
        try:
            try_login(address)
        except ConnectionProblemError as problem:
            if time.monotonic() + pause > deadline:
                raise ConnectionProblemError(f"no login within {patience:g} seconds: {problem}") from None
        else:
            return address
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def execute(connection: Connection, statement: str) -> int:
    """Run a statement as it stands, percent signs included; return the rows that it says it touched."""
    result = connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    return max(result.rowcount, 0)


def query(connection: Connection, statement: str) -> Sequence[Row[Any]]:
    """Run a query as it stands, and return its few rows."""
    return connection.exec_driver_sql(statement, execution_options={"no_parameters": True}).all()


class Sessions:
    """A database to work in: its sessions are all set up alike and used again and again.

    It is a context manager, which closes them. Without settings there is no run's key in its sessions.
    """

    def __init__(
        self, address: Address, settings: Mapping[str, str] | None, dialect: str, pool_size: int
    ) -> None:
        self.address = address
        self.settings: Mapping[str, str] = dict(settings or {})
        self.engine: Engine = create_engine(
            dialect, creator=self.new_session, poolclass=QueuePool, pool_size=pool_size
        )

    def new_session(self) -> Any:
        """Open one session and set it up."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End its sessions."""
        self.engine.dispose()

    def begin(self) -> AbstractContextManager[Connection]:
        """A session with one transaction, committed at its end."""
        return self.engine.begin()

    @contextmanager
    def begin_reading(self) -> Iterator[Connection]:
        """A session with one transaction in which nothing can be written."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            yield connection

    def autocommit(self) -> AbstractContextManager[Connection]:
        """A session in which every statement commits by itself."""
        return self.engine.execution_options(isolation_level="AUTOCOMMIT").connect()
