"""The worker's task in ECS: each of an attempt's starts runs once, is found again, and is stopped."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from services.anonymize.connections import connections_for
from services.anonymize.stage import Task
from shared import names
from shared.aws import client
from shared.errors import NotYetError
from shared.observability import logger
from shared.records import Run

if TYPE_CHECKING:
    from shared.config import Production

LONGEST_STARTED_BY = 36


class Tasks:
    """RunTask and its friends, for one configuration."""

    def __init__(self, config: "Production", ledger_table: str) -> None:
        self._config = config
        self._ledger_table = ledger_table

    def start(self, run: Run, start: int, *, concluded: bool) -> str:
        """Start the worker, for the first time or again, and return the ARN of its task.

        The client token makes a repeated call return the first call's task (for 24 hours). The container
        learns names only; the password it reads from Secrets Manager with its own role.
        """
        worker = self._config.worker
        environment = self._environment(run)
        if concluded:
            environment["SNAPVEIL_CONCLUDED"] = "true"
        answer = client("ecs").run_task(
            cluster=worker.cluster,
            taskDefinition=worker.task_definition,
            launchType="FARGATE",
            count=1,
            clientToken=_mark(run, start),
            startedBy=_mark(run, start),
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": list(worker.subnets),
                    "securityGroups": list(worker.security_groups),
                    "assignPublicIp": "DISABLED",
                }
            },
            overrides={
                "containerOverrides": [
                    {
                        "name": worker.container,
                        "environment": [
                            {"name": name, "value": value} for name, value in environment.items()
                        ],
                    }
                ]
            },
            tags=[{"key": key, "value": value} for key, value in run.tags.items()],
        )
        if not answer["tasks"]:
            reasons = ", ".join(failure.get("reason", "?") for failure in answer.get("failures", []))
            raise NotYetError(f"ECS started no worker: {reasons or 'no reason given'}")
        return str(answer["tasks"][0]["taskArn"])

    def find(self, run: Run) -> Task | None:
        """Find the latest task of an attempt, by what the ledger recorded or by the mark it was started
        with."""
        arns = [run.task] if run.task else self._listed(run, 1, "RUNNING", "STOPPED")
        return self._described(arns) if arns else None

    def stop(self, run: Run, reason: str) -> None:
        """Stop the worker if it still runs, also one that was started and not recorded."""
        task = self.find(run)
        if task is not None and task.stopped and run.starts:
            unrecorded = self._listed(run, run.starts + 1, "RUNNING")
            task = self._described(unrecorded) if unrecorded else None
        if task is not None and not task.stopped:
            client("ecs").stop_task(cluster=self._config.worker.cluster, task=task.arn, reason=reason[:255])

    def _described(self, arns: Sequence[str]) -> Task | None:
        cluster = self._config.worker.cluster
        tasks = client("ecs").describe_tasks(cluster=cluster, tasks=arns)["tasks"]
        if not tasks:
            return None
        task = tasks[0]
        containers: dict[str, dict[str, Any]] = {part["name"]: part for part in task.get("containers", [])}
        container = containers.get(self._config.worker.container, {})
        return Task(
            arn=task["taskArn"],
            stopped=task["lastStatus"] == "STOPPED",
            exit_code=container.get("exitCode"),
            reason=container.get("reason") or task.get("stoppedReason", ""),
        )

    def _listed(self, run: Run, start: int, *statuses: Literal["RUNNING", "STOPPED"]) -> list[str]:
        for status in statuses:
            arns = client("ecs").list_tasks(
                cluster=self._config.worker.cluster, startedBy=_mark(run, start), desiredStatus=status
            )["taskArns"]
            if arns:
                return [str(arn) for arn in arns]
        return []

    def _environment(self, run: Run) -> dict[str, str]:
        worker = self._config.worker
        source = self._config.sources[run.source]
        connections = connections_for(source.temporary.instance_class, worker.connections)
        if connections.guessed:
            logger.warning(connections.why, run_id=run.run_id)
        return {
            "SNAPVEIL_RUN_ID": run.run_id,
            "SNAPVEIL_LEDGER_TABLE": self._ledger_table,
            "SNAPVEIL_SECRET_ID": names.master_secret(run.run_id),
            "SNAPVEIL_POLICY_URI": source.policy,
            "SNAPVEIL_POLICY_DIGEST": run.policy_digest,
            "SNAPVEIL_DATABASE_RESOURCE_ID": run.resource_id or "",
            "SNAPVEIL_REPORT_URI": f"{self._config.reports.rstrip('/')}/{run.run_id}/report.json",
            "SNAPVEIL_TLS": worker.tls,
            "SNAPVEIL_CONNECTIONS": str(connections.number),
            "SNAPVEIL_CONNECTIONS_WHY": connections.why,
        }


def _mark(run: Run, start: int) -> str:
    """Return the own mark of an attempt's start: startedBy and clientToken hold at most 36 and 64
    characters."""
    name = run.key if start == 1 else f"{run.key}#{start}"
    return hashlib.sha256(name.encode()).hexdigest()[:LONGEST_STARTED_BY]
