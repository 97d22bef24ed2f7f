# Names come quoted from the dialect and literals from its own renderer, never from a caller.
# ruff: noqa: S608
"""Looks at a sample of a MySQL or MariaDB database's rows; read-only, and only counts leave it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection

from services.anonymize.worker.connecting import Address, query
from services.anonymize.worker.engines.mysql.connecting import Database, only_database
from services.anonymize.worker.engines.mysql.discovery import discover
from services.anonymize.worker.engines.mysql.patterns import FITS, pattern
from services.anonymize.worker.engines.mysql.sql import qualified, quoted, text_literal
from services.anonymize.worker.guessing import is_code
from services.anonymize.worker.samples import SAMPLE, Leaf, Sample, Sampler
from services.anonymize.worker.schema import Column, Family, Schema, Table
from services.anonymize.worker.shapes import EMAIL, IBAN, IPV4, PHONE

WHOLE = {"email": EMAIL, "iban": IBAN, "ip": IPV4, "phone": PHONE}
HELD = f"(?:{EMAIL})|(?:{PHONE})|(?:{IBAN})"
COUNTS = len(WHOLE) + 3


@contextmanager
def sampling(address: Address) -> Iterator[tuple[Schema, Sampler]]:
    """A database's schema, and a look at its rows. Raises ConnectionProblemError."""
    with Database(only_database(address), read_only=True) as database, database.begin() as connection:
        schema = discover(connection)
        yield schema, _Sampler(connection, schema.database)


class _Sampler:
    def __init__(self, connection: Connection, database: str) -> None:
        self.connection = connection
        self.database = database

    def columns(self, table: Table) -> Mapping[str, Sample]:
        """In one query; a column of bytes holds no text that could be looked at."""
        columns = [one for one in table.columns if one.can_hold_text and one.family is Family.TEXT]
        if not columns:
            return {}
        listed = ", ".join(
            f"NULLIF(CONVERT({quoted(column.name)} USING utf8mb4), '') AS c{place}"
            for place, column in enumerate(columns)
        )
        counts = ", ".join(
            f"COUNT(c{place}), "
            + ", ".join(_matching(place, f"^(?:{shape})$") for shape in WHOLE.values())
            + f", {_matching(place, HELD)}, COALESCE(AVG(CHAR_LENGTH(c{place})), 0)"
            for place in range(len(columns))
        )
        (row,) = query(
            self.connection,
            f"SELECT {counts} FROM"
            f" (SELECT {listed} FROM {qualified(self.database, table.name)} LIMIT {SAMPLE}) sampled",
        )
        found = {}
        for place, column in enumerate(columns):
            number, *shapes, holding, length = row[place * COUNTS : (place + 1) * COUNTS]
            code = is_code(column.name)
            whole = tuple(
                (shape, 0 if code and shape == "phone" else int(count))
                for shape, count in zip(WHOLE, shapes, strict=True)
            )
            found[column.name] = Sample(int(number), whole, 0 if code else int(holding), float(length))
        return found

    def documents(self, table: Table, column: Column) -> Iterator[Leaf]:
        """None: their keys cannot be listed by a query that both servers know."""
        yield from ()


def _matching(place: int, shape: str) -> str:
    return f"COALESCE(SUM(LEFT(c{place}, {FITS}) REGEXP {text_literal(pattern(shape))}), 0)"
