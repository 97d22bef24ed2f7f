"""Anonymize: starts and watches the worker. It reaches no database, no password and nothing of RDS."""

from infra.permissions import stages
from infra.permissions.place import Production
from infra.permissions.statements import Conditions, Role, Statement, arn

TASKS = arn("ecs", "task/snapveil/*")


def role(place: Production) -> Role:
    """Return the role of the anonymize function."""
    in_cluster: Conditions = {"ArnEquals": {"ecs:cluster": place.cluster_arn}}
    return Role(
        name="snapveil-anonymize",
        description="Starts, watches and stops the worker.",
        trust=stages.trust(),
        statements=(
            *stages.common("anonymize"),
            *stages.ledger(),
            stages.publish(),
            Statement(
                "StartWorker",
                ("ecs:RunTask",),
                (place.task_definition,),
                {**in_cluster, "StringNotEquals": {"ecs:enable-execute-command": "true"}},
            ),
            Statement(
                "TagWorker",
                ("ecs:TagResource",),
                (TASKS,),
                {"StringEquals": {"ecs:CreateAction": "RunTask"}},
            ),
            Statement(
                "FindWorker",
                ("ecs:ListTasks",),
                ("*",),
                in_cluster,
                why="ListTasks knows no resource but container instances, and Fargate has none",
            ),
            Statement("WatchWorker", ("ecs:DescribeTasks", "ecs:StopTask"), (TASKS,), in_cluster),
            Statement(
                "PassWorkersRoles",
                ("iam:PassRole",),
                (
                    arn("iam", "role/snapveil-worker", region=""),
                    arn("iam", "role/snapveil-worker-execution", region=""),
                ),
                {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
            ),
        ),
    )
