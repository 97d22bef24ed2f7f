"""What a run looks like: on a terminal, and in a file."""

from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from cli.view import Step, described_progress, picture, plain_line, screen, share_done
from cli.watch import RunView, StageState, StageView
from shared.records import Progress
from tests.builders import NOW, a_run

AT = NOW + timedelta(seconds=12)
MASKING = Progress(
    step="masking", tables_done=3, tables_total=8, rows_done=1500, rows_total=6000, table="customers"
)


def a_view(*changed: StageView) -> RunView:
    """A view in which the other stages are ahead."""
    by_name = {stage.name: stage for stage in changed}
    names = ("restore", "anonymize", "snapshot", "receiver", "clean-up")
    return RunView(AT, a_run(), tuple(by_name.get(name, StageView(name)) for name in names))


def drawn(view: RunView | None, steps: tuple[Step, ...] = (), width: int = 100) -> list[str]:
    """The lines of the picture."""
    console = Console(width=width, file=StringIO(), force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(picture(list(steps), view, AT))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_a_picture_has_one_line_per_stage_with_its_time() -> None:
    view = a_view(
        StageView("restore", StageState.DONE, NOW, NOW + timedelta(seconds=2.14)),
        StageView("anonymize", StageState.WORKING, NOW, progress=MASKING),
    )
    lines = drawn(view)
    assert " ✓ restore       2.1 s" in lines
    working = next(line for line in lines if "anonymize" in line)
    assert "12.0 s" in working
    assert "25% masking customers, 3 of 8 tables, 1,500 of 6,000 rows" in working
    assert " · clean-up" in lines


def test_a_long_reason_gives_way_and_names_stay_whole() -> None:
    waiting = StageView("restore", StageState.WORKING, NOW, waiting_for="snapveil-tmp-" + "x" * 200)
    line = next(line for line in drawn(a_view(waiting), width=80) if "restore" in line)
    assert "restore      12.0 s waits for snapveil-tmp-x" in line
    assert len(line) <= 80
    assert line.endswith("…")


def test_stages_appear_once_everything_is_prepared() -> None:
    step = Step("source", NOW, words="filling the shop")
    assert not any("anonymize" in line for line in drawn(None, (step,)))
    done = Step("source", NOW, NOW + timedelta(seconds=4), "shop-prod: 2,000 rows")
    lines = drawn(None, (done,))
    assert " ✓ source        4.0 s shop-prod: 2,000 rows" in lines
    assert any("anonymize" in line for line in lines)


@pytest.mark.parametrize(
    ("progress", "share"),
    [
        (None, None),
        (Progress(step="connecting"), None),
        (MASKING, 0.25),
        (Progress(step="verifying", tables_done=1, tables_total=4), 0.25),
        (Progress(step="masking", rows_done=7, rows_total=5), 1.0),
    ],
)
def test_a_bar_is_drawn_where_the_length_is_known(progress: Progress | None, share: float | None) -> None:
    assert share_done(progress) == share


def test_progress_says_only_what_is_known() -> None:
    assert described_progress(Progress(step="connecting")) == "connecting"
    assert (
        described_progress(Progress(step="scripting", table="mask.sql"))
        == "running the policy's script mask.sql"
    )
    cleaning = Progress(step="cleaning", tables_done=5, tables_total=10, table="catalogs")
    assert described_progress(cleaning) == "cleaning catalogs, 5 of 10 parts"


def test_plain_lines_say_state_time_and_reason() -> None:
    waiting = StageView("restore", StageState.WORKING, NOW, waiting_for="the new database")
    line = plain_line(waiting, AT)
    assert line is not None
    assert line.text == "restore    ...    12.0 s  waits for the new database"
    done = plain_line(StageView("restore", StageState.DONE, NOW, AT), AT)
    assert done is not None
    assert done.text == "restore    done   12.0 s"
    assert plain_line(StageView("receiver"), AT) is None


def test_a_file_gets_a_line_per_change_and_progress_now_and_then() -> None:
    console = Console(file=StringIO(), width=110)
    with console.capture() as capture, screen(console) as shown:
        with shown.step("cloud") as say:
            say("two AWS accounts")
        for second in range(8):
            progress = MASKING.model_copy(update={"rows_done": second})
            view = a_view(StageView("anonymize", StageState.WORKING, NOW, progress=progress))
            moment = NOW + timedelta(seconds=second)
            shown.show(RunView(moment, view.run, view.stages))
        shown.show(a_view(StageView("anonymize", StageState.DONE, NOW, AT)))
    lines = capture.get().splitlines()
    assert lines[0].startswith("cloud      done")
    assert lines[0].endswith("two AWS accounts")
    assert [line.split()[:3] for line in lines[1:]] == [
        ["anonymize", "...", "0.0"],
        ["anonymize", "...", "5.0"],
        ["anonymize", "done", "12.0"],
    ]
