"""How a function runs: as a warm process with only its own environment, or within this one for tests with a
driven clock.
"""

import contextlib
import json
import os
import queue
import select
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

import shared.aws
from local import function_host

CODE = Path(function_host.__file__).resolve().parent.parent
PATIENCE_FOR_A_WARM_ONE = 1.0
"""Seconds to wait for a busy environment before another is started: a cold start takes about as long."""


class FunctionError(Exception):
    """An invocation failed as a whole: the handler raised, took too long, or its process died."""


@dataclass(frozen=True)
class FunctionSetup:
    """What a function is made of; `environment` is all that it gets."""

    name: str
    arn: str
    handler: str
    environment: Mapping[str, str]
    timeout: float = 60

    def having(self, variables: Mapping[str, str]) -> "FunctionSetup":
        """Return the same function with more in its environment."""
        return replace(self, environment={**variables, **self.environment})


class Function(Protocol):
    """Something that can be invoked with an event."""

    setup: FunctionSetup

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Run the handler on an event and return its result. Raises FunctionError."""


class InProcessFunction:
    """Calls the handler here: everything is one thread with one clock."""

    def __init__(self, setup: FunctionSetup) -> None:
        self.setup = setup
        self._handler: Any = None

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Run the handler with its own environment. Raises FunctionError."""
        with patch.dict(os.environ, self.setup.environment, clear=True):
            shared.aws.client.cache_clear()  # the last call may have been another account's
            try:
                handler = self._handler = self._handler or function_host.load(self.setup.handler)
                return handler(event, function_host.context_of(_request(self.setup, event)))
            except Exception as error:
                raise FunctionError(f"{self.setup.name}: {type(error).__name__}: {error}") from error
            finally:
                shared.aws.client.cache_clear()


class SubprocessFunction:
    """Keeps up to `most` warm processes, which Lambda calls execution environments; each works on one event
    at a time.
    """

    def __init__(self, setup: FunctionSetup, log: Path, most: int = 2) -> None:
        self.setup = setup
        self._log = log
        self._most = most
        self._idle: queue.LifoQueue[_Environment] = queue.LifoQueue()
        self._all: set[_Environment] = set()
        self._lock = threading.Lock()
        self._closed = False

    def warm(self) -> None:
        """Start a process ahead of the first event; returns before it is ready."""
        self._idle.put(self._start())

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Run the handler in a warm process. Raises FunctionError; the process is not used again then, unless
        the handler raised.
        """
        environment = self._take()
        try:
            answer = environment.ask(_request(self.setup, event), self.setup.timeout)
        except FunctionError:
            self._drop(environment)
            raise
        self._idle.put(environment)
        if "error" in answer:
            raise FunctionError(f"{self.setup.name}: {answer['error']} (see {self._log})")
        return answer["result"]

    def pids(self) -> list[int]:
        """Name the processes that live now."""
        with self._lock:
            return sorted(one.pid for one in self._all if one.alive)

    def kill(self) -> None:
        """Kill every process, as when a machine dies; the next event starts a new one."""
        with self._lock:
            for environment in self._all:
                environment.kill()

    def close(self) -> None:
        """Kill every process for good."""
        with self._lock:
            self._closed = True
            for environment in self._all:
                environment.kill()
        while not self._idle.empty():  # whoever uses one of the others notices, and drops it
            self._drop(self._idle.get())

    def _take(self) -> "_Environment":
        while True:
            with self._lock:
                full, none = len(self._all) >= self._most, not self._all
            try:
                environment = self._idle.get(timeout=0 if none else PATIENCE_FOR_A_WARM_ONE)
            except queue.Empty:
                if full and not self._closed:
                    continue
                return self._start()
            if environment.alive:
                return environment
            self._drop(environment)

    def _start(self) -> "_Environment":
        with self._lock:
            if self._closed:
                raise FunctionError(f"{self.setup.name} is closed")
            environment = _Environment(self.setup, self._log)
            self._all.add(environment)
            return environment

    def _drop(self, environment: "_Environment") -> None:
        environment.collect()
        with self._lock:
            self._all.discard(environment)


class _Environment:
    """One process that runs one handler."""

    def __init__(self, setup: FunctionSetup, log: Path) -> None:
        self._name = setup.name
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.function_host", setup.handler],
                cwd=CODE,
                env=dict(setup.environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,  # Ctrl-C is the cloud's to handle
            )
        self._unread = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: Mapping[str, Any], timeout: float) -> Any:
        """Send one request and wait for its answer."""
        assert self._process.stdin  # noqa: S101 - opened above
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise FunctionError(f"{self._name}: process {self.pid} is gone") from error
        return json.loads(self._line(time.monotonic() + timeout, timeout))

    def kill(self) -> None:
        """Kill the process; somebody may be waiting for its answer, so its pipes stay."""
        self._process.kill()
        self._process.wait()

    def collect(self) -> None:
        """Kill the process and close its pipes; only for whoever has this environment to himself."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):  # what was not flushed has no reader any more
                    pipe.close()

    def _line(self, until: float, timeout: float) -> bytes:
        assert self._process.stdout  # noqa: S101 - opened above
        output = self._process.stdout.fileno()
        while b"\n" not in self._unread:
            ready, _, _ = select.select([output], [], [], max(until - time.monotonic(), 0))
            if not ready:
                raise FunctionError(f"{self._name}: timed out after {timeout} s")
            read = os.read(output, 65536)
            if not read:
                raise FunctionError(f"{self._name}: process {self.pid} died during the invocation")
            self._unread += read
        line, _, self._unread = self._unread.partition(b"\n")
        return line


def _request(setup: FunctionSetup, event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "event": event,
        "function_arn": setup.arn,
        "request_id": str(uuid.uuid4()),
        "deadline": time.time() + setup.timeout,
    }
