"""What a simulated night is measured by: AWS calls, refusals, waits for a quota, peaks.

botocore's one function for all calls is the place to look from: it sees stages and nobody needs to know.
"""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from local.accounts import DEVELOPMENT, PRODUCTION
from local.rds.limits import Usage
from local.world import World
from shared import names
from shared.errors import code_of

_MAKES_SOMETHING = ("Create", "Copy", "Restore")
_TARGETS = (
    "TargetDBSnapshotIdentifier",
    "TargetDBClusterSnapshotIdentifier",
    "DBSnapshotIdentifier",
    "DBClusterSnapshotIdentifier",
    "DBInstanceIdentifier",
    "DBClusterIdentifier",
)
_QUOTAS = ("InstanceQuotaExceeded", "DBClusterQuotaExceededFault", "SnapshotQuotaExceeded")


class Meters:
    """Counts while `watching`; `throttled` is the chance that boto3's retries of an RDS call do not help."""

    def __init__(self, world: World, chance: random.Random, throttled: float) -> None:
        self.calls: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.waits: dict[str, timedelta] = {}
        """How long what was once refused for a quota had to wait, by its name."""
        self.peaks: dict[str, Usage] = {}
        self.temporary = 0
        self.by_minute: Counter[datetime] = Counter()
        """RDS calls in each minute."""
        self._world = world
        self._chance = chance
        self._throttled = throttled
        self._refused_since: dict[str, datetime] = {}

    @property
    def still_waiting(self) -> int:
        """How many things were refused for a quota and never made."""
        return len(self._refused_since)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count every call that is made meanwhile."""
        make = BaseClient._make_api_call

        def watched(client: Any, operation: str, params: dict[str, Any]) -> Any:
            service = client.meta.service_model.service_name
            self.calls[service] += 1
            if service == "rds":
                self.by_minute[self._world.now.replace(second=0, microsecond=0)] += 1
            try:
                if service == "rds" and self._chance.random() < self._throttled:
                    raise _throttling(operation)
                answer = make(client, operation, params)
            except ClientError as error:
                self._note_refusal(code_of(error), operation, params)
                raise
            if service == "rds" and operation.startswith(_MAKES_SOMETHING):
                self._note_success(operation, params)
            return answer

        with patch.object(BaseClient, "_make_api_call", watched):
            yield

    def _note_refusal(self, code: str, operation: str, params: dict[str, Any]) -> None:
        self.refused[code] += 1
        if code in _QUOTAS:
            self._refused_since.setdefault(_made(operation, params), self._world.now)

    def _note_success(self, operation: str, params: dict[str, Any]) -> None:
        made = _made(operation, params)
        if since := self._refused_since.pop(made, None):
            self.waits[made] = self._world.now - since
        for account in (PRODUCTION, DEVELOPMENT):
            used = self._world.rds.usage(account)
            before = self.peaks.get(account, used)
            self.peaks[account] = Usage(*map(max, _numbers(before), _numbers(used)))
        self.temporary = max(self.temporary, temporary_databases(self._world))


def temporary_databases(world: World) -> int:
    """Count the temporary databases that exist now; a cluster's instance counts with it."""
    found = {names.run_of(database.identifier) for database in world.rds.databases(PRODUCTION)}
    return len(found - {None})


def _made(operation: str, params: dict[str, Any]) -> str:
    return f"{operation} {next((params[name] for name in _TARGETS if name in params), '')}"


def _numbers(usage: Usage) -> tuple[int, ...]:
    return tuple(vars(usage).values())


def _throttling(operation: str) -> ClientError:
    answer: Any = {
        "Error": {"Code": "Throttling", "Message": "Rate exceeded"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    return ClientError(answer, operation)
