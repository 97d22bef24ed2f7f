"""What a person reads at the end of a run: people before and after, what was checked, and where to look."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import ROUNDED, SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.result import Result
from shared.records import Verification


@dataclass(frozen=True)
class Sample:
    """One row of the source and the same row of the target: what each field holds, by the field's name."""

    title: str
    before: Mapping[str, str]
    after: Mapping[str, str]


def show_summary(
    console: Console, result: Result, samples: Sequence[Sample], record: Path, hints: Sequence[str]
) -> None:
    """Print the end of a run that succeeded; the hints hold commands, which no line break may tear."""
    console.print()
    console.print(summary(result, samples, record))
    console.print()
    for hint in hints:
        console.print(hint, markup=False, soft_wrap=True)


def summary(result: Result, samples: Sequence[Sample], record: Path) -> RenderableType:
    """Draw the end of a run that succeeded."""
    parts: list[RenderableType] = []
    if samples:
        parts += [people(samples), Text()]
    if result.verification is not None:
        parts += [checks(result.verification), Text()]
    parts.append(Text.from_markup(f"[bold green]✓[/] {_done(result)}"))
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="dim", no_wrap=True)
    lines.add_column(overflow="fold")
    lines.add_row("  stages", " · ".join(f"{stage.name} {stage.seconds:.1f} s" for stage in result.stages))
    lines.add_row("  record", str(record))
    parts.append(lines)
    return Group(*parts)


def people(samples: Sequence[Sample]) -> Table:
    """Set the same rows side by side: as production holds them, and as developers see them."""
    table = Table(box=ROUNDED, border_style="dim")
    table.add_column("", style="dim", no_wrap=True)
    table.add_column("what production holds", ratio=1, overflow="fold")
    table.add_column("what developers see", ratio=1, overflow="fold")
    for sample in samples:
        table.add_row(Text(sample.title, style="bold"), "", "")
        for name, value in sample.before.items():
            after = sample.after.get(name, "")
            same = value == after
            table.add_row(
                name, Text(value, style="dim" if same else ""), Text(after, style="dim" if same else "green")
            )
        table.add_section()
    return table


def checks(verification: Verification) -> Table:
    """List what verification looked at."""
    table = Table(box=SIMPLE_HEAD, border_style="dim", pad_edge=False)
    table.add_column("", width=1)
    table.add_column("verification", no_wrap=True)
    table.add_column("examined", justify="right", no_wrap=True)
    table.add_column("found", overflow="fold")
    for check in verification.checks:
        mark = Text("✓", style="green") if check.passed else Text("✗", style="bold red")
        table.add_row(mark, check.name, f"{check.examined:,}", check.detail)
    return table


def failure(result: Result, record: Path, logs: Path) -> Iterator[str]:
    """Say why a run failed and where to look, line by line."""
    yield f"the run failed: {result.reason}"
    if result.leftovers.names:
        yield f"left over in the embedded cloud, which is gone now: {', '.join(result.leftovers.names)}"
    yield f"record: {record}; logs of the cloud, its functions and the worker: {logs}"


def _done(result: Result) -> str:
    masked = result.verification
    done = f"run {result.run_id} succeeded in {result.seconds:.1f} s"
    if masked is not None:
        done += (
            f": {masked.rows_masked:,} rows masked in {masked.columns_masked} columns"
            f" of {masked.tables_masked} tables, and verified"
        )
    return done
