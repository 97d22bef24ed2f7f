"""How far the tables are that are being copied: by the rows that each transaction says it has written."""

from collections.abc import Sequence
from typing import Self

from services.anonymize.worker.connecting import query
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.watching import MOST_OF_A_TABLE, Watching
from services.anonymize.worker.plan import Piece
from services.anonymize.worker.progress import Tell

WRITTEN = "SELECT trx_mysql_thread_id, trx_rows_modified FROM information_schema.innodb_trx"

RowsBySession = dict[int, int]


class Watch(Watching[RowsBySession]):
    """Estimates by the session that fills each table's copy."""

    def __init__(self, database: Database, work: Sequence[Piece], tell: Tell) -> None:
        super().__init__(work, tell)
        self._database = database
        self._sessions: dict[str, int] = {}  # by the piece's step

    def __enter__(self) -> Self:
        self.start()
        return self

    def began(self, piece: Piece, session: int) -> None:
        """A table is under way in a session, by the server's number for it."""
        with self.lock:
            self.under_way[piece.step] = piece
            self._sessions[piece.step] = session

    def ended(self, piece: Piece) -> None:
        """A table is done."""
        with self.lock:
            self.finished(piece)

    def observe(self) -> RowsBySession:
        with self._database.begin() as connection:
            return {int(session): int(rows) for session, rows in query(connection, WRITTEN)}

    def estimate(self, observed: RowsBySession) -> int:
        return sum(
            min(observed.get(self._sessions[step], 0), int(self.rows[step] * MOST_OF_A_TABLE))
            for step in self.under_way
        )
