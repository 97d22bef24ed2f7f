"""The Lambda of the restore service: its two steps, and the sweep, over real AWS clients."""

from functools import partial

from services.restore.admission import wake
from services.restore.credentials import Credentials
from services.restore.removal import Removal, sweep
from services.restore.stage import Restore
from shared import handler as lambda_handler
from shared.bundle import read_bundle
from shared.config import load_production
from shared.database.factory import databases_of
from shared.ledger import Ledger, now
from shared.messaging import ProductionPublisher, Queue
from shared.observability import alarm
from shared.runtime import Runtime


def assemble(environment: lambda_handler.Environment) -> tuple[Runtime, frozenset[str]]:
    """Wire the service."""
    config = load_production(environment.config)
    ledger = Ledger(environment.ledger_table)
    databases = databases_of(config.account_id)
    credentials = Credentials()
    publisher = ProductionPublisher(environment.topic_arn, environment.bus)
    queue = Queue(environment.queue_url, environment.dlq_url)
    runtime = Runtime(
        stages=[
            Restore(config, ledger, databases, credentials, lambda uri: read_bundle(uri).digest, now),
            Removal(
                config,
                ledger,
                databases,
                credentials,
                alarm,
                publisher.publish,
                lambda source: queue.send(wake(source)),
                now,
            ),
        ],
        ledger=ledger,
        queue=queue,
        publisher=publisher,
        pace=config.pace,
        clock=now,
        sweep=partial(sweep, ledger, databases, config, now),
    )
    return runtime, frozenset()


handler = lambda_handler.entry("restore", assemble)
