"""The embedded cloud, running: an HTTP endpoint, functions and tasks as processes, real engines."""

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.accounts import through
from local.authorization.gate import authorized
from local.authorization.of_stacks import authorizer_of
from local.documents import LocalSource, Pacing
from local.emulation import emulated, files_read_once
from local.engines import Engines, NoEngines
from local.functions import SubprocessFunction
from local.rds import RdsWorld, Timings
from local.schedule import Schedules, Ticking
from local.server import Server
from local.sources import EventSource, Polling
from local.task_runners import SubprocessTasks
from local.tasks import TaskTimings
from local.templates import Document
from local.two_accounts import TwoAccounts


class Cloud(TwoAccounts):
    """Two accounts on this machine; everything lies under `directory` and ends with the `with` block.

    Both accounts are deployed for the `sources`. `second` is how long a second of a message's delay lasts,
    and `retry_after` after how many seconds a message that failed is seen again. `lambdas=False` leaves the
    queues to the caller.
    """

    def __init__(
        self,
        directory: Path,
        sources: Mapping[str, LocalSource],
        *,
        engines: Engines | None = None,
        timings: Timings | None = None,
        pacing: Pacing | None = None,
        second: float = 0.2,
        retry_after: int = 2,
        lambdas: bool = True,
        templates: Mapping[str, Document] | None = None,
    ) -> None:
        rds = RdsWorld(engines or NoEngines(), timings or Timings.fast())
        super().__init__(sources, rds, pacing or Pacing.fast(), templates)
        self.directory = directory.absolute()
        self.functions: dict[str, SubprocessFunction] = {}
        self.tasks = SubprocessTasks(self.directory / "tasks", self._credentials)
        self.endpoint_url = ""
        self._second = second
        self._retry_after = retry_after
        self._lambdas = lambdas
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opening, files_read_once():
            opening.callback(self.rds.close)
            self._start(opening)
            self._open = opening.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything: functions, tasks, engines, server. May be called twice."""
        self._open.close()

    def wait_until(self, predicate: Callable[[], Any], timeout: float, every: float = 0.05) -> Any:
        """Return what the predicate gives once it is true. Raises TimeoutError after `timeout` seconds."""
        until = time.monotonic() + timeout
        while not (found := predicate()):
            if time.monotonic() > until:
                raise TimeoutError(f"not within {timeout} s; see the logs below {self.directory}")
            time.sleep(every)
        return found

    def _start(self, opening: contextlib.ExitStack) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        opening.enter_context(emulated(self.record, self.tasks, TaskTimings.fast(), self._second))
        self.rds.install()
        opening.callback(self.rds.uninstall)
        self._deploy()
        opening.enter_context(authorized(authorizer_of(self)))
        server = Server(self.directory / "server.log")
        opening.callback(server.close)
        self.endpoint_url = server.url
        self.accounts = through(server.url, self.accounts)
        opening.callback(self.tasks.close)
        self.schedules = Schedules(self._places(), now)
        ticking = Ticking(self.schedules, now)
        opening.callback(ticking.close)
        ticking.start()
        if self._lambdas:
            self._start_functions(opening)

    def _start_functions(self, opening: contextlib.ExitStack) -> None:
        logs = self.directory / "functions"
        logs.mkdir(exist_ok=True)
        home = {
            "PATH": os.defpath,
            "HOME": str(self.directory),
            "TMPDIR": tempfile.gettempdir(),
            "LANG": "C.UTF-8",
        }
        polls: list[Polling] = []
        for described, setup in self._functions():
            function = SubprocessFunction(setup.having(home), logs / f"{described.name}.log")
            self.functions[described.stage] = function
            source = EventSource(described.queue_arn, function, described.batch_size, self._retry_after)
            polls.append(Polling([source], described.maximum_concurrency))
            function.warm()
        for poll in polls:
            opening.callback(poll.join)
        for function in self.functions.values():
            opening.callback(function.close)  # ends what is being handled, so that polling can end
        for poll in polls:
            opening.callback(poll.stop)
            poll.start()

    def _credentials(self, account: str, role: str) -> Mapping[str, str]:
        by_number = {one.number: one for one in self.accounts.values()}
        return by_number[account].environment(role)


def now() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)
