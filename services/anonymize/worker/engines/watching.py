"""How far the tables are that are being masked: what is done, and an estimate of what is under way."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.plan import TablePlan
from services.anonymize.worker.progress import Advance, Tell
from services.anonymize.worker.schema import Table

ObservedT = TypeVar("ObservedT")

PAUSE_SECONDS = 2.0
MOST_OF_A_TABLE = 0.99  # an estimate never says that a table is done


class Watching(ABC, Generic[ObservedT]):
    """Tells of tables that are done, and every few seconds of those under way, which a family estimates.

    `lock` is held by whoever reads or changes what is under way.
    """

    def __init__(self, work: Sequence[TablePlan], rows: Mapping[int, int], tell: Tell) -> None:
        self.rows = {planned.table.oid: rows.get(planned.table.oid, 0) for planned in work}
        self.lock = threading.Lock()
        self.under_way: dict[int, Table] = {}
        self._tell = tell
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_looking, name="watch", daemon=True)
        self._done: list[int] = []

    def start(self) -> None:
        """Tell that nothing is done yet, and begin to look."""
        self._advance(None)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def finished(self, table: Table) -> None:
        """A table is done. The lock is held."""
        self.under_way.pop(table.oid, None)
        self._done.append(table.oid)
        self._advance(table.label)

    @abstractmethod
    def observe(self) -> ObservedT:
        """Ask the database for whatever tells how far the tables under way are."""

    @abstractmethod
    def estimate(self, observed: ObservedT) -> int:
        """Rows of the tables under way. The lock is held."""

    def look(self) -> None:
        """Estimate the rows of the tables under way, and tell."""
        observed = self.observe()
        with self.lock:
            if self.under_way:
                labels = ", ".join(sorted(table.label for table in self.under_way.values()))
                self._advance(labels, self.estimate(observed))

    def _keep_looking(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            try:
                self.look()
            except DBAPIError:  # there is no estimate; what broke, breaks the tables' own sessions, too
                return

    def _advance(self, label: str | None, estimated: int = 0) -> None:
        rows = sum(self.rows[oid] for oid in self._done) + estimated
        total = sum(self.rows.values())
        self._tell(Advance("masking", len(self._done), len(self.rows), rows, total, label))
