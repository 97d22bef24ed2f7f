"""How far the tables are that are being copied: by the rows that each transaction says it has written."""

import threading
from collections.abc import Mapping, Sequence

from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import query
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.plan import TablePlan
from services.anonymize.worker.progress import Advance, Tell
from services.anonymize.worker.schema import Table

PAUSE_SECONDS = 2.0
MOST_OF_A_TABLE = 0.99  # an estimate never says that a table is done
WRITTEN = "SELECT trx_mysql_thread_id, trx_rows_modified FROM information_schema.innodb_trx"


class Watch:
    """Tells of tables that are done, and every few seconds of those under way."""

    def __init__(
        self, database: Database, work: Sequence[TablePlan], rows: Mapping[int, int], tell: Tell
    ) -> None:
        self._database = database
        self._rows = {planned.table.oid: rows.get(planned.table.oid, 0) for planned in work}
        self._tell = tell
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_looking, name="watch", daemon=True)
        self._under_way: dict[int, tuple[int, Table]] = {}  # by oid: the session that fills its copy
        self._done: list[int] = []

    def __enter__(self) -> "Watch":
        self._advance(None)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def began(self, planned: TablePlan, session: int) -> None:
        """A table is under way in a session, by the server's number for it."""
        with self._lock:
            self._under_way[planned.table.oid] = (session, planned.table)

    def ended(self, planned: TablePlan) -> None:
        """A table is done."""
        with self._lock:
            self._under_way.pop(planned.table.oid, None)
            self._done.append(planned.table.oid)
            self._advance(planned.table.label)

    def look(self) -> None:
        """Estimate the rows of the tables under way, and tell."""
        with self._database.begin() as connection:
            written = {int(session): int(rows) for session, rows in query(connection, WRITTEN)}
        with self._lock:
            if not self._under_way:
                return
            estimated = sum(
                min(written.get(session, 0), int(self._rows[oid] * MOST_OF_A_TABLE))
                for oid, (session, _) in self._under_way.items()
            )
            labels = ", ".join(sorted(table.label for _, table in self._under_way.values()))
            self._advance(labels, estimated)

    def _keep_looking(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            try:
                self.look()
            except DBAPIError:  # there is no estimate; what broke, breaks the tables' own sessions, too
                return

    def _advance(self, label: str | None, estimated: int = 0) -> None:
        rows = sum(self._rows[oid] for oid in self._done) + estimated
        total = sum(self._rows.values())
        self._tell(Advance("masking", len(self._done), len(self._rows), rows, total, label))
