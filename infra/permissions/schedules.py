"""Schedules: each may put its message on its queue."""

from infra.permissions.statements import Role, Statement, arn, trusts

DEAD_LETTERS = "snapveil-schedules-dlq"


def refresh(stage: str) -> Role:
    """Return the role of the schedules that begin a refresh, or make the receiver look."""
    return _role("refresh", "Asks for refreshes.", (stage,))


def sweep() -> Role:
    """Return the role of the hourly sweeps."""
    return _role("sweep", "Asks for sweeps.", ("restore", "snapshot"))


def _role(name: str, description: str, stages: tuple[str, ...]) -> Role:
    group = arn("scheduler", "schedule-group/snapveil")
    return Role(
        name=f"snapveil-schedule-{name}",
        description=description,
        trust=(trusts("scheduler.amazonaws.com", {"ArnEquals": {"aws:SourceArn": group}}),),
        statements=(
            Statement("Ask", ("sqs:SendMessage",), tuple(arn("sqs", f"snapveil-{one}") for one in stages)),
            Statement(
                "Bury",
                ("sqs:SendMessage",),
                (arn("sqs", DEAD_LETTERS),),
                reserved="Scheduler buries what it could not put on the queue; no recorded run has such",
            ),
        ),
    )
