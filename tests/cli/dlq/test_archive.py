"""`snapveil archive replay`: a window of events comes again, and changes nothing that is done."""

import pytest

from shared.records import Status
from tests.cli.dlq.conftest import DAY, Operator


def test_every_event_of_a_finished_run_comes_again_in_both_accounts_and_changes_nothing(
    on_call: Operator,
) -> None:
    scene = on_call.scene
    began = on_call.world.now
    run = on_call.lets_a_run_end()
    target = scene.instances("development")
    delivered = len(on_call.world.deliveries)
    on_call.world.jump(on_call.world.now + DAY / 240)
    for account in ("production", "development"):
        on_call.work_in(account)
        assert on_call.types("archive", "replay", "--from", began.isoformat()) == 0
        assert "completed: the last event is of 2026-11-16" in on_call.out
        on_call.world.run(at_most=DAY)
    again = {(one.stage, "replay-name" in one.body) for one in on_call.world.deliveries[delivered:]}
    assert {("receiver", True), ("snapshot", True)} <= again
    assert scene.run() == run
    assert run.status is Status.SUCCEEDED
    assert scene.instances("development") == target
    assert on_call.world.leftovers().empty
    assert on_call.lists() == []
    assert ["the archive snapveil from" in line.why for line in on_call.noted("dead-letters")] == [True]


def test_an_event_that_was_lost_is_made_up_for(on_call: Operator) -> None:
    events, began = on_call.client("events"), on_call.world.now
    events.disable_rule(Name="to-development", EventBusName="snapveil")
    assert on_call.lets_a_run_end().status is Status.RUNNING
    events.enable_rule(Name="to-development", EventBusName="snapveil")
    assert on_call.types("archive", "replay", "--from", f"{began:%Y-%m-%dT%H:%M}") == 0
    on_call.world.run(at_most=DAY)
    assert on_call.scene.run().status is Status.SUCCEEDED


def test_a_window_without_events_is_told(on_call: Operator) -> None:
    arguments = ["--from", "2026-11-15T04:00", "--to", "2026-11-15T05:00+01:00"]
    assert on_call.types("archive", "replay", *arguments) == 2
    assert "--from 2026-11-15T04:00 is not before --to 2026-11-15T04:00 (UTC)" in on_call.err
    assert (
        on_call.types("archive", "replay", "--from", "2026-11-15T04:00", "--to", "2026-11-15T04:00:30") == 0
    )
    assert "from 2026-11-15 04:00 to 2026-11-15 04:01 UTC" in on_call.out
    assert "completed: no event was in it" in on_call.out
    assert on_call.types("archive", "replay", "--from", "yesterday") == 2
    assert "is no moment" in on_call.err
    assert on_call.types("archive", "replay", "--from", "2026-11-15T04:00", "--archive", "other") == 2
    assert "has no archive other in this region" in on_call.err


def test_an_operator_who_leaves_cancels_the_replay(
    on_call: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", leave)
    assert on_call.types("archive", "replay", "--from", "2026-11-15T04:00") == 130
    (replay,) = on_call.client("events").list_replays()["Replays"]
    assert replay["State"] == "CANCELLED"
