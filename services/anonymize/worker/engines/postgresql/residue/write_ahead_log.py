"""Overwrites the write-ahead log: one lap of filler over every segment that was written before.

PostgreSQL renames a segment that it no longer needs to a future name and leaves its content in it until the
log comes round. So a segment is clean only once the log has passed it; and the log is moved forward by
writing messages that mean nothing, which needs no right (pg_switch_wal() is a superuser's).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from services.anonymize.worker.connecting import execute
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.postgresql.residue.rights import Remainder, attempt

MESSAGE = 1_000_000  # bytes of filler in one message
STEP = 32  # messages in one statement
ROUNDS = 4  # how often old segments may be found to have stayed
ARCHIVING_PATIENCE = 300.0  # an archiver that is behind keeps segments

_STATE = """
SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS at,
       pg_size_bytes(current_setting('wal_segment_size')) AS segment,
       pg_size_bytes(current_setting('wal_keep_size')) AS keep,
       current_setting('archive_mode') <> 'off' AS archives,
       (SELECT string_agg(slot_name, ', ' ORDER BY slot_name) FROM pg_replication_slots
         WHERE restart_lsn IS NOT NULL) AS slots
"""
_SEGMENTS = "SELECT name FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'"
_AURORA = "SELECT count(*) > 0 FROM pg_proc WHERE proname = 'aurora_version'"

Tell = Callable[[int, int], None]  # megabytes of the lap that are written, and all of them


@dataclass(frozen=True)
class _Log:
    at: int  # segment that is written now
    old: int  # segments that were finished before the lap and are still there
    last: int  # the furthest that is there


def run_lap(database: Database, tell: Tell, patience: float = ARCHIVING_PATIENCE) -> Remainder:
    """Write over every old segment; say which could not be."""
    remainder = Remainder()
    with database.autocommit() as connection:
        if connection.execute(text(_AURORA)).scalar_one():
            remainder.beyond.append("write-ahead log: Aurora's storage keeps no segments that could be read")
            return remainder
        refused = attempt(connection, ["CHECKPOINT", _SEGMENTS], "write-ahead log")
        if refused:
            remainder.left += [f"{said}; grant pg_checkpoint and pg_monitor" for said in refused]
            return remainder
        state = connection.execute(text(_STATE)).mappings().one()
        size = int(state["segment"])
        mark = int(state["at"]) // size
        until = time.monotonic() + (patience if state["archives"] else 0)
        goal = mark + 1
        rounds = 0
        while True:
            _fill(connection, goal, size, tell)
            execute(connection, "CHECKPOINT")
            log = _read(connection, size, mark)
            if log.old == 0:
                break
            rounds += 1
            if rounds >= ROUNDS and time.monotonic() > until:
                kept = f"; {state['slots']} needs them" if state["slots"] else ""
                remainder.left.append(
                    f"write-ahead log: {log.old} segments from before cleaning stay{kept};"
                    " drop the replication slot or let the archiver catch up"
                )
                break
            if rounds > 1:
                time.sleep(min(1.0, 0.05 * 2**rounds))
            goal = max(log.at, mark + int(state["keep"]) // size) + 1
        _fill(connection, log.last + 1, size, tell)
        execute(connection, "CHECKPOINT")
    return remainder


def _fill(connection: Connection, goal: int, size: int, tell: Tell) -> None:
    """Write messages until the log has reached a segment."""
    begun = _position(connection)
    while (at := _position(connection)) < goal * size:
        tell((at - begun) // MESSAGE, (goal * size - begun) // MESSAGE)
        count = min(STEP, (goal * size - at) // MESSAGE + 1)
        execute(
            connection,
            f"SELECT count(pg_logical_emit_message(false, '', repeat('0', {min(MESSAGE, goal * size - at)})))"  # noqa: S608
            f" FROM generate_series(1, {count})",
        )


def _read(connection: Connection, size: int, mark: int) -> _Log:
    """Which segments are there, by their number in the log; a name is timeline, high and low half."""
    per_file = 2**32 // size
    names = connection.execute(text(_SEGMENTS)).scalars()
    numbers = [int(name[8:16], 16) * per_file + int(name[16:], 16) for name in names]
    at = _position(connection) // size
    return _Log(at, sum(1 for number in numbers if number <= mark), max([at, *numbers]))


def _position(connection: Connection) -> int:
    return int(connection.execute(text("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")).scalar_one())
