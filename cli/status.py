"""`snapveil status`: the runs of an AWS account as its ledger tells them and what waits for the next, or one
run's whole history.
"""

from datetime import datetime

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.exits import FAILED, FINE, InputError
from cli.view import open_console
from shared.ledger import Ledger, now
from shared.records import Run, Status, StepRecord, Transition, Waiting

TABLE = "snapveil-ledger"
_STYLES = {
    Status.RUNNING: "yellow",
    Status.SUCCEEDED: "green",
    Status.FAILING: "red",
    Status.FAILED: "red",
    Status.DIRTY: "bold red",
}


@click.command("status")
@click.argument("run", required=False)
@click.option(
    "--table",
    default=TABLE,
    envvar="SNAPVEIL_LEDGER_TABLE",
    show_default=True,
    help="The ledger's DynamoDB table.",
)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many runs to list."
)
def command(run: str | None, table: str, limit: int) -> int:
    """Show the newest runs of an AWS account and the requests that wait for the next, or the history of RUN.

    Account and region come from the usual AWS_* environment. Exit code 1: the newest run, or RUN, failed.
    """
    ledger, console = Ledger(table), open_console()
    try:
        if run is None:
            return _list(ledger, console, limit)
        return _tell(ledger, console, run)
    except (BotoCoreError, ClientError) as error:
        raise InputError(f"the ledger {table} cannot be read: {error}") from None


def _list(ledger: Ledger, console: Console, limit: int) -> int:
    runs = sorted(ledger.runs(), key=lambda run: run.started_at, reverse=True)[:limit]
    if not runs:
        console.print("the ledger holds no run yet")
        return FINE
    console.print(runs_table(runs, now()))
    for source, waiting in sorted(ledger.requests.queue().items()):
        holder = ledger.lock_holder(source)
        console.print(waiting_line(waiting, ledger.run(holder) if holder else None), soft_wrap=True)
    return FAILED if _is_bad(runs[0]) else FINE


def _tell(ledger: Ledger, console: Console, run_id: str) -> int:
    run = ledger.run(run_id)
    if run is None:
        raise InputError(f"the ledger knows no run {run_id}; `snapveil status` lists those that it knows")
    console.print(run_story(run, ledger.steps(run.key), ledger.history(run_id), now()))
    return FAILED if _is_bad(run) else FINE


def runs_table(runs: list[Run], at: datetime) -> Table:
    """List runs, one a line."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("run", "status", "started", "took", "why"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "why")
    for run in runs:
        table.add_row(
            run.run_id, _status(run), f"{run.started_at:%Y-%m-%d %H:%M}", _took(run, at), run.failure or ""
        )
    return table


def waiting_line(waiting: Waiting, holder: Run | None) -> str:
    """Tell who waits for the next run of a source, since when and what for."""
    who = f"{', '.join(sorted(waiting.requesters))} since {waiting.since:%Y-%m-%d %H:%M}"
    if waiting.cancelled_at:
        return f"cancelled: {waiting.source}, asked for by {who}: it is no source any more"
    told = f"waits: {waiting.source}, asked for by {who}, "
    if holder is None:
        told += "which begins within an hour"
    elif holder.status is Status.DIRTY:
        told += f"for {holder.run_id}, which is dirty and holds the source until it is removed"
    else:
        told += f"for {holder.run_id} to end"
    return f"{told}; at its last turn: {waiting.problem}" if waiting.problem else told


def run_story(run: Run, steps: list[StepRecord], history: list[Transition], at: datetime) -> RenderableType:
    """Tell one run: its state, its steps with their times, and everything that happened."""
    head = Text.assemble(run.run_id, "  ", _status(run), f"  {_took(run, at)}")
    if run.failure:
        head.append(f"\n{run.failure}", style="red")
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("step", "state", "started", "took", "waits for"):
        table.add_column(heading)
    for step in sorted(steps, key=lambda step: step.started_at):
        took = (step.ended_at or at) - step.started_at
        table.add_row(
            step.step,
            step.state.value,
            f"{step.started_at:%H:%M:%S}",
            _duration(took.total_seconds()),
            step.waiting_for or "",
        )
    lines = Table.grid(padding=(0, 2))
    for line in history:
        lines.add_row(f"{line.at:%Y-%m-%d %H:%M:%S}", line.step, line.what, line.why)
    return Group(head, table, lines)


def _status(run: Run) -> Text:
    return Text(run.status.value, style=_STYLES[run.status])


def _is_bad(run: Run) -> bool:
    return run.status in {Status.FAILED, Status.FAILING, Status.DIRTY}


def _took(run: Run, at: datetime) -> str:
    ended = [moment for moment in (run.removed_at, run.replaced_at) if moment]
    over = run.status in {Status.SUCCEEDED, Status.FAILED}
    return _duration(((max(ended) if over and ended else at) - run.started_at).total_seconds())


def _duration(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
