"""A request while a run of its source goes on: it joins the run or waits for the next, and is never lost."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.task_runners import Outcome
from services.restore.credentials import Credentials
from shared.database.port import Kind
from shared.events import RefreshRequested, SweepRequested
from shared.messaging import Queue
from shared.records import Answer, How, Run, Status
from tests.loop.conftest import Scene, a_scene

SCHEDULE = RefreshRequested(source="shop-fr")
ANNE = RefreshRequested(source="shop-fr", requested_by="user/anne", request="a" * 32)
OMAR = RefreshRequested(source="shop-fr", requested_by="user/omar", request="b" * 32)
DAY = timedelta(hours=24)
STAGES: dict[str, Callable[[Run], Any]] = {
    "restore": lambda run: True,
    "anonymize": lambda run: run.restored_at,
    "snapshot": lambda run: run.anonymized_at,
    "removal": lambda run: run.shared_at,
}


def begins(scene: Scene, *, run: int = 1, attempt: int = 1) -> None:
    """Let so many runs begin, the newest in this attempt and with nobody left who waits."""

    def begun() -> bool:
        newest = scene.run()
        holds = scene.production.lock_holder("shop-fr") == newest.run_id
        return holds and (len(runs(scene)), newest.attempt) == (run, attempt)

    scene.world.run(until=begun, at_most=2 * DAY)
    assert not scene.production.requests.queue()


@pytest.fixture
def queueing() -> Iterator[Scene]:
    """A source whose requests wait for the next run, whatever goes on."""
    with contextmanager(a_scene)(Kind.INSTANCE, during_run="queue") as scene:
        yield scene


def runs(scene: Scene) -> list[Run]:
    return sorted(scene.production.runs(), key=lambda run: run.started_at)


def from_anne(stage: str) -> RefreshRequested:
    return ANNE.model_copy(update={"request": f"{list(STAGES).index(stage):032x}"})


def reach(scene: Scene, stage: str) -> Run:
    """Ask by schedule, if nobody has, and let the run get as far as a stage."""
    if not runs(scene):
        scene.world.send("restore", SCHEDULE)
    here = STAGES[stage]
    scene.world.run(
        until=lambda: any(here(run) for run in runs(scene)) and bool(scene.production.lock_holder("shop-fr")),
        at_most=DAY,
    )
    return scene.run()


def deliver_all(scene: Scene) -> None:
    while scene.world.deliver():
        pass


def told(scene: Scene, request: RefreshRequested) -> Answer:
    answer = scene.production.requests.answered(str(request.request))
    assert answer is not None
    return answer


def noted(scene: Scene, run: Run, what: str) -> list[str]:
    return [
        line.why for line in scene.production.history(run.run_id) if (line.step, line.what) == ("run", what)
    ]


def nothing_waits(scene: Scene) -> bool:
    return not scene.production.requests.queue() and scene.production.lock_holder("shop-fr") is None


def test_requests_that_the_run_serves_join_it_during_each_stage(instance: Scene) -> None:
    asked = {}
    for stage in STAGES:
        run = reach(instance, stage)
        asked[stage] = from_anne(stage)
        for request in (asked[stage], asked[stage], SCHEDULE):
            instance.world.send("restore", request)
        deliver_all(instance)
    for request in asked.values():
        why = f"{run.run_id} goes on and serves it"
        assert told(instance, request) == Answer(how=How.JOINED, run_id=run.run_id, why=why)
    noted_once = ["asked for again by user/anne", "asked for again by schedule"]
    assert noted(instance, run, "joined") == noted_once * len(STAGES)
    instance.world.run(at_most=DAY)
    assert [run.status for run in runs(instance)] == [Status.SUCCEEDED]
    assert len(instance.world.tasks.started) == 1
    assert nothing_waits(instance)


def test_all_requests_that_wait_are_one_further_run_whenever_they_came(queueing: Scene) -> None:
    for stage in STAGES:
        first = reach(queueing, stage)
        for request in (from_anne(stage), OMAR, from_anne(stage), SCHEDULE):
            queueing.world.send("restore", request)
        deliver_all(queueing)
        assert told(queueing, from_anne(stage)).how is How.QUEUED
        assert told(queueing, from_anne(stage)).run_id == first.run_id
    queueing.backup()
    queueing.world.run(at_most=3 * DAY)
    _, second = runs(queueing)
    assert {run.status for run in runs(queueing)} == {Status.SUCCEEDED}
    assert second.requested_by == "schedule, user/anne, user/omar"
    for request in (OMAR, *map(from_anne, STAGES)):
        why = f"{second.run_id} begins, attempt 1"
        assert told(queueing, request) == Answer(how=How.BEGAN, run_id=second.run_id, why=why)
    assert len(noted(queueing, first, "queued")) == 2 * len(STAGES) + 1, "the same request twice waits once"
    assert queueing.instances("development") == {queueing.target: second.run_id}
    assert nothing_waits(queueing)
    assert queueing.world.leftovers().empty


def test_a_newer_snapshot_is_waited_for_in_either_case(instance: Scene) -> None:
    reach(instance, "anonymize")
    instance.backup()
    instance.world.send("restore", ANNE)
    deliver_all(instance)
    assert told(instance, ANNE).how is How.QUEUED
    assert len(runs(instance)) == 1


def test_what_waited_needs_no_run_if_the_newest_snapshot_was_refreshed_from(queueing: Scene) -> None:
    run = reach(queueing, "anonymize")
    queueing.world.send("restore", ANNE)
    queueing.world.run(at_most=DAY)
    assert [found.attempt for found in runs(queueing)] == [1]
    assert told(queueing, ANNE).how is How.SERVED
    assert "newest snapshot already; requested by user/anne" in noted(queueing, run, "joined")[-1]
    assert nothing_waits(queueing)


def test_after_a_run_that_failed_its_next_attempt_begins_once(queueing: Scene) -> None:
    working = queueing.world.tasks.outcome
    queueing.world.tasks.outcome = lambda _: Outcome(after=60, exit_code=2, reason="no")
    reach(queueing, "anonymize")
    queueing.world.send("restore", ANNE)
    queueing.world.run(until=lambda: queueing.run().failed_at, at_most=DAY)
    queueing.world.send("restore", OMAR)
    queueing.world.tasks.outcome = working
    begins(queueing, attempt=2)
    assert queueing.run().requested_by == "user/anne, user/omar"


def test_a_run_that_failed_is_not_joined_but_followed(instance: Scene) -> None:
    instance.verdict = False
    reach(instance, "anonymize")
    instance.world.run(until=lambda: instance.run().failed_at, at_most=DAY)
    instance.verdict = True
    instance.world.send("restore", ANNE)
    deliver_all(instance)
    assert "(failed, and still being removed)" in told(instance, ANNE).why
    begins(instance, attempt=2)


def test_what_waits_and_fails_ends_there(queueing: Scene) -> None:
    queueing.verdict = False
    reach(queueing, "anonymize")
    queueing.world.send("restore", ANNE)
    queueing.world.run(at_most=2 * DAY)
    for _ in range(3):
        queueing.world.send("restore", SweepRequested())
        queueing.world.run(at_most=DAY)
    assert (queueing.run().attempt, queueing.run().status) == (2, Status.FAILED)
    assert nothing_waits(queueing)


def test_a_lost_wake_is_made_up_by_the_sweep(queueing: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    reach(queueing, "anonymize")
    queueing.world.send("restore", ANNE)
    deliver_all(queueing)
    queueing.backup()
    send = Queue.send
    with monkeypatch.context() as losing:
        losing.setattr(
            Queue,
            "send",
            lambda queue, message, delay=0: (
                None if getattr(message, "queued", None) else send(queue, message, delay)
            ),
        )
        queueing.world.run(
            until=lambda: queueing.run().replaced_at and queueing.run().removed_at, at_most=DAY
        )
        deliver_all(queueing)
    assert len(runs(queueing)) == 1
    queueing.world.send("restore", SweepRequested())
    begins(queueing, run=2)
    assert queueing.run().requested_by == "user/anne"


def test_a_dirty_run_keeps_what_waits_and_says_so(queueing: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteSecret")

    with monkeypatch.context() as broken:
        broken.setattr(Credentials, "delete", refuse)
        reach(queueing, "anonymize")
        queueing.world.run(until=lambda: queueing.run().dirty_at, at_most=DAY)
        queueing.wait(1)
        deliver_all(queueing)
        queueing.backup()
        queueing.world.send("restore", ANNE)
        deliver_all(queueing)
        queueing.world.send("restore", SweepRequested())
        deliver_all(queueing)
        assert (
            "(dirty: its temporary database or secret could not be removed yet)" in told(queueing, ANNE).why
        )
        assert len(runs(queueing)) == 1
    queueing.world.send("restore", SweepRequested())
    begins(queueing, run=2)


def test_what_waits_for_a_source_that_is_removed_is_cancelled_and_told(queueing: Scene) -> None:
    reach(queueing, "anonymize")
    queueing.world.send("restore", ANNE)
    deliver_all(queueing)
    ssm = queueing.world.client("production", "ssm")
    written = ssm.get_parameter(Name="/snapveil/config")["Parameter"]["Value"]
    document = json.loads(written)
    document["sources"]["shop-xx"] = document["sources"].pop("shop-fr")
    ssm.put_parameter(Name="/snapveil/config", Value=json.dumps(document), Overwrite=True)
    queueing.world.send("restore", SweepRequested())
    deliver_all(queueing)
    assert told(queueing, ANNE) == Answer(how=How.CANCELLED, why="shop-fr is no source any more")
    assert queueing.production.requests.queue()["shop-fr"].cancelled_at is not None
    assert queueing.production.requests.waiting("shop-fr") is None
    ssm.put_parameter(Name="/snapveil/config", Value=written, Overwrite=True)
    queueing.world.send("restore", OMAR)
    deliver_all(queueing)
    waiting = queueing.production.requests.waiting("shop-fr")
    assert waiting is not None
    assert waiting.requesters == {"user/omar"}


def test_what_cannot_begin_for_want_of_a_snapshot_waits_on_with_the_reason(queueing: Scene) -> None:
    reach(queueing, "anonymize")
    queueing.world.send("restore", ANNE)
    deliver_all(queueing)
    queueing.world.run(until=lambda: queueing.run().shared_at, at_most=DAY)
    queueing.wait(48)
    queueing.world.run(until=lambda: queueing.production.lock_holder("shop-fr") is None, at_most=DAY)
    deliver_all(queueing)
    waiting = queueing.production.requests.waiting("shop-fr")
    assert waiting is not None
    assert "max_snapshot_age allows 36" in (waiting.problem or "")
    queueing.backup()
    queueing.world.send("restore", SweepRequested())
    begins(queueing, run=2)
    assert queueing.run().requested_by == "user/anne"


def test_a_request_that_nobody_can_serve_is_answered(instance: Scene) -> None:
    request = RefreshRequested(source="shop-xx", requested_by="user/anne", request="c" * 32)
    instance.world.send("restore", request)
    deliver_all(instance)
    assert told(instance, request).how is How.REFUSED
    assert "no source 'shop-xx'" in told(instance, request).why
