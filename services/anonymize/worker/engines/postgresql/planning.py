"""From a policy and a schema to the statements that mask: a pure function that says all problems at once."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from services.anonymize.worker import uniqueness
from services.anonymize.worker.engines.postgresql.fitting import fitting_of
from services.anonymize.worker.engines.postgresql.moving import moving
from services.anonymize.worker.engines.postgresql.obstacles import Following, Obstacles
from services.anonymize.worker.engines.postgresql.partitions import attach, detach, kept_together, units
from services.anonymize.worker.engines.postgresql.rewriting import (
    masked_value,
    rewrite,
    rewrite_each,
    silently,
    update,
)
from services.anonymize.worker.masks.documents import Json
from services.anonymize.worker.plan import (
    DocumentCheck,
    Method,
    Plan,
    TablePlan,
    Trial,
    context_for,
    email_shape,
    masked_rules,
)
from services.anonymize.worker.policy import Action, Policy, PolicyError, TableRule
from services.anonymize.worker.problems import find_problems
from services.anonymize.worker.schema import Column, Schema, Table
from services.anonymize.worker.sql import qualified


def make_plan(policy: Policy, schema: Schema) -> Plan:
    """Plan the masking of a database. Raises PolicyError with everything that the policy leaves open or gets
    wrong."""
    shape = email_shape(policy, schema)
    problems = find_problems(policy, schema, lambda table: context_for(table, shape))
    if problems:
        raise PolicyError(problems)
    obstacles = Obstacles(schema)
    planned = []
    functions: dict[str, None] = {}
    checks: list[DocumentCheck | Trial] = []
    lookups = []
    touched: dict[int, frozenset[str]] = {}
    for table in schema.tables:
        rule = policy.tables[table.schema, table.name]
        rules = masked_rules(rule)
        if not rules:
            planned.append(_unmasked(table, rule))
            continue
        contexts = {}
        for name, column_rule in rules.items():
            mask = column_rule.mask
            context = context_for(table, shape, f"document_{table.oid}_{_number(table, name)}")
            contexts[name] = context
            functions |= dict.fromkeys(mask.functions())
            part = next(part for part in table.columns if part.name == name)
            functions |= dict.fromkeys(mask.column_functions(part, context))
            if mask.needs_setup:
                lookups.append(mask.setup(table, part, schema, context))
            query = mask.unknown_query(table.schema, table.name, name) if isinstance(mask, Json) else None
            if query is not None:
                checks.append(DocumentCheck(f"{table.label}.{name}", column_rule.at, query))
            checks += [
                Trial(f"{table.label}.{name}", column_rule.at, *trial) for trial in mask.trials(table, part)
            ]
        checks += [
            Trial(f"{table.label}.{name}", rules[name].at, query, said, scans=True)
            for name, query, said in uniqueness.trials(
                table, {name: rule.mask for name, rule in rules.items()}
            )
        ]
        checks.append(fitting_of(table, rules, contexts))
        checks += moving(table, rules, contexts)
        reason = obstacles.no_rewrite(table, frozenset(rules))
        follow = obstacles.following(table, frozenset(rules))
        touched[table.oid] = frozenset(rules) | (frozenset() if reason else follow.names)
        values = {
            part: masked_value(part, rules[part.name].mask, contexts[part.name], rules[part.name].when)
            for part in table.columns
            if part.name in rules
        }
        done = _done_to(table, values, follow, obstacles, reason)
        planned.append(replace(done, masked=tuple(rules)))
    dismantle, rebuild = obstacles.taken_away(
        {plan.table.oid: touched[plan.table.oid] for plan in planned if plan.method is Method.REWRITE},
        {plan.table.oid: touched[plan.table.oid] for plan in planned if plan.method is Method.UPDATE},
        {plan.table.oid: _repeating(plan, policy) for plan in planned if plan.method is Method.UPDATE},
    )
    taken_apart = [plan.table for plan in planned if plan.units]
    emptied = truncate([plan.table for plan in planned if plan.method is Method.TRUNCATE])
    return Plan(
        tables=tuple(sorted(planned, key=lambda plan: -plan.table.size)),
        functions=tuple(functions),
        checks=tuple(checks),
        lookups=tuple(lookups),
        dismantle=(*emptied, *dismantle, *(said for table in taken_apart for said in detach(table))),
        rebuild=(*(said for table in taken_apart for said in attach(table)), *rebuild),
        refresh=tuple(
            f"REFRESH MATERIALIZED VIEW {qualified(view.schema, view.name)}"
            for view in schema.views
            if view.materialized and view.populated
        ),
    )


def _done_to(
    table: Table,
    values: Mapping[Column, str],
    follow: Following,
    obstacles: Obstacles,
    no_rewrite: str | None,
) -> TablePlan:
    """The way in which a table is masked, and why that one."""
    if no_rewrite:
        return TablePlan(table, Method.UPDATE, no_rewrite, statements=update(table, values))
    why = "all masked columns in one rewrite"
    if len(table.members) > 1:
        together = kept_together(table, obstacles.schema, obstacles.root_of)
        if together is None:
            parts = units(table, obstacles.schema)
            each = f"each of its {len(parts)} partitions in one rewrite"
            return TablePlan(table, Method.REWRITE, each, statements=rewrite_each(values), units=parts)
        why += f"; its partitions stay together: {together}"
    statements = rewrite(table, values, follow, obstacles.schema)
    return TablePlan(table, Method.REWRITE, why, statements=statements)


def truncate(tables: Iterable[Table]) -> tuple[str, ...]:
    """Empty tables in one statement, because they may reference one another; triggers stay silent."""
    emptied = list(tables)
    if not emptied:
        return ()
    statement = "TRUNCATE " + ", ".join(qualified(table.schema, table.name) for table in emptied)
    return silently(emptied, (statement,))


def _unmasked(table: Table, rule: TableRule) -> TablePlan:
    if rule.action is Action.TRUNCATE:
        return TablePlan(table, Method.TRUNCATE, "the policy empties it")
    return TablePlan(table, Method.KEEP, "no rule changes a column")


def _repeating(planned: TablePlan, policy: Policy) -> frozenset[str]:
    rules = policy.tables[planned.table.schema, planned.table.name].columns
    return frozenset(name for name in planned.masked if uniqueness.may_repeat(rules[name].mask))


def _number(table: Table, name: str) -> int:
    return next(part.number for part in table.columns if part.name == name)
