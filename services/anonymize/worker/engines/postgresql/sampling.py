# Names come quoted from the dialect and literals from its own renderer, never from a caller.
# ruff: noqa: S608
"""Looks at a sample of a PostgreSQL database's rows; read-only, and only counts leave it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection

from services.anonymize.worker.connecting import Address, query
from services.anonymize.worker.engines.postgresql.connecting import Database, open_connection
from services.anonymize.worker.engines.postgresql.discovery import discover
from services.anonymize.worker.guessing import is_code
from services.anonymize.worker.samples import MOST_PATHS, SAMPLE, Leaf, Sample, Sampler
from services.anonymize.worker.schema import Column, Family, Schema, Table
from services.anonymize.worker.shapes import EMAIL, IBAN, IPV4, PHONE
from services.anonymize.worker.sql import qualified, quoted, text_literal


@contextmanager
def sampling(address: Address) -> Iterator[tuple[Schema, Sampler]]:
    """A database's schema, and a look at its rows. Raises ConnectionProblemError."""
    open_connection(address).close()
    with Database(address) as database, database.begin() as connection:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        connection.exec_driver_sql("SET LOCAL row_security = on")  # a sample may miss rows; masking may not
        yield discover(connection), _Sampler(connection)


class _Sampler:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def columns(self, table: Table) -> Mapping[str, Sample]:
        """In one query."""
        columns = [one for one in table.columns if one.can_hold_text and one.family is not Family.JSON]
        if not columns or not table.members:
            return {}
        shapes = {"email": EMAIL, "iban": IBAN, "ip": IPV4, "phone": PHONE}
        anywhere = " OR ".join(f"v ~ {text_literal(shapes[shape])}" for shape in ("email", "phone", "iban"))
        counts = ", ".join(
            f"count(*) FILTER (WHERE v ~ {text_literal(f'^(?:{shape})$')})" for shape in shapes.values()
        )
        listed = ", ".join(
            f'CAST({quoted(column.name)} AS text) COLLATE pg_catalog."default" AS c{place}'
            for place, column in enumerate(columns)
        )
        values = ", ".join(f"({place}, c{place})" for place in range(len(columns)))
        rows = query(
            self.connection,
            f"SELECT place, count(*), {counts}, count(*) FILTER (WHERE {anywhere}), avg(length(v))"
            f" FROM (SELECT {listed} FROM {qualified(table.schema, table.name)} LIMIT {SAMPLE}) sampled,"
            f" LATERAL (VALUES {values}) AS c(place, v) WHERE v <> '' GROUP BY place",
        )
        found = {}
        for place, number, email, iban, address, phone, holding, length in rows:
            code = is_code(columns[place].name)
            whole = (("email", email), ("iban", iban), ("ip", address), ("phone", 0 if code else phone))
            found[columns[place].name] = Sample(number, whole, 0 if code else holding, float(length))
        return found

    def documents(self, table: Table, column: Column) -> Iterator[Leaf]:
        value = f"CAST({quoted(column.name)} AS jsonb)"
        rows = query(
            self.connection,
            "WITH RECURSIVE place(path, value, depth) AS ("
            f" SELECT '', v, 0 FROM (SELECT {value} AS v FROM {qualified(table.schema, table.name)}"
            f" WHERE {quoted(column.name)} IS NOT NULL LIMIT {SAMPLE}) s"
            " UNION ALL SELECT p.path || n.step, n.value, p.depth + 1 FROM place p, LATERAL ("
            "   SELECT CASE WHEN p.path = '' THEN '' ELSE '.' END ||"
            "     CASE WHEN o.key ~ '^[^].\"[]+$' THEN o.key ELSE '\"' || o.key || '\"' END AS step, o.value"
            "   FROM jsonb_each(CASE WHEN jsonb_typeof(p.value) = 'object' THEN p.value ELSE '{}' END) o"
            "   UNION ALL SELECT '[]', a.value"
            "   FROM jsonb_array_elements("
            "     CASE WHEN jsonb_typeof(p.value) = 'array' THEN p.value ELSE '[]' END) a"
            " ) n WHERE p.depth < 6)"
            f" SELECT path, count(*), count(*) FILTER (WHERE v ~ {text_literal(f'^(?:{EMAIL})$')}),"
            f" count(*) FILTER (WHERE v ~ {text_literal(f'^(?:{PHONE})$')}),"
            f" count(*) FILTER (WHERE v ~ {text_literal(f'^(?:{IBAN})$')}),"
            f" count(*) FILTER (WHERE v ~ {text_literal(EMAIL)} OR v ~ {text_literal(PHONE)}),"
            " bool_or(kind = 'string')"
            " FROM (SELECT path, value #>> '{}' AS v, jsonb_typeof(value) AS kind FROM place"
            "       WHERE jsonb_typeof(value) NOT IN ('object', 'array', 'null')) leaf"
            f" WHERE path <> '' GROUP BY path LIMIT {MOST_PATHS + 1}",
        )
        for path, number, email, phone, iban, holding, text in rows:
            whole = (("email", email), ("phone", phone), ("iban", iban))
            yield Leaf(path, Sample(number, whole, holding), text)
