"""`snapveil policy diff`: what changed since a run's schema, and what the policy says of it."""

from pathlib import Path

import click

from cli.exits import FAILED, FINE, InputError
from cli.policy.files import (
    as_json,
    format_option,
    from_file,
    held,
    policy_file,
    policy_option,
    schema_options,
    usable,
)
from services.anonymize.worker import compare


@click.command(
    "diff", short_help="Say what changed in the schema since a run, and what the policy says of it."
)
@schema_options
@click.option(
    "--since",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The schema to compare with: the schema.json beside a run's report, or one that dump wrote.",
)
@policy_option
@format_option
def command(database_url: str | None, schema_file: Path | None, since: Path, policy: Path, form: str) -> int:
    """Say what changed in the schema since a run, and what the policy says of each change.

    The schema now is that of the database at DATABASE_URL, or --schema's; before, it was --since's.

    New, dropped and retyped tables and columns, columns that may be NULL now or no longer, keys that are
    unique now or no longer. Exit code 0 says that nothing changed.
    """
    family, old = from_file(since)
    checked = held(usable(policy_file(policy)), database_url, schema_file)
    if checked.family != family:
        raise InputError(f"{since} is of {family}, and the schema to compare is of {checked.family}")
    changes = compare(old, checked.schema, checked.policy)
    if form == "json":
        answer = {
            "since": str(since),
            "changes": [change.as_json() for change in changes],
            "stops": any(change.stops for change in changes),
        }
        click.echo(as_json(answer))
    else:
        for change in changes:
            detail = f": {change.detail}" if change.detail else ""
            click.echo(f"{change.what} {change.where}{detail}")
            if change.says:
                click.echo(f"    the policy: {change.says}")
        if not changes:
            click.echo(f"nothing changed since {since}")
    return FAILED if changes else FINE
