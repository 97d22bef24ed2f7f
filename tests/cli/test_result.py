"""The record of a run, as machines read it, and what a person reads beside it."""

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cli.loop import unproven
from cli.result import DatabaseFacts, Leftovers, Result, events_of, leftovers_of, stage_times
from cli.summary import Sample, failure, show_summary
from cli.watch import RunView, StageState, StageView
from local.leftovers import Leftovers as Found
from local.record import Published
from shared.records import Check, Verification
from tests.builders import DEVELOPMENT, NOW, PRODUCTION, RUN_ID, a_verification

TARGET = DatabaseFacts(
    dsn="postgresql://u:p@127.0.0.1:5/shop", data_directory="/d", rows={"t": 1}, running=True
)


def a_result(**changes: object) -> Result:
    """The record of a run that succeeded."""
    fields: dict[str, object] = {
        "kind": "demo",
        "run_id": RUN_ID,
        "status": "succeeded",
        "started": NOW,
        "seconds": 12.3,
        "stages": ({"name": "restore", "started": NOW, "seconds": 2.5},),
        "source": TARGET,
        "target": TARGET,
        "verification": a_verification(),
        "kept": True,
    }
    return Result.model_validate(fields | changes)


def test_the_record_has_what_machines_look_for() -> None:
    written = json.loads(a_result().written())
    assert set(written) >= {
        "run_id", "status", "stages", "events", "source", "target", "verification", "leftovers"
    }  # fmt: skip
    assert written["stages"] == [{"name": "restore", "started": "2026-11-23T04:00:00Z", "seconds": 2.5}]
    assert set(written["target"]) == {"dsn", "data_directory", "rows", "running"}
    assert not any(written["leftovers"].values())
    assert set(written["leftovers"]) >= {"temporary_databases", "unacknowledged_messages", "dlq_depth"}


def test_stages_that_never_began_are_not_in_the_record() -> None:
    began = StageView("restore", StageState.DONE, NOW, NOW + timedelta(seconds=3))
    others = [StageView(name) for name in ("anonymize", "snapshot", "receiver", "clean-up")]
    view = RunView(NOW, None, (began, *others))
    assert [(time.name, time.seconds) for time in stage_times(view)] == [("restore", 3.0)]


def test_events_are_told_in_order_and_once_though_they_went_two_ways() -> None:
    shared = '{"type": "SnapshotShared"}'
    moment = datetime(2026, 11, 23, 4)  # as the emulator writes it: UTC, without saying so
    published = [
        Published(moment, PRODUCTION, "topic", "DatabaseAnonymized", '{"type": "DatabaseAnonymized"}'),
        Published(moment, PRODUCTION, "topic", "SnapshotShared", shared),
        Published(moment, PRODUCTION, "bus", "SnapshotShared", shared),
        Published(moment, DEVELOPMENT, "bus", "TargetReplaced", '{"type": "TargetReplaced"}'),
    ]
    events = events_of(published)
    assert [(event.type, event.account) for event in events] == [
        ("DatabaseAnonymized", PRODUCTION),
        ("SnapshotShared", PRODUCTION),
        ("TargetReplaced", DEVELOPMENT),
    ]
    assert events[0].time == NOW


def test_leftovers_are_named() -> None:
    found = Found(("snapveil-tmp-x",), (), {}, {"snapveil-restore-dlq": 1}, (), (), ())
    assert leftovers_of(found).names == (
        "temporary_databases snapveil-tmp-x",
        "dlq_depth snapveil-restore-dlq",
    )


@pytest.mark.parametrize(
    ("target", "verification", "leftovers", "expected"),
    [
        (TARGET, a_verification(), Leftovers(), None),
        (None, a_verification(), Leftovers(), "the development database does not answer"),
        (TARGET, None, Leftovers(), "the ledger holds no verification that passed"),
        (TARGET, a_verification(passed=False), Leftovers(), "the ledger holds no verification that passed"),
        (TARGET, a_verification(), Leftovers(dlq_depth={"q": 1}), "left over: dlq_depth q"),
    ],
)
def test_a_success_must_be_proven(
    target: DatabaseFacts | None,
    verification: Verification | None,
    leftovers: Leftovers,
    expected: str | None,
) -> None:
    assert unproven(target, verification, leftovers) == expected


def test_the_summary_shows_people_checks_and_an_untorn_psql_line() -> None:
    console = Console(file=StringIO(), width=90)
    checks = (Check(name="no original e-mail", passed=True, examined=2396, detail="none is left"),)
    result = a_result(verification=a_verification(checks=checks))
    line = "  psql postgresql://shop_admin:" + "0" * 80 + "@127.0.0.1:43293/shop"
    with console.capture() as capture:
        sample = Sample("customer 91", {"name": "Josiane Schmitt"}, {"name": "Luce Besnard"})
        show_summary(console, result, [sample], Path("result.json"), [line])
    text = capture.get()
    assert any("Josiane Schmitt" in row and "Luce Besnard" in row for row in text.splitlines())
    assert any("no original e-mail" in row and "2,396" in row for row in text.splitlines())
    assert line in text.splitlines()


def test_a_failure_says_why_and_where_to_look() -> None:
    result = a_result(
        status="failed", reason="anonymize: no such column", leftovers=Leftovers(secrets=("s",))
    )
    lines = list(failure(result, Path("result.json"), Path("logs")))
    assert lines[0] == "the run failed: anonymize: no such column"
    assert "secrets s" in lines[1]
    assert "result.json" in lines[2]
