"""`snapveil sweep`: what the hourly sweep of an account would remove or fail now; it changes nothing."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from cli.dlq.accounts import Account, open_accounts
from cli.dlq.options import aws_errors, in_account
from cli.exits import FAILED, FINE, InputError
from cli.view import open_console
from services.receiver import retention
from services.restore import removal
from services.snapshot import withdrawal
from shared.config import Production
from shared.database.factory import databases_of
from shared.due import Due
from shared.ledger import now
from shared.records import StepState

TOO_LATE = timedelta(hours=2)
"""Two sweeps should have seen it by then."""


@click.command("sweep")
@in_account
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(profiles: tuple[str, ...], table: str, config: str, form: str) -> int:
    """Show what is to go in an account, why and since when; nothing is changed.

    What says "by you" no sweep removes. Exit code 1: something is overdue by more than two hours, so that the
    sweeps do not work.
    """
    at, found = now(), []
    for account in open_accounts(profiles, table, config):
        with aws_errors():
            found += [(account.number, one) for one in _due(account, at)]
    if form == "json":
        click.echo(json.dumps([_as_data(number, one, at) for number, one in found], indent=2))
    elif found:
        open_console().print(_table(found, at))
    else:
        open_console().print("nothing is to go")
    return FAILED if any(_is_late(one, at) for _, one in found) else FINE


def _due(account: Account, at: datetime) -> Iterator[Due]:
    config = account.config
    if config is None:
        raise InputError(f"the configuration of account {account.number} cannot be read; see --config")
    databases = databases_of(account.number, account.client)
    if not isinstance(config, Production):
        yield from retention.due(account.ledger, databases, config, at)
        return
    yield from removal.due(account.ledger, databases, config, at)
    yield from withdrawal.due(account.ledger, withdrawal.manual_snapshots(databases), config, at)
    for run in account.ledger.runs():
        for step in account.ledger.steps(run.key) if not run.over else ():
            if step.state is StepState.WORKING and step.deadline <= at:
                yield Due(run.run_id, f"{step.step} fails: its deadline has passed", step.deadline)


def _is_late(one: Due, at: datetime) -> bool:
    return not one.stays and one.since is not None and at - one.since > TOO_LATE


def _as_data(account: str, one: Due, at: datetime) -> dict[str, object]:
    return {
        "account": account,
        "name": one.name,
        "why": one.why,
        "since": one.since.isoformat() if one.since else None,
        "by": "you" if one.stays else "sweep",
        "overdue": _is_late(one, at),
    }


def _table(found: list[tuple[str, Due]], at: datetime) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("account", "what", "why", "due", "by"):
        table.add_column(heading, overflow="fold")
    for number, one in found:
        due = f"{one.since:%Y-%m-%d %H:%M}" if one.since else "not known"
        late = " overdue" if _is_late(one, at) else ""
        table.add_row(number, one.name, one.why, due + late, "you" if one.stays else "sweep")
    return table
