"""How far the tables are that are being masked: what is done, and an estimate of what is under way."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.plan import Piece
from services.anonymize.worker.progress import Advance, Tell

ObservedT = TypeVar("ObservedT")

PAUSE_SECONDS = 2.0
MOST_OF_A_TABLE = 0.99  # an estimate never says that a table is done


class Watching(ABC, Generic[ObservedT]):
    """Tells of pieces that are done, tables or partitions, and every few seconds of those under way, which a
    family estimates.

    `lock` is held by whoever reads or changes what is under way.
    """

    def __init__(self, work: Sequence[Piece], tell: Tell) -> None:
        self.rows = {piece.step: piece.rows for piece in work}
        self.lock = threading.Lock()
        self.under_way: dict[str, Piece] = {}
        self._tell = tell
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_looking, name="watch", daemon=True)
        self._done: list[str] = []

    def start(self) -> None:
        """Tell that nothing is done yet, and begin to look."""
        self._advance(None)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def finished(self, piece: Piece) -> None:
        """A piece is done. The lock is held."""
        self.under_way.pop(piece.step, None)
        self._done.append(piece.step)
        self._advance(piece.label)

    @abstractmethod
    def observe(self) -> ObservedT:
        """Ask the database for whatever tells how far the pieces under way are."""

    @abstractmethod
    def estimate(self, observed: ObservedT) -> int:
        """Rows of the pieces under way. The lock is held."""

    def look(self) -> None:
        """Estimate the rows of the pieces under way, and tell."""
        observed = self.observe()
        with self.lock:
            if self.under_way:
                labels = ", ".join(sorted(piece.label for piece in self.under_way.values()))
                self._advance(labels, self.estimate(observed))

    def _keep_looking(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            try:
                self.look()
            except DBAPIError:  # there is no estimate; what broke, breaks the tables' own sessions, too
                return

    def _advance(self, label: str | None, estimated: int = 0) -> None:
        rows = sum(self.rows[step] for step in self._done) + estimated
        total = sum(self.rows.values())
        self._tell(Advance("masking", len(self._done), len(self.rows), rows, total, label))
