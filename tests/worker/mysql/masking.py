"""Masks on their own in MariaDB: a batch of values in one statement, as the worker would mask a column."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from pymysql.connections import Connection

from services.anonymize.worker.engines.mysql.sql import WORK_DATABASE, quoted, variable
from services.anonymize.worker.engines.mysql.values import functions_for, masked_value
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.masks import Mask
from services.anonymize.worker.schema import Column, Family
from tests.worker.masking import context

MODE = "STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES"
TYPES = {
    "text": ("longtext", "longtext"), "citext": ("longtext", "longtext"), "jsonb": ("json", "json"),
    "json": ("json", "json"), "bytea": ("longblob", "longblob"), "integer": ("int", "int"),
    "bigint": ("bigint", "bigint"), "smallint": ("smallint", "smallint"),
    "numeric": ("decimal(65,20)", "decimal"),
    "double precision": ("double", "double"), "date": ("date", "date"), "boolean": ("tinyint(1)", "bool"),
    "timestamp without time zone": ("datetime(6)", "datetime"), "uuid": ("uuid", "uuid"),
    "timestamp with time zone": ("datetime(6)", "datetime"), "inet": ("inet6", "inet6"),
}  # fmt: skip


def mysql_column(part: Column) -> Column:
    """PostgreSQL's column as MariaDB has it."""
    if length := re.fullmatch(r"character(?P<varying> varying)?\((?P<length>\d+)\)", part.type):
        kind = "varchar" if length["varying"] else "char"
        return replace(part, type=f"{kind}({length['length']})", base_type=kind, charset="utf8mb4")
    if number := re.fullmatch(r"numeric(\(\d+,\d+\))", part.type):
        return replace(part, type=f"decimal{number[1]}", base_type="decimal")
    kind, base = TYPES[part.type]
    return replace(part, type=kind, base_type=base, charset="utf8mb4" if base.endswith("text") else None)


class MaskSession:
    """A session with a run's key in which masks are tried."""

    def __init__(self, connection: Connection) -> None:
        self.cursor = connection.cursor()
        self.cursor.execute(f"SET sql_mode = '{MODE}', time_zone = '+00:00'")
        self.made: set[str] = set()

    def use_key(self, key: bytes) -> None:
        """Give it a run's key."""
        for name, value in RunKey(key).settings().items():
            self.cursor.execute(f"SET {variable(name)} = %s", (value,))

    def make_functions(self, text: str) -> None:
        """Make the functions that some SQL calls, each once."""
        for statement in functions_for([text]):
            if statement not in self.made:
                self.cursor.execute(statement)
                self.made.add(statement)

    def apply_mask(
        self, mask: Mask, part: Column, values: Sequence[Any], row: Mapping[str, Sequence[str | None]]
    ) -> list[Any]:
        """Mask a batch; what comes out has been stored in a column of the same type, in strict mode."""
        column = replace(mysql_column(part), name="value")
        wanted = masked_value(column, mask, context())
        self.make_functions(wanted)
        others = "".join(f", {quoted(name)} LONGTEXT" for name in row)
        definition = f"(place INT PRIMARY KEY, value {column.type}{others}) CHARACTER SET utf8mb4"
        for name in ("before", "after"):
            self.cursor.execute(f"DROP TEMPORARY TABLE IF EXISTS {name}_mask")
            self.cursor.execute(f"CREATE TEMPORARY TABLE {name}_mask {definition} ENGINE=MyISAM")
        # as PostgreSQL's casts do, what is too long is cut
        self.cursor.execute("SET sql_mode = 'NO_BACKSLASH_ESCAPES'")
        marks = ", ".join(["%s"] * (2 + len(row)))
        self.cursor.executemany(
            f"INSERT INTO before_mask VALUES ({marks})",
            [
                (place, _given(column, value), *others)
                for place, (value, *others) in enumerate(zip(values, *row.values(), strict=True))
            ],
        )
        self.cursor.execute(f"SET sql_mode = '{MODE}'")
        self.cursor.execute(f"INSERT INTO after_mask (place, value) SELECT place, {wanted} FROM before_mask")
        self.cursor.execute("SELECT value FROM after_mask ORDER BY place")
        return [_taken(column, found[0]) for found in self.cursor.fetchall()]


def _given(column: Column, value: Any) -> Any:
    """A value as the driver takes it."""
    if column.family is Family.BYTES and isinstance(value, str):
        return bytes.fromhex(value.removeprefix("\\x"))
    if column.family is Family.BOOLEAN and isinstance(value, str):
        return value == "true"
    if column.base_type == "datetime" and isinstance(value, str):
        return value.removesuffix("+00")  # the session's time zone
    if column.family in {Family.UUID, Family.INET} and value is not None:
        return str(value)
    return value


def _taken(column: Column, value: Any) -> Any:
    """A value as PostgreSQL's driver gives it."""
    if value is None:
        return None
    if column.family is Family.JSON:
        return json.loads(value)
    if column.family is Family.UUID:
        return UUID(value)
    return bool(value) if column.family is Family.BOOLEAN else value


def prepared(connection: Connection) -> MaskSession:
    """A session with the worker's own database."""
    session = MaskSession(connection)
    session.cursor.execute(f"CREATE DATABASE IF NOT EXISTS {WORK_DATABASE}")
    session.use_key(b"k" * 32)
    return session
