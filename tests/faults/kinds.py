"""What can go wrong at a call, with a message and between the accounts; and how each is done."""

import importlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import botocore.session
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from local.functions import FunctionError
from local.world import World
from shared import errors
from shared import handler as lambda_handler
from shared.aws import client
from tests.faults.calls import Call, Doing, Handed, KilledError, Perform, Wire, body_of

OF_READS = ("throttled", "unreachable", "expired", "refused", "killed")
OF_CHANGES = ("throttled", "refused", "answer lost", "killed", "concurrent")
OF_NOTES = ("throttled", "killed")
OF_MESSAGES = ("doubled", "out of order", "replayed")
LOST = "lost between the accounts"
NOT_YET, TIMED_OUT = "not yet", "timed out"
_CODES = {"throttled": "Throttling", "expired": "ExpiredToken", "refused": "AccessDenied"}
_NOT_YET = {
    "DBSnapshot": "InvalidDBSnapshotState",
    "DBInstance": "InvalidDBInstanceState",
    "DBClusterSnapshot": "InvalidDBClusterSnapshotStateFault",
    "DBCluster": "InvalidDBClusterStateFault",
    "RestoreDBInstanceFromDBSnapshot": "InsufficientDBInstanceCapacity",
    "CopyDBSnapshot": "SnapshotQuotaExceeded",
    "CreateDBSnapshot": "SnapshotQuotaExceeded",
    "RestoreDBClusterFromSnapshot": "InsufficientDBClusterCapacityFault",
    "CreateDBInstance": "InsufficientDBInstanceCapacity",
    "CopyDBClusterSnapshot": "SnapshotQuotaExceeded",
    "CreateDBClusterSnapshot": "SnapshotQuotaExceeded",
}


def of_call(call: Call, *, is_note: bool = False) -> tuple[str, ...]:
    """List what is tried at a call; a note is a line of history, which nothing reads to decide."""
    if is_note:
        return OF_NOTES
    if not call.changes:
        return OF_READS
    kinds: tuple[str, ...] = OF_CHANGES
    if call.service != "dynamodb":
        kinds = (*kinds, TIMED_OUT)
    if call.service == "rds":
        kinds = (*kinds, NOT_YET)
    return kinds


def documented(call: Call) -> tuple[str, ...]:
    """List the codes that the model of RDS documents for a call."""
    if call.service != "rds" or not call.changes:
        return ()
    model = botocore.session.get_session().get_service_model("rds").operation_model(call.operation)
    return tuple(sorted(f"code {shape.metadata['error']['code']}" for shape in model.error_shapes))


def may_fail(kind: str) -> bool:
    """Tell whether a run may fail for it: only for what no waiting mends."""
    if kind == "refused":
        return True
    code = kind.removeprefix("code ")
    return code != kind and code not in errors.NOT_YET | errors.TRANSIENT | errors.ALREADY_DONE


def do(kind: str, call: Call, doing: Doing, perform: Perform, wire: Wire, world: World) -> Any:
    """Let a call go wrong in one way."""
    match kind:
        case "throttled" | "expired" | "refused":
            raise _error(_CODES[kind], call)
        case "not yet":
            raise _error(_not_yet(call.operation), call)
        case "unreachable":
            raise EndpointConnectionError(endpoint_url=f"https://{call.service}")
        case "answer lost":
            perform()
            if call.number % 2:
                raise ConnectionClosedError(endpoint_url=f"https://{call.service}")
            raise _error("InternalFailure", call, 500)
        case "killed":
            perform()
            raise KilledError(str(call))
        case "timed out":
            perform()
            world._clock.shift(timedelta(seconds=doing.function.setup.timeout))
            raise KilledError(str(call))
        case "concurrent":
            with wire.unseen():
                _elsewhere(doing, world)
            return perform()
    raise _error(kind.removeprefix("code "), call)


def hand(kind: str, message: Handed, doing: Doing, perform: Perform, world: World) -> Any:
    """Hand a message over in one wrong way."""
    match kind:
        case "doubled":
            perform()
            return perform()
        case "out of order":
            raise FunctionError(f"{message} comes again when its visibility timeout has passed")
    answer = perform()
    with_delay = {"MessageBody": body_of(doing.event), "DelaySeconds": 900}
    world.client(_account(message.stage), "sqs").send_message(QueueUrl=_queue(doing), **with_delay)
    return answer


def _elsewhere(doing: Doing, world: World) -> None:
    """Handle the same message wholly in another process, while this one stands before its call."""
    stage = doing.message.stage
    module: Any = importlib.import_module(f"services.{stage}.handler")
    handler = lambda_handler.entry(stage, module.assemble)
    client.cache_clear()
    answer: Mapping[str, Any] = handler(dict(doing.event), None)
    client.cache_clear()
    if answer["batchItemFailures"]:  # SQS brings the double again
        sqs = world.client(_account(stage), "sqs")
        sqs.send_message(QueueUrl=_queue(doing), MessageBody=body_of(doing.event), DelaySeconds=360)


def _account(stage: str) -> str:
    return "development" if stage == "receiver" else "production"


def _queue(doing: Doing) -> str:
    return doing.function.setup.environment["SNAPVEIL_QUEUE_URL"]


def _not_yet(operation: str) -> str:
    if operation in _NOT_YET:
        return _NOT_YET[operation]
    things = ("DBClusterSnapshot", "DBCluster", "DBSnapshot", "DBInstance")
    return next(_NOT_YET[thing] for thing in things if thing in operation)


def _error(code: str, call: Call, status: int = 400) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": "as the harness wants it"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, call.operation)
