"""What runs an ECS task here: a process of its own, or, on a driven clock, whatever a test says happens."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from local.functions import CODE

STOP_TIMEOUT = 5.0  # seconds between SIGTERM and SIGKILL; ECS: 30 by default


@dataclass(frozen=True)
class TaskStart:
    """What a task is to run. `environment` is what definition and overrides give; credentials come on top of
    it.
    """

    arn: str
    account: str
    role: str
    container: str
    command: Sequence[str]
    environment: Mapping[str, str]
    started_by: str


@dataclass(frozen=True)
class TaskEnd:
    """How a task ended."""

    at: float
    exit_code: int | None
    reason: str | None = None


class RunningTask(Protocol):
    """A task that was started."""

    def end(self) -> TaskEnd | None:
        """Tell how it ended; None while it runs."""

    def stop(self) -> None:
        """End it soon."""


class TaskRunner(Protocol):
    """Whatever runs tasks."""

    def start(self, start: TaskStart, ready_at: float) -> RunningTask:
        """Start a task whose container runs from `ready_at` (epoch seconds) on."""


class SubprocessTasks:
    """Runs each task as a process of its own; its output goes to a file per task."""

    def __init__(self, directory: Path, credentials: Callable[[str, str], Mapping[str, str]]) -> None:
        self._directory = directory
        self._credentials = credentials
        self._running: list[_Process] = []

    def start(self, start: TaskStart, ready_at: float) -> RunningTask:
        """Start the process at once: the states before RUNNING are only shown."""
        del ready_at
        running = _Process(start, self._credentials(start.account, start.role), self._directory)
        self._running.append(running)
        return running

    def close(self) -> None:
        """Kill whatever still runs."""
        for running in self._running:
            running.kill()

    def pids(self) -> list[int]:
        """Name the processes that live now."""
        return [running.pid for running in self._running if running.end() is None]


class _Process:
    def __init__(self, start: TaskStart, credentials: Mapping[str, str], directory: Path) -> None:
        name = start.arn.split("/")[-1]
        home = directory / name
        home.mkdir(parents=True)
        program, *arguments = start.command
        environment = {
            "PATH": os.defpath,
            "HOME": str(home),
            "TMPDIR": tempfile.gettempdir(),
            **start.environment,
            **credentials,
        }
        with (directory / f"{name}.log").open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable if program == "python" else program, *arguments],
                cwd=CODE,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._end: TaskEnd | None = None
        self._waiting = threading.Thread(target=self._wait, name=f"task-{name}", daemon=True)
        self._waiting.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self) -> TaskEnd | None:
        """Tell how it ended; None while it runs."""
        return self._end

    def stop(self) -> None:
        """Ask the process to end, and kill it if it does not."""
        self._signal(signal.SIGTERM)
        threading.Thread(target=self._insist, name="task-stop", daemon=True).start()

    def kill(self) -> None:
        """Kill the process with everything that it started."""
        self._signal(signal.SIGKILL)
        self._waiting.join()

    def _wait(self) -> None:
        code = self._process.wait()
        # A container that a signal ended reports 128 + the signal's number.
        self._end = TaskEnd(time.time(), code if code >= 0 else 128 - code)

    def _insist(self) -> None:
        self._waiting.join(STOP_TIMEOUT)
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                return


@dataclass(frozen=True)
class Outcome:
    """What a stand-in for a task does: it takes `after` seconds of RUNNING, then `effect` happens and it
    ends.
    """

    after: float = 40 * 60
    exit_code: int | None = 0
    reason: str | None = None
    effect: Callable[[], None] = lambda: None


@dataclass
class FakeTasks:
    """Runs nothing: `outcome` says what each task does, on a driven clock."""

    outcome: Callable[[TaskStart], Outcome] = lambda _: Outcome()
    started: list[TaskStart] = field(default_factory=list)
    _pending: list["_Fake"] = field(default_factory=list)

    def start(self, start: TaskStart, ready_at: float) -> RunningTask:
        """Note the task, and ask what becomes of it."""
        self.started.append(start)
        outcome = self.outcome(start)
        fake = _Fake(outcome, ready_at + outcome.after)
        self._pending.append(fake)
        return fake

    def next_moment(self) -> float | None:
        """Tell when the next task ends (epoch seconds)."""
        return min((fake.due for fake in self._pending), default=None)

    def settle(self, now: float) -> None:
        """Let happen what is due."""
        for fake in [fake for fake in self._pending if fake.due <= now]:
            self._pending.remove(fake)
            fake.finish()


class _Fake:
    def __init__(self, outcome: Outcome, due: float) -> None:
        self._outcome = outcome
        self.due = due
        self._end: TaskEnd | None = None
        self._stopped = False

    def end(self) -> TaskEnd | None:
        return self._end

    def stop(self) -> None:
        self._stopped = True
        self.due = time.time()

    def finish(self) -> None:
        if self._stopped:
            self._end = TaskEnd(self.due, 128 + signal.SIGKILL)
            return
        self._outcome.effect()
        self._end = TaskEnd(self.due, self._outcome.exit_code, self._outcome.reason)
