"""Shows a run while it happens: a live picture on a terminal, plain lines anywhere else."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cli.watch import Records, RunView, StageState, StageView, view_of
from shared.ledger import now
from shared.records import Progress

NAME_WIDTH, BAR_WIDTH, PLAIN_WIDTH = 10, 16, 110
REPORT_EVERY_SECONDS = 5

_DOING = {
    "connecting": "connecting",
    "scripting": "running the policy's script",
    "masking": "masking",
    "quarantining": "cutting ties to production",
    "cleaning": "cleaning",
    "verifying": "verifying",
}
_MARKS = {
    StageState.DONE: ("✓", "green"),
    StageState.FAILED: ("✗", "bold red"),
    StageState.AHEAD: ("·", "dim"),
}


@dataclass(frozen=True)
class Step:
    """One thing that is done before the run begins."""

    name: str
    started: datetime
    ended: datetime | None = None
    words: str = ""
    failed: bool = False


class Screen(Protocol):
    """Where a run is shown."""

    def step(self, name: str, words: str = "") -> contextlib.AbstractContextManager[Callable[[str], None]]:
        """Show a step while the block lasts; what the block calls the result with is what it does now."""

    def note(self, words: str) -> None:
        """Say something that stays to be read."""

    def show(self, view: RunView) -> None:
        """Show how the run stands."""


def open_console() -> Console:
    """Open standard output; a file or a pipe has no width, and gets one that a reader's screen has."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


@contextlib.contextmanager
def screen(console: Console) -> Iterator[Screen]:
    """Open the screen that fits where the output goes."""
    if console.is_terminal and not console.is_dumb_terminal:
        terminal = _Terminal(console)
        with Live(console=console, get_renderable=terminal.picture, refresh_per_second=8):
            yield terminal
    else:
        yield _Lines(console)


class _Terminal:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._steps: list[Step] = []
        self._view: RunView | None = None

    @contextlib.contextmanager
    def step(self, name: str, words: str = "") -> Iterator[Callable[[str], None]]:
        self._steps.append(Step(name, now(), words=words))
        try:
            yield self._say
        except BaseException:
            self._steps[-1] = replace(self._steps[-1], ended=now(), failed=True)
            raise
        self._steps[-1] = replace(self._steps[-1], ended=now())

    def _say(self, words: str) -> None:
        self._steps[-1] = replace(self._steps[-1], words=words)

    def note(self, words: str) -> None:
        self._console.print(Text(f"note: {words}", style="yellow"))

    def show(self, view: RunView) -> None:
        self._view = view

    def picture(self) -> RenderableType:
        return picture(self._steps, self._view, now())


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._view: RunView | None = None
        self._reported: dict[str, tuple[str, datetime]] = {}

    @contextlib.contextmanager
    def step(self, name: str, words: str = "") -> Iterator[Callable[[str], None]]:
        began = now()
        last = words

        def say(words: str) -> None:
            nonlocal last
            last = words

        yield say
        self._print(f"{name:<{NAME_WIDTH}} done {(now() - began).total_seconds():6.1f} s  {last}".rstrip())

    def note(self, words: str) -> None:
        self._print(f"note: {words}")

    def show(self, view: RunView) -> None:
        for stage in view.stages:
            line = plain_line(stage, view.at)
            last, at = self._reported.get(stage.name, ("", view.at))
            if line is None or line.what == last:
                continue
            if line.is_progress and last and (view.at - at).total_seconds() < REPORT_EVERY_SECONDS:
                continue
            self._reported[stage.name] = (line.what, view.at)
            self._print(line.text)

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class PlainLine:
    """One line of plain output. `what` is the part that must change before the next line is due."""

    text: str
    what: str
    is_progress: bool = False


def plain_line(stage: StageView, at: datetime) -> PlainLine | None:
    """Say how a stage stands in one line; None while it is ahead."""
    seconds = stage.seconds(at)
    if seconds is None:
        return None
    word = stage.state.value
    if stage.state is not StageState.WORKING:
        return PlainLine(f"{stage.name:<{NAME_WIDTH}} {word:<4} {seconds:6.1f} s", word)
    what = described(stage)
    return PlainLine(
        f"{stage.name:<{NAME_WIDTH}} ...  {seconds:6.1f} s  {what}".rstrip(),
        f"{word} {what}",
        is_progress=stage.progress is not None,
    )


def picture(steps: list[Step], view: RunView | None, at: datetime) -> RenderableType:
    """Draw everything: what was prepared, then one line per stage."""
    preparation = _grid()
    for step in steps:
        mark = _mark(_state(step))
        words = Text(step.words, style="dim" if step.ended else "", overflow="ellipsis", no_wrap=True)
        preparation.add_row(
            mark, step.name, _seconds(((step.ended or at) - step.started).total_seconds()), words
        )
    if view is None and any(step.ended is None or step.failed for step in steps):
        return preparation
    stages = _grid()
    for stage in (view or view_of(Records(None), at)).stages:
        name = Text(stage.name, style="dim" if stage.state is StageState.AHEAD else "bold")
        stages.add_row(_mark(stage.state), name, _seconds(stage.seconds(at)), _doing(stage))
    return Group(preparation, Text(), stages)


def described(stage: StageView) -> str:
    """Say what a working stage does or waits for."""
    if stage.progress is not None:
        return described_progress(stage.progress)
    return f"waits for {stage.waiting_for}" if stage.waiting_for else "at work"


def described_progress(progress: Progress) -> str:
    """Say how far the worker is."""
    words = _DOING[progress.step] + (f" {progress.table}" if progress.table else "")
    if progress.tables_total:
        unit = "parts" if progress.step == "cleaning" else "tables"
        words += f", {progress.tables_done} of {progress.tables_total} {unit}"
    if progress.rows_total:
        words += f", {progress.rows_done:,} of {progress.rows_total:,} rows"
    return words


def share_done(progress: Progress | None) -> float | None:
    """How much of the worker's present step is done, from 0 to 1; None where its length is not known."""
    if progress is None or progress.step not in {"masking", "verifying"}:
        return None
    if progress.rows_total:
        return min(1.0, progress.rows_done / progress.rows_total)
    return min(1.0, progress.tables_done / progress.tables_total) if progress.tables_total else None


def _doing(stage: StageView) -> RenderableType:
    words = Text(overflow="ellipsis", no_wrap=True)
    if stage.state is not StageState.WORKING:
        return words
    words.append(described(stage))
    share = share_done(stage.progress)
    if share is None:
        return words
    line = Table.grid(padding=(0, 1), expand=True)
    line.add_column(width=BAR_WIDTH)
    line.add_column(width=4)
    line.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    line.add_row(ProgressBar(total=1.0, completed=share, width=BAR_WIDTH), f"{share:4.0%}", words)
    return line


def _grid() -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)  # the last column gives way, not the others
    grid.add_column(width=2, justify="right")
    grid.add_column(width=NAME_WIDTH, no_wrap=True)
    grid.add_column(width=8, justify="right", no_wrap=True)
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    return grid


def _seconds(seconds: float | None) -> Text:
    if seconds is None:
        return Text("")
    if seconds < 60:
        return Text(f"{seconds:.1f} s", style="cyan")
    return Text(f"{int(seconds // 60)}:{int(seconds % 60):02} min", style="cyan")


def _state(step: Step) -> StageState:
    if step.failed:
        return StageState.FAILED
    return StageState.DONE if step.ended else StageState.WORKING


_SPINNER = Spinner("dots", style="yellow")


def _mark(state: StageState) -> RenderableType:
    if state is StageState.WORKING:
        return _SPINNER
    mark, style = _MARKS[state]
    return Text(mark, style=style)
