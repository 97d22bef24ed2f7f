"""What a plan will do, table by table: how and why, which rule names which column, and a rough cost."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from services.anonymize.worker.plan import Method, Plan, TablePlan
from services.anonymize.worker.policy import Action, Policy
from services.anonymize.worker.schema import Schema

# Rows a second on two cores with a local disk (PostgreSQL 15, a shop of 3.1 million rows in 1.8 GB with its
# indexes, 22 masked columns, one connection; RDS is slower where its disk is). Estimates, to tell minutes
# from hours.
ROWS_PER_SECOND = {
    Method.REWRITE: 113_000,  # with the mask
    Method.UPDATE: 31_000,  # and the rewrite that cleans up behind it
    Method.KEEP: 161_000,  # the rewrite that cleaning does
}


@dataclass(frozen=True)
class ColumnExplained:
    """One column: its rule's mask, and what named it."""

    name: str
    mask: str
    by: str
    masked: bool

    def as_json(self) -> dict[str, Any]:
        """The column for programs."""
        return {"column": self.name, "mask": self.mask, "by": self.by, "masked": self.masked}


@dataclass(frozen=True)
class TableExplained:
    """One table; bytes count indexes too, and seconds are an estimate for one connection."""

    label: str
    method: str
    why: str
    by: str
    rows: int
    bytes: int
    seconds: float
    cleaned: bool  # cleaning rewrites it, because masking does not
    columns: tuple[ColumnExplained, ...]
    statements: tuple[str, ...]
    partitions: int = 0  # that are masked one by one
    longest: float = 0.0  # seconds of the longest piece: the table, or the largest of those partitions

    def as_json(self) -> dict[str, Any]:
        """The table for programs."""
        return {
            "table": self.label,
            "method": self.method,
            "why": self.why,
            "by": self.by,
            "rows": self.rows,
            "estimated_bytes": self.bytes,
            "estimated_seconds": self.seconds,
            "cleaned": self.cleaned,
            "columns": [column.as_json() for column in self.columns],
            "statements": list(self.statements),
            "partitions": self.partitions,
        }


@dataclass(frozen=True)
class Explanation:
    """A whole plan, and what a policy does around it."""

    tables: tuple[TableExplained, ...]
    before: tuple[str, ...]
    dropped: tuple[str, ...]
    recreated: tuple[str, ...]
    refreshed: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """The estimate for all tables one after the other."""
        return round(sum(table.seconds for table in self.tables), 1)

    def seconds_over(self, connections: int) -> float:
        """The estimate for tables side by side; a table, or a partition that is masked on its own, is one
        connection's work, so the largest is the bound."""
        largest = max((table.longest for table in self.tables), default=0.0)
        return round(max(largest, self.seconds / connections), 1)

    def as_json(self) -> dict[str, Any]:
        """The plan for programs."""
        return {
            "tables": [table.as_json() for table in self.tables],
            "estimated_bytes": sum(table.bytes for table in self.tables),
            "estimated_seconds": self.seconds,
            "before": list(self.before),
            "dropped": list(self.dropped),
            "recreated": list(self.recreated),
            "refreshed": list(self.refreshed),
            "after": list(self.after),
        }


def explain(policy: Policy, plan: Plan) -> Explanation:
    """Explain the plan of a resolved policy; pure."""
    return Explanation(
        tables=tuple(_table(policy, planned) for planned in plan.tables),
        before=tuple(step.label for step in policy.first),
        dropped=plan.dismantle,
        recreated=plan.rebuild,
        refreshed=plan.refresh,
        after=tuple(step.label for step in policy.after),
    )


def named_otherwise(policy: Policy, schema: Schema) -> Iterator[tuple[str, ColumnExplained]]:
    """Columns of a resolved policy that no rule of their own names, under their tables' labels; a table that
    a pattern names as a whole has no column's name."""
    for table in schema.tables:
        rule = policy.tables.get((table.schema, table.name))
        if rule is not None and rule.by and rule.action is not None:
            yield table.label, ColumnExplained("", str(rule.action), rule.by, masked=False)
        for name, column in rule.columns.items() if rule is not None else ():
            if column.by:
                yield table.label, ColumnExplained(name, column.mask.word, column.by, column.mask.rewrites)


def _table(policy: Policy, planned: TablePlan) -> TableExplained:
    table = planned.table
    rule = policy.tables[table.schema, table.name]
    whole = str(rule.action) if rule.action is not None else ""
    seconds = _seconds(planned)
    made_anew = planned.method not in {Method.UPDATE, Method.KEEP} and not policy.after
    columns = tuple(
        ColumnExplained(
            column.name,
            found.mask.word if found is not None else whole or "follows its inputs",
            (found.by or f"rule at {found.at}") if found is not None else rule.by or f"rule at {rule.at}",
            column.name in planned.masked,
        )
        for column in table.columns
        for found in [rule.columns.get(column.name)]
        if found is not None or rule.action is None
    )
    return TableExplained(
        label=table.label,
        method=planned.method.value,
        why=planned.why,
        by=rule.by or f"rule at {rule.at}",
        rows=table.rows,
        bytes=0 if rule.action is Action.TRUNCATE else table.size,
        seconds=seconds,
        cleaned=not made_anew and not table.foreign,
        columns=columns,
        statements=planned.statements,
        partitions=len(planned.units),
        longest=seconds * _largest(planned),
    )


def _largest(planned: TablePlan) -> float:
    """The share of a table that its largest piece is."""
    sizes = [piece.size for piece in planned.pieces(0)]
    return max(sizes) / sum(sizes) if sum(sizes) else 1.0


def _seconds(planned: TablePlan) -> float:
    if planned.method is Method.TRUNCATE or planned.table.foreign:
        return 0.0
    rate = ROWS_PER_SECOND.get(planned.method, min(ROWS_PER_SECOND.values()))
    return round(planned.table.rows / rate, 1)
