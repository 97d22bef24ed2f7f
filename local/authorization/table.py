"""Which operation is checked for what: the calls that Snapveil makes, and those that it must never make.

An operation that is not here is refused: what AWS would ask is looked up first, then written down.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.ecs.models import ecs_backends
from moto.secretsmanager.models import secretsmanager_backends

from local.authorization import kms_checks, rds_checks
from local.authorization.checks import Caller, Check, Context, Parameters, tags_in

Checks = Callable[[Caller, Parameters], Iterator[Check]]


class UnknownOperationError(Exception):
    """What AWS asks IAM for this operation has not been written down yet."""


def checks_of(caller: Caller, service: str, operation: str, given: Parameters) -> list[Check]:
    """List what IAM is asked for a call. Raises UnknownOperationError."""
    make = TABLE.get((service, operation))
    if make is None:
        raise UnknownOperationError(
            f"{service}:{operation} is not in local/authorization/table.py: look up in the service "
            "authorization reference which actions and resources AWS checks for it, and add it there"
        )
    return list(make(caller, {**given, "@operation": operation}))


def _queue(caller: Caller, given: Parameters) -> Iterator[Check]:
    name = str(given.get("QueueUrl") or given.get("QueueName")).rsplit("/", maxsplit=1)[-1]
    yield Check(f"sqs:{given['@operation']}", caller.resource("sqs", name))


def _topic(caller: Caller, given: Parameters) -> Iterator[Check]:
    yield Check(f"sns:{given['@operation']}", str(given.get("TopicArn") or given.get("TargetArn")))


def _events(caller: Caller, given: Parameters) -> Iterator[Check]:
    """Each entry is asked for by itself."""
    for entry in given["Entries"]:
        bus = str(entry.get("EventBusName") or "default")
        context = {
            "events:source": entry.get("Source", ""),
            "events:detail-type": entry.get("DetailType", ""),
        }
        yield Check(
            "events:PutEvents",
            bus if bus.startswith("arn:") else caller.resource("events", f"event-bus/{bus}"),
            context,
        )


def _bus(caller: Caller, given: Parameters) -> Iterator[Check]:
    name = given.get("EventBusName") or "default"
    yield Check(f"events:{given['@operation']}", caller.resource("events", f"event-bus/{name}"))


def _rule(caller: Caller, given: Parameters) -> Iterator[Check]:
    name = "/".join(
        str(part) for part in (given.get("EventBusName"), given.get("Name") or given.get("Rule")) if part
    )
    yield Check(f"events:{given['@operation']}", caller.resource("events", f"rule/{name}"))


def _item(caller: Caller, given: Parameters) -> Iterator[Check]:
    key = (given.get("Key") or given.get("Item") or {}).get("pk")
    yield _on_table(caller, given, {"dynamodb:LeadingKeys": (_text(key),)} if key else {})


def _query(caller: Caller, given: Parameters) -> Iterator[Check]:
    """The partition that a query reads: the value of `pk = :…`."""
    values = given.get("ExpressionAttributeValues") or {}
    condition = str(given.get("KeyConditionExpression", ""))
    _, _, rest = condition.partition("pk = ")
    key = values.get(rest.split(" ")[0]) if rest else None
    yield _on_table(caller, given, {"dynamodb:LeadingKeys": (_text(key),)} if key else {})


def _table(caller: Caller, given: Parameters) -> Iterator[Check]:
    yield _on_table(caller, given, {})


def _on_table(caller: Caller, given: Parameters, context: Context) -> Check:
    resource = caller.resource("dynamodb", f"table/{given['TableName']}")
    return Check(f"dynamodb:{given['@operation']}", resource, context)


def _text(value: Any) -> str:
    return str(next(iter(value.values())))


def _create_secret(caller: Caller, given: Parameters) -> Iterator[Check]:
    secret = caller.resource("secretsmanager", f"secret:{given['Name']}")
    tags = tags_in(given.get("Tags"))
    yield Check("secretsmanager:CreateSecret", secret, {**tags, "secretsmanager:Name": str(given["Name"])})
    if tags:
        yield Check("secretsmanager:TagResource", secret, tags)


def _secret(caller: Caller, given: Parameters) -> Iterator[Check]:
    """A secret is known by its ARN, which AWS ends with six characters; one that is not there by name."""
    name = str(given["SecretId"])
    known = secretsmanager_backends[caller.account][caller.region].secrets.get(name)
    arn = name if name.startswith("arn:") else caller.resource("secretsmanager", f"secret:{name}")
    context = tags_in(given.get("Tags"))
    yield Check(f"secretsmanager:{given['@operation']}", str(known.arn) if known else arn, context)


def _parameter(caller: Caller, given: Parameters) -> Iterator[Check]:
    name = str(given["Name"]).lstrip("/")
    yield Check(f"ssm:{given['@operation']}", caller.resource("ssm", f"parameter/{name}"))


def _run_task(caller: Caller, given: Parameters) -> Iterator[Check]:
    """RunTask, the tags it brings, and the roles that it hands to the task."""
    cluster = _cluster(caller, given)
    context: dict[str, Any] = {
        "ecs:cluster": cluster,
        "ecs:enable-execute-command": str(bool(given.get("enableExecuteCommand"))).lower(),
        **tags_in(given.get("tags"), "key", "value"),
    }
    name = str(given["taskDefinition"])
    definition = _definition(caller, name)
    yield Check("ecs:RunTask", definition.arn if definition else _definition_arn(caller, name), context)
    if given.get("tags"):
        task = caller.resource("ecs", f"task/{cluster.rsplit('/', maxsplit=1)[-1]}/*")
        yield Check("ecs:TagResource", task, {**context, "ecs:CreateAction": "RunTask"})
    overrides = given.get("overrides") or {}
    for asked, defined in (("taskRoleArn", "task_role_arn"), ("executionRoleArn", "execution_role_arn")):
        role = overrides.get(asked) or getattr(definition, defined, None)
        if role:
            yield Check("iam:PassRole", str(role), {"iam:PassedToService": "ecs-tasks.amazonaws.com"})


def _tasks(caller: Caller, given: Parameters) -> Iterator[Check]:
    cluster = _cluster(caller, given)
    named = given.get("tasks") or [given["task"]]
    for name in named:
        arn = str(name)
        if not arn.startswith("arn:"):
            arn = caller.resource("ecs", f"task/{cluster.rsplit('/', maxsplit=1)[-1]}/{arn}")
        yield Check(f"ecs:{given['@operation']}", arn, {"ecs:cluster": cluster})


def _list_tasks(caller: Caller, given: Parameters) -> Iterator[Check]:
    yield Check("ecs:ListTasks", "*", {"ecs:cluster": _cluster(caller, given)})


def _cluster(caller: Caller, given: Parameters) -> str:
    name = str(given.get("cluster") or "default")
    return name if name.startswith("arn:") else caller.resource("ecs", f"cluster/{name}")


def _definition(caller: Caller, name: str) -> Any:
    backend = ecs_backends[caller.account][caller.region]
    family, _, revision = name.rsplit("/", maxsplit=1)[-1].partition(":")
    revisions = backend.task_definitions.get(family, {})
    return revisions.get(int(revision)) if revision else revisions.get(max(revisions, default=0))


def _definition_arn(caller: Caller, name: str) -> str:
    return name if name.startswith("arn:") else caller.resource("ecs", f"task-definition/{name}")


def _bucket(caller: Caller, given: Parameters) -> Iterator[Check]:
    context = {"s3:prefix": str(given["Prefix"])} if given.get("Prefix") is not None else {}
    action = {"ListObjectsV2": "ListBucket", "ListObjects": "ListBucket", "HeadBucket": "ListBucket"}
    operation = str(given["@operation"])
    yield Check(f"s3:{action.get(operation, operation)}", f"arn:aws:s3:::{given['Bucket']}", context)


def _object(caller: Caller, given: Parameters) -> Iterator[Check]:
    operation = str(given["@operation"]).replace("HeadObject", "GetObject")
    yield Check(f"s3:{operation}", f"arn:aws:s3:::{given['Bucket']}/{given['Key']}")


def _assume(caller: Caller, given: Parameters) -> Iterator[Check]:
    yield Check("sts:AssumeRole", str(given["RoleArn"]))


def _anybody(caller: Caller, given: Parameters) -> Iterator[Check]:
    """Who am I: AWS answers whatever a policy says."""
    return iter(())


def _iam(parameter: str, kind: str) -> Checks:
    def checks(caller: Caller, given: Parameters) -> Iterator[Check]:
        arn = f"arn:aws:iam::{caller.account}:{kind}/{given[parameter]}"
        yield Check(f"iam:{given['@operation']}", arn)

    return checks


def _each(service: str, make: Checks, *operations: str) -> dict[tuple[str, str], Checks]:
    return {(service, operation): make for operation in operations}


TABLE: Mapping[tuple[str, str], Checks] = {
    **_each("dynamodb", _item, "GetItem", "PutItem", "UpdateItem", "DeleteItem"),
    **_each("dynamodb", _query, "Query"),
    **_each("dynamodb", _table, "Scan", "DeleteTable", "UpdateTable", "DescribeTable"),
    **_each("ecs", _run_task, "RunTask"),
    **_each("ecs", _tasks, "DescribeTasks", "StopTask", "ExecuteCommand"),
    **_each("ecs", _list_tasks, "ListTasks"),
    **_each("events", _events, "PutEvents"),
    **_each("events", _bus, "PutPermission", "RemovePermission"),
    **_each("events", _rule, "PutRule", "PutTargets", "DisableRule", "DeleteRule"),
    **_each("iam", _iam("RoleName", "role"), "PutRolePolicy", "AttachRolePolicy", "UpdateAssumeRolePolicy"),
    **_each("iam", _iam("RoleName", "role"), "CreateRole", "DeleteRolePermissionsBoundary"),
    **_each("kms", kms_checks.describe, "DescribeKey"),
    **_each("kms", kms_checks.grant, "CreateGrant"),
    **{
        ("kms", operation): kms_checks.administration(operation)
        for operation in ("Decrypt", "DisableKey", "Encrypt", "PutKeyPolicy", "ScheduleKeyDeletion")
    },
    **_each("rds", rds_checks.describing("db"), "DescribeDBInstances"),
    **_each("rds", rds_checks.describing("cluster"), "DescribeDBClusters"),
    **_each("rds", rds_checks.describing("snapshot", "db"), "DescribeDBSnapshots"),
    **_each("rds", rds_checks.describing("cluster-snapshot", "cluster"), "DescribeDBClusterSnapshots"),
    **_each("rds", rds_checks.on("snapshot"), "DescribeDBSnapshotAttributes", "ModifyDBSnapshotAttribute"),
    **_each("rds", rds_checks.on("cluster-snapshot"), "DescribeDBClusterSnapshotAttributes"),
    **_each("rds", rds_checks.on("cluster-snapshot"), "ModifyDBClusterSnapshotAttribute"),
    **_each("rds", rds_checks.on("db"), "ModifyDBInstance", "DeleteDBInstance", "RebootDBInstance"),
    **_each("rds", rds_checks.on("db"), "StopDBInstance", "StartDBInstance", "PromoteReadReplica"),
    **_each("rds", rds_checks.on("cluster"), "ModifyDBCluster", "DeleteDBCluster", "FailoverDBCluster"),
    **_each("rds", rds_checks.on("cluster"), "StopDBCluster", "RebootDBCluster"),
    **_each("rds", rds_checks.on("snapshot"), "DeleteDBSnapshot"),
    **_each("rds", rds_checks.on("cluster-snapshot"), "DeleteDBClusterSnapshot"),
    **_each("rds", rds_checks.create_instance, "CreateDBInstance"),
    **_each("rds", rds_checks.restore_instance, "RestoreDBInstanceFromDBSnapshot"),
    **_each("rds", rds_checks.restore_cluster, "RestoreDBClusterFromSnapshot"),
    **_each("rds", rds_checks.create_snapshot("snapshot"), "CreateDBSnapshot"),
    **_each("rds", rds_checks.create_snapshot("cluster-snapshot"), "CreateDBClusterSnapshot"),
    **_each("rds", rds_checks.copy_snapshot("snapshot"), "CopyDBSnapshot"),
    **_each("rds", rds_checks.copy_snapshot("cluster-snapshot"), "CopyDBClusterSnapshot"),
    **_each("rds", rds_checks.tagging, "AddTagsToResource", "RemoveTagsFromResource"),
    **_each("s3", _bucket, "ListObjectsV2", "ListObjects", "HeadBucket", "PutBucketPolicy", "DeleteBucket"),
    **_each("s3", _object, "GetObject", "HeadObject", "PutObject", "DeleteObject"),
    **_each("secretsmanager", _create_secret, "CreateSecret"),
    **_each("secretsmanager", _secret, "DescribeSecret", "GetSecretValue", "PutSecretValue", "DeleteSecret"),
    **_each("secretsmanager", _secret, "PutResourcePolicy", "UpdateSecret", "TagResource"),
    **_each("sns", _topic, "Publish", "SetTopicAttributes", "Subscribe", "AddPermission", "DeleteTopic"),
    **_each("sqs", _queue, "SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"),
    **_each("sqs", _queue, "GetQueueUrl", "PurgeQueue", "SetQueueAttributes", "AddPermission", "DeleteQueue"),
    **_each("ssm", _parameter, "GetParameter", "PutParameter", "DeleteParameter"),
    **_each("sts", _assume, "AssumeRole"),
    **_each("sts", _anybody, "GetCallerIdentity"),
}
