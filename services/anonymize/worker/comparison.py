"""What changed between two schemas, and what a policy says of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from services.anonymize.worker.policy import Policy
from services.anonymize.worker.schema import Column, Schema, Table


@dataclass(frozen=True)
class Change:
    """One difference; `says` is the policy's word on it, `stops` whether a run would stop for it."""

    what: str  # new table, dropped table, new column, dropped column, retyped column, nullability, uniqueness
    where: str
    detail: str
    says: str
    stops: bool

    def as_json(self) -> dict[str, Any]:
        """The change for programs."""
        return {
            "change": self.what,
            "where": self.where,
            "detail": self.detail,
            "policy": self.says,
            "stops": self.stops,
        }


def compare(old: Schema, new: Schema, policy: Policy) -> tuple[Change, ...]:
    """Return the changes from an old schema to a new one; `policy` is resolved for the new one. Pure."""
    return tuple(_Comparing(old, new, policy).changes())


class _Comparing:
    def __init__(self, old: Schema, new: Schema, policy: Policy) -> None:
        self.before = {(table.schema, table.name): table for table in old.tables}
        self.now = {(table.schema, table.name): table for table in new.tables}
        self.policy = policy

    def changes(self) -> Iterator[Change]:
        for name, table in self.now.items():
            if name not in self.before:
                detail = f"with {', '.join(column.name for column in table.columns)}"
                yield Change("new table", table.label, detail, *self.on_table(table))
            else:
                yield from self.columns(self.before[name], table)
                yield from self.uniqueness(self.before[name], table)
        for name, table in self.before.items():
            if name not in self.now:
                named = name in self.policy.tables
                yield Change("dropped table", table.label, "", *_gone(named))

    def columns(self, before: Table, now: Table) -> Iterator[Change]:
        for column in now.columns:
            old = before.column(column.name)
            where = f"{now.label}.{column.name}"
            if old is None:
                yield Change("new column", where, _type(column), *self.on_column(now, column))
                continue
            if old.type != column.type:
                detail = f"{old.type} became {column.type}"
                yield Change("retyped column", where, detail, *self.on_column(now, column))
            if old.not_null != column.not_null:
                detail = "is NOT NULL now" if column.not_null else "may be NULL now"
                yield Change("nullability", where, detail, *self.on_column(now, column))
        rule = self.policy.tables.get((now.schema, now.name))
        for old in before.columns:
            if now.column(old.name) is None:
                named = rule is not None and old.name in rule.columns
                yield Change("dropped column", f"{now.label}.{old.name}", _type(old), *_gone(named))

    def uniqueness(self, before: Table, now: Table) -> Iterator[Change]:
        was = {unique.columns: unique.name for unique in before.uniques}
        is_now = {unique.columns: unique.name for unique in now.uniques}
        for columns, name in is_now.items():
            if columns not in was:
                words = [f"{one} {self.on_columns(now, one)}" for one in columns]
                yield Change("uniqueness", f"{now.label} ({', '.join(columns)})", f"is unique now by {name}",
                             "; ".join(words), stops=False)  # fmt: skip
        for columns, name in was.items():
            if columns not in is_now:
                where = f"{now.label} ({', '.join(columns)})"
                yield Change("uniqueness", where, f"is no longer unique by {name}", "", stops=False)

    def on_table(self, table: Table) -> tuple[str, bool]:
        rule = self.policy.tables.get((table.schema, table.name))
        if rule is None:
            return "does not name it; a run would stop", True
        if rule.action is not None:
            return f"{rule.action}, {rule.by or f'rule at {rule.at}'}", False
        missing = [
            one.name for one in table.columns if one.generated is None and one.name not in rule.columns
        ]
        if missing:
            return f"does not name {', '.join(missing)}; a run would stop", True
        return "; ".join(f"{name} {self.on_columns(table, name)}" for name in rule.columns), False

    def on_column(self, table: Table, column: Column) -> tuple[str, bool]:
        said = self.on_columns(table, column.name)
        return said, said.endswith("a run would stop")

    def on_columns(self, table: Table, name: str) -> str:
        rule = self.policy.tables.get((table.schema, table.name))
        found = rule.columns.get(name) if rule is not None else None
        if found is not None:
            return f"{found.mask.word}, {found.by or f'rule at {found.at}'}"
        if rule is not None and rule.action is not None:
            return f"{rule.action}, {rule.by or f'rule at {rule.at}'}"
        column = table.column(name)
        if column is not None and column.generated is not None:
            return "follows its inputs"
        return "does not name it; a run would stop"


def _type(column: Column) -> str:
    return column.type + (" NOT NULL" if column.not_null else "")


def _gone(named: bool) -> tuple[str, bool]:
    return ("names it still; a run would stop", True) if named else ("does not name it", False)
