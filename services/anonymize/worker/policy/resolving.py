"""From what a policy says to what it means for one schema: a rule for every table and column.

A table's own rule comes before a pattern of tables. A column that neither names is masked as what a foreign
key ties it to; if there is none, by the first default that is for it. What is still without a rule stops the
run.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from services.anonymize.worker.masks.base import Mask
from services.anonymize.worker.masks.rows import RowMask
from services.anonymize.worker.policy.model import ColumnRule, Policy, TableRule
from services.anonymize.worker.policy.patterns import is_for, names_table
from services.anonymize.worker.schema import Column, ForeignKey, Schema, Table

Cell = tuple[int, str]  # a table's oid and a column


def resolve(policy: Policy, schema: Schema) -> Policy:
    """Return the policy with a rule for every table and column that it has an answer for."""
    tables = MappingProxyType(_Resolving(policy, schema).tables())
    return policy.model_copy(update={"tables": tables})


class _Resolving:
    def __init__(self, policy: Policy, schema: Schema) -> None:
        self.policy = policy
        self.schema = schema
        self.rules = {table.oid: self._written(table) for table in schema.tables}
        self.open: dict[Cell, tuple[Table, Column]] = {}
        self.named: dict[Cell, ColumnRule] = {}
        for table in schema.tables:
            rule = self.rules[table.oid]
            if rule is not None and rule.action is not None:
                continue
            own = rule.columns if rule is not None else {}
            for column in table.columns:
                if column.name in own:
                    self.named[table.oid, column.name] = own[column.name]
                elif column.generated is None:
                    self.open[table.oid, column.name] = (table, column)

    def tables(self) -> dict[tuple[str, str], TableRule]:
        """Every table's rule, those of tables that are not there included: they are problems."""
        by_default = {cell: one for cell, part in self.open.items() if (one := self._default(*part))}
        found = by_default | self._by_foreign_key(by_default)
        resolved = dict(self.policy.tables)
        for table in self.schema.tables:
            rule = self.rules[table.oid]
            added = {
                column.name: found[table.oid, column.name]
                for column in table.columns
                if (table.oid, column.name) in found
            }
            if rule is None and added:
                rule = TableRule(at=self.policy.tables_at, columns_at=self.policy.tables_at)
            if rule is not None:
                resolved[table.schema, table.name] = _with(rule, added) if added else rule
        return resolved

    def _written(self, table: Table) -> TableRule | None:
        own = self.policy.tables.get((table.schema, table.name))
        if own is not None:
            return own
        for pattern in self.policy.patterns:
            if names_table(pattern.schema_pattern, pattern.name_pattern, table):
                return pattern.rule
        return None

    def _default(self, table: Table, column: Column) -> ColumnRule | None:
        rule = self.rules[table.oid]
        if rule is not None and column.name in rule.auto:
            return None
        return next((one.rule for one in self.policy.defaults if is_for(one.match, table, column)), None)

    def _by_foreign_key(self, by_default: Mapping[Cell, ColumnRule]) -> dict[Cell, ColumnRule]:
        """The rules of columns that a chain of foreign keys ties to a masked one.

        A default that masks speaks only where no table's rule does, and a default that keeps not at all: keys
        and references would part.
        """
        found: dict[Cell, ColumnRule] = {}
        for tied in _tied(self.schema.foreign_keys):
            written = [self.named[cell] for cell in tied if cell in self.named]
            defaults = [by_default[cell] for cell in tied if cell in by_default]
            source = _only_mask(written) or (None if written else _only_mask(defaults))
            for cell in tied:
                own = by_default.get(cell)
                if cell not in self.open or (own and source and own.mask == source.mask and not own.when):
                    continue
                if source is not None:
                    found[cell] = source.model_copy(update={"when": None, "by": self._because(cell, source)})
                elif written and cell not in by_default and self._says_auto(cell):
                    found[cell] = written[0].model_copy(update={"by": self._because(cell, written[0])})
        return found

    def _says_auto(self, cell: Cell) -> bool:
        rule = self.rules[cell[0]]
        return rule is not None and cell[1] in rule.auto

    def _because(self, cell: Cell, source: ColumnRule) -> str:
        key = next(
            key for key in self.schema.foreign_keys if cell in _sides(key)[0] or cell in _sides(key)[1]
        )
        return f"foreign key {key.name}, like {source.at}"


def _with(rule: TableRule, added: Mapping[str, ColumnRule]) -> TableRule:
    return rule.model_copy(update={"columns": MappingProxyType({**rule.columns, **added})})


def _only_mask(rules: Iterable[ColumnRule]) -> ColumnRule | None:
    """The rule that masks, if all that mask agree."""
    masking = [rule for rule in rules if rule.mask.rewrites and not _of_its_own(rule.mask)]
    agree = all(rule.mask == masking[0].mask for rule in masking)
    return masking[0] if masking and agree else None


def _of_its_own(mask: Mask) -> bool:
    """Whether a reference may have a mask that says nothing of what it refers to: to none, or to another."""
    return mask.word == "null" or isinstance(mask, RowMask)


def _sides(key: ForeignKey) -> tuple[list[Cell], list[Cell]]:
    return (
        [(key.table, name) for name in key.columns],
        [(key.referenced, name) for name in key.referenced_columns],
    )


def _tied(keys: Iterable[ForeignKey]) -> list[list[Cell]]:
    """Columns that foreign keys tie together, over any number of steps; in a stable order."""
    group: dict[Cell, Cell] = {}

    def root(cell: Cell) -> Cell:
        while group.setdefault(cell, cell) != cell:
            cell = group[cell]
        return cell

    for key in keys:
        for here, there in zip(*_sides(key), strict=True):
            group[root(here)] = root(there)
    groups: dict[Cell, list[Cell]] = defaultdict(list)
    for cell in sorted(group):
        groups[root(cell)].append(cell)
    return list(groups.values())
