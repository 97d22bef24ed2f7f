"""The Lambda of the anonymize service: it starts and watches the worker; it never reaches a database."""

from services.anonymize.stage import Dispatcher
from services.anonymize.tasks import Tasks
from shared import handler as lambda_handler
from shared.config import load_production
from shared.ledger import Ledger, now
from shared.messaging import ProductionPublisher, Queue
from shared.runtime import Runtime


def assemble(environment: lambda_handler.Environment) -> tuple[Runtime, frozenset[str]]:
    """Wire the service."""
    config = load_production(environment.config)
    ledger = Ledger(environment.ledger_table)
    runtime = Runtime(
        stages=[Dispatcher(config, ledger, Tasks(config, environment.ledger_table), now)],
        ledger=ledger,
        queue=Queue(environment.queue_url, environment.dlq_url),
        publisher=ProductionPublisher(environment.topic_arn, environment.bus),
        pace=config.pace,
        clock=now,
    )
    return runtime, frozenset()


handler = lambda_handler.entry("anonymize", assemble)
