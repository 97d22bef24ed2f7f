"""Executes a plan on MySQL and MariaDB: clears the way, masks tables in parallel, brings everything back.

A statement that defines something commits by itself, so a step and its checkpoint are never one transaction.
What makes a table's masking one step is its RENAME: the old table in a database of the worker's own says that
it was done. Every other statement gives the same when it is done again.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from typing import NamedTuple

import pymysql
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.checkpoints import Checkpoints, Done, of_table
from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.mysql.charsets import CODECS
from services.anonymize.worker.engines.mysql.connecting import OLD_DATABASE, Database
from services.anonymize.worker.engines.mysql.copying import WHOLE, Copying, parts_of
from services.anonymize.worker.engines.mysql.deadlocks import execute_again
from services.anonymize.worker.engines.mysql.planning import new_name, old_name
from services.anonymize.worker.engines.mysql.sql import UNICODE, qualified, quoted, text_literal
from services.anonymize.worker.engines.mysql.watching import Watch
from services.anonymize.worker.engines.parallel import in_parallel
from services.anonymize.worker.engines.results import Masked
from services.anonymize.worker.failures import MaskingError, reason_of
from services.anonymize.worker.plan import Method, Piece, Plan, TablePlan
from services.anonymize.worker.progress import Tell

# "it is not there" to a DROP or RENAME, "it is there already" to an ADD: an earlier worker was killed in
# between
DONE_BEFORE = frozenset({1091, 1176, 1359, 1360, 1826})
FOREIGN_KEY_ERROR, DUPLICATE_KEY = 1005, "errno: 121"
CLIENT_CHARSET = re.compile(r"^SET .*character_set_client = (\w+)")


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
            _run_again(database, statements)
            with database.begin() as connection:
                checkpoints.claim(connection, step)
        except Exception as error:
            raise MaskingError(f"{doing}: {reason_of(error)}") from error

    in_parallel(
        lambda lookup: once(f"lookup {lookup[0]}", lookup[1], "writing down what masks read"),
        list(enumerate(plan.lookups, 1)),
        connections,
    )
    once("dismantle", plan.dismantle, "clearing the way")
    masked = _mask_tables(database, checkpoints, plan, rows, connections, tell)
    once("rebuild", plan.rebuild, "bringing back what stood in the way")
    _prove(database, plan, connections)
    untouched = (Masked(planned, 0, 0.0) for planned in plan.tables if not planned.statements)
    return (*masked, *untouched)


class _Job(NamedTuple):
    """What one session does at a time: fill a part of a copy, said behind the table's name, or all of it."""

    piece: Piece
    part: str
    copying: Copying

    @property
    def empties(self) -> bool:
        return self.copying.planned.method is Method.TRUNCATE


def _mask_tables(
    database: Database,
    checkpoints: Checkpoints,
    plan: Plan,
    rows: Mapping[int, int],
    connections: int,
    tell: Tell,
) -> list[Masked]:
    with database.autocommit() as connection:
        execute(connection, f"CREATE DATABASE IF NOT EXISTS {quoted(OLD_DATABASE)}")
    known = checkpoints.done()
    work: list[_Job] = []
    for planned in plan.tables:
        if planned.statements:
            with database.begin() as connection:
                there = _is_there(connection, database.address.database, planned.table.name)
                parts = parts_of(connection, planned) if there or planned.units else [WHOLE]
            copying = Copying(planned, len(parts))
            pieces = planned.pieces(rows.get(planned.table.oid, 0))
            if not planned.units:
                pieces = _shares_of(next(pieces), len(parts))
            work += map(_Job, pieces, parts, repeat(copying))
    work.sort(key=lambda job: -job.piece.size)
    with Watch(database, [job.piece for job in work], tell) as watch:

        def one(job: _Job) -> Masked | None:
            piece, copying = job.piece, job.copying
            planned = copying.planned
            try:
                if of_table(planned.table) not in known:
                    _fill(database, job, watch)
                with copying.lock:
                    copying.left -= 1
                    last = copying.left == 0
                done = known.get(of_table(planned.table))
                if last:
                    done = done or _end(database, checkpoints, copying, rows.get(planned.table.oid, 0))
                    _drop_old(database, planned)
            except Exception as error:
                # MySQL says a key's name with the table's, which is that of the copy
                said = reason_of(error).replace(f" new_{planned.table.oid}.", " ")
                raise MaskingError(f"{piece.label}: {said}") from error
            watch.ended(piece)
            return Masked(planned, done.rows, done.seconds) if last and done else None

        # TRUNCATE locks what foreign keys lead to as well: two at a time may wait for each other
        emptied = [job for job in work if job.empties]
        others = [job for job in work if not job.empties]
        ended = [*in_parallel(one, emptied, 1), *in_parallel(one, others, connections)]
        return [done for done in ended if done is not None]


def _shares_of(whole: Piece, parts: int) -> Iterator[Piece]:
    """A table's piece in equal parts."""
    size, rows = whole.size // parts, whole.rows // parts
    for place in range(parts):
        first = whole.rows - rows * (parts - 1) if place == 0 else rows
        yield replace(whole, step=f"{whole.step} part {place}", size=size, rows=first)


def _fill(database: Database, job: _Job, watch: Watch) -> None:
    """Fill a copy or a part of it; whoever comes first makes it."""
    copying = job.copying
    with database.autocommit() as connection:
        number = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one()
        watch.began(job.piece, int(number))
        with copying.lock:
            if not copying.began:
                copying.was_there = _renamed_before(connection, copying.planned, database.address.database)
                if not copying.was_there:
                    copying.begin(connection)
                copying.began = time.monotonic()
        if not copying.was_there:
            copying.fill(connection, job.part)


def _end(database: Database, checkpoints: Checkpoints, copying: Copying, rows: int) -> Done:
    """Put a full copy in its table's place, and write down that it is there."""
    if not copying.was_there:
        with database.autocommit() as connection:
            copying.end(connection)
    done = Done(rows, time.monotonic() - copying.began)
    with database.begin() as connection:
        checkpoints.claim(connection, of_table(copying.planned.table), done.rows, done.seconds)
    return done


def _renamed_before(connection: Connection, planned: TablePlan, database: str) -> bool:
    """Whether a worker before this one put the copy in its place; a RENAME that a crash of the server halved
    is ended."""
    table = planned.table
    old, here = _is_there(connection, OLD_DATABASE, f"old_{table.oid}"), True
    if old:
        here = _is_there(connection, database, table.name)
    if old and not here:
        execute_again(connection, f"RENAME TABLE {new_name(table)} TO {qualified(database, table.name)}")
    return old


def _is_there(connection: Connection, database: str, name: str) -> bool:
    found = query(
        connection,
        "SELECT 1 FROM information_schema.tables"  # noqa: S608 - rendered as literals
        f" WHERE table_schema = {text_literal(database)} AND table_name = {text_literal(name)}",
    )
    return bool(found)


def _drop_old(database: Database, planned: TablePlan) -> None:
    with database.autocommit() as connection:
        execute_again(connection, f"DROP TABLE IF EXISTS {old_name(planned.table)}")


def _prove(database: Database, plan: Plan, connections: int) -> None:
    def prove(query_: str) -> bool:
        with database.begin() as connection:
            return not query(connection, query_)

    try:
        holds = in_parallel(lambda proof: prove(proof.query), plan.proofs, connections)
    except DBAPIError as error:
        raise MaskingError(f"looking at foreign keys: {reason_of(error)}") from error
    said = [
        f"{proof.column}: masked, it {proof.complaint}"
        for proof, ok in zip(plan.proofs, holds, strict=True)
        if not ok
    ]
    if said:
        raise MaskingError("\n".join(said))


def _run_again(database: Database, statements: Sequence[str]) -> None:
    """Run statements of which some may have been run before, in a session of their own: they change how it
    is set up."""
    with database.autocommit() as connection:
        try:
            client = "utf8mb4"
            for statement in statements:
                try:
                    _send(connection, statement, client)
                except DBAPIError as error:
                    if not _was_done(error):
                        raise
                match = CLIENT_CHARSET.match(statement)
                client = match[1] if match else client
        finally:
            connection.invalidate()


def _send(connection: Connection, statement: str, client: str) -> None:
    """Send a statement in the character set that the session says it speaks."""
    if statement.isascii() or client in UNICODE:
        execute(connection, statement)
        return
    session = connection.connection.driver_connection
    assert isinstance(session, pymysql.connections.Connection)  # noqa: S101 - the driver of this family
    with session.cursor() as cursor:
        cursor.execute(statement.encode(CODECS.get(client, "utf-8")))


def _was_done(error: DBAPIError) -> bool:
    number, *said = error.orig.args if error.orig else (0,)
    return number in DONE_BEFORE or (number == FOREIGN_KEY_ERROR and DUPLICATE_KEY in str(said))
