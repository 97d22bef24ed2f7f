"""A plan: what is done to each table, and what has to hold before; each family of databases makes its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Text, column, type_coerce

from services.anonymize.worker.checkpoints import of_table
from services.anonymize.worker.masks import Mask, MaskContext
from services.anonymize.worker.masks.arrays import Array
from services.anonymize.worker.masks.contact import MOST_DIGITS, Email
from services.anonymize.worker.policy import ColumnRule, Place, Policy, TableRule
from services.anonymize.worker.schema import Column, Schema, Table


class Method(StrEnum):
    """How a table is masked."""

    REWRITE = "rewrite"  # one ALTER TABLE … ALTER COLUMN … TYPE … USING, which leaves nothing of the old rows
    UPDATE = "update"  # where the rewrite is not allowed; cleaning rewrites the table afterwards
    COPY = "copy"  # MySQL: a masked copy takes the table's place, which leaves nothing of the old rows
    TRUNCATE = "truncate"
    KEEP = "keep"


EACH_PARTITION = "ALTER TABLE <each partition> "


@dataclass(frozen=True)
class Unit:
    """A partition that is masked on its own. `said` is how the table's statement speaks of it: on PostgreSQL
    in place of EACH_PARTITION, on MySQL behind the table's name."""

    step: str
    label: str
    size: int  # bytes with indexes
    said: str
    relations: tuple[int, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Piece:
    """What one connection masks at a time: a table, or one of its partitions."""

    step: str  # its name among the checkpoints
    label: str
    relations: tuple[int, ...]  # oids of what holds its rows
    size: int  # bytes with indexes
    rows: int
    statements: tuple[str, ...]


@dataclass(frozen=True)
class TablePlan:
    """What is done to one table by `statements`; where there are `units`, to each of these by itself."""

    table: Table
    method: Method
    why: str
    masked: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    units: tuple[Unit, ...] = ()

    def pieces(self, rows: int) -> Iterator[Piece]:
        """The table, or its units; the rows of these are estimates by their sizes."""
        table = self.table
        if not self.units:
            relations = tuple(member.oid for member in table.members if not member.foreign)
            yield Piece(of_table(table), table.label, relations, table.size, rows, self.statements)
        whole = max(1, sum(unit.size for unit in self.units))
        for unit in self.units:
            statements = (said.replace(EACH_PARTITION, unit.said, 1) for said in self.statements)
            share = rows * unit.size // whole
            yield Piece(unit.step, unit.label, unit.relations, unit.size, share, (*statements, *unit.after))


@dataclass(frozen=True)
class DocumentCheck:
    """A query whose every row (path, what was found) stops the run: the policy says `others: fail`."""

    column: str
    at: Place
    query: str


@dataclass(frozen=True)
class Trial:
    """A query that has to work and to find nothing before anything is written; if not, the run stops."""

    column: str
    at: Place
    query: str
    complaint: str
    scans: bool = False  # it reads the whole table


@dataclass(frozen=True)
class Plan:
    """Everything that masking does, in order: functions, checks, lookups, dismantle, tables in parallel,
    rebuild, proofs, refresh."""

    tables: tuple[TablePlan, ...]  # the largest first
    functions: tuple[str, ...] = ()
    checks: tuple[DocumentCheck | Trial, ...] = ()
    lookups: tuple[tuple[str, ...], ...] = ()  # each fills one table of the worker's schema
    dismantle: tuple[str, ...] = ()
    rebuild: tuple[str, ...] = ()
    proofs: tuple[Trial, ...] = ()  # of what was brought back without the server's own check
    refresh: tuple[str, ...] = ()

    @property
    def columns_masked(self) -> int:
        """Columns that rules change."""
        return sum(len(planned.masked) for planned in self.tables)


def masked_rules(rule: TableRule) -> dict[str, ColumnRule]:
    """Return the rules that change columns."""
    return {name: column for name, column in rule.columns.items() if column.mask.rewrites}


def context_for(table: Table, shape: tuple[int, bool], document_function: str = "") -> MaskContext:
    """Return what the masks of a table have to know."""
    digits, names = shape
    return MaskContext(
        row=lambda name: type_coerce(column(name), Text),
        email_digits=digits,
        email_names=names,
        document_function=document_function,
        row_key=table.row_key,
    )


def email_shape(policy: Policy, schema: Schema) -> tuple[int, bool]:
    """Return the digits of hash in every fake e-mail, and whether a name stands before them: the shortest
    column decides for all, because the same e-mail must become the same fake everywhere."""
    rooms = [
        (mask.digits_in(length), mask.names_in(length))
        for table in schema.tables
        if (rule := policy.tables.get((table.schema, table.name)))
        for part in table.columns
        if (found := rule.columns.get(part.name))
        for mask, length in (_of_values(found.mask, part),)
        if isinstance(mask, Email)
    ]
    return min((digits for digits, _ in rooms), default=MOST_DIGITS), all(names for _, names in rooms)


def _of_values(mask: Mask, part: Column) -> tuple[Mask, int | None]:
    """What masks a column's values or an array's elements, and how long these may be."""
    return (mask.of, part.element_length) if isinstance(mask, Array) else (mask, part.length)
