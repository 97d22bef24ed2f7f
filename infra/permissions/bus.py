"""Buses: each account's rule may put events on the other account's bus, and nowhere else."""

from infra.permissions.place import BUS
from infra.permissions.statements import Role, Statement, Text, arn, of, trusts


def to(name: str, accounts: tuple[Text, ...]) -> Role:
    """Return the role of the rule `to-<name>`, which carries events to these accounts' buses."""
    buses = tuple(of("events", account, f"event-bus/{BUS}") for account in accounts)
    rule = arn("events", f"rule/{BUS}/to-{name}*")
    return Role(
        name=f"snapveil-bus-to-{name}",
        description=f"Carries events to {name}.",
        trust=(trusts("events.amazonaws.com", {"ArnLike": {"aws:SourceArn": rule}}),),
        statements=(
            Statement(
                "Carry",
                ("events:PutEvents",),
                buses,
            ),
        ),
    )
