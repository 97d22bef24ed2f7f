# Names come quoted from the dialect, never from a caller.
# ruff: noqa: S608
"""The copy into which a few masked rows of a PostgreSQL table are put, to see whether they fit."""

from collections.abc import Mapping

from services.anonymize.worker.engines.fitting import Copy, Fitting, fitting
from services.anonymize.worker.engines.postgresql.rewriting import masked_value
from services.anonymize.worker.masks import MaskContext
from services.anonymize.worker.masks.lookups import rows_of
from services.anonymize.worker.policy import ColumnRule
from services.anonymize.worker.schema import Table
from services.anonymize.worker.sql import WORK_SCHEMA, qualified, quoted, text_literal

LIKE = "INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING INDEXES"


def _without_unproven(there: str, oid: int) -> str:
    """A statement that drops checks which are NOT VALID: a rewrite does not look at them either."""
    dropping = text_literal(f"ALTER TABLE {there} DROP CONSTRAINT %I")
    named = (
        f"SELECT conname FROM pg_constraint WHERE conrelid = {oid:d} AND contype = 'c' AND NOT convalidated"
    )
    body = (
        f"DECLARE unproven name; BEGIN FOR unproven IN {named}"
        f" LOOP EXECUTE format({dropping}, unproven); END LOOP; END"
    )
    return f"DO {text_literal(body)}"


def fitting_of(table: Table, rules: Mapping[str, ColumnRule], contexts: Mapping[str, MaskContext]) -> Fitting:
    """The trial of a table that rules mask."""
    parts = {part.name: part for part in table.columns}
    name = f"fitting_{table.oid}"
    there = qualified(WORK_SCHEMA, name)
    made = f"CREATE UNLOGGED TABLE {there} (LIKE {qualified(table.schema, table.name)} {LIKE})"
    return fitting(
        table,
        rules,
        lambda one, mask: masked_value(parts[one], mask, contexts[one], rules[one].when),
        quoted,
        Copy(
            name,
            (made, _without_unproven(there, table.oid)),
            f"DROP TABLE IF EXISTS {there}",
            there,
            rows_of(table),
        ),
    )
