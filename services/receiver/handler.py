"""The Lambda of the receiver service, in the development account and in the target's network."""

from services.receiver.credentials import TargetCredentials
from services.receiver.keys import resolved
from services.receiver.probe import Probe
from services.receiver.reconciler import Receiver
from services.receiver.sweep import sweep
from shared import handler as lambda_handler
from shared.config import load_development
from shared.database.factory import databases_of
from shared.ledger import Ledger, now
from shared.messaging import DevelopmentPublisher, Queue
from shared.runtime import Runtime


def assemble(environment: lambda_handler.Environment) -> tuple[Runtime, frozenset[str]]:
    """Wire the service; it believes the events of the accounts whose snapshots it accepts."""
    config = load_development(environment.config)
    ledger = Ledger(environment.ledger_table)
    publisher = DevelopmentPublisher(environment.bus)
    queue = Queue(environment.queue_url, environment.dlq_url)
    databases = databases_of(config.account_id)
    receiver = Receiver(
        config,
        ledger,
        databases,
        TargetCredentials(),
        resolved,
        Probe(config.tls),
        publisher.publish,
        queue.send,
        now,
    )
    runtime = Runtime(
        stages=[receiver],
        ledger=ledger,
        queue=queue,
        publisher=publisher,
        pace=config.pace,
        clock=now,
        sweep=sweep(ledger, databases, config, now),
    )
    return runtime, frozenset(config.accept.owners)


handler = lambda_handler.entry("receiver", assemble)
