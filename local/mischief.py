"""What goes wrong in clouds, done on purpose to the embedded one while it runs."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from unittest.mock import patch

from moto.core.responses import BaseResponse

import local.events
from local.authorization.gate import answer, operation_of


@contextlib.contextmanager
def throttled(operation: str, times: int) -> Iterator[Counter[str]]:
    """Answer the first so many calls of an operation with Throttling; counts them."""
    set_up = BaseResponse.setup_class
    refused: Counter[str] = Counter()

    def set_up_and_throttle(self: Any, *args: Any, **kwargs: Any) -> None:
        set_up(self, *args, **kwargs)
        if refused[operation] < times and operation_of(self)[0] == operation:
            refused[operation] += 1
            raise answer(self, "Rate exceeded", "Throttling")

    with patch.object(BaseResponse, "setup_class", set_up_and_throttle):
        yield refused


@contextlib.contextmanager
def lost_between_accounts(event: str, times: int = 1) -> Iterator[Counter[str]]:
    """Let the first so many events of a type vanish on the way to the other account; counts them."""
    deliver = local.events._deliver
    lost: Counter[str] = Counter()

    def maybe(envelope: Mapping[str, Any], rule: Any, target: Mapping[str, Any]) -> None:
        crosses = target["Arn"].split(":")[4] not in {rule.account_id, ""}  # an archive names none
        if crosses and envelope["detail-type"] == event and lost[event] < times:
            lost[event] += 1
            return
        deliver(envelope, rule, target)

    with patch("local.events._deliver", maybe):
        yield lost
