"""`snapveil estimate`: what a run costs, what a month costs, and what it costs when nothing runs."""

import json
import math
from collections.abc import Iterable
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cli.cost.cases import configured_cases, sizes, usual_cases
from cli.cost.estimate import Estimate, estimate
from cli.cost.model import Line, total
from cli.cost.prices import PriceList, read_prices
from cli.exits import FINE, InputError
from cli.view import open_console
from shared.database.port import Kind

WEEKLY = 4.33
ASSUMED = 200.0  # GB
_COLUMNS = 4


@click.command("estimate")
@click.option(
    "--config", "production", type=click.Path(path_type=Path), help="Production's document; else usual sizes."
)
@click.option(
    "--development",
    type=click.Path(path_type=Path),
    help="Development's document, for the targets' classes and how many copies are kept.",
)
@click.option(
    "--size", "given", multiple=True, help="Allocated storage: 200GB for all, shop=2TB for one source."
)
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Of the usual sizes.")
@click.option(
    "--runs-per-month", "runs", type=float, default=WEEKLY, show_default=True, help="Runs of each source."
)
@click.option(
    "--prices", "override", type=click.Path(path_type=Path), help="YAML with what differs from prices.yaml."
)
@click.option("--explain", is_flag=True, help="Show the formula of every amount.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, with the formulas.")
def command(
    production: Path | None,
    development: Path | None,
    given: tuple[str, ...],
    kind: str | None,
    runs: float,
    override: Path | None,
    explain: bool,
    as_json: bool,
) -> int:
    """Estimate what runs cost on AWS, by source and in total; without --config for 20 GB, 200 GB and 2 TB."""
    if not (math.isfinite(runs) and 0 <= runs <= 3000):
        raise InputError(f"--runs-per-month {runs:g}: write a number from 0 to 3000")
    prices = read_prices(override)
    estimated, notes = _estimate(production, development, given, kind, runs, prices)
    if as_json:
        click.echo(json.dumps(estimated.document(), indent=2, ensure_ascii=False))
        return FINE
    _print(open_console(), estimated, prices, notes, usual=production is None, explain=explain)
    return FINE


def _estimate(
    production: Path | None,
    development: Path | None,
    given: tuple[str, ...],
    kind: str | None,
    runs: float,
    prices: PriceList,
) -> tuple[Estimate, list[str]]:
    if production is None:
        for option, value in (("--development", development), ("--size", given)):
            if value:
                raise InputError(f"{option} goes with --config; without it the usual sizes are estimated")
        return estimate(usual_cases(Kind(kind or "instance")), prices, runs), []
    if kind:
        raise InputError("--kind is for the usual sizes; a document says the kind of each source")
    known = sizes(given)
    cases, zones = configured_cases(production, development, known, ASSUMED)
    notes = []
    unsaid = [case.name for case in cases if case.name not in known and "" not in known]
    if unsaid:
        notes.append(f"{ASSUMED:g} GB assumed for {', '.join(unsaid)}: say --size {unsaid[0]}=…")
    if development is None:
        notes.append("targets taken to be like the temporary databases: say --development …")
    return estimate(cases, prices, runs, zones), notes


def _print(
    console: Console, made: Estimate, prices: PriceList, notes: list[str], *, usual: bool, explain: bool
) -> None:
    console.print(_sources(made, summed=not usual))
    if len(made.bills) <= _COLUMNS:
        console.print(_items(made))
    console.print(_instead(made))
    if explain:
        for bill in made.bills:
            _explain(console, f"one run of {bill.case.name}", bill.run)
            _explain(console, f"{bill.case.name}, a month without runs", bill.standing)
        _explain(console, "both accounts, a month", made.fixed)
        _assumptions(console, prices)
    origins = {f"{origin.region}, {origin.date}" for origin in prices.origins.values()}
    notes.append(
        f"list prices in {made.currency} ({'; '.join(sorted(origins))}) and assumed speeds: --explain"
    )
    for note in notes:
        console.print(note, style="dim", highlight=False)


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(headings[0], overflow="fold")
    for heading in headings[1:]:
        table.add_column(heading, justify="right")
    return table


def _sources(made: Estimate, *, summed: bool) -> Table:
    table = _table("source", "kind", "size", "run takes", "one run", f"month of {made.runs:g}", "idle month")
    for bill in made.bills:
        table.add_row(
            bill.case.name,
            bill.case.kind.value,
            f"{bill.case.gb:g} GB",
            f"{bill.hours.total:.1f} h",
            money(total(bill.run)),
            money(bill.month(made.runs)),
            money(total(bill.standing)),
        )
    table.add_row(
        "both accounts", "", "", "", "", money(total(made.fixed)), money(total(made.fixed)), end_section=True
    )
    if summed:
        sums = (made.per_run, made.month, made.idle)
        table.add_row("total", "", "", "", *map(money, sums), style="bold")
    return table


def _items(made: Estimate) -> Table:
    table = _table("one run", *(bill.case.name for bill in made.bills))
    _rows(table, [bill.run for bill in made.bills])
    table.add_section()
    table.add_row("a month without runs")
    _rows(table, [bill.standing for bill in made.bills])
    table.add_section()
    table.add_row("both accounts, a month")
    for line in made.fixed:
        table.add_row(line.what, money(line.amount))
    return table


def _rows(table: Table, columns: list[tuple[Line, ...]]) -> None:
    amounts = [{line.what: line.amount for line in column} for column in columns]
    for what in dict.fromkeys(name for column in amounts for name in column):
        table.add_row(what, *(money(column[what]) if what in column else "–" for column in amounts))


def _instead(made: Estimate) -> Table:
    table = _table(
        "instead, or by mistake", "a replica kept, or a forgotten database", "waits by Step Functions", "ours"
    )
    for bill in made.bills:
        waiting = bill.orchestration
        table.add_row(
            bill.case.name,
            f"{money(bill.permanent)} a month",
            f"{money(waiting.state_machine)}–{money(waiting.with_lambda)} a run",
            f"{money(waiting.ours)} a run",
        )
    return table


def _explain(console: Console, heading: str, lines: Iterable[Line]) -> None:
    table = _table(heading, "amount")
    table.add_column("is", overflow="fold")
    for line in lines:
        table.add_row(line.what, money(line.amount), line.formula)
    console.print(table)


def _assumptions(console: Console, prices: PriceList) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("speed", "minutes", "GB/h", "because"):
        table.add_column(heading)
    for kind, speeds in prices.speeds.items():
        for name, speed in speeds:
            rate = f"{speed.gb_per_hour:g}" if speed.gb_per_hour else "–"
            table.add_row(f"{kind} {name.rstrip('_')}", f"{speed.minutes:g}", rate, speed.because)
    console.print(table)


def money(amount: float) -> str:
    """Write an amount in dollars: to the cent, small ones to what can be seen."""
    if amount == 0:
        return "0"
    if amount < 0.01:
        return f"{amount:.4f}" if amount >= 0.0001 else "<0.0001"
    return f"{amount:,.2f}"
