"""What a worker writes down in the database for the one that continues if it is killed.

It stands in the worker's own schema, so that it is removed with it, and in tables that a crash of the server
does not empty. Nothing of it is a value: counts, definitions and keyed digests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Double,
    MetaData,
    String,
    Table,
    Text,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.dialects.mysql import LONGTEXT, VARCHAR
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateSchema

from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.sql import WORK_SCHEMA

if TYPE_CHECKING:
    from services.anonymize.worker.engines.port import Database
    from services.anonymize.worker.schema import Member
    from services.anonymize.worker.schema import Table as SchemaTable

_TABLES = MetaData(schema=WORK_SCHEMA)
# names that differ in case are different tables
_NAME = String(200).with_variant(VARCHAR(200, collation="utf8mb4_bin"), "mysql", "mariadb")
_CHECKPOINTS = Table(
    "checkpoints",
    _TABLES,
    Column("step", _NAME, primary_key=True),
    Column("rows_done", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("done_at", DateTime, nullable=False, server_default=func.now()),
)
_NOTES = Table(
    "notes",
    _TABLES,
    Column("name", _NAME, primary_key=True),
    Column("content", Text().with_variant(LONGTEXT, "mysql", "mariadb"), nullable=False),
)


@dataclass(frozen=True)
class Done:
    """A step that was committed: the rows of its table, and how long it took."""

    rows: int
    seconds: float


def of_table(table: "SchemaTable | Member") -> str:
    """The checkpoint of a table, or of a partition that is masked on its own.

    A dot in its schema's name is told from the one behind it.
    """
    schema = table.schema.replace("\\", "\\\\").replace(".", "\\.")
    return f"table {schema}.{table.name}"


class Checkpoints:
    """The steps that are done, each once, and notes by name.

    Where a step and its checkpoint stand in one transaction, `claim` comes first in it: a second worker that
    claims the same step waits for the first one's transaction, and is told "no" if that was committed. So
    nothing is done twice, even while a worker that is believed dead still works.
    """

    def __init__(self, database: "Database") -> None:
        self._database = database

    def prepare(self) -> None:
        """Make the worker's own schema and the two tables, where they are not there yet. Raises MaskingError
        if somebody else has a schema of that name: it would be removed with the worker's."""
        with self._database.begin() as connection:
            if others := _others(connection):
                raise MaskingError(
                    f"the schema {WORK_SCHEMA} is there already, with {', '.join(others)}; masking works in"
                    " one of that name and removes it; rename it in the source"
                )
            connection.execute(CreateSchema(WORK_SCHEMA, if_not_exists=True))
            _TABLES.create_all(connection)

    def claim(self, connection: Connection, step: str, rows: int = 0, seconds: float = 0.0) -> bool:
        """Write down in the caller's transaction that a step is done; False if it was done before."""
        try:
            with connection.begin_nested():
                connection.execute(insert(_CHECKPOINTS).values(step=step, rows_done=rows, seconds=seconds))
        except IntegrityError:
            return False
        return True

    def took(self, connection: Connection, step: str, seconds: float) -> None:
        """Add to a claimed step, at its transaction's end, how long it took."""
        changed = _CHECKPOINTS.update().where(_CHECKPOINTS.c.step == step).values(seconds=seconds)
        connection.execute(changed)

    def done(self) -> Mapping[str, Done]:
        """Every step that is done, by name."""
        with self._database.begin() as connection:
            if not _is_there(connection, _CHECKPOINTS):
                return {}
            rows = connection.execute(
                select(_CHECKPOINTS.c.step, _CHECKPOINTS.c.rows_done, _CHECKPOINTS.c.seconds)
            )
            return {step: Done(rows, seconds) for step, rows, seconds in rows.tuples()}

    def note(self, connection: Connection, name: str, content: str) -> None:
        """Keep a text in the caller's transaction; it replaces what the name had before."""
        connection.execute(_NOTES.delete().where(_NOTES.c.name == name))
        connection.execute(insert(_NOTES).values(name=name, content=content))

    def save(self, notes: Mapping[str, str]) -> None:
        """Keep several texts in one transaction."""
        with self._database.begin() as connection:
            for name, content in notes.items():
                self.note(connection, name, content)

    def notes(self) -> Mapping[str, str]:
        """Every text that was kept, by name; nothing in a database where no worker was."""
        with self._database.begin() as connection:
            if not _is_there(connection, _NOTES):
                return {}
            rows = connection.execute(select(_NOTES.c.name, _NOTES.c.content))
            return dict(iter(rows.tuples()))


def _is_there(connection: Connection, table: Table) -> bool:
    found: bool = inspect(connection).has_table(table.name, schema=WORK_SCHEMA)
    return found


def _others(connection: Connection) -> list[str]:
    """The tables of a schema of the worker's name that no worker made."""
    seen = inspect(connection)
    if not seen.has_schema(WORK_SCHEMA) or _is_there(connection, _NOTES):
        return []
    return sorted({*seen.get_table_names(schema=WORK_SCHEMA)} - {_CHECKPOINTS.name})
