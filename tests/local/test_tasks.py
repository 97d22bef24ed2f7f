"""ECS tasks: the process behind one, the states that it shows, and how it ends."""

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.accounts import Account, accounts
from local.emulation import emulated
from local.record import Record
from local.task_runners import FakeTasks, Outcome, SubprocessTasks, TaskStart
from local.tasks import TaskTimings
from local.world import World

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
SHOW_ENVIRONMENT = "import json, os, sys; json.dump(dict(os.environ), sys.stdout)"


class Ecs:
    """ECS with one cluster, and the tests' words for it."""

    def __init__(self, account: Account, directory: Path) -> None:
        self.account = account
        self.directory = directory
        self.client = account.client("ecs")
        self.client.create_cluster(clusterName="c")

    def define(self, *command: str, **environment: str) -> None:
        self.client.register_task_definition(
            family="worker",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            taskRoleArn=self.account.role_arn("worker-role"),
            containerDefinitions=[
                {
                    "name": "worker",
                    "image": "i",
                    "memory": 512,
                    "command": list(command),
                    "environment": [{"name": name, "value": value} for name, value in environment.items()],
                }
            ],
        )

    def run(self, **more: Any) -> str:
        answer = self.client.run_task(
            cluster="c", taskDefinition="worker", launchType="FARGATE", networkConfiguration=NETWORK, **more
        )
        (task,) = answer["tasks"]
        return str(task["taskArn"])

    def describe(self, arn: str) -> dict[str, Any]:
        (task,) = self.client.describe_tasks(cluster="c", tasks=[arn])["tasks"]
        return dict(task)

    def stopped(self, arn: str) -> dict[str, Any]:
        until = time.monotonic() + 20
        while (task := self.describe(arn))["lastStatus"] != "STOPPED":
            assert time.monotonic() < until, task
            time.sleep(0.02)
        return task

    def output(self, arn: str) -> str:
        return (self.directory / f"{arn.rsplit('/', maxsplit=1)[-1]}.log").read_text()


@pytest.fixture
def ecs(tmp_path: Path) -> Iterator[Ecs]:
    opened: dict[str, Account] = {}
    runner = SubprocessTasks(tmp_path, lambda account, role: {"AWS_ROLE": f"{account}/{role}"})
    with emulated(Record(), runner, TaskTimings.fast()):
        opened |= accounts()
        yield Ecs(opened["production"], tmp_path)
        runner.close()
    assert runner.pids() == []


def test_a_task_is_a_process_with_only_what_definition_overrides_and_role_give_it(
    ecs: Ecs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a developer's own")
    ecs.define("python", "-c", SHOW_ENVIRONMENT, COLOUR="red", SIZE="10")
    overrides = {
        "containerOverrides": [{"name": "worker", "environment": [{"name": "COLOUR", "value": "blue"}]}]
    }
    arn = ecs.run(overrides=overrides)
    assert ecs.stopped(arn)["containers"][0]["exitCode"] == 0
    seen = json.loads(ecs.output(arn))
    assert seen.pop("HOME").startswith(str(ecs.directory))
    assert set(seen) - {"LC_CTYPE"} == {"PATH", "TMPDIR", "COLOUR", "SIZE", "AWS_ROLE"}
    assert (seen["COLOUR"], seen["SIZE"]) == ("blue", "10")
    assert seen["AWS_ROLE"] == f"{ecs.account.number}/worker-role"


def test_a_task_tells_when_it_began_and_ended_and_why(ecs: Ecs) -> None:
    ecs.define("python", "-c", "pass")
    task = ecs.stopped(ecs.run())
    assert task["createdAt"] <= task["startedAt"] <= task["stoppingAt"] <= task["stoppedAt"]
    assert task["desiredStatus"] == "STOPPED"
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"


def test_a_task_passes_through_its_states(world: World) -> None:
    world.tasks.outcome = lambda _: Outcome(after=600)
    client = world.client("production", "ecs")
    arn = client.run_task(
        cluster="snapveil",
        taskDefinition="snapveil-worker",
        launchType="FARGATE",
        networkConfiguration=NETWORK,
    )["tasks"][0]["taskArn"]
    began, seen = world.now, []
    for seconds in (0, 15, 25, 45, 630, 645, 655, 3600, 3600 + 660):
        world.jump(began + timedelta(seconds=seconds))
        found = client.describe_tasks(cluster="snapveil", tasks=[arn])["tasks"]
        seen.append(found[0]["lastStatus"] if found else "forgotten")
    assert seen == [
        "PROVISIONING",
        "PROVISIONING",
        "PENDING",
        "RUNNING",
        "RUNNING",
        "DEPROVISIONING",
        "STOPPED",
        "STOPPED",
        "forgotten",
    ]


def test_a_task_that_runs_has_no_exit_code_yet(ecs: Ecs) -> None:
    ecs.define("python", "-c", "import time; time.sleep(30)")
    assert "exitCode" not in ecs.describe(ecs.run())["containers"][0]


def test_a_process_that_fails_gives_its_code_and_its_output(ecs: Ecs) -> None:
    ecs.define("python", "-c", "raise SystemExit('no luck')")
    arn = ecs.run()
    assert ecs.stopped(arn)["containers"][0]["exitCode"] == 1
    assert ecs.output(arn) == "no luck\n"


def test_a_killed_process_reports_its_signal(ecs: Ecs) -> None:
    ecs.define("python", "-c", "import os; os.kill(os.getpid(), 9)")
    assert ecs.stopped(ecs.run())["containers"][0]["exitCode"] == 137


def test_stopping_a_task_ends_its_process_and_says_who_did_it(ecs: Ecs) -> None:
    ecs.define("python", "-c", "import time; time.sleep(30)")
    arn = ecs.run()
    ecs.client.stop_task(cluster="c", task=arn, reason="the run failed")
    task = ecs.stopped(arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "the run failed")
    assert task["containers"][0]["exitCode"] == 143


def test_a_client_token_starts_one_task_however_often_it_is_used(ecs: Ecs) -> None:
    ecs.define("python", "-c", "pass")
    first = ecs.run(clientToken="t", startedBy="me")
    assert ecs.run(clientToken="t", startedBy="me") == first
    assert ecs.run(clientToken="other", startedBy="me") != first
    with pytest.raises(ecs.client.exceptions.ConflictException):
        ecs.run(clientToken="t", startedBy="somebody else")


def test_tasks_are_listed_by_who_started_them_and_by_whether_they_should_run(ecs: Ecs) -> None:
    ecs.define("python", "-c", "import time; time.sleep(30)")
    mine, theirs = ecs.run(startedBy="me"), ecs.run(startedBy="them")

    def listed(**by: str) -> list[str]:
        return sorted(ecs.client.list_tasks(cluster="c", **by)["taskArns"])

    assert listed() == sorted([mine, theirs])
    assert listed(startedBy="me") == [mine]
    ecs.client.stop_task(cluster="c", task=mine)
    ecs.stopped(mine)
    assert listed(startedBy="me") == []
    assert listed(startedBy="me", desiredStatus="STOPPED") == [mine]


def test_a_task_that_ecs_does_not_know_is_missing(ecs: Ecs) -> None:
    ecs.define("python", "-c", "pass")
    known = ecs.run()
    unknown = known[:-4] + "0000"
    answer = ecs.client.describe_tasks(cluster="c", tasks=[known, unknown])
    assert [task["taskArn"] for task in answer["tasks"]] == [known]
    assert answer["failures"] == [{"arn": unknown, "reason": "MISSING"}]


def test_a_task_without_a_network_or_for_a_container_that_is_not_there_is_refused(ecs: Ecs) -> None:
    ecs.define("python", "-c", "pass")
    refused = ecs.client.exceptions.InvalidParameterException
    with pytest.raises(refused, match="Network Configuration"):
        ecs.client.run_task(cluster="c", taskDefinition="worker", launchType="FARGATE")
    with pytest.raises(refused, match="not in the task definition"):
        ecs.run(overrides={"containerOverrides": [{"name": "other"}]})


def test_closing_kills_a_task_with_the_processes_that_it_started(ecs: Ecs) -> None:
    child = (
        "import subprocess, sys; p = subprocess.Popen(['sleep', '30']); print(p.pid, flush=True); p.wait()"
    )
    ecs.define(sys.executable, "-c", child)
    arn = ecs.run()
    until = time.monotonic() + 10
    while not ecs.output(arn) and time.monotonic() < until:
        time.sleep(0.02)
    pid = int(ecs.output(arn))
    from local.tasks import LiveTasks

    assert isinstance(LiveTasks.runner, SubprocessTasks)
    LiveTasks.runner.close()
    while _alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits to be collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_without_processes_a_test_says_what_a_task_does(tmp_path: Path) -> None:
    happened: list[str] = []
    tasks = FakeTasks(
        outcome=lambda start: Outcome(
            after=0.2, exit_code=3, reason="as told", effect=lambda: happened.append(start.started_by)
        )
    )
    with emulated(Record(), tasks, TaskTimings(provisioning=0, pending=0, deprovisioning=0)):
        ecs = Ecs(accounts()["production"], tmp_path)
        ecs.define("python", "-m", "anything", NAME="value")
        arn = ecs.run(startedBy="me")
        (start,) = tasks.started
        assert (start.command, start.environment) == (["python", "-m", "anything"], {"NAME": "value"})
        assert isinstance(start, TaskStart)
        tasks.settle(time.time())
        assert (happened, ecs.describe(arn)["lastStatus"]) == ([], "RUNNING")
        tasks.settle(time.time() + 1)
        assert happened == ["me"]
        assert tasks.next_moment() is None
        time.sleep(0.25)
        container = ecs.describe(arn)["containers"][0]
        assert (container["exitCode"], container["reason"]) == (3, "as told")
