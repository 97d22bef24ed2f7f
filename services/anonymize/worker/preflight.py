"""Holds a policy against a live database or a schema file, without writing anything."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import ConnectionProblemError
from services.anonymize.worker.engines import address_of, masking_of, open_database, plan_for, try_login
from services.anonymize.worker.engines.port import Masking
from services.anonymize.worker.failures import reason_of
from services.anonymize.worker.plan import Plan, Trial
from services.anonymize.worker.policy import Beside, Policy, PolicyError, Problem, load_policy, resolve
from services.anonymize.worker.policy.including import nothing_beside
from services.anonymize.worker.policy.patterns import is_for, names_table
from services.anonymize.worker.schema import Schema


@dataclass(frozen=True)
class Checked:
    """A policy held against a schema: `policy` is resolved for it; there is a plan if nothing is wrong."""

    family: str
    schema: Schema
    policy: Policy
    plan: Plan | None
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def check_schema(written: Policy, family: str, schema: Schema) -> Checked:
    """Check a policy against a schema; pure."""
    policy = resolve(written, schema)
    notes = tuple(_notes(written, schema))
    try:
        plan = plan_for(family, policy, schema)
    except PolicyError as error:
        return Checked(family, schema, policy, None, tuple(error.problems), notes)
    return Checked(family, schema, policy, plan, (), notes)


def check_database(written: Policy, database_url: str) -> Checked:
    """Check a policy against a live database, and try there what only a database can tell: patterns and
    expressions. Raises ConnectionProblemError if it cannot be opened."""
    address = address_of(database_url)
    try_login(address)
    database = open_database(address)
    try:
        masking = masking_of(database)
        checked = check_schema(written, address.family, _discovered(masking))
        trials = checked.plan.checks if checked.plan is not None else ()
        problems = tuple(
            Problem(trial.at, f"{trial.column}: {trial.complaint}{why}")
            for trial in trials
            if isinstance(trial, Trial) and not trial.scans and (why := masking.failure(trial)) is not None
        )
    finally:
        database.close()
    return Checked(
        checked.family,
        checked.schema,
        checked.policy,
        checked.plan,
        (*checked.problems, *problems),
        checked.notes,
    )


def discover_schema(database_url: str) -> tuple[str, Schema]:
    """Read a database's schema and its family. Raises ConnectionProblemError."""
    address = address_of(database_url)
    try_login(address)
    database = open_database(address)
    try:
        return address.family, _discovered(masking_of(database))
    finally:
        database.close()


def _discovered(masking: Masking) -> Schema:
    try:
        return masking.discover()
    except DBAPIError as error:
        raise ConnectionProblemError(f"the schema cannot be read: {reason_of(error)}") from None


def preflight(
    policy_text: str, name: str, database_url: str, beside: Beside = nothing_beside
) -> list[Problem]:
    """Return every problem of a policy with a database; none means that masking can begin.

    Raises ConnectionProblemError if the database cannot be opened.
    """
    try:
        written = load_policy(policy_text, name, beside)
    except PolicyError as error:
        return error.problems
    return list(check_database(written, database_url).problems)


def _notes(written: Policy, schema: Schema) -> Iterator[str]:
    """What is no problem and worth knowing: rules that are for nothing here."""
    for pattern in written.patterns:
        if not any(names_table(pattern.schema_pattern, pattern.name_pattern, one) for one in schema.tables):
            yield f"{pattern.rule.at}: {pattern.written} is for no table"
    for default in written.defaults:
        columns = ((table, column) for table in schema.tables for column in table.columns)
        if not any(is_for(default.match, table, column) for table, column in columns):
            yield f"{default.rule.at}: this default is for no column"
