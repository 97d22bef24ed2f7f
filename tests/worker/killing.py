"""Workers that are killed: within the test's own process at a commit, or as a process by SIGKILL."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

from services.anonymize.worker.engines import masking_of
from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.pipeline import Outcome, anonymize
from services.anonymize.worker.policy import load_policy
from services.anonymize.worker.progress import Advance, Tell
from tests.worker.building import tell_nobody
from tests.worker.conftest import Server

KEY = RunKey(b"k" * 32)


class KilledError(BaseException):
    """What nothing in the worker catches."""


def work(
    server: Server,
    database: str,
    policy: str,
    tell: Tell = tell_nobody,
    key: RunKey = KEY,
    connections: int = 2,
    **more: Any,
) -> Outcome:
    files = {"policy.yaml": policy.encode(), **more.pop("files", {})}
    with Database(address_of(server.url(database)), key.settings()) as opened:
        return anonymize(opened, load_policy(policy, "policy.yaml"), files, connections, tell, **more)


def fill(server: Server, database: str, statements: str) -> None:
    with server.connect(database) as connection:
        connection.execute(statements.encode())


def ask(server: Server, database: str, query: str) -> list[tuple]:
    with server.superuser(database) as connection:
        return connection.execute(query.encode()).fetchall()


@contextmanager
def killing(*, after: bool) -> Iterator[None]:
    """Kill the worker right before, or right after, the next commit of something that the next one reads."""
    noting = "INSERT INTO snapveil_work.", 'DROP SCHEMA IF EXISTS "snapveil_work"'
    dead = False

    def executing(connection: Connection, _: object, statement: str, *__: object) -> None:
        if statement.startswith(noting):
            connection.info["noted"] = True

    def committing(connection: Connection) -> None:
        nonlocal dead
        if connection.info.pop("noted", False):
            if not after:
                raise KilledError
            dead = True

    def beginning(_: Connection) -> None:
        if dead:
            raise KilledError

    listeners = [("before_cursor_execute", executing), ("commit", committing), ("begin", beginning)]
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


def done(server: Server, database: str) -> set[str]:
    with Database(address_of(server.url(database))) as opened:
        return set(masking_of(opened).checkpoints.done())


def killed(work_on: Callable[[Tell], object], at: Callable[[Advance], bool]) -> bool:
    """Whether a worker in a process of its own died there by SIGKILL, with its sessions open."""
    child = os.fork()
    if child == 0:

        def tell(advance: Advance) -> None:
            if at(advance):
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            work_on(tell)
        finally:
            os._exit(0)  # nothing of the parent's is cleaned up here
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
