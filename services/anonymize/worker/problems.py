"""Everything a policy leaves open or gets wrong for one schema, each finding at its place in the policy."""

from collections.abc import Callable, Iterator
from itertools import chain

from services.anonymize.worker import conditions, uniqueness
from services.anonymize.worker.masks import Mask, MaskContext
from services.anonymize.worker.masks.contact import Email
from services.anonymize.worker.masks.rows import RowMask
from services.anonymize.worker.policy import (
    Action,
    ColumnRule,
    Policy,
    Problem,
    RunScript,
    TableRule,
    did_you_mean,
)
from services.anonymize.worker.schema import Column, Family, ForeignKey, Schema, Table

Context = Callable[[Table], MaskContext]
SEARCHED = frozenset({"email", "phone", "iban"})  # what verification looks for everywhere


def find_problems(policy: Policy, schema: Schema, context: Context) -> list[Problem]:
    """Return all problems of a policy with a schema."""
    return sorted(set(_Finder(policy, schema, context).all()))


class _Finder:
    def __init__(self, policy: Policy, schema: Schema, context: Context) -> None:
        self.policy = policy
        self.schema = schema
        self.context = context
        self.masked_in = {
            table.oid: {name: rule for name, rule in found.columns.items() if rule.mask.rewrites}
            for table in schema.tables
            if (found := policy.tables.get((table.schema, table.name)))
        }

    def all(self) -> Iterator[Problem]:
        yield from self.database()
        yield from self.large_objects()
        yield from self.unknown_tables()
        yield from self.absent()
        for table in self.schema.tables:
            rule = self.policy.tables.get((table.schema, table.name))
            if rule is None:
                where = f"add it under tables ({self.policy.tables_at})"
                yield Problem(self.policy.tables_at, f"{table.label}: the policy does not name it; {where}")
            elif rule.action is None:
                yield from chain(self.columns(table, rule), self.uniques(table), self.instead(table, rule))
            elif table.foreign and rule.action is not Action.KEEP:
                yield Problem(rule.at, f"{table.label}: its rows lie on another server; write keep")
            elif rule.action is Action.TRUNCATE:
                yield from self.truncated(table, rule)
        for key in self.schema.foreign_keys:
            yield from self.foreign_key(key)
        yield from self.ranges()

    def ranges(self) -> Iterator[Problem]:
        labels = {table.oid: table.label for table in self.schema.tables}
        rules = {
            f"{labels[oid]}.{name}": rule
            for oid, of_table in self.masked_in.items()
            for name, rule in of_table.items()
        }
        for name, said in uniqueness.mixed_ranges((name, rule.mask) for name, rule in rules.items()):
            yield Problem(rules[name].at, f"{name}: {said}")

    def database(self) -> Iterator[Problem]:
        if self.policy.database is not None and self.policy.database != self.schema.database:
            yield Problem(
                self.policy.database_at,
                f"database: the policy is for {self.policy.database}, but this is {self.schema.database}",
            )

    def large_objects(self) -> Iterator[Problem]:
        if self.schema.large_objects and self.policy.large_objects is None:
            yield Problem(
                self.policy.tables_at,
                f"the database holds {self.schema.large_objects} large objects, which no mask reaches;"
                " write large_objects: drop, or keep if they hold nothing personal",
            )

    def unknown_tables(self) -> Iterator[Problem]:
        known = {table.label: table for table in self.schema.tables}
        views = {(view.schema, view.name) for view in self.schema.views}
        for (schema, name), rule in self.policy.tables.items():
            label = Table(oid=0, schema=schema, name=name, columns=()).label
            if (schema, name) in views:
                yield Problem(rule.at, f"{label}: is a view and follows its tables; leave it out")
            elif root := self.schema.partitions.get((schema, name)):
                yield Problem(rule.at, f"{label}: is a partition and follows {root}; leave it out")
            elif self.schema.table(schema, name) is None:
                yield Problem(rule.at, f"{label}: no such table{did_you_mean(label, known)}")

    def absent(self) -> Iterator[Problem]:
        """What the policy says is not there, so that nothing but defaults would speak of it."""
        for one in self.policy.absent:
            table = self.schema.table(*one.table)
            if table is not None and (one.column is None or table.column(one.column) is not None):
                label = table.label if one.column is None else f"{table.label}.{one.column}"
                yield Problem(
                    one.at, f"{label}: is there, though it is said to be absent; write its rule here"
                )

    def columns(self, table: Table, rule: TableRule) -> Iterator[Problem]:
        if table.foreign:
            yield Problem(rule.at, f"{table.label}: its rows lie on another server; write keep")
        names = [column.name for column in table.columns]
        for name, named in rule.columns.items():
            column = table.column(name)
            if column is None:
                yield Problem(named.at, f"{table.label}.{name}: no such column{did_you_mean(name, names)}")
            else:
                for complaint in self.complaints(table, column, named):
                    yield Problem(named.at, f"{table.label}.{name}: {complaint}")
        for name, at in rule.auto.items():
            if table.column(name) is None:
                yield Problem(at, f"{table.label}.{name}: no such column{did_you_mean(name, names)}")
            elif name not in rule.columns:
                said = "no foreign key ties it to a column that has a rule"
                yield Problem(at, f"{table.label}.{name}: auto: {said}; write the mask")
        for column in table.columns:
            if column.name not in {*rule.columns, *rule.auto} and column.generated is None:
                where = f"add it under tables.{table.label}.columns ({rule.columns_at})"
                where += ", or write a default for it" if self.policy.defaults else ""
                yield Problem(
                    rule.columns_at, f"{table.label}.{column.name}: the policy does not name it; {where}"
                )

    def complaints(self, table: Table, column: Column, rule: ColumnRule) -> Iterator[str]:
        mask = rule.mask
        if column.generated is not None:
            if mask.rewrites:
                yield "is generated and follows its inputs; leave it out"
            return
        if mask.word == "script" and not self.policy.runs_script:
            yield "the policy has no script that could mask it"
        yield from mask.complaints(column)
        for name in mask.reads():
            if table.column(name) is None:
                known = [other.name for other in table.columns]
                hint = did_you_mean(name, known)
                yield f"{mask.word} reads {name}, which is no column of {table.label}{hint}"
        yield from mask.surroundings(table, self.schema)
        yield from self.conditional(table, rule)

    def conditional(self, table: Table, rule: ColumnRule) -> Iterator[str]:
        """Say why a rule cannot be for some rows only."""
        if rule.when is None:
            return
        yield from conditions.complaints(rule.when, table)
        if not rule.mask.rewrites:
            yield f"{rule.mask.word} changes no row, so that when says nothing; leave it out"
        elif rule.mask.word in SEARCHED:
            yield f"verification would find every {rule.mask.word} that when leaves as it is; mask all rows"

    def uniques(self, table: Table) -> Iterator[Problem]:
        rules = self.masked_in.get(table.oid, {})
        masks = {name: rule.mask for name, rule in rules.items()}
        for name, said in uniqueness.complaints(table, masks, self.context(table)):
            yield Problem(rules[name].at, f"{table.label}.{name}: {said}")
        for unique in table.uniques:
            for name, rule in rules.items():
                if rule.when is not None and name in unique.columns:
                    said = f"is unique by {unique.name}, and a fake may meet a value that when leaves"
                    yield Problem(rule.at, f"{table.label}.{name}: {said}; mask all rows")

    def instead(self, table: Table, rule: TableRule) -> Iterator[Problem]:
        if self.policy.script is None or self.policy.script.run is not RunScript.INSTEAD:
            return
        for name, named in rule.columns.items():
            if named.mask.rewrites:
                said = f"{named.mask.word} would not run, because the script runs instead of rules"
                yield Problem(named.at, f"{table.label}.{name}: {said}; write script or keep")

    def truncated(self, table: Table, rule: TableRule) -> Iterator[Problem]:
        for key in self.schema.foreign_keys:
            if key.referenced != table.oid or key.table == table.oid:
                continue
            child = next((other for other in self.schema.tables if other.oid == key.table), None)
            if child is None:
                continue
            named = self.policy.tables.get((child.schema, child.name))
            if named is None or named.action is not Action.TRUNCATE:
                said = f"cannot be emptied, because {child.label} references it by {key.name}"
                yield Problem(rule.at, f"{table.label}: {said}; truncate both or neither")

    def foreign_key(self, key: ForeignKey) -> Iterator[Problem]:
        child = next((table for table in self.schema.tables if table.oid == key.table), None)
        parent = next((table for table in self.schema.tables if table.oid == key.referenced), None)
        if child is None or parent is None:
            return
        for name, referenced in zip(key.columns, key.referenced_columns, strict=True):
            here = self.masked_in.get(child.oid, {}).get(name)
            there = self.masked_in.get(parent.oid, {}).get(referenced)
            if here is None and there is None:
                continue
            if there is None and here is not None and _refers_still(here.mask, key):
                continue
            rule = here or there
            assert rule is not None  # noqa: S101 - one of both is there
            said = f"{child.label}.{name} references {parent.label}.{referenced} by {key.name}"
            if here is None or there is None or here.mask != there.mask:
                yield Problem(rule.at, f"{said}; give both the same mask")
            elif here.when is not None or there.when is not None:
                yield Problem(rule.at, f"{said}; mask all rows, or keys and references part")
            elif here.mask.reads():
                yield Problem(rule.at, f"{said}; its mask must not read other columns of the row")
            elif here.mask.needs_setup:
                yield Problem(rule.at, f"{said}; {here.mask.word} draws each side on its own; use hash")
            elif not isinstance(here.mask, Email) and _room(child, name) != _room(parent, referenced):
                yield Problem(rule.at, f"{said}; both need the same type and length to be masked alike")


def _refers_still(mask: Mask, key: ForeignKey) -> bool:
    """Whether references resolve whatever row they come to: to none, or to what another row refers to."""
    return mask.word == "null" or (isinstance(mask, RowMask) and len(key.columns) == 1)


def _room(table: Table, name: str) -> tuple[int | None, str] | None:
    """What a column holds: its length, and its type where the type bounds fakes."""
    column = table.column(name)
    if column is None:
        return None
    return column.length, column.base_type if column.family is Family.NUMBER else ""
