"""Everything the emulated RDS remembers, the clock that moves it, and the threads that do the slow work."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from local.callers import role_of
from local.engines import Engines, Volume
from local.rds.limits import Limits
from local.rds.model import Database, Place, Snapshot
from local.rds.registry import Registry
from local.rds.timings import Timings

_WORKERS = 4  # engines are started and copied side by side; more would only compete for the disk
_TICK = 0.05  # seconds between two looks at the clock while something is under way


@dataclass
class State:
    """The world behind the API. Whoever reads or changes the registry holds `lock`."""

    engines: Engines
    timings: Timings
    limits: Limits
    clock: Callable[[], float]
    registry: Registry = field(default_factory=Registry)
    groups: dict[Place, set[tuple[str, str]]] = field(default_factory=dict)  # by account: kind and name
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(_WORKERS, "rds") if self.engines.background else None
        self._busy = threading.Condition(self.lock)
        self._closed = False
        self._ticker: threading.Thread | None = None
        if self.engines.background:
            self._ticker = threading.Thread(target=self._tick, name="rds-clock", daemon=True)
            self._ticker.start()

    def now(self) -> float:
        """Seconds since the epoch by the world's own clock."""
        return self.clock()

    def settle(self) -> None:
        """Let everything happen that is due by now."""
        now = self.now()
        for thing in self.registry.everything():
            thing.timeline.advance(now)
        self._busy.notify_all()  # whatever led here may have begun something

    def run(self, work: Callable[[], None], *touched: Database | Snapshot) -> "Future[None]":
        """Do slow work on these databases and snapshots, after all earlier work on any of them."""
        earlier = [thing.work for thing in touched if thing.work is not None]

        def after_the_others() -> None:
            wait(earlier)  # submitted before us, so the pool cannot be full of those who wait for each other
            work()

        if self._pool is None:
            future: Future[None] = Future()
            try:
                work()
            except Exception as problem:  # noqa: BLE001 (the timeline shows and logs it, as it does for a thread's)
                future.set_exception(problem)
            else:
                future.set_result(None)
        else:
            future = self._pool.submit(after_the_others)
        for thing in touched:
            thing.work = future
        return future

    def close(self) -> None:
        """Finish the work under way and let nothing begin any more."""
        with self.lock:
            self._closed = True
            self._busy.notify_all()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        if self._ticker is not None and self._ticker is not threading.current_thread():
            self._ticker.join()

    def _tick(self) -> None:
        """Real engines change by the clock even when nobody looks: a password is applied, say."""
        with self.lock:
            while not self._closed:
                resting = all(thing.timeline.at_rest for thing in self.registry.everything())
                self._busy.wait(None if resting else _TICK)
                if not self._closed:
                    self.settle()


@dataclass(frozen=True)
class Call:
    """One request: who asks, and with which parameters (names as in the API)."""

    state: State
    place: Place
    params: dict[str, Any]
    access_key: str = ""

    @property
    def caller(self) -> str:
        """Who asks: the ARN of a role, or an account where STS gave out no role."""
        return role_of(self.place.account, self.access_key) or self.place.account

    @property
    def now(self) -> float:
        return self.state.now()


def new_resource_id(prefix: str) -> str:
    """An identity that a database keeps for life, whatever it is renamed to."""
    return f"{prefix}-{uuid.uuid4().hex[:26].upper()}"


def volume_of(thing: Database | Snapshot) -> Volume:
    """The volume that earlier work made; raises when that work failed."""
    if thing.volume is None:
        raise RuntimeError(f"{thing.arn} has no data yet, or making it failed")
    return thing.volume
