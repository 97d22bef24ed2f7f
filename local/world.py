"""The driven twin of the cloud: the same stacks in one process and one thread, on a clock that jumps.

Nothing sleeps. The next message that is visible is delivered; when there is none, the clock jumps to the next
moment at which anything can happen: a message's delay or visibility ends, a schedule is due, a task ends. RDS
follows the clock by itself.
"""

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

from local import queues
from local.authorization.gate import authorized
from local.authorization.of_stacks import authorizer_of
from local.documents import LocalSource, Pacing
from local.emulation import emulated, files_read_once
from local.engines import NoEngines
from local.functions import Function, InProcessFunction
from local.rds import RdsWorld, Timings
from local.schedule import Schedules
from local.sources import EventSource
from local.task_runners import FakeTasks
from local.tasks import TaskTimings
from local.templates import Document
from local.two_accounts import TwoAccounts

BEGINNING = datetime(2026, 11, 16, 3, 5, tzinfo=UTC)
DELIVERY = timedelta(milliseconds=100)
"""How long a delivery takes on the world's clock, so that what happens has an order."""
INSTANT = timedelta(milliseconds=1)
MOST_DELIVERIES = 5000


class StillWaitingError(AssertionError):
    """What a test waited for did not come within the world's time; the text says what is left."""


@dataclass(frozen=True)
class Delivery:
    """One message that was given to a function."""

    at: datetime
    stage: str
    body: str
    receive_count: int
    failed: bool


class World(TwoAccounts):
    """Two accounts on a driven clock; `tasks.outcome` says what a worker does.

    Needs the package time-machine, which belongs to the development dependencies.
    """

    def __init__(
        self,
        sources: Mapping[str, LocalSource],
        *,
        beginning: datetime = BEGINNING,
        timings: Timings | None = None,
        task_timings: TaskTimings | None = None,
        pacing: Pacing | None = None,
        templates: Mapping[str, Document] | None = None,
    ) -> None:
        self.engines = NoEngines()
        self.tasks = FakeTasks()
        self.functions: dict[str, Function] = {}
        self.deliveries: list[Delivery] = []
        self.answers: Callable[[str], object] = _no_engine
        self._beginning = beginning
        self._task_timings = task_timings or TaskTimings()
        self._sources: list[EventSource] = []
        self._open = contextlib.ExitStack()
        rds = RdsWorld(self.engines, timings or Timings.aws_like())
        super().__init__(sources, rds, pacing or Pacing.coarse(), templates)

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
        self._open.close()

    @property
    def now(self) -> datetime:
        """The world's time, UTC."""
        return datetime.now(UTC)

    def run(
        self, until: Callable[[], Any] | None = None, at_most: timedelta = timedelta(hours=12)
    ) -> timedelta:
        """Let things happen until a condition holds, or without one until only schedules are left.

        Returns how long it took on the world's clock. Raises StillWaitingError after `at_most`, or after so
        many deliveries that messages must be going in circles.
        """
        began, delivered = self.now, len(self.deliveries)
        done = until or self._quiet
        while not done():
            if len(self.deliveries) - delivered > MOST_DELIVERIES:
                raise self._still_waiting(f"{MOST_DELIVERIES} deliveries")
            if self.deliver() or done():  # what was received too often becomes a dead letter in between
                continue
            moment = self._next_moment()
            if moment is None or moment > began + at_most:
                raise self._still_waiting(str(at_most))
            self.jump(max(moment, self.now + INSTANT))
        return self.now - began

    def deliver(self) -> bool:
        """Deliver one message that is visible; False if there is none."""
        return any(source.deliver() for source in self._sources)

    def jump(self, moment: datetime) -> None:
        """Move the clock forward, and let happen what is due by then (deliveries excepted)."""
        self._clock.move_to(max(moment, self.now))
        self.tasks.settle(time.time())
        self.schedules.fire_due()

    def _start(self, opening: contextlib.ExitStack) -> None:
        import time_machine  # noqa: PLC0415 - only tests drive a clock

        traveller = time_machine.travel(self._beginning, tick=False)
        self._clock = traveller.start()
        opening.callback(traveller.stop)
        opening.enter_context(emulated(self.record, self.tasks, self._task_timings))
        self.rds.install()
        opening.callback(self.rds.uninstall)
        self._deploy()
        opening.enter_context(authorized(authorizer_of(self)))
        opening.enter_context(patch("boto3.client", self._client_of_the_environment))
        opening.enter_context(patch("psycopg.connect", self._connect_postgresql))
        opening.enter_context(patch("pymysql.connect", self._connect_mysql))
        opening.enter_context(patch("secrets.token_hex", _counting()))
        self.schedules = Schedules(self._places(), lambda: self.now)
        for described, setup in self._functions():
            function = _Noted(InProcessFunction(setup), described.stage, self._note)
            self.functions[described.stage] = function
            self._sources.append(EventSource(described.queue_arn, function, described.batch_size))

    def _still_waiting(self, limit: str) -> StillWaitingError:
        last = [f"{one.at:%H:%M:%S} {one.stage} {one.body[:200]}" for one in self.deliveries[-3:]]
        return StillWaitingError(f"not within {limit}; left: {self.leftovers()}; last deliveries: {last}")

    def _note(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        self._clock.shift(DELIVERY)

    def _next_moment(self) -> datetime | None:
        moments = [queues.next_moment(source.queue) for source in self._sources]
        moments.append(self.tasks.next_moment())
        known = [datetime.fromtimestamp(moment, UTC) for moment in moments if moment is not None]
        due = self.schedules.next_moment()
        return min([*known, due] if due else known, default=None)

    def _quiet(self) -> bool:
        waiting = any(source.queue._messages for source in self._sources)
        return not waiting and self.tasks.next_moment() is None

    def _client_of_the_environment(self, service: str, **_: Any) -> Any:
        """Stand in for boto3.client: who asks is who the environment says, but no client is made twice."""
        key = os.environ.get("AWS_ACCESS_KEY_ID", "")
        for account in self.accounts.values():
            if role := account.role_of(key):
                return account.client(service, role)
        raise LookupError(f"access key {key!r} belongs to no role of this world")

    def _connect_postgresql(self, *_: Any, **given: Any) -> "_Connection":
        """Stand in for psycopg.connect: there is no engine, but who may log in where is known."""
        import psycopg  # noqa: PLC0415 - slow, and not every test needs it

        return self._logged_in(given, psycopg.OperationalError)

    def _connect_mysql(self, *_: Any, **given: Any) -> "_Connection":
        """Stand in for pymysql.connect, likewise."""
        import pymysql  # noqa: PLC0415

        return self._logged_in(given, pymysql.OperationalError)

    def _logged_in(self, given: Mapping[str, Any], refusal: type[Exception]) -> "_Connection":
        self.rds.settle()
        if not self.engines.login(int(given["port"]), given["user"], given["password"]):
            raise refusal("connection failed: nobody answers, or the password is wrong")
        return _Connection(self.answers)


def _no_engine(query: str) -> object:
    raise NotImplementedError(f"there is no engine behind this connection to answer {query!r}")


def _counting() -> Callable[..., str]:
    """Stand in for secrets.token_hex: the same world tells the same story, and later tokens sort later."""
    numbers = itertools.count(1)
    return lambda size=32: f"{next(numbers) % 256**size:0{2 * size}x}"


class _Connection:
    """A connection with no engine behind it: it notes what it is told, and answers as the test says."""

    def __init__(self, answer: Callable[[str], object]) -> None:
        self._answer = answer
        self._said: object = None

    def cursor(self) -> "_Connection":
        return self

    def execute(self, query: str) -> None:
        self._said = 1 if query == "SELECT 1" else self._answer(query)

    def fetchone(self) -> tuple[object]:
        return (self._said,)

    def commit(self) -> None:
        pass

    def close(self) -> None:
        pass


class _Noted:
    """A function whose deliveries are noted."""

    def __init__(self, function: InProcessFunction, stage: str, note: Callable[[Delivery], None]) -> None:
        self.setup = function.setup
        self._function = function
        self._stage = stage
        self._note = note

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Invoke, and note for each message whether it failed."""
        at = datetime.now(UTC)
        failed: set[str] = {record["messageId"] for record in event["Records"]}
        try:
            answer = self._function.invoke(event)
            failed = {one["itemIdentifier"] for one in (answer or {}).get("batchItemFailures", [])}
        finally:
            for record in event["Records"]:
                count = int(record["attributes"]["ApproximateReceiveCount"])
                missed = record["messageId"] in failed
                self._note(Delivery(at, self._stage, record["body"], count, missed))
        return answer
