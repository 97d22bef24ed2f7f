"""How far the tables are that are being rewritten: by what the database has grown.

PostgreSQL reports no progress of ALTER TABLE, and nobody else sees the new file's name before the commit; but
the size of the whole database is the sum of its files, those included. What it has grown, less what finished
tables grew, are the bytes written for those under way; against their old sizes that makes an estimate of
rows.
"""

import threading
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import query
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.plan import TablePlan
from services.anonymize.worker.progress import Advance, Tell
from services.anonymize.worker.schema import Table

PAUSE_SECONDS = 2.0
MOST_OF_A_TABLE = 0.99  # an estimate never says that a table is done

DATABASE_SIZE = "SELECT pg_database_size(current_database())"
TABLE_SIZE = text(
    "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM unnest(CAST(:oids AS oid[])) oid"
)


def size_of(connection: Connection, table: Table) -> int:
    """The bytes of a table with indexes and TOAST; in its own transaction those of its new files."""
    oids = [member.oid for member in table.members if not member.foreign]
    return int(connection.execute(TABLE_SIZE, {"oids": oids}).scalar_one())


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
        self._under_way: dict[int, Table] = {}
        self._done: list[int] = []
        self._size_of_others = 0  # the database's size without what is written for tables under way

    def __enter__(self) -> "Watch":
        with self._database.begin() as connection:
            self._size_of_others = query(connection, DATABASE_SIZE)[0][0]
        self._advance(None)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def began(self, planned: TablePlan) -> None:
        """A table is under way."""
        with self._lock:
            self._under_way[planned.table.oid] = planned.table

    def ended(self, planned: TablePlan, grown: int = 0) -> None:
        """A table is done, and has so many bytes more than before."""
        with self._lock:
            self._under_way.pop(planned.table.oid, None)
            self._done.append(planned.table.oid)
            self._size_of_others += grown
            self._advance(planned.table.label)

    def look(self) -> None:
        """Estimate the rows of the tables under way, and tell."""
        with self._database.begin() as connection:
            size = query(connection, DATABASE_SIZE)[0][0]
        with self._lock:
            if not self._under_way:
                return
            whole = sum(table.size for table in self._under_way.values())
            written = max(0, size - self._size_of_others)
            share = min(written / whole if whole else 0.0, MOST_OF_A_TABLE)
            rows = int(share * sum(self._rows[oid] for oid in self._under_way))
            labels = ", ".join(sorted(table.label for table in self._under_way.values()))
            self._advance(labels, rows)

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
