"""`snapveil refresh`: an operator asks production for a run, and hears what becomes of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from cli.status import waiting_line
from shared.database.port import Kind
from shared.records import Status, Waiting
from tests.builders import NOW, RUN_ID, a_run
from tests.cli.dlq.conftest import Operator
from tests.loop.conftest import a_scene

DAY = timedelta(hours=24)


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    """Someone in a production account; waiting lets the world go on."""
    with contextmanager(a_scene)(Kind.INSTANCE) as scene:
        someone = Operator(scene, monkeypatch, capsys)
        monkeypatch.setattr(time, "sleep", lambda _: someone.world.deliver())
        yield someone


def test_each_request_is_told_what_became_of_it(operator: Operator) -> None:
    scene = operator.scene
    assert operator.types("refresh", "shop-fr") == 0
    run = scene.run().run_id
    assert operator.out == f"began: {run} begins, attempt 1"
    scene.world.run(until=lambda: scene.run().restored_at, at_most=DAY)
    assert operator.types("refresh", "shop-fr") == 0
    assert operator.out.startswith(f"joined: {run} goes on and serves it ({run}: running, begun 20")
    scene.backup()
    assert operator.types("refresh", "shop-fr") == 0
    assert operator.out.startswith(f"queued: one run follows when {run} has ended ({run}: running")
    assert operator.types("status") == 0
    assert "waits: shop-fr, asked for by " in operator.out
    assert operator.out.endswith(f"for {run} to end")
    scene.world.run(at_most=2 * DAY)
    assert [found.status for found in scene.production.runs()] == [Status.SUCCEEDED] * 2
    assert operator.types("refresh", "shop-fr") == 0
    assert f"served: {scene.run().run_id} is made of the newest snapshot already" in operator.out
    assert operator.types("status") == 0
    assert "waits:" not in operator.out
    scene.wait(72)
    assert operator.types("refresh", "shop-fr") == 1
    assert "refused: the newest snapshot of shop-fr-prod" in operator.out


def test_what_cannot_be_asked_for_is_said_at_once(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words, said in (
        (["shop-xx"], "there is no source shop-xx; there are shop-fr"),
        (["shop-fr", "--profile", "a", "--profile", "b"], "sources are in one account"),
    ):
        assert operator.types("refresh", *words) == 2
        assert said in operator.err
    assert operator.types("refresh", "shop-fr", "--no-wait") == 0
    assert operator.out == "asked for a refresh of shop-fr"
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert operator.types("refresh", "shop-fr") == 1
    assert "no answer yet, but the request is not lost" in operator.out
    operator.work_in("development")
    assert operator.types("refresh", "shop-fr") == 2
    assert "is development's; sources are in production" in operator.err


def test_what_waits_is_told_with_what_for() -> None:
    waiting = Waiting(source="shop-fr", edition="1", since=NOW, requesters=frozenset({"schedule", "anne"}))
    who = "waits: shop-fr, asked for by anne, schedule since 2026-11-23 04:00, "
    assert waiting_line(waiting, a_run()) == f"{who}for {RUN_ID} to end"
    assert waiting_line(waiting, None) == f"{who}which begins within an hour"
    dirty = f"{who}for {RUN_ID}, which is dirty and holds the source until it is removed"
    assert waiting_line(waiting, a_run(failed_at=NOW, dirty_at=NOW)) == dirty
    old = waiting.model_copy(update={"problem": "no snapshot"})
    assert waiting_line(old, None).endswith("; at its last turn: no snapshot")
    gone = waiting.model_copy(update={"cancelled_at": NOW})
    assert waiting_line(gone, None).startswith("cancelled: shop-fr, asked for by anne, schedule")
