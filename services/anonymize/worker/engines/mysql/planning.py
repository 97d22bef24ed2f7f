# Names come quoted from the dialect and expressions compiled by it, never from a caller.
# ruff: noqa: S608
"""From a policy and a schema to the statements that mask: a pure function that says all problems at once.

A table is masked by a copy that takes its place. Foreign keys would follow the old table and triggers would
keep it where it is, so both are taken away before and brought back after.
"""

from collections.abc import Iterator, Mapping

from services.anonymize.worker import uniqueness
from services.anonymize.worker.checkpoints import of_table
from services.anonymize.worker.engines.fitting import Copy, Fitting, fitting
from services.anonymize.worker.engines.mysql import values
from services.anonymize.worker.engines.mysql.connecting import OLD_DATABASE
from services.anonymize.worker.engines.mysql.sql import (
    BINARY_COLLATION,
    WORK_DATABASE,
    compiled,
    qualified,
    quoted,
)
from services.anonymize.worker.masks import MaskContext
from services.anonymize.worker.masks.places import PlaceMask
from services.anonymize.worker.plan import (
    DocumentCheck,
    Method,
    Plan,
    TablePlan,
    Trial,
    Unit,
    context_for,
    email_shape,
    masked_rules,
)
from services.anonymize.worker.policy import (
    Action,
    ColumnRule,
    Policy,
    PolicyError,
    Problem,
    TableRule,
)
from services.anonymize.worker.problems import find_problems
from services.anonymize.worker.schema import Column, Family, ForeignKey, Schema, Table

SHOW_CREATE = "SHOW CREATE TABLE "
MEANWHILE = "snapveil_index"  # what an index is called between two statements


def new_name(table: Table) -> str:
    """What a table's masked copy is called until it takes its place."""
    return qualified(WORK_DATABASE, f"new_{table.oid}")


def old_name(table: Table) -> str:
    """What a table is called when its masked copy has taken its place."""
    return qualified(OLD_DATABASE, f"old_{table.oid}")


def make_plan(policy: Policy, schema: Schema) -> Plan:
    """Plan the masking of a database. Raises PolicyError with everything that the policy leaves open or gets
    wrong."""
    shape = email_shape(policy, schema)
    problems = [
        *find_problems(policy, schema, lambda table: context_for(table, shape)),
        *_unsupported(policy, schema),
    ]
    if problems:
        raise PolicyError(sorted(set(problems)))
    work = _Work(policy, schema, shape)
    planned = [work.planned(table) for table in schema.tables]
    copied = {one.table.oid for one in planned if one.method is Method.COPY or _emptied_by_copy(one)}
    dismantle, rebuild = _taken_away(schema, copied)
    proofs = tuple(_proofs(policy, schema))
    statements = [statement for one in planned for statement in one.statements]
    lookups = [statement for lookup in work.lookups for statement in lookup]
    queries = [check.query for check in work.checks]
    return Plan(
        tables=tuple(sorted(planned, key=lambda one: -one.table.size)),
        functions=values.functions_for([*statements, *lookups, *queries]),
        checks=(*work.checks, *proofs),
        lookups=tuple(work.lookups),
        dismantle=dismantle,
        rebuild=rebuild,
        proofs=proofs,
    )


def _unsupported(policy: Policy, schema: Schema) -> Iterator[Problem]:
    for table in schema.tables:
        rule = policy.tables.get((table.schema, table.name))
        for name, named in masked_rules(rule).items() if rule else ():
            column = table.column(name)
            for said in values.unsupported(named.mask, column) if column else ():
                yield Problem(named.at, f"{table.label}.{name}: {said}")


class _Work:
    """Plans table by table, and collects what has to be there and to hold before."""

    def __init__(self, policy: Policy, schema: Schema, shape: tuple[int, bool]) -> None:
        self.policy = policy
        self.schema = schema
        self.shape = shape
        self.checks: list[DocumentCheck | Trial] = []
        self.lookups: list[tuple[str, ...]] = []

    def planned(self, table: Table) -> TablePlan:
        rule = self.policy.tables[table.schema, table.name]
        rules = masked_rules(rule)
        if not rules:
            return self._unmasked(table, rule)
        contexts = {name: self._context(table, name) for name in rules}
        for name, named in rules.items():
            self._collect(table, name, named, contexts[name])
        masks = {name: named.mask for name, named in rules.items()}
        self.checks += [
            Trial(f"{table.label}.{name}", rules[name].at, query, said, scans=True)
            for name, query, said in uniqueness.trials(table, masks, _spelling(self.schema))
        ]
        self.checks.append(self._fitting(table, rules, contexts))
        return TablePlan(
            table=table,
            method=Method.COPY,
            why=_why(table, self.schema),
            masked=tuple(rules),
            statements=copy(table, self.schema.database, self._values(table, rules, contexts)),
            units=_units(table),
        )

    def _context(self, table: Table, name: str) -> MaskContext:
        column = table.column(name)
        number = column.number if column else 0
        return context_for(table, self.shape, f"document_{table.oid}_{number}")

    def _values(
        self, table: Table, rules: Mapping[str, ColumnRule], contexts: Mapping[str, MaskContext]
    ) -> dict[str, str]:
        return {
            part.name: values.masked_value(
                part, rules[part.name].mask, contexts[part.name], rules[part.name].when
            )
            for part in table.columns
            if part.name in rules
        }

    def _fitting(
        self, table: Table, rules: Mapping[str, ColumnRule], contexts: Mapping[str, MaskContext]
    ) -> Fitting:
        parts = {part.name: part for part in table.columns}
        source, name = qualified(self.schema.database, table.name), f"fitting_{table.oid}"
        there = qualified(WORK_DATABASE, name)
        drop = f"DROP TABLE IF EXISTS {there}"
        return fitting(
            table,
            rules,
            lambda one, mask: values.masked_value(parts[one], mask, contexts[one], rules[one].when),
            quoted,
            Copy(name, (drop, f"CREATE TABLE {there} LIKE {source}"), drop, there, source),
        )

    def _collect(self, table: Table, name: str, named: ColumnRule, context: MaskContext) -> None:
        column = table.column(name)
        if column is None:
            return
        label = f"{table.label}.{name}"
        if filled := values.lookups(named.mask, table, column, self.schema, context):
            self.lookups.append(filled)
        query = values.unknown_query(named.mask, table, column, self.schema)
        if query is not None:
            self.checks.append(DocumentCheck(label, named.at, query))
        self.checks += [
            Trial(label, named.at, *trial) for trial in values.trials(named.mask, table, column, self.schema)
        ]
        if isinstance(named.mask, PlaceMask) and column.family is Family.POINT:
            self.checks.append(self._located(label, table, column, named))

    def _located(self, label: str, table: Table, column: Column, named: ColumnRule) -> Trial:
        """MySQL says latitude before longitude where a system of reference does, and masks know no system."""
        place = qualified(self.schema.database, table.name)
        return Trial(
            label,
            named.at,
            f"SELECT 1 FROM {place} WHERE ST_SRID({quoted(column.name)}) <> 0 LIMIT 1",
            f"holds points of a spatial reference system (an SRID), which {named.mask.word} would take from"
            " them; use keep or null",
            scans=True,
        )

    def _unmasked(self, table: Table, rule: TableRule) -> TablePlan:
        if rule.action is not Action.TRUNCATE:
            return TablePlan(table, Method.KEEP, "no rule changes a column")
        if table.versioned:
            why = "the policy empties it: an empty table takes its place, because its history stays otherwise"
            statements = copy(table, self.schema.database, None)
            return TablePlan(table, Method.TRUNCATE, why, statements=statements)
        name = qualified(self.schema.database, table.name)
        return TablePlan(
            table,
            Method.TRUNCATE,
            "the policy empties it",
            statements=(f"TRUNCATE TABLE {name}", *_numbering(name, table)),
        )


def _units(table: Table) -> tuple[Unit, ...]:
    """Its partitions, each a part of the copy that a session of its own fills; where rows have a history,
    only the whole table tells which are current."""
    if table.versioned or len(table.shares) < 2:
        return ()
    return tuple(
        Unit(
            f"{of_table(table)} partition {share.name}",
            f"{table.label} partition {share.name}",
            share.size,
            f" PARTITION ({quoted(share.name)})",
        )
        for share in sorted(table.shares, key=lambda share: -share.size)
    )


def copy(table: Table, database: str, masked: Mapping[str, str] | None) -> tuple[str, ...]:
    """Put a copy in a table's place, `masked` in some columns; an empty one if that is None."""
    name, new, old = qualified(database, table.name), new_name(table), old_name(table)
    made = SHOW_CREATE + name if table.copy_loses else f"CREATE TABLE {new} LIKE {name}"
    stored = [column.name for column in table.columns if column.generated is None]
    filled: tuple[str, ...] = ()
    if masked is not None:
        into = ", ".join(map(quoted, stored))
        chosen = ", ".join(masked.get(column, quoted(column)) for column in stored)
        filled = (f"INSERT INTO {new} ({into}) SELECT {chosen} FROM {name}",)
    return (
        f"DROP TABLE IF EXISTS {new}",
        made,
        *_numbering(new, table),
        *filled,
        f"RENAME TABLE {name} TO {old}, {new} TO {name}",
    )


def _numbering(name: str, table: Table) -> tuple[str, ...]:
    if table.next_number is None:
        return ()
    return (f"ALTER TABLE {name} AUTO_INCREMENT = {table.next_number}",)


def _emptied_by_copy(planned: TablePlan) -> bool:
    return planned.method is Method.TRUNCATE and planned.table.versioned


def _why(table: Table, schema: Schema) -> str:
    said = ["a masked copy takes its place"]
    if units := _units(table):
        said.append(f"each of its {len(units)} partitions is filled by itself")
    if table.copy_loses:
        said.append(f"made from SHOW CREATE TABLE, because LIKE would lose {table.copy_loses}")
    if table.versioned:
        said.append("without its history, whose rows hold originals")
    said += [
        f"trigger {trigger.name} is made anew in the worker's name, because making it in {trigger.owner}'s"
        " needs a right that the worker does not have"
        for trigger in schema.dependants
        if trigger.table == table.oid and trigger.owner
    ]
    return "; ".join(said)


def _taken_away(schema: Schema, copied: set[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Statements that drop what ties a table to its place, and those that bring it back."""
    names = {table.oid: qualified(schema.database, table.name) for table in schema.tables}
    keys = [key for key in schema.foreign_keys if copied.intersection((key.table, key.referenced))]
    triggers = [one for one in schema.dependants if one.table in copied]
    dismantle = (
        *(f"ALTER TABLE {names[key.table]} DROP FOREIGN KEY {quoted(key.name)}" for key in keys),
        *(said for key in keys for name in key.indexes for said in _made_explicit(names[key.table], name)),
        *(statement for trigger in triggers for statement in trigger.drop),
    )
    rebuild = (
        *(
            f"ALTER TABLE {names[key.table]} ADD CONSTRAINT {quoted(key.name)} {key.definition}"
            for key in keys
        ),
        *(statement for trigger in triggers for statement in trigger.create),
    )
    return dismantle, rebuild


def _made_explicit(table: str, index: str) -> tuple[str, ...]:
    """An index that a server made for a foreign key goes, or gets another name and place, when the key comes
    back; one that was renamed stays."""
    own, name = quoted(MEANWHILE), quoted(index)
    return (
        f"ALTER TABLE {table} RENAME INDEX {name} TO {own}",
        f"ALTER TABLE {table} RENAME INDEX {own} TO {name}",
    )


def _proofs(policy: Policy, schema: Schema) -> Iterator[Trial]:
    """Queries for references over masked columns that lead nowhere, which nothing else would notice."""
    tables = {table.oid: table for table in schema.tables}
    for key in schema.foreign_keys:
        child, parent = tables[key.table], tables.get(key.referenced)
        if parent is None:
            continue
        rules = masked_rules(policy.tables[child.schema, child.name])
        others = masked_rules(policy.tables[parent.schema, parent.name])
        named = [rules[name] for name in key.columns if name in rules]
        named += [others[name] for name in key.referenced_columns if name in others]
        if named:
            said = f"holds references by {key.name} that lead nowhere; mend them in the source, or null them"
            column = f"{child.label}.{key.columns[0]}"
            yield Trial(column, named[0].at, _orphans(key, child, parent, schema), said, scans=True)


def _orphans(key: ForeignKey, child: Table, parent: Table, schema: Schema) -> str:
    pairs = list(zip(map(quoted, key.columns), map(quoted, key.referenced_columns), strict=True))
    joined = " AND ".join(f"c.{one} = p.{other}" for one, other in pairs)
    there = " AND ".join(f"c.{one} IS NOT NULL" for one, _ in pairs)
    return (
        f"SELECT 1 FROM {qualified(schema.database, child.name)} c"
        f" LEFT JOIN {qualified(schema.database, parent.name)} p ON {joined}"
        f" WHERE {there} AND p.{pairs[0][1]} IS NULL LIMIT 1"
    )


def _spelling(schema: Schema) -> uniqueness.Spelling:
    """Values are compared as bytes: MySQL's own collations keep values apart by the spaces at their ends."""

    def text(name: str) -> str:
        return f"CONVERT({quoted(name)} USING utf8mb4)"

    return uniqueness.Spelling(
        lambda expression: f"CAST({compiled(expression)} AS BINARY)",
        quoted,
        lambda table: qualified(schema.database, table.name),
        lambda name: f"CAST({text(name)} AS BINARY)",
        lambda name: (
            f"{text(name)} COLLATE {BINARY_COLLATION} REGEXP '[^ -~]| $'"
        ),  # beyond ASCII, as collations ignore accents, and some ignore spaces at the end
        "signs beyond ASCII, or spaces at the end",
    )
