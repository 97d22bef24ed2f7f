"""Lambda: functions and what feeds them. They stand in the stack's record; whoever runs the cloud runs them.

Their code is the working copy, unless the template's parameters name a bucket: then the zip must be in it.
"""

from botocore.exceptions import ClientError

from local.stacks.errors import ResourceError
from local.stacks.resource import Made, Order, Resource, ResourceType, understood

WORKING_COPY = "working-copy"
"""The bucket that stands for the code beside this file."""
FUNCTION = "AWS::Lambda::Function"
EVENT_SOURCE = "AWS::Lambda::EventSourceMapping"


def _create(order: Order) -> Made:
    given = order.properties
    understood(f"the code of {order.logical_id}", given["Code"], "S3Bucket", "S3Key")
    understood(f"the environment of {order.logical_id}", given.get("Environment", {}), "Variables")
    if given.get("PackageType", "Zip") != "Zip":
        raise ResourceError("only functions of a zip are emulated locally")
    _ensure_code(order)
    name = order.name("FunctionName")
    return Made(name, {"Arn": order.arn("lambda", f"function:{name}")})


def _update(order: Order, resource: Resource) -> Made:
    del resource
    return _create(order)


def _ensure_code(order: Order) -> None:
    bucket, key = order.properties["Code"]["S3Bucket"], order.properties["Code"]["S3Key"]
    if bucket == WORKING_COPY:
        return
    try:
        order.account.client("s3").head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        raise ResourceError(
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. "
            f"S3 Error Message: s3://{bucket}/{key} does not exist."
        ) from error


def _map(order: Order) -> Made:
    given = order.properties
    understood(f"the scaling of {order.logical_id}", given.get("ScalingConfig", {}), "MaximumConcurrency")
    if given.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
        raise ResourceError(f"{order.logical_id}: only mappings with ReportBatchItemFailures are emulated")
    token = order.token(32)
    return Made("-".join((token[:8], token[8:12], token[12:16], token[16:20], token[20:])))


def _remap(order: Order, resource: Resource) -> Made:
    del resource
    return _map(order)


TYPES = (
    ResourceType(
        FUNCTION,
        _create,
        update=_update,
        acts_on=frozenset(
            {"Code", "Environment", "FunctionName", "Handler", "Role", "Timeout", "PackageType"}
        ),
        # One machine, one Python and no network of its own; the log is a file below the cloud's directory.
        notes=frozenset(
            {
                "Architectures",
                "Description",
                "EphemeralStorage",
                "KmsKeyArn",
                "LoggingConfig",
                "MemorySize",
                "RecursiveLoop",
                "ReservedConcurrentExecutions",
                "Runtime",
                "RuntimeManagementConfig",
                "Tags",
                "TracingConfig",
                "VpcConfig",
            }
        ),
    ),
    ResourceType(
        EVENT_SOURCE,
        _map,
        update=_remap,
        acts_on=frozenset(
            {
                "BatchSize",
                "Enabled",
                "EventSourceArn",
                "FunctionName",
                "FunctionResponseTypes",
                "ScalingConfig",
            }
        ),
        notes=frozenset({"Tags"}),
    ),
)
