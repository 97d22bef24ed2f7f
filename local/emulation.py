"""Putting our corrections into moto's place, and taking them out again: the only seam between the two.

moto keeps one world per process (`BackendDict`), built lazily from a class per service. Exchanging the class
before the first call corrects the server and the in-process mock alike. One cloud or world at a time per
process follows from it.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import botocore.loaders
import moto.backends
import moto.utilities.utils

from local.record import Record
from local.task_runners import TaskRunner


@contextlib.contextmanager
def files_read_once() -> Iterator[None]:
    """Parse each of botocore's JSON files once while moto is imported and a cloud opens.

    moto.ec2, which ECS, RDS and SSM import, opens three boto3 sessions that each parse the same 10 MB (moto
    5.2.5: ec2/models/availability_zones_and_regions.py), and each backend parses its service's model again.
    """
    parsed: dict[str, Any] = {}
    load = botocore.loaders.JSONFileLoader.load_file

    def load_once(self: Any, path: str) -> Any:
        if path not in parsed:
            parsed[path] = load(self, path)
        return parsed[path]

    with patch.object(botocore.loaders.JSONFileLoader, "load_file", load_once):
        yield


@contextlib.contextmanager
def _without_instance_types() -> Iterator[None]:
    """Leave out EC2's instance types while moto.ec2 is imported: 0.3 s of JSON that nobody asks for."""
    load = moto.utilities.utils.load_resource

    def load_others(path: str) -> Any:
        return {} if path.startswith("ec2/resources/instance_type") else load(path)

    with patch.object(moto.utilities.utils, "load_resource", load_others):
        yield


with files_read_once(), _without_instance_types():
    from moto.core.base_backend import BackendDict
    from moto.dynamodb.models import dynamodb_backends
    from moto.ecs.models import ecs_backends
    from moto.events.models import events_backends
    from moto.kms.models import kms_backends
    from moto.sns.models import sns_backends
    from moto.sqs.models import sqs_backends

    from local.buckets import policies_read_elsewhere
    from local.cloudformation import stacks_backends
    from local.events import LiveBuses
    from local.keys import LiveKeys
    from local.queues import LiveQueues
    from local.shortcuts import shortcuts
    from local.tables import LiveTables
    from local.tasks import LiveTasks, TaskTimings
    from local.topics import LiveTopics

_one_at_a_time = threading.Lock()
_replaced: dict[Any, type] = {
    sqs_backends: LiveQueues,
    sns_backends: LiveTopics,
    events_backends: LiveBuses,
    dynamodb_backends: LiveTables,
    ecs_backends: LiveTasks,
    kms_backends: LiveKeys,
}


_import = moto.backends._import_backend


def _import_backend(module: str, name: str) -> Any:
    """Find a service's backends: moto's own, but for CloudFormation, which is all ours."""
    return stacks_backends if module == "cloudformation" else _import(module, name)


class AlreadyOpenError(RuntimeError):
    """Another cloud or world is open in this process."""


@contextlib.contextmanager
def emulated(record: Record, runner: TaskRunner, timings: TaskTimings, second: float = 1.0) -> Iterator[None]:
    """Let moto use our queues, topics, buses, tables and tasks, and start it with nothing.

    `second` is how long a second of a message's delay lasts. Raises AlreadyOpenError.
    """
    if not _one_at_a_time.acquire(blocking=False):
        raise AlreadyOpenError("a cloud or world is open in this process already: close it first")
    LiveBuses.record = LiveTopics.record = record
    LiveTasks.runner, LiveTasks.timings = runner, timings
    LiveQueues.second = second
    theirs = {backends: backends.backend for backends in _replaced}
    try:
        for backends, ours in _replaced.items():
            backends.backend = ours
        BackendDict.reset()
        with (
            shortcuts(),
            policies_read_elsewhere(),
            patch.object(moto.backends, "_import_backend", _import_backend),
        ):
            yield
    finally:
        for backends, original in theirs.items():
            backends.backend = original
        BackendDict.reset()
        _one_at_a_time.release()
