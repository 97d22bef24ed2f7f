"""The wire between functions and AWS: who calls what, and the one place where something goes wrong there."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

from local.functions import Function, FunctionError
from local.world import World

NOTE = "(a note)"
READS = ("Describe", "Get", "List", "Scan", "Query", "Head")


class KilledError(BaseException):
    """The process is gone; nothing in a function catches it."""


@dataclass(frozen=True)
class Call:
    """One API call: the number-th of its kind, counted per stage, occasion and operation.

    The occasion is the step that a wait is of, or the type of the message that asked.
    """

    stage: str
    occasion: str
    service: str
    operation: str
    number: int

    @property
    def changes(self) -> bool:
        """Whether it may change anything."""
        return not self.operation.startswith(READS)

    def __str__(self) -> str:
        """Name it in one line."""
        return f"{self.stage} on {self.occasion}: {self.service}.{self.operation} #{self.number}"


@dataclass(frozen=True)
class Handed:
    """One message handed to a function: the number-th of its occasion."""

    stage: str
    occasion: str
    number: int

    def __str__(self) -> str:
        """Name it in one line."""
        return f"{self.stage} on {self.occasion} #{self.number}"


@dataclass
class Doing:
    """What a function works on just now, and what it has done so far."""

    message: Handed
    function: Function
    event: Mapping[str, Any]
    calls: list[Call] = field(default_factory=list)
    tracks: list[str] = field(default_factory=list)


Perform = Callable[[], Any]


class Wire:
    """Watches every call that a function makes and every message that one gets; operators pass unseen.

    `on_call` performs a call, or does worse; `on_message` likewise with an invocation. `watch` sees what a
    call that changes something has just done.
    """

    def __init__(self, world: World) -> None:
        self.done: list[Doing] = []
        self.on_call: Callable[[Call, Doing, Perform], Any] = lambda _call, _doing, perform: perform()
        self.on_message: Callable[[Handed, Doing, Perform], Any] = lambda _message, _doing, perform: perform()
        self.watch: Callable[[Call, Mapping[str, Any]], None] = lambda _call, _params: None
        self._world = world
        self._doing: Doing | None = None
        self._numbers: Counter[tuple[str, ...]] = Counter()

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Stand between until the end."""
        send = BaseClient._make_api_call

        def call(client: Any, operation: str, params: dict[str, Any]) -> Any:
            doing = self._doing
            if doing is None:
                return send(client, operation, params)
            service = client.meta.service_model.service_name
            one = Call(*self._next(doing, service, operation))
            doing.calls.append(one)
            doing.tracks.append(f"{service}.{operation} {_track(operation, params)}")

            def perform() -> Any:
                answer = send(client, operation, params)
                if one.changes:
                    with self.unseen():
                        self.watch(one, params)
                return answer

            return self.on_call(one, doing, perform)

        for source in self._world._sources:
            stage = source.function.setup.environment["SNAPVEIL_QUEUE_URL"].rsplit("snapveil-", 1)[-1]
            source.function = _Watched(source.function, stage, self)
        with patch.object(BaseClient, "_make_api_call", call):
            yield

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Let calls pass for a while: they are the harness's own, or another process's."""
        doing, self._doing = self._doing, None
        try:
            yield
        finally:
            self._doing = doing

    def invoke(self, stage: str, function: Function, event: Mapping[str, Any]) -> Any:
        """Invoke a function; one that is killed has failed its whole batch."""
        occasion = _occasion(event)
        message = Handed(stage, occasion, self._count("message", stage, occasion))
        doing = Doing(message, function, event)
        self.done.append(doing)

        def perform() -> Any:
            self._doing = doing
            try:
                return function.invoke(event)
            except KilledError as killed:
                raise FunctionError(str(killed)) from killed
            finally:
                self._doing = None

        return self.on_message(message, doing, perform)

    def _next(self, doing: Doing, service: str, operation: str) -> tuple[str, str, str, str, int]:
        kind = (doing.message.stage, doing.message.occasion, service, operation)
        return (*kind, self._count(*kind))

    def _count(self, *kind: str) -> int:
        self._numbers[kind] += 1
        return self._numbers[kind]


class _Watched:
    """A function whose invocations the wire sees."""

    def __init__(self, function: Function, stage: str, wire: Wire) -> None:
        self.setup = function.setup
        self._function, self._stage, self._wire = function, stage, wire

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Invoke. Raises FunctionError."""
        return self._wire.invoke(self._stage, self._function, event)


def body_of(event: Mapping[str, Any]) -> str:
    """Return the message of a batch of one."""
    (record,) = event["Records"]
    return str(record["body"])


def _occasion(event: Mapping[str, Any]) -> str:
    said = json.loads(body_of(event))
    said = said.get("detail", said)
    return str(said.get("step") or said["type"])


def _track(operation: str, params: Mapping[str, Any]) -> str:
    """Say what a write to the ledger writes, so that looks which do the same are recognised."""
    if operation != "PutItem":
        return ""
    item = {name: str(value.get("S")) for name, value in params["Item"].items()}
    kind = item["sk"].split("#")[0]
    if kind == "at":
        return f"{item['why'] if item['what'] == 'did' else item['what']} {NOTE}"
    return " ".join(
        [kind, item.get("state", ""), "waits" if item.get("waiting_for") else "", item.get("ending", "")]
    )
