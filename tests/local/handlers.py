"""Functions of the tests, run by a process of their own as Lambda would run them."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

Event = dict[str, Any]


def tell(event: Event, context: Any) -> Event:
    """Tell what a function can see."""
    print("said on standard output")
    return {
        "event": event,
        "environment": dict(os.environ),
        "pid": os.getpid(),
        "name": context.function_name,
        "left": context.get_remaining_time_in_millis(),
        "input": sys.stdin.read(),
    }


def misbehave(event: Event, context: Any) -> Event:
    """Do what the event's body asks for."""
    del context
    body = json.loads(event["Records"][0]["body"])
    match body:
        case {"raise": text}:
            raise RuntimeError(text)
        case {"die": code}:
            os._exit(code)
        case {"sleep": seconds}:
            time.sleep(seconds)
        case {"touch": path, "sleep_until": other}:
            Path(path).touch()
            while not Path(other).exists():
                time.sleep(0.01)
        case {"fail": _}:
            return {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}
    return {"batchItemFailures": []}
