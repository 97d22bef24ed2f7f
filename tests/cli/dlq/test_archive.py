"""`snapveil archive replay`: a window of events comes again, and changes nothing that is done."""

import pytest

from shared.records import Status
from tests.cli.dlq.conftest import ASKED, DAY, Operator


@pytest.fixture
def archived(on_call: Operator) -> Operator:
    """Both buses have an archive."""
    for account in ("production", "development"):
        events = on_call.world.client(account, "events")
        if not events.list_archives(NamePrefix="snapveil")["Archives"]:
            bus = events.describe_event_bus(Name="snapveil")["Arn"]
            events.create_archive(ArchiveName="snapveil", EventSourceArn=bus)
    return on_call


def test_every_event_of_a_finished_run_comes_again_in_both_accounts_and_changes_nothing(
    archived: Operator,
) -> None:
    scene = archived.scene
    began = archived.world.now
    run = archived.lets_a_run_end()
    target = scene.instances("development")
    delivered = len(archived.world.deliveries)
    for account in ("production", "development"):
        archived.work_in(account)
        assert archived.types("archive", "replay", "--from", began.isoformat()) == 0
        assert "completed: the last event is of 2026-11-16" in archived.out
        archived.world.run(at_most=DAY)
    again = {(one.stage, "replay-name" in one.body) for one in archived.world.deliveries[delivered:]}
    assert {("receiver", True), ("snapshot", True)} <= again
    assert scene.run() == run
    assert run.status is Status.SUCCEEDED
    assert scene.instances("development") == target
    assert archived.world.leftovers().empty
    assert archived.lists() == []
    assert ["the archive snapveil from" in line.why for line in archived.noted("dead-letters")] == [True]


def test_an_event_that_was_lost_is_made_up_for(archived: Operator) -> None:
    events, began = archived.client("events"), archived.world.now
    events.disable_rule(Name="to-development", EventBusName="snapveil")
    assert archived.lets_a_run_end().status is Status.RUNNING
    events.enable_rule(Name="to-development", EventBusName="snapveil")
    assert archived.types("archive", "replay", "--from", f"{began:%Y-%m-%dT%H:%M}") == 0
    archived.world.run(at_most=DAY)
    assert archived.scene.run().status is Status.SUCCEEDED


def test_a_window_without_events_is_told(archived: Operator) -> None:
    arguments = ["--from", "2026-11-15T04:00", "--to", "2026-11-15T05:00+01:00"]
    assert archived.types("archive", "replay", *arguments) == 2
    assert "--from 2026-11-15T04:00 is not before --to 2026-11-15T04:00 (UTC)" in archived.err
    assert (
        archived.types("archive", "replay", "--from", "2026-11-15T04:00", "--to", "2026-11-15T04:00:30") == 0
    )
    assert "from 2026-11-15 04:00 to 2026-11-15 04:01 UTC" in archived.out
    assert "completed: no event was in it" in archived.out
    assert archived.types("archive", "replay", "--from", "yesterday") == 2
    assert "is no moment" in archived.err
    assert archived.types("archive", "replay", "--from", "2026-11-15T04:00", "--archive", "other") == 2
    assert "has no archive other in this region" in archived.err


def test_an_operator_who_leaves_cancels_the_replay(
    archived: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", leave)
    archived.world.send("restore", ASKED)
    assert archived.types("archive", "replay", "--from", "2026-11-15T04:00") == 130
    (replay,) = archived.client("events").list_replays()["Replays"]
    assert replay["State"] == "CANCELLED"
