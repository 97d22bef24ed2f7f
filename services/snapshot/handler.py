"""The Lambda of the snapshot service: its two steps, and the sweep, over real AWS clients."""

from functools import partial

from services.snapshot.stage import Sharing
from services.snapshot.withdrawal import Withdrawal, sweep
from shared import handler as lambda_handler
from shared.config import load_production
from shared.database.factory import databases_of
from shared.ledger import Ledger, now
from shared.messaging import ProductionPublisher, Queue
from shared.observability import alarm
from shared.runtime import Runtime


def assemble(environment: lambda_handler.Environment) -> tuple[Runtime, frozenset[str]]:
    """Wire the service; it believes what the development accounts report."""
    config = load_production(environment.config)
    ledger = Ledger(environment.ledger_table)
    databases = databases_of(config.account_id)
    runtime = Runtime(
        stages=[Sharing(config, ledger, databases, now), Withdrawal(config, ledger, databases, alarm, now)],
        ledger=ledger,
        queue=Queue(environment.queue_url, environment.dlq_url),
        publisher=ProductionPublisher(environment.topic_arn, environment.bus),
        pace=config.pace,
        clock=now,
        sweep=partial(sweep, ledger, databases, config, now),
    )
    return runtime, frozenset(config.share.accounts)


handler = lambda_handler.entry("snapshot", assemble)
