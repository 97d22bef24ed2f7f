"""All roles of an account, by name."""

from collections.abc import Mapping

from infra.permissions.place import Development, Production
from infra.permissions.statements import Role, Statement, arn, trusts


def production(place: Production) -> Mapping[str, Role]:
    """Return the roles of production."""
    names = (
        "snapveil-restore",
        "snapveil-anonymize",
        "snapveil-snapshot",
        "snapveil-worker",
        "snapveil-worker-execution",
        "snapveil-schedule-refresh",
        "snapveil-schedule-sweep",
        "snapveil-bus-to-development",
    )
    return {name: _first(name) for name in names}


def development(place: Development) -> Mapping[str, Role]:
    """Return the roles of development."""
    names = ("snapveil-receiver", "snapveil-schedule-refresh", "snapveil-bus-to-production")
    return {name: _first(name) for name in names}


def _first(name: str) -> Role:
    stage = name.removeprefix("snapveil-")
    logs = Statement(
        "Log", ("logs:CreateLogStream", "logs:PutLogEvents"), (arn("logs", f"log-group:/snapveil/{stage}:*"),)
    )
    return Role(name, f"The role of {stage}.", (trusts("lambda.amazonaws.com", {}),), (logs,))
