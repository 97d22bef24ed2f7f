"""Executes a plan on PostgreSQL: clears the way, masks tables in parallel, brings everything back.

Every step stands in one transaction with its checkpoint, so that a worker that continues for a killed one
finds it either done or not begun.
"""

import time
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from services.anonymize.worker.checkpoints import Checkpoints, Done, of_table
from services.anonymize.worker.connecting import execute
from services.anonymize.worker.engines.parallel import in_parallel
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.postgresql.watching import Watch, size_of
from services.anonymize.worker.engines.results import Masked
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.plan import Plan, TablePlan
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
    work = [planned for planned in plan.tables if planned.statements]
    with Watch(database, work, rows, tell) as watch:

        def one(planned: TablePlan) -> Masked:
            known = done.get(of_table(planned.table))
            if known is not None:
                watch.ended(planned)
                return Masked(planned, known.rows, known.seconds)
            started = time.monotonic()
            watch.began(planned)
            grown = _mask_table(database, checkpoints, planned, rows.get(planned.table.oid, 0))
            watch.ended(planned, grown)
            return Masked(planned, rows.get(planned.table.oid, 0), time.monotonic() - started)

        return in_parallel(one, work, connections)


def _mask_table(database: Database, checkpoints: Checkpoints, planned: TablePlan, rows: int) -> int:
    """Mask one table; return by how many bytes it grew."""
    started = time.monotonic()
    step = of_table(planned.table)
    try:
        with database.begin() as connection:
            if not checkpoints.claim(connection, step, rows):
                return 0
            before = size_of(connection, planned.table)
            _run(connection, planned.statements)
            checkpoints.took(connection, step, time.monotonic() - started)
            return size_of(connection, planned.table) - before
    except Exception as error:
        raise MaskingError(f"{planned.table.label}: {reason_of(error)}") from error


def _run(connection: Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        execute(connection, statement)
