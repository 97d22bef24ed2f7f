"""ECS RunTask that runs: tasks pass through ECS's states, by the clock and by what their process does.

moto 5.2.5 executes nothing, steps through states at each describe, forgets client tokens and lists stopped
tasks as if they ran.
"""

import copy
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import moto.ecs.responses
import moto.ecs.urls
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.core.utils import unix_time
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import (
    Cluster,
    EC2ContainerServiceBackend,
    Task,
    TaskDefinition,
    ecs_backends,
)

from local.routes import routes_to
from local.task_runners import TaskEnd, TaskRunner, TaskStart

STOPPED_TASKS_ARE_SHOWN = 3600.0  # seconds; ECS promises "at least one hour"


@dataclass(frozen=True)
class TaskTimings:
    """Seconds that a task spends on its way into and out of RUNNING."""

    provisioning: float = 20
    pending: float = 20
    deprovisioning: float = 10

    @classmethod
    def fast(cls) -> "TaskTimings":
        """Just long enough to be seen."""
        return cls(provisioning=0.05, pending=0.05, deprovisioning=0.05)


@dataclass
class LiveContainer:
    """The container of a task, as moto shows it; moto's own has exit code 0 from the beginning."""

    container_arn: str
    task_arn: str
    name: str
    image: str
    cpu: int
    memory: int | None
    last_status: str = "PENDING"
    exit_code: int | None = None
    reason: str | None = None


class LiveTask(Task):
    """One task."""

    def __init__(
        self, cluster: Cluster, definition: TaskDefinition, backend: "LiveTasks", given: Mapping[str, Any]
    ) -> None:
        # Told of no network, moto makes no network interface, for which it would want a VPC.
        without_network = copy.copy(definition)
        without_network.network_mode = "none"
        super().__init__(
            cluster=cluster,
            task_definition=without_network,
            container_instance_arn=None,
            resource_requirements=None,
            backend=backend,
            **given,
        )
        self._timings = backend.timings
        shown = self.containers[0]
        self._container = LiveContainer(
            shown.container_arn, self.task_arn, str(shown.name), str(shown.image), 0, None
        )
        self.containers = cast("Any", [self._container])
        self.connectivity = "CONNECTED"
        self.created_at = unix_time()
        self.ready_at = self.created_at + self._timings.provisioning + self._timings.pending
        self.started_at: float | None = None
        self.stopping_at: float | None = None
        self.stopped_at: float | None = None
        self.stop_code: str | None = None
        self._running = backend.runner.start(_start_of(self, definition, backend), self.ready_at)

    @property
    def last_status(self) -> str:
        """The state, as of now."""
        now = unix_time()
        end = self._running.end()
        if end is not None:
            return self._ended(end, now)
        if now < self.created_at + self._timings.provisioning:
            return "PROVISIONING"
        if now < self.ready_at:
            return "PENDING"
        self.started_at = self.ready_at
        self._container.last_status = "RUNNING"
        return "RUNNING" if self.desired_status == "RUNNING" else "DEACTIVATING"

    @last_status.setter
    def last_status(self, value: str) -> None:
        """moto's own writes are of no consequence."""

    def stop(self, reason: str) -> None:
        """Stop the task, as an operator does; one that has ended stays as it is."""
        if self._running.end() is None:
            self.stop_code, self.stopped_reason = "UserInitiated", reason
            self.desired_status = "STOPPED"
            self._running.stop()

    def _ended(self, end: TaskEnd, now: float) -> str:
        self.desired_status = "STOPPED"
        self.started_at = self.started_at or min(self.ready_at, end.at)
        self.stopping_at = end.at
        if self.stop_code is None:
            self.stop_code = "EssentialContainerExited"
            self.stopped_reason = "Essential container in task exited"
        self._container.exit_code, self._container.reason = end.exit_code, end.reason
        self._container.last_status = "STOPPED"
        if now < end.at + self._timings.deprovisioning:
            return "DEPROVISIONING"
        self.stopped_at = end.at + self._timings.deprovisioning
        return "STOPPED"


class LiveTasks(EC2ContainerServiceBackend):
    """The tasks of one account and region."""

    runner: ClassVar[TaskRunner]
    timings: ClassVar[TaskTimings] = TaskTimings()

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._by_token: dict[str, tuple[str, list[Task]]] = {}
        self._lock = threading.RLock()

    @property
    def _url_module(self) -> Any:
        return routes_to(moto.ecs.urls, moto.ecs.responses.EC2ContainerServiceResponse, TaskResponse)

    def run_once(self, token: str | None, request: str, run: Callable[[], list[Task]]) -> list[Task]:
        """Run tasks, once per client token. Raises ConflictException for a token with another request."""
        with self._lock:
            if token and token in self._by_token:
                first_request, tasks = self._by_token[token]
                if request != first_request:
                    raise JsonRESTError(
                        "ConflictException", f"clientToken {token} was used with other parameters"
                    )
                return tasks
            tasks = run()
            if token:
                self._by_token[token] = (request, tasks)
            return tasks

    def run_task(
        self,
        cluster_str: str,
        task_definition_str: str,
        count: int,
        overrides: dict[str, Any] | None,
        started_by: str,
        tags: list[dict[str, str]] | None,
        launch_type: str | None,
        networking_configuration: dict[str, Any] | None = None,
        group: str | None = None,
        platform_version: str | None = None,
        capacity_provider_strategy: list[dict[str, Any]] | None = None,
    ) -> list[Task]:
        """Run Fargate tasks."""
        cluster = self._get_cluster(cluster_str)
        definition = self.describe_task_definition(task_definition_str)
        if launch_type != "FARGATE" or capacity_provider_strategy:
            raise InvalidParameterException("only launchType FARGATE is emulated locally")
        if not (networking_configuration or {}).get("awsvpcConfiguration", {}).get("subnets"):
            raise InvalidParameterException(
                "Network Configuration must be provided when networkMode 'awsvpc' is specified."
            )
        given = {
            "group": group or f"family:{definition.family}",
            "launch_type": launch_type,
            "overrides": overrides or {},
            "started_by": started_by or "",
            "tags": tags or [],
            "networking_configuration": networking_configuration,
            "platform_version": platform_version,
        }
        tasks: list[Task] = [LiveTask(cluster, definition, self, given) for _ in range(count)]
        self.tasks.setdefault(cluster.name, {}).update({task.task_arn: task for task in tasks})
        return tasks

    def describe_tasks(self, cluster_str: str, tasks: list[str]) -> list[Task]:
        """Describe those of the tasks that ECS still knows."""
        wanted = {name.split("/")[-1] for name in tasks}
        return list[Task](task for task in self._known(cluster_str) if task.id in wanted)

    def list_tasks(
        self,
        cluster_str: str | None = None,
        container_instance: str | None = None,
        family: str | None = None,
        started_by: str | None = None,
        service_name: str | None = None,
        desiredStatus: str | None = None,  # noqa: N803 - moto's name
    ) -> list[Task]:
        """List tasks: those that should run, unless others are asked for."""
        wanted = desiredStatus or "RUNNING"
        return list[Task](
            task
            for task in self._known(cluster_str or "default")
            if task.desired_status == wanted
            if started_by in (None, task.started_by)
            if family in (None, task.group.removeprefix("family:"))
        )

    def stop_task(self, cluster_str: str, task_str: str, reason: str) -> Task:
        """Stop a task. Raises InvalidParameterException for one that is not known."""
        for task in self._known(cluster_str):
            if task.id == task_str.rsplit("/", maxsplit=1)[-1]:
                task.stop(reason or "")
                return task
        raise InvalidParameterException("The referenced task was not found.")

    def _known(self, cluster: str) -> list[LiveTask]:
        """List what ECS still shows, each with its state brought up to date."""
        oldest = unix_time() - STOPPED_TASKS_ARE_SHOWN
        tasks = list(self.tasks.get(self._get_cluster(cluster).name, {}).values())
        return [
            task
            for task in tasks
            if isinstance(task, LiveTask)
            if task.last_status != "STOPPED" or (task.stopped_at or oldest) > oldest
        ]


class TaskResponse(moto.ecs.responses.EC2ContainerServiceResponse):
    """ECS's answers, with client tokens and the failures that moto leaves out."""

    def run_task(self) -> ActionResult:
        """Answer RunTask, once per client token."""
        parameters = ("cluster", "taskDefinition", "count", "overrides", "startedBy", "networkConfiguration")
        request = json.dumps([self._get_param(name) for name in parameters], sort_keys=True, default=str)
        tasks = backend(self.current_account, self.region).run_once(
            self._get_param("clientToken"), request, self._run_task
        )
        return ActionResult({"tasks": tasks, "failures": []})

    def describe_tasks(self) -> ActionResult:
        """Answer DescribeTasks, with those that ECS does not know among the failures."""
        answer: Any = super().describe_tasks()
        known = {task.id for task in answer.result["tasks"]}
        unknown = [name for name in self._get_param("tasks", []) if name.split("/")[-1] not in known]
        answer.result["failures"] = [{"arn": name, "reason": "MISSING"} for name in unknown]
        return ActionResult(answer.result)

    def _run_task(self) -> list[Task]:
        answer: Any = super().run_task()
        return list(answer.result["tasks"])


def backend(account: str, region: str) -> LiveTasks:
    """Return the tasks of an account."""
    return cast("LiveTasks", ecs_backends[account][region])


def _start_of(task: LiveTask, definition: TaskDefinition, backend: LiveTasks) -> TaskStart:
    container: dict[str, Any] = definition.container_definitions[0]
    overrides = task.overrides.get("containerOverrides", [])
    if any(one.get("name") != container["name"] for one in overrides):
        raise InvalidParameterException("An override names a container that is not in the task definition.")
    override = overrides[0] if overrides else {}
    pairs = [*container.get("environment", []), *override.get("environment", [])]
    return TaskStart(
        arn=task.task_arn,
        account=backend.account_id,
        role=str(getattr(definition, "task_role_arn", "")).rsplit("/", 1)[-1] or "no-role",
        container=container["name"],
        command=[
            *container.get("entryPoint", []),
            *(override.get("command") or container.get("command") or []),
        ],
        environment={pair["name"]: pair["value"] for pair in pairs},
        started_by=task.started_by,
    )
