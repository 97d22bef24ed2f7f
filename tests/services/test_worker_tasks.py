"""The worker's tasks in ECS: found by what the ledger knows, and stopped also where it knows too little."""

from types import SimpleNamespace
from typing import Any

import pytest

from services.anonymize import tasks
from services.anonymize.tasks import Tasks
from tests.builders import NOW, RESOURCE_ID, a_run

CONFIG: Any = SimpleNamespace(worker=SimpleNamespace(cluster="snapveil", container="worker"))


class Ecs:
    """A cluster with tasks by their ARN: whose start they are, and whether they stopped."""

    def __init__(self, **known: tuple[str, bool]) -> None:
        self.known = known
        self.stopped: list[str] = []

    def describe_tasks(self, cluster: str, tasks: list[str]) -> dict[str, Any]:
        shown = [
            {"taskArn": arn, "lastStatus": "STOPPED" if self.known[arn][1] else "RUNNING"}
            for arn in tasks
            if arn in self.known
        ]
        return {"tasks": shown}

    def list_tasks(self, cluster: str, startedBy: str, desiredStatus: str) -> dict[str, Any]:  # noqa: N803
        wanted = (startedBy, desiredStatus == "STOPPED")
        return {"taskArns": [arn for arn, known in self.known.items() if known == wanted]}

    def stop_task(self, cluster: str, task: str, reason: str) -> None:
        self.stopped.append(task)


@pytest.mark.parametrize(
    ("known", "recorded", "starts", "stopped"),
    [
        ({"first": (1, False)}, "first", 1, ["first"]),
        ({"first": (1, True)}, "first", 1, []),
        ({"first": (1, False)}, None, 0, ["first"]),  # it was started, and nobody wrote that down
        ({"first": (1, True), "second": (2, False)}, "first", 1, ["second"]),
        ({"first": (1, True), "second": (2, False)}, "second", 2, ["second"]),
        ({"first": (1, True), "second": (2, True)}, "second", 2, []),
        ({}, None, 0, []),
    ],
)
def test_whatever_runs_for_a_run_that_ends_is_stopped(
    known: dict[str, tuple[int, bool]],
    recorded: str | None,
    starts: int,
    stopped: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = a_run(resource_id=RESOURCE_ID, restored_at=NOW, task=recorded, starts=starts)
    ecs = Ecs(**{arn: (tasks._mark(run, start), ended) for arn, (start, ended) in known.items()})
    monkeypatch.setattr(tasks, "client", lambda service: ecs)
    Tasks(CONFIG, "ledger").stop(run, "the deadline passed")
    assert ecs.stopped == stopped
