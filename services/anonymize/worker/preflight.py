"""Checks a policy against a live database without writing anything."""

from services.anonymize.worker.connecting import Database, address_of, open_connection
from services.anonymize.worker.discovery import discover
from services.anonymize.worker.engines.postgresql import failure
from services.anonymize.worker.plan import Trial, make_plan
from services.anonymize.worker.policy import PolicyError, Problem, load_policy
from services.anonymize.worker.schema import Schema


def preflight(policy_text: str, name: str, database_url: str) -> list[Problem]:
    """Return every problem of a policy with a database; none means that masking can begin.

    Raises ConnectionProblemError if the database cannot be opened.
    """
    try:
        policy = load_policy(policy_text, name)
    except PolicyError as error:
        return error.problems
    try:
        plan = make_plan(policy, read_schema(database_url))
    except PolicyError as error:
        return error.problems
    trials = [check for check in plan.checks if isinstance(check, Trial) and not check.scans]
    with Database(address_of(database_url)) as database:
        return [
            Problem(name, trial.line, f"{trial.column}: {trial.complaint}{why}")
            for trial in trials
            if (why := failure(database, trial)) is not None
        ]


def read_schema(database_url: str) -> Schema:
    """Discover a database's schema in a read-only transaction. Raises ConnectionProblemError."""
    address = address_of(database_url)
    open_connection(address).close()
    with Database(address) as database, database.begin() as connection:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        return discover(connection)
