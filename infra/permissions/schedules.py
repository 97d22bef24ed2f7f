"""Schedules: each may put its message on its queue."""

from infra.permissions.statements import Role, Statement, arn, trusts

DEAD_LETTERS = "snapveil-schedules-dlq"


def refresh(stage: str) -> Role:
    """Return the role of a schedule that begins a refresh, or makes the receiver look.

    Each has its own, whose name ends with its source.
    """
    return _role(
        "refresh",
        "Asks for a refresh; each schedule has its own, which ends with the name of its source.",
        stage,
    )


def sweep(stage: str) -> Role:
    """Return the role of the hourly sweep of a stage."""
    return _role(f"sweep-{stage}", f"Asks {stage} to sweep.", stage)


def _role(name: str, description: str, stage: str) -> Role:
    group = arn("scheduler", "schedule-group/snapveil")
    return Role(
        name=f"snapveil-schedule-{name}",
        description=description,
        trust=(trusts("scheduler.amazonaws.com", {"ArnEquals": {"aws:SourceArn": group}}),),
        statements=(
            Statement("Ask", ("sqs:SendMessage",), (arn("sqs", f"snapveil-{stage}"),)),
            Statement(
                "Bury",
                ("sqs:SendMessage",),
                (arn("sqs", DEAD_LETTERS),),
                reserved="Scheduler buries what it could not put on the queue; no recorded run has such",
            ),
        ),
    )
