"""Executes a plan on PostgreSQL: clears the way, masks tables in parallel, brings everything back.

Every step stands in one transaction with its checkpoint, so that a worker that continues for a killed one
finds it either done or not begun.
"""

import time
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from services.anonymize.worker.checkpoints import Checkpoints, Done
from services.anonymize.worker.connecting import execute
from services.anonymize.worker.engines.parallel import in_parallel
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.postgresql.watching import Watch, size_of
from services.anonymize.worker.engines.results import Masked
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.plan import Piece, Plan
from services.anonymize.worker.progress import Tell


def mask(
    database: Database,
    checkpoints: Checkpoints,
    plan: Plan,
    rows: Mapping[int, int],
    connections: int,
    tell: Tell,
) -> tuple[Masked, ...]:
    """Mask every table of a plan that is not masked yet. `rows` are the tables' row counts by oid. Raises
    MaskingError."""
    done = checkpoints.done()

    def once(step: str, statements: Sequence[str], doing: str) -> None:
        if not statements or step in done:
            return
        try:
            with database.begin() as connection:
                if checkpoints.claim(connection, step):
                    _run(connection, statements)
        except Exception as error:
            raise MaskingError(f"{doing}: {reason_of(error)}") from error

    in_parallel(
        lambda lookup: once(f"lookup {lookup[0]}", lookup[1], "writing down what masks read"),
        list(enumerate(plan.lookups, 1)),
        connections,
    )
    once("dismantle", plan.dismantle, "clearing the way")
    masked = _mask_tables(database, checkpoints, done, plan, rows, connections, tell)
    once("rebuild", plan.rebuild, "bringing back what stood in the way")
    once("refresh", plan.refresh, "refreshing materialized views")
    untouched = (Masked(planned, 0, 0.0) for planned in plan.tables if not planned.statements)
    return (*masked, *untouched)


def _mask_tables(
    database: Database,
    checkpoints: Checkpoints,
    done: Mapping[str, Done],
    plan: Plan,
    rows: Mapping[int, int],
    connections: int,
    tell: Tell,
) -> list[Masked]:
    tables = [planned for planned in plan.tables if planned.statements]
    pieces = {planned.table.oid: [*planned.pieces(rows.get(planned.table.oid, 0))] for planned in tables}
    work = sorted((piece for some in pieces.values() for piece in some), key=lambda piece: -piece.size)
    with Watch(database, work, tell) as watch:

        def one(piece: Piece) -> tuple[str, Done]:
            known = done.get(piece.step)
            if known is not None:
                watch.ended(piece)
                return piece.step, known
            started = time.monotonic()
            watch.began(piece)
            watch.ended(piece, _mask_piece(database, checkpoints, piece))
            return piece.step, Done(piece.rows, time.monotonic() - started)

        results = dict(in_parallel(one, work, connections))
    return [
        Masked(
            planned,
            rows.get(planned.table.oid, 0),
            sum(results[piece.step].seconds for piece in pieces[planned.table.oid]),
        )
        for planned in tables
    ]


def _mask_piece(database: Database, checkpoints: Checkpoints, piece: Piece) -> int:
    """Mask one piece; return by how many bytes it grew."""
    started = time.monotonic()
    try:
        with database.begin() as connection:
            if not checkpoints.claim(connection, piece.step, piece.rows):
                return 0
            before = size_of(connection, piece)
            _run(connection, piece.statements)
            checkpoints.took(connection, piece.step, time.monotonic() - started)
            return size_of(connection, piece) - before
    except Exception as error:
        raise MaskingError(f"{piece.label}: {reason_of(error)}") from error


def _run(connection: Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        execute(connection, statement)
