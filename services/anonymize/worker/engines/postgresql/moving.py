# Names come quoted from the dialect and expressions compiled by it, never from a caller.
# ruff: noqa: S608
"""Rows that go to another partition because what they are partitioned by is masked."""

from collections.abc import Iterator, Mapping

from services.anonymize.worker.engines.postgresql.rewriting import masked_value
from services.anonymize.worker.masks import MaskContext
from services.anonymize.worker.plan import Trial
from services.anonymize.worker.policy import ColumnRule
from services.anonymize.worker.schema import Table
from services.anonymize.worker.sql import qualified, quoted


def moving(
    table: Table, rules: Mapping[str, ColumnRule], contexts: Mapping[str, MaskContext]
) -> Iterator[Trial]:
    """Yield the trial that finds a row for which there is no partition once it is masked, if that can be.

    A mask that reads what is only written down later cannot be tried: PostgreSQL itself then stops the run.
    """
    moved = [name for name in table.partition_key if name in rules]
    bounds = [member.attachment for member in table.members if member.attachment is not None]
    here = qualified(table.schema, table.name)
    takes_all = any(bound.bound == "DEFAULT" and bound.parent == here for bound in bounds)
    if not moved or takes_all or len(bounds) < len(table.members):
        return
    if any(rules[name].mask.needs_setup for name in moved):
        return
    chosen = []
    for part in table.columns:
        if part.name in moved:
            rule = rules[part.name]
            value = masked_value(part, rule.mask, contexts[part.name], rule.when)
            chosen.append(f"{value} AS {quoted(part.name)}")
        elif part.name in table.partition_key:
            chosen.append(quoted(part.name))
    holds = " OR ".join(f"({bound.holds})" for bound in bounds) or "false"
    yield Trial(
        f"{table.label}.{moved[0]}",
        rules[moved[0]].at,
        f"SELECT 1 FROM (SELECT {', '.join(chosen)} FROM {here} OFFSET 0) moved"
        f" WHERE ({holds}) IS NOT TRUE LIMIT 1",
        f"is in the partition key, and {rules[moved[0]].mask.word} makes a value for which there is no"
        " partition; use keep, or make a DEFAULT partition in the source",
        scans=True,
    )
