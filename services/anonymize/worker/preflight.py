"""Checks a policy against a live database without writing anything."""

from services.anonymize.worker.engines import address_of, masking_of, open_database, try_login
from services.anonymize.worker.plan import Trial
from services.anonymize.worker.policy import PolicyError, Problem, load_policy, resolve


def preflight(policy_text: str, name: str, database_url: str) -> list[Problem]:
    """Return every problem of a policy with a database; none means that masking can begin.

    Raises ConnectionProblemError if the database cannot be opened.
    """
    try:
        policy = load_policy(policy_text, name)
    except PolicyError as error:
        return error.problems
    address = address_of(database_url)
    try_login(address)
    database = open_database(address)
    try:
        masking = masking_of(database)
        schema = masking.discover()
        plan = masking.plan(resolve(policy, schema), schema)
        trials = [check for check in plan.checks if isinstance(check, Trial) and not check.scans]
        return [
            Problem(trial.at, f"{trial.column}: {trial.complaint}{why}")
            for trial in trials
            if (why := masking.failure(trial)) is not None
        ]
    except PolicyError as error:
        return error.problems
    finally:
        database.close()
