"""However a cloud ends, it leaves no process, no open port and no state for the next one."""

import os
import socket
from pathlib import Path
from urllib.parse import urlparse

import pytest

from local.cloud import Cloud
from local.stacks import DeploymentError
from tests.local.test_cloud import SOURCES, noted, noting


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def busy_until_interrupted(cloud: Cloud, pids: list[int]) -> None:
    """Give functions and a task something to do, note their processes, and be interrupted."""
    with cloud:
        cloud.send("restore", "hang")
        cloud.wait_until(lambda: noted(cloud, "production", "hang"), 60)
        cloud.client("production", "ecs").run_task(
            cluster="snapveil",
            taskDefinition="snapveil-worker",
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": []}},
        )
        pids += [pid for function in cloud.functions.values() for pid in function.pids()]
        pids += cloud.tasks.pids()
        raise KeyboardInterrupt


def test_an_interrupted_cloud_leaves_nothing_and_another_can_follow(directory: Path) -> None:
    cloud = Cloud(directory, SOURCES, templates=noting())
    pids: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        busy_until_interrupted(cloud, pids)
    assert len(pids) >= 5
    assert not any(alive(pid) for pid in pids)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", urlparse(cloud.endpoint_url).port or 0)) != 0
    cloud.close()
    with Cloud(directory, SOURCES, lambdas=False) as second:
        assert second.leftovers().empty
        assert second.events == []


def test_a_cloud_that_cannot_be_opened_leaves_nothing_either(directory: Path) -> None:
    templates = noting()
    templates["production"]["Resources"]["Ledger"]["Properties"]["BillingMode"] = "PROVISIONED"
    with (
        pytest.raises(DeploymentError, match="Ledger: only tables with BillingMode PAY_PER_REQUEST"),
        Cloud(directory, SOURCES, templates=templates),
    ):
        pass
    with Cloud(directory, SOURCES, lambdas=False) as second:
        assert second.leftovers().empty


def test_a_cloud_needs_a_source(directory: Path) -> None:
    with pytest.raises(ValueError, match="at least one source"):
        Cloud(directory, {})
