# Names and numbers are ours.
# ruff: noqa: S608
"""Writes over the log of MariaDB's engine Aria, which holds rows of its tables, the server's own among them.

It is written in files of one size. Once it has gone on to the next file, a checkpoint removes the one before,
and the server takes one every `aria_checkpoint_interval` seconds.
"""

import time
from collections.abc import Callable

from services.anonymize.worker.connecting import execute
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.residue.filling import INSERTED, insert, new_table
from services.anonymize.worker.engines.mysql.residue.rights import attempt, setting
from services.anonymize.worker.engines.mysql.sql import WORK_DATABASE, qualified
from services.anonymize.worker.engines.results import Remainder

FILLER = qualified(WORK_DATABASE, "aria_filler")
MARGIN = 1.1
CHECKPOINTS = 2  # one may have begun before the log went on
SLACK = 0.3  # seconds

Wait = Callable[[], None]


def run_lap_of_aria(database: Database) -> tuple[Remainder, Wait]:
    """Fill the file that is written now; say what stays, and how to wait until a checkpoint removes it."""
    if not database.is_mariadb:
        return Remainder(), lambda: None
    with database.autocommit() as connection:
        size, interval = (
            setting(connection, "aria_log_file_size"),
            setting(connection, "aria_checkpoint_interval"),
        )
        new_table(connection, FILLER, "Aria TRANSACTIONAL=1")
        try:
            for _ in range(int(size * MARGIN) // INSERTED + 1):
                # what goes into an empty table is not logged
                execute(connection, f"TRUNCATE TABLE {FILLER}")
                execute(connection, f"INSERT INTO {FILLER} VALUES ('')")
                insert(connection, FILLER)
        finally:
            execute(connection, f"DROP TABLE IF EXISTS {FILLER}")
        refused = attempt(connection, ["FLUSH TABLES"], "Aria's log")  # a checkpoint then waits for no page
    remainder = Remainder([f"{said}; GRANT RELOAD" for said in refused])
    if not interval:
        remainder.left.append(
            "Aria's log: the server takes no checkpoints; set aria_checkpoint_interval = 30"
        )
    until = time.monotonic() + CHECKPOINTS * interval + SLACK
    return remainder, lambda: time.sleep(max(0.0, until - time.monotonic()))
