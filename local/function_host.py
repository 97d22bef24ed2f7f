"""Lambda's runtime, in small: imports one handler, then answers one event a line until its input ends.

Started as `python -m local.function_host module.path.handler` with the function's own environment and nothing
else. It stands outside the function: nothing of the embedded cloud is imported here.
"""

import importlib
import json
import os
import sys
import time
import traceback
from dataclasses import dataclass
from typing import Any, TextIO


@dataclass(frozen=True)
class Context:
    """What Lambda hands to a handler beside the event."""

    function_name: str
    memory_limit_in_mb: int
    invoked_function_arn: str
    aws_request_id: str
    deadline: float
    function_version: str = "$LATEST"
    log_group_name: str = ""
    log_stream_name: str = ""

    def get_remaining_time_in_millis(self) -> int:
        """Tell how long the invocation may still take."""
        return max(0, int((self.deadline - time.time()) * 1000))


def load(path: str) -> Any:
    """Import the handler that `module.path.name` names."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def context_of(request: dict[str, Any]) -> Context:
    """Read the context of one invocation."""
    return Context(
        function_name=os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""),
        memory_limit_in_mb=int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")),
        invoked_function_arn=request["function_arn"],
        aws_request_id=request["request_id"],
        deadline=request["deadline"],
    )


def _answer(handler: Any, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": handler(request["event"], context_of(request))}
    except Exception as error:  # noqa: BLE001 - Lambda reports whatever a handler raises
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


def _serve(handler: Any, requests: TextIO, replies: TextIO) -> None:
    for line in requests:
        answer = _answer(handler, json.loads(line))
        sys.stdout.flush()
        replies.write(json.dumps(answer) + "\n")
        replies.flush()


def main() -> None:
    """Keep the pipes to ourselves, so that a handler that prints or reads cannot break the protocol."""
    requests, replies = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    with open(os.devnull) as nothing:  # noqa: PTH123 - a file descriptor is wanted
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    _serve(load(sys.argv[1]), requests, replies)


if __name__ == "__main__":
    main()
