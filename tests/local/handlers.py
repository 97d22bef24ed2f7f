"""Functions of the tests, run by a process of their own as Lambda would run them."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from shared.aws import client

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


def note(event: Event, context: Any) -> Event:
    """Write each message down in the table of the account that the function lives in, and who wrote it."""
    who = client("sts").get_caller_identity()["Arn"]
    for record in event["Records"]:
        item = {
            "pk": {"S": f"noted#{record['body']}"},
            "sk": {"S": context.function_name},
            "who": {"S": who},
            "pid": {"N": str(os.getpid())},
            "tries": {"N": record["attributes"]["ApproximateReceiveCount"]},
        }
        client("dynamodb").put_item(TableName=os.environ["SNAPVEIL_LEDGER_TABLE"], Item=item)
        if record["body"] == "hang" and record["attributes"]["ApproximateReceiveCount"] == "1":
            time.sleep(60)
    return {"batchItemFailures": []}


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
