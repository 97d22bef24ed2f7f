"""What no role may do to secrets, events, roles, tasks, keys, the ledger, the bucket and the rest."""

from local.accounts import DEVELOPMENT, PRODUCTION, REGION
from tests.infra.calls import LEDGER, RUN, TARGET, TASK, Call, item

BUCKET = f"snapveil-{PRODUCTION}-{REGION}"
KEYS = f"arn:aws:kms:{REGION}:{PRODUCTION}:key"
ROLES = f"arn:aws:iam::{PRODUCTION}:role"
OTHERS = [
    Call(
        "read the temporary password",
        "secretsmanager",
        "GetSecretValue",
        {"SecretId": f"snapveil/{RUN}/master"},
        but="snapveil-worker",
    ),
    Call(
        "read the target's password",
        "secretsmanager",
        "GetSecretValue",
        {"SecretId": f"snapveil/{TARGET}/master"},
        but="snapveil-receiver snapveil-worker",
    ),
    Call(
        "read a mask key",
        "secretsmanager",
        "GetSecretValue",
        {"SecretId": "snapveil-mask-key-shop"},
        but="snapveil-worker",
    ),
    Call("read another secret", "secretsmanager", "GetSecretValue", {"SecretId": "payment-provider"}),
    Call("delete another secret", "secretsmanager", "DeleteSecret", {"SecretId": "payment-provider"}),
    Call(
        "open a secret to others",
        "secretsmanager",
        "PutResourcePolicy",
        {"SecretId": f"snapveil/{RUN}/master", "ResourcePolicy": "{}"},
    ),
    Call(
        "announce under another source",
        "events",
        "PutEvents",
        {"Entries": [{"EventBusName": "snapveil", "Source": "aws.rds", "DetailType": "SnapshotShared"}]},
    ),
    Call(
        "announce what is another stage's",
        "events",
        "PutEvents",
        {"Entries": [{"EventBusName": "snapveil", "Source": "snapveil", "DetailType": "DatabaseAnonymized"}]},
        but="snapveil-bus",
    ),
    Call(
        "put events on the default bus",
        "events",
        "PutEvents",
        {"Entries": [{"Source": "snapveil", "DetailType": "SnapshotShared"}]},
    ),
    Call(
        "put events on the other bus from a stage",
        "events",
        "PutEvents",
        {
            "Entries": [
                {
                    "EventBusName": f"arn:aws:events:{REGION}:{DEVELOPMENT}:event-bus/snapveil",
                    "Source": "snapveil",
                    "DetailType": "SnapshotShared",
                }
            ]
        },
        but="snapveil-bus-to-development",
    ),
    Call("open a bus", "events", "PutPermission", {"EventBusName": "snapveil"}),
    Call(
        "switch a rule off", "events", "DisableRule", {"EventBusName": "snapveil", "Name": "to-development"}
    ),
    Call("take another role", "sts", "AssumeRole", {"RoleArn": f"{ROLES}/snapveil-restore"}),
    Call("take an administrator's role", "sts", "AssumeRole", {"RoleArn": f"{ROLES}/admin"}),
    Call(
        "give the worker another role",
        "ecs",
        "RunTask",
        {**TASK, "overrides": {"taskRoleArn": f"{ROLES}/snapveil-restore"}},
    ),
    Call(
        "run another task",
        "ecs",
        "RunTask",
        {**TASK, "taskDefinition": f"arn:aws:ecs:{REGION}:{PRODUCTION}:task-definition/shop:7"},
    ),
    Call("run the worker elsewhere", "ecs", "RunTask", {**TASK, "cluster": "shop"}),
    Call("run the worker with a shell", "ecs", "RunTask", {**TASK, "enableExecuteCommand": True}),
    Call(
        "look into the worker",
        "ecs",
        "ExecuteCommand",
        {"cluster": "snapveil", "task": f"arn:aws:ecs:{REGION}:{PRODUCTION}:task/snapveil/1"},
    ),
    Call(
        "stop another task",
        "ecs",
        "StopTask",
        {"cluster": "shop", "task": f"arn:aws:ecs:{REGION}:{PRODUCTION}:task/shop/1"},
    ),
    Call("change a key's policy", "kms", "PutKeyPolicy", {"KeyId": f"{KEYS}/share"}),
    Call("disable a key", "kms", "DisableKey", {"KeyId": f"{KEYS}/production"}),
    Call("delete a key", "kms", "ScheduleKeyDeletion", {"KeyId": f"{KEYS}/share"}),
    Call("decrypt by oneself", "kms", "Decrypt", {"KeyId": f"{KEYS}/production"}),
    Call("grant a key to oneself", "kms", "CreateGrant", {"KeyId": f"{KEYS}/production"}),
    Call("attest a masking", "dynamodb", "PutItem", item(f"worker#{RUN}"), but="snapveil-worker"),
    Call(
        "rewrite a run as the worker",
        "dynamodb",
        "PutItem",
        item(RUN),
        but="snapveil-restore snapveil-anonymize snapveil-snapshot snapveil-receiver",
    ),
    Call("take a lock", "dynamodb", "PutItem", item("lock#shop"), but="snapveil-restore"),
    Call("forget a run", "dynamodb", "DeleteItem", {**LEDGER, "Key": {"pk": {"S": RUN}}}),
    Call("drop the ledger", "dynamodb", "DeleteTable", LEDGER),
    Call("write in another table", "dynamodb", "PutItem", {**item("x"), "TableName": "orders"}),
    Call("change a policy bundle", "s3", "PutObject", {"Bucket": BUCKET, "Key": "policies/shop/policy.yaml"}),
    Call(
        "delete a policy bundle", "s3", "DeleteObject", {"Bucket": BUCKET, "Key": "policies/shop/policy.yaml"}
    ),
    Call("delete a report", "s3", "DeleteObject", {"Bucket": BUCKET, "Key": f"runs/{RUN}/report.json"}),
    Call("open the bucket", "s3", "PutBucketPolicy", {"Bucket": BUCKET}),
    Call("read another bucket", "s3", "GetObject", {"Bucket": "shop-invoices", "Key": "2026.csv"}),
    Call("give a role another policy", "iam", "PutRolePolicy", {"RoleName": "snapveil-restore"}),
    Call("give a role a managed policy", "iam", "AttachRolePolicy", {"RoleName": "snapveil-restore"}),
    Call("trust somebody else", "iam", "UpdateAssumeRolePolicy", {"RoleName": "snapveil-restore"}),
    Call("lift the boundary", "iam", "DeleteRolePermissionsBoundary", {"RoleName": "snapveil-restore"}),
    Call("make a role", "iam", "CreateRole", {"RoleName": "snapveil-more"}),
    Call("change the document", "ssm", "PutParameter", {"Name": "/snapveil/config"}),
    Call("read another parameter", "ssm", "GetParameter", {"Name": "/shop/database-password"}),
    Call("empty a queue", "sqs", "PurgeQueue", {"QueueUrl": "https://sqs/1/snapveil-restore"}),
    Call("open a queue", "sqs", "SetQueueAttributes", {"QueueUrl": "https://sqs/1/snapveil-restore"}),
    Call(
        "listen to the topic",
        "sns",
        "Subscribe",
        {"TopicArn": f"arn:aws:sns:{REGION}:{PRODUCTION}:snapveil-events"},
    ),
]
