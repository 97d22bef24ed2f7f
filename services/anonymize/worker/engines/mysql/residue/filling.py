# Names and numbers are ours.
# ruff: noqa: S608
"""Tables of the worker's own whose rows mean nothing: writing them writes over a log's old content."""

from sqlalchemy import Connection

from services.anonymize.worker.connecting import execute

ROW_BYTES = 65536
ROWS = 64
INSERTED = ROW_BYTES * ROWS  # 4 MiB, which is more than the doublewrite buffer holds at a time


def new_table(connection: Connection, name: str, engine: str) -> None:
    """Make the table anew."""
    execute(connection, f"DROP TABLE IF EXISTS {name}")
    execute(connection, f"CREATE TABLE {name} (filler LONGTEXT CHARACTER SET ascii NOT NULL) ENGINE={engine}")


def insert(connection: Connection, name: str) -> None:
    """Insert rows that do not repeat a byte, of which a log would only write down how often."""
    numbers = f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
    digits = f"REPEAT(SHA2(i, 256), {ROW_BYTES // 64})"
    execute(connection, f"INSERT INTO {name} {numbers} SELECT {digits} FROM n")
