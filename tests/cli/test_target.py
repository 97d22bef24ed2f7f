"""`snapveil target`: developers ask for a database between two refreshes, and see what comes of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from cli import target
from shared.database.port import Kind
from shared.events import RefreshRequested
from tests.cli.dlq.conftest import Operator
from tests.loop.conftest import a_scene


@pytest.fixture
def newcomer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    """Someone in a development account to which nothing has come yet; waiting lets the world go on."""
    with contextmanager(a_scene)(Kind.INSTANCE, grace="4h") as scene:
        someone = Operator(scene, monkeypatch, capsys)
        someone.work_in("development")
        monkeypatch.setattr(target.time, "sleep", lambda _: go_on(someone))
        yield someone


@pytest.fixture
def developer(newcomer: Operator) -> Operator:
    """Someone with a target of one run."""
    newcomer.world.send("restore", RefreshRequested(source="shop-fr"))
    newcomer.world.run(at_most=timedelta(hours=24))
    return newcomer


def go_on(someone: Operator) -> None:
    someone.world.run(until=lambda: True)
    if not someone.world.deliver():
        someone.world.jump(someone.world.now + timedelta(minutes=1))


def test_a_refresh_and_the_way_back(developer: Operator) -> None:
    scene, run = developer.scene, developer.scene.run().run_id
    assert developer.types("target", "refresh", "shop-fr") == 0
    assert f"asked for a fresh database from the newest copy as {scene.target}" in developer.out
    assert f"waits for {scene.target}-new-" in developer.out
    refreshed = scene.instances("development")
    assert set(refreshed) == {scene.target, f"{scene.target}-old-{run[-8:]}"}
    assert developer.types("target", "rollback", "shop-fr") == 0
    assert scene.instances("development") == {scene.target: run}
    assert developer.types("target", "rollback", "shop-fr") == 1
    assert "refused: nothing stands aside" in developer.out


def test_what_cannot_be_asked_for_is_said_at_once(newcomer: Operator) -> None:
    other = "shop-es-20261123t0305-1f9c3a7e"
    for words, said in (
        (["refresh", "shop-xx"], "there is no target shop-xx; there are shop-fr"),
        (["refresh", "shop-fr", "--snapshot", other], "no run of shop-fr"),
        (["refresh", "shop-fr", "--profile", "a", "--profile", "b"], "targets are in one account"),
    ):
        assert newcomer.types("target", *words) == 2
        assert said in newcomer.err
    assert newcomer.types("target", "refresh", "shop-fr") == 1
    assert "refused: there is no copy yet" in newcomer.out
    newcomer.work_in("production")
    assert newcomer.types("target", "refresh", "shop-fr") == 2
    assert "targets are in development" in newcomer.err


def test_a_target_is_named_by_its_own_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextmanager(a_scene)(Kind.INSTANCE, more_targets={"data": {"grace": "4h"}}) as scene:
        someone = Operator(scene, monkeypatch, capsys)
        monkeypatch.setattr(target.time, "sleep", lambda _: go_on(someone))
        someone.world.send("restore", RefreshRequested(source="shop-fr"))
        someone.world.run(at_most=timedelta(hours=24))
        someone.work_in("development")
        run = scene.run().run_id
        assert someone.types("target", "refresh", "data", "--snapshot", run) == 0
        assert f"asked for a fresh database from {run} as snapveil-dev-data" in someone.out
        assert f"snapveil-dev-data-old-{run[-8:]}" in scene.instances("development")
        assert someone.types("target", "rollback", "shop-fr") == 2
        assert "set targets.shop-fr.grace" in someone.err
