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

from local.record import Record

_one_at_a_time = threading.Lock()


class AlreadyOpenError(RuntimeError):
    """Another cloud or world is open in this process."""


@contextlib.contextmanager
def emulated(record: Record, runner: Any, timings: Any, second: float = 1.0) -> Iterator[None]:
    """Let moto use our queues, topics, buses, tables and tasks, and start it with nothing.

    `runner` and `timings` are those of `local.tasks`; `second` is how long a second of a message's delay
    lasts. Raises AlreadyOpenError.
    """
    if not _one_at_a_time.acquire(blocking=False):
        raise AlreadyOpenError("a cloud or world is open in this process already: close it first")
    try:
        with files_read_once():
            from moto.core.base_backend import BackendDict  # noqa: PLC0415 - moto is slow to import
            from moto.dynamodb.models import dynamodb_backends  # noqa: PLC0415
            from moto.ecs.models import ecs_backends  # noqa: PLC0415
            from moto.events.models import events_backends  # noqa: PLC0415
            from moto.sns.models import sns_backends  # noqa: PLC0415
            from moto.sqs.models import sqs_backends  # noqa: PLC0415

            from local.events import LiveBuses  # noqa: PLC0415
            from local.queues import LiveQueues  # noqa: PLC0415
            from local.tables import LiveTables  # noqa: PLC0415
            from local.tasks import LiveTasks  # noqa: PLC0415
            from local.topics import LiveTopics  # noqa: PLC0415
        replaced: dict[Any, type] = {
            sqs_backends: LiveQueues,
            sns_backends: LiveTopics,
            events_backends: LiveBuses,
            dynamodb_backends: LiveTables,
            ecs_backends: LiveTasks,
        }
        LiveBuses.record = LiveTopics.record = record
        LiveTasks.runner, LiveTasks.timings = runner, timings
        LiveQueues.second = second
        theirs = {backends: backends.backend for backends in replaced}
        for backends, ours in replaced.items():
            backends.backend = ours
        BackendDict.reset()
        try:
            yield
        finally:
            for backends, original in theirs.items():
                backends.backend = original
            BackendDict.reset()
    finally:
        _one_at_a_time.release()


@contextlib.contextmanager
def files_read_once() -> Iterator[None]:
    """Parse each of botocore's JSON files once while a cloud opens.

    moto.ec2, which ECS and SSM import, opens three boto3 sessions that each parse the same 10 MB (moto 5.2.5:
    ec2/models/availability_zones_and_regions.py), and moto parses every service's model once more than boto3
    does.
    """
    parsed: dict[str, Any] = {}
    load = botocore.loaders.JSONFileLoader.load_file

    def load_once(self: Any, path: str) -> Any:
        if path not in parsed:
            parsed[path] = load(self, path)
        return parsed[path]

    with patch.object(botocore.loaders.JSONFileLoader, "load_file", load_once):
        yield
