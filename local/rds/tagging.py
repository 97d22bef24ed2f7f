"""Tags of databases and snapshots by ARN."""

from typing import Any

from local.rds import checks
from local.rds.errors import RefusedError
from local.rds.model import Database, Snapshot
from local.rds.shapes import tag_list
from local.rds.state import Call


def add(call: Call) -> dict[str, Any]:
    _resource(call).tags.update(checks.tags(call.params.get("Tags", [])))
    return {}


def remove(call: Call) -> dict[str, Any]:
    tags = _resource(call).tags
    for key in call.params.get("TagKeys", []):
        tags.pop(key, None)
    return {}


def show(call: Call) -> dict[str, Any]:
    return {"TagList": tag_list(_resource(call).tags)}


def _resource(call: Call) -> Database | Snapshot:
    arn = call.params["ResourceName"]
    found = call.state.registry.by_arn(call.place, arn)
    if found is None:
        raise RefusedError("InvalidParameterValue", f"Only databases and snapshots have tags here: {arn}")
    return found
