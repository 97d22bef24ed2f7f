"""What the same would cost otherwise: Step Functions, a permanent masked replica, a forgotten database."""

from dataclasses import dataclass

from cli.cost.model import HOURS, MILLION, Case, hours_of
from cli.cost.prices import PriceList

_STEPS = 25  # states of a run that are no waiting: one per call and decision
_STATES_PER_LOOK = 3  # wait, describe, choose
_LOOKS_PER_HOUR = 60


@dataclass(frozen=True)
class Orchestration:
    """What waiting costs per run: with us, and with a state machine that looks once a minute."""

    ours: float
    transitions: float
    state_machine: float
    with_lambda: float


def orchestration(case: Case, prices: PriceList) -> Orchestration:
    """Compare messages, functions and ledger with the transitions of a state machine.

    `state_machine` describes by itself; `with_lambda` has a Lambda look, as one needs where a look is more
    than one call.
    """
    assumed = prices.assumptions
    invocation = (
        assumed.lambda_seconds * assumed.lambda_gb * prices.of("lambda_time")
        + prices.of("lambda_requests") / MILLION
    )
    ours = (
        assumed.messages * invocation
        + (
            3 * assumed.messages * prices.of("sqs_requests")
            + assumed.sns_messages * prices.of("sns_requests")
            + assumed.ledger_writes * prices.of("dynamodb_writes")
            + assumed.ledger_reads * prices.of("dynamodb_reads")
        )
        / MILLION
    )
    looks = hours_of(case, prices).total * _LOOKS_PER_HOUR
    transitions = _STEPS + _STATES_PER_LOOK * looks
    alone = transitions * prices.of("transitions") / MILLION
    return Orchestration(ours, transitions, alone, alone + looks * invocation)


def permanent(case: Case, prices: PriceList) -> float:
    """Price a month of a masked replica that never stops: the temporary database, kept."""
    storage = prices.of(f"{case.kind}_storage")
    return prices.hour(case.kind, case.temporary_class) * HOURS + case.gb * storage


def target(case: Case, prices: PriceList) -> float:
    """Price a month of the target itself, which developers have anyway."""
    storage = prices.of(f"{case.target_kind}_storage")
    return prices.hour(case.target_kind, case.target_class) * HOURS + case.gb * storage
