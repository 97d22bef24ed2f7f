"""What `snapveil status` says of the runs in a ledger."""

from datetime import timedelta
from io import StringIO

from rich.console import Console, RenderableType

from cli.status import run_story, runs_table
from shared.records import StepRecord, StepState, Transition
from tests.builders import NOW, RUN_ID, a_run

AT = NOW + timedelta(hours=1, minutes=2, seconds=3)


def drawn(renderable: RenderableType) -> str:
    """What a person reads."""
    console = Console(width=120, file=StringIO())
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def test_runs_are_listed_with_state_time_and_reason() -> None:
    failed = a_run(failed_at=NOW, failure="anonymize: no column emial", removed_at=NOW + timedelta(minutes=5))
    done = a_run(replaced_at=NOW + timedelta(hours=2), removed_at=NOW + timedelta(minutes=50))
    lines = drawn(runs_table([a_run(), failed, done], AT)).splitlines()
    rows = [line.split(maxsplit=5) for line in lines if RUN_ID in line]
    assert [(row[1], row[4]) for row in rows] == [
        ("running", "1:02:03"),
        ("failed", "0:05:00"),
        ("succeeded", "2:00:00"),
    ]
    assert rows[1][5].strip() == "anonymize: no column emial"


def test_a_run_is_told_with_its_steps_and_everything_that_happened() -> None:
    step = StepRecord(
        subject=f"{RUN_ID}#1",
        step="anonymize",
        state=StepState.WORKING,
        token="a" * 32,
        trigger="{}",
        started_at=NOW,
        deadline=AT,
        waiting_for="the worker, which is masking",
    )
    line = Transition(at=NOW, step="restore", what="did", why="RestoreSnapshot of last night")
    told = drawn(run_story(a_run(), [step], [line], AT))
    assert told.startswith(f"{RUN_ID}  running  1:02:03")
    assert any("anonymize" in row and "the worker, which is masking" in row for row in told.splitlines())
    assert "2026-11-23 04:00:00  restore  did  RestoreSnapshot of last night" in told
