"""How far the tables are that are being rewritten: by what the database has grown.

PostgreSQL reports no progress of ALTER TABLE, and nobody else sees the new file's name before the commit; but
the size of the whole database is the sum of its files, those included. What it has grown, less what finished
tables grew, are the bytes written for those under way; against their old sizes that makes an estimate of
rows.
"""

from collections.abc import Sequence
from typing import Self

from sqlalchemy import Connection, text

from services.anonymize.worker.connecting import query
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.watching import MOST_OF_A_TABLE, Watching
from services.anonymize.worker.plan import Piece
from services.anonymize.worker.progress import Tell

DATABASE_SIZE = "SELECT pg_database_size(current_database())"
TABLE_SIZE = text(
    "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM unnest(CAST(:oids AS oid[])) oid"
)


def size_of(connection: Connection, piece: Piece) -> int:
    """The bytes of a piece with indexes and TOAST; in its own transaction those of its new files."""
    return int(connection.execute(TABLE_SIZE, {"oids": list(piece.relations)}).scalar_one())


class Watch(Watching[int]):
    """Estimates by the database's size."""

    def __init__(self, database: Database, work: Sequence[Piece], tell: Tell) -> None:
        super().__init__(work, tell)
        self._database = database
        self._size_of_others = 0  # the database's size without what is written for pieces under way

    def __enter__(self) -> Self:
        self._size_of_others = self.observe()
        self.start()
        return self

    def began(self, piece: Piece) -> None:
        """A piece is under way."""
        with self.lock:
            self.under_way[piece.step] = piece

    def ended(self, piece: Piece, grown: int = 0) -> None:
        """A piece is done, and has so many bytes more than before."""
        with self.lock:
            self._size_of_others += grown
            self.finished(piece)

    def observe(self) -> int:
        with self._database.begin() as connection:
            return int(query(connection, DATABASE_SIZE)[0][0])

    def estimate(self, observed: int) -> int:
        whole = sum(piece.size for piece in self.under_way.values())
        written = max(0, observed - self._size_of_others)
        share = min(written / whole if whole else 0.0, MOST_OF_A_TABLE)
        return int(share * sum(self.rows[step] for step in self.under_way))
