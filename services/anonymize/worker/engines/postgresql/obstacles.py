"""What stands in the way of rewriting a column: what is taken away and made anew, and what forbids the
rewrite.

PostgreSQL refuses ALTER COLUMN … TYPE under views, rules, policies, triggers on the column, publications'
filters, generated columns and foreign keys on it. All of that can be dropped before and made anew after. It
also refuses it for partition keys, typed and inheriting tables, row types in use and SQL-body functions:
there an UPDATE has to do, and a key is in its way where a row gets a value that another one still has.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.anonymize.worker.schema import Column, DependantKind, Schema, Table, View
from services.anonymize.worker.sql import qualified, quoted, text_literal

Touched = Mapping[int, frozenset[str]]  # oid of a table -> columns that change


@dataclass(frozen=True)
class Following:
    """Generated columns that are dropped and added around a rewrite, and what is made anew on them."""

    columns: tuple[Column, ...] = ()
    recreate: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The columns' names."""
        return frozenset(column.name for column in self.columns)


class Obstacles:
    """Answers for one schema; reads nothing else."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.root_of = {member.oid: table.oid for table in schema.tables for member in table.members}
        self.root_of |= {table.oid: table.oid for table in schema.tables}

    def no_rewrite(self, table: Table, masked: frozenset[str]) -> str | None:
        """Say why a table cannot be rewritten in one ALTER TABLE, or nothing."""
        if key := masked & set(table.partition_key):
            return f"{', '.join(sorted(key))} is in the partition key"
        if table.typed:
            return "it is a typed table"
        if table.inheritance:
            return "it inherits or is inherited"
        if table.row_type_used_by:
            return f"{table.row_type_used_by} uses its row type"
        if any(member.foreign for member in table.members):
            return "a partition is a foreign table"
        if reason := self._generated_reason(table, masked):
            return reason
        columns = masked | self.following(table, masked).names
        for dependant in self.schema.dependants:
            if not self._concerns(table, dependant.table, columns, dependant.columns):
                continue
            if dependant.kind is DependantKind.FUNCTION:
                return f"function {dependant.name} is bound to its columns"
            if dependant.kind is DependantKind.INCOMPLETE:
                return f"index {dependant.name} is not complete in its partitions"
        for view in self._views_on({table.oid: columns}):
            if view.rooted_by:
                return f"view {view.label} cannot be dropped: {view.rooted_by} needs it"
        return None

    def following(self, table: Table, masked: frozenset[str]) -> Following:
        """Return the generated columns whose inputs are masked."""
        found = [
            generated for generated in self.schema.generated_columns
            if generated.table == table.oid and generated.inputs & masked
        ]  # fmt: skip
        names = {generated.name for generated in found}
        return Following(
            tuple(column for column in table.columns if column.name in names),
            tuple(dict.fromkeys(statement for generated in found for statement in generated.recreate)),
        )

    def _generated_reason(self, table: Table, masked: frozenset[str]) -> str | None:
        following = self.following(table, masked)
        if not following.columns:
            return None
        first = table.columns.index(following.columns[0])
        if any(column.name not in following.names for column in table.columns[first:]):
            return (
                f"generated column {following.columns[0].name} stands before others and would lose its place"
            )
        if table.partitioned:
            return f"generated column {following.columns[0].name} depends on them in a partitioned table"
        for generated in self.schema.generated_columns:
            if generated.table == table.oid and generated.name in following.names and generated.rooted_by:
                return f"generated column {generated.name} cannot be dropped: {generated.rooted_by}"
        if granted := next((column.name for column in following.columns if column.granted), None):
            return f"generated column {granted} has privileges of its own"
        return None

    def taken_away(
        self, rewritten: Touched, updated: Touched, repeating: Touched
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the statements that clear the way, and those that bring everything back. `repeating` are
        those updated columns in which a fake may be what another row still has."""
        drops: list[str] = []
        creates: list[str] = []
        views = self._views_on(rewritten)
        drops += [view.drop for view in reversed(views)]
        for key in self.schema.foreign_keys:
            if self._masks(rewritten, updated, key.table, key.columns) or self._masks(
                rewritten, updated, key.referenced, key.referenced_columns
            ):
                table = self._name(key.table)
                drops.append(f"ALTER TABLE {table} DROP CONSTRAINT {quoted(key.name)}")
                creates.append(f"ALTER TABLE {table} ADD CONSTRAINT {quoted(key.name)} {key.definition}")
                if key.comment:
                    on = f"CONSTRAINT {quoted(key.name)} ON {table}"
                    creates.append(f"COMMENT ON {on} IS {text_literal(key.comment)}")
        for view in views:
            creates += view.create
        taken: dict[tuple[str, ...], tuple[str, ...]] = {}
        for dependant in self.schema.dependants:
            if dependant.kind is DependantKind.KEY:
                root = self.root_of.get(dependant.table, dependant.table)
                if repeating.get(root, frozenset()) & dependant.columns:
                    drops += dependant.drop
                    creates[:0] = dependant.create  # before the foreign keys that lead to it
                continue
            root = self.root_of.get(dependant.table, dependant.table)
            in_the_way = bool(rewritten.get(root, frozenset()) & dependant.columns)
            if dependant.kind in {DependantKind.RULE, DependantKind.CHECK} and root in updated:
                in_the_way = True  # a rule may turn the UPDATE into something else
            if in_the_way and dependant.drop:
                taken[dependant.drop] = dependant.create
        for drop, create in taken.items():
            drops += drop
            creates += create
        return tuple(drops), tuple(creates)

    def _masks(self, rewritten: Touched, updated: Touched, oid: int, columns: tuple[str, ...]) -> bool:
        root = self.root_of.get(oid, oid)
        return bool((rewritten.get(root, frozenset()) | updated.get(root, frozenset())) & set(columns))

    def _views_on(self, touched: Touched) -> list[View]:
        """Views on touched columns, and the views on those, in an order in which they can be made."""
        found: dict[int, View] = {}
        for view in self.schema.views:
            for oid, column in view.reads:
                root = self.root_of.get(oid, oid)
                if oid in found or (column is not None and column in touched.get(root, frozenset())):
                    found[view.oid] = view
        return list(found.values())

    def _concerns(self, table: Table, oid: int, touched: frozenset[str], columns: frozenset[str]) -> bool:
        return self.root_of.get(oid, oid) == table.oid and bool(touched & columns)

    def _name(self, oid: int) -> str:
        table = next(table for table in self.schema.tables if table.oid == self.root_of.get(oid, oid))
        part = next((member for member in table.members if member.oid == oid), table)
        return qualified(part.schema, part.name)
