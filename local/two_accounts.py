"""Two wired accounts and how to look at them: what is the same in a running cloud and in a driven world."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from pydantic import BaseModel

from local import leftovers, provision, wiring
from local.accounts import Account, accounts
from local.documents import LocalSource, Pacing, development_document, production_document
from local.functions import FunctionSetup
from local.leftovers import Leftovers
from local.rds import RdsWorld
from local.record import Published, Record
from local.resources import Function, Wiring
from local.schedule import Place, Schedules
from shared.bundle import read_bundle
from shared.events import dump
from shared.ledger import Ledger


class TwoAccounts:
    """Production and development, with everything in them that the wiring describes.

    Subclasses bring the clock, the way functions and tasks run, and the database engines.
    """

    def __init__(
        self,
        sources: Mapping[str, LocalSource],
        rds: RdsWorld,
        pacing: Pacing,
        wirings: Mapping[str, Wiring] | None,
    ) -> None:
        if not sources and not wirings:
            raise ValueError("wire at least one source: without any there is nothing to refresh")
        self.sources = dict(sources)
        self.rds = rds
        self.record = Record()
        self.accounts: dict[str, Account] = {}
        self.wirings: dict[str, Wiring] = dict(wirings or describe(self.sources, pacing))
        self.schedules: Schedules

    @property
    def events(self) -> list[Published]:
        """Everything that was published on topics and buses, in order."""
        return self.record.events()

    def client(self, account: str, service: str) -> Any:
        """Return a boto3 client that acts as an operator of the account ("production" or "development")."""
        return self.accounts[account].client(service)

    def ledger(self, account: str) -> Ledger:
        """Return the account's run ledger, read and written with that account's credentials."""
        connect = partial(self.accounts[account].client, "dynamodb")
        return Ledger(self.wirings[account].table, connect=connect)

    def send(self, stage: str, message: BaseModel | str) -> None:
        """Put a message on a stage's queue, as an operator does."""
        body = message if isinstance(message, str) else dump(message)
        for name, described in self.wirings.items():
            for function in described.functions:
                if function.name == f"snapveil-{stage}":
                    url = wiring.queue_url(described.number, function.queue)
                    self.client(name, "sqs").send_message(QueueUrl=url, MessageBody=body)
                    return
        raise LookupError(f"no stage is called {stage!r}")

    def fire_schedule(self, account: str, name: str) -> None:
        """Let a schedule fire now, enabled or not. Raises local.schedule.UnknownScheduleError."""
        self.schedules.fire(self.accounts[account].number, name)

    def leftovers(self) -> Leftovers:
        """Look for what runs left behind."""
        return leftovers.look(self.client, self.wirings)

    def publish_policy(self, source: str) -> None:
        """Put the source's policy where production's configuration says; again, after it changed."""
        policy = self.sources[source].policy
        files = policy if isinstance(policy, Mapping) else read_bundle(str(policy)).files
        provision.publish_bundle(self.accounts["production"], source, files)

    def _wire(self) -> None:
        """Open the accounts and create everything in them; in process, which is quicker than over HTTP."""
        self.accounts = accounts()
        keys: dict[str, str] = {}
        for name, described in self.wirings.items():
            keys |= provision.apply(described, self.accounts[name], keys)
        for source in self.sources:
            self.publish_policy(source)

    def _places(self) -> tuple[Place, ...]:
        return tuple(Place(account.number, account.region) for account in self.accounts.values())

    def _functions(self) -> Iterator[tuple[Function, FunctionSetup, str]]:
        """List functions with what they are made of and the ARN of the queue that feeds them."""
        for name, described in self.wirings.items():
            account = self.accounts[name]
            for function in described.functions:
                arn = f"arn:aws:lambda:{account.region}:{account.number}:function:{function.name}"
                environment = {
                    **function.environment,
                    **account.environment(function.role),
                    "AWS_LAMBDA_FUNCTION_NAME": function.name,
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                    "TZ": ":UTC",
                }
                queue_arn = f"arn:aws:sqs:{account.region}:{account.number}:{function.queue}"
                yield (
                    function,
                    FunctionSetup(function.name, arn, function.handler, environment, function.timeout),
                    queue_arn,
                )


def describe(sources: Mapping[str, LocalSource], pacing: Pacing) -> dict[str, Wiring]:
    """Describe both accounts for these sources; production first: development's texts name its key."""
    return {
        "production": wiring.production(production_document(sources, pacing), sources),
        "development": wiring.development(development_document(sources, pacing), sources),
    }
