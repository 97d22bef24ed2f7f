"""Anonymize: starts and watches the worker. It reaches no database, no password and nothing of RDS."""

from infra.permissions import stages
from infra.permissions.place import Production
from infra.permissions.statements import Conditions, Role, Statement, Text, arn


def role(place: Production) -> Role:
    """Return the role of the anonymize function."""
    tasks = _tasks(place.cluster_arn)
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
                (tasks,),
                {"StringEquals": {"ecs:CreateAction": "RunTask"}},
            ),
            Statement(
                "FindWorker",
                ("ecs:ListTasks",),
                ("*",),
                in_cluster,
                why="ListTasks knows no resource but container instances, and Fargate has none",
            ),
            Statement("WatchWorker", ("ecs:DescribeTasks", "ecs:StopTask"), (tasks,), in_cluster),
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


def _tasks(cluster: Text) -> Text:
    """Name the tasks of a cluster by its ARN: the cluster's name stands in theirs."""
    text = cluster if isinstance(cluster, str) else str(cluster["Fn::Sub"])
    tasks = text.replace(":cluster/", ":task/") + "/*"
    return tasks if isinstance(cluster, str) else {"Fn::Sub": tasks}
