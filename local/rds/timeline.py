"""States that follow each other by the clock, computed whenever somebody looks."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

logger = logging.getLogger(__name__)

FAILED = "failed"


@dataclass(frozen=True)
class Phase:
    """A state that lasts `seconds`, and longer if its work is not done by then; `then` happens at its end.

    `work` has been begun already; `begin` begins it when the state is entered.
    """

    status: str
    seconds: float
    work: "Future[None] | None" = None
    begin: "Callable[[], Future[None]] | None" = None
    then: Callable[[], None] | None = None


class Timeline:
    """A sequence of phases and the state in which it comes to rest."""

    def __init__(self, phases: Sequence[Phase], rest: str, now: float) -> None:
        self._phases = list(phases)
        self._rest = rest
        self._started = now
        self._late = False  # the current phase's work was seen unfinished after its time
        self._work: Future[None] | None = None
        self._enter()

    @property
    def status(self) -> str:
        return self._phases[0].status if self._phases else self._rest

    @property
    def at_rest(self) -> bool:
        return not self._phases

    def progress(self, now: float) -> int:
        """Percent of the current phase that has passed; 100 at rest."""
        if not self._phases:
            return 100
        seconds = self._phases[0].seconds
        return min(99, int(100 * (now - self._started) / seconds)) if seconds > 0 else 99

    def append(self, phases: Sequence[Phase], now: float) -> None:
        """Let further phases follow the current ones."""
        resting = not self._phases
        self._phases.extend(phases)
        if resting:
            self._started, self._late = now, False
            self._enter()

    def fail(self) -> None:
        """Come to rest as failed, at once."""
        self._phases.clear()
        self._rest = FAILED

    def advance(self, now: float) -> None:
        """Pass through every phase that has ended by now."""
        while self._phases:
            phase = self._phases[0]
            ends = self._started + phase.seconds
            if now < ends:
                return
            if self._work is not None and not self._work.done():
                self._late = True
                return
            problem = self._work.exception() if self._work is not None else None
            if problem is not None:
                logger.error("%s failed: %s", phase.status, problem, exc_info=problem)
                self.fail()
                return
            self._phases.pop(0)
            self._started, self._late = (now if self._late else ends), False
            if phase.then is not None:
                phase.then()
            self._enter()

    def _enter(self) -> None:
        phase = self._phases[0] if self._phases else None
        self._work = None if phase is None else phase.begin() if phase.begin is not None else phase.work
