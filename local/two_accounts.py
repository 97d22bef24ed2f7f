"""Two deployed accounts and how to look at them: what a running cloud and a driven world share."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from local import deployed, leftovers, templates
from local.accounts import Account, accounts
from local.cloudformation import stacks_backends
from local.deployed import DeployedFunction
from local.documents import LocalSource, Pacing, adapted
from local.functions import FunctionSetup
from local.leftovers import Leftovers
from local.rds import RdsWorld
from local.record import Published, Record
from local.schedule import Place, Schedules
from local.stacks import Stack, deploy
from shared.bundle import read_bundle
from shared.events import dump
from shared.ledger import Ledger


class TwoAccounts:
    """Production and development, with everything in them that their templates declare.

    `templates` are the kept ones unless others are given. Subclasses bring the clock, the way functions and
    tasks run, and the database engines.
    """

    def __init__(
        self,
        sources: Mapping[str, LocalSource],
        rds: RdsWorld,
        pacing: Pacing,
        templates_: Mapping[str, templates.Document] | None,
    ) -> None:
        if not sources:
            raise ValueError("name at least one source: without any there is nothing to refresh")
        self.sources = dict(sources)
        self.rds = rds
        self.record = Record()
        self.accounts: dict[str, Account] = {}
        self.stacks: dict[str, Stack] = {}
        self.schedules: Schedules
        self._pacing = pacing
        self._templates = {**templates.kept(), **(templates_ or {})}

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
        return Ledger(deployed.table(self.stacks[account]), connect=connect)

    def send(self, stage: str, message: BaseModel | str) -> None:
        """Put a message on a stage's queue, as an operator does."""
        body = message if isinstance(message, str) else dump(message)
        for name, function in self._deployed():
            if function.stage == stage:
                sqs = self.client(name, "sqs")
                url = sqs.get_queue_url(QueueName=function.queue)["QueueUrl"]
                sqs.send_message(QueueUrl=url, MessageBody=body)
                return
        raise LookupError(f"no stage is called {stage!r}")

    def fire_schedule(self, account: str, name: str) -> None:
        """Let a schedule fire now, enabled or not. Raises local.schedule.UnknownScheduleError."""
        self.schedules.fire(self.accounts[account].number, name)

    def leftovers(self) -> Leftovers:
        """Look for what runs left behind."""
        return leftovers.look(self.client, self.stacks)

    def publish_policy(self, source: str) -> None:
        """Put the source's policy where production's configuration says; again, after it changed."""
        policy = self.sources[source].policy
        files = policy if isinstance(policy, Mapping) else read_bundle(str(policy)).files
        place = urlsplit(json.loads(self._document("production"))["sources"][source]["policy"])
        for path, content in files.items():
            self.client("production", "s3").put_object(
                Bucket=place.netloc, Key=f"{place.path.strip('/')}/{path}", Body=content
            )

    def _deploy(self) -> None:
        """Open the accounts and deploy their stacks; in process, which is quicker than over HTTP."""
        self.accounts = accounts()
        for name, account in self.accounts.items():
            template = templates.prepared(name, self._templates[name], self.sources)
            given = templates.parameters(name, template, self.sources)
            stack = self.stacks[name] = deploy(template, account, given, templates.STACK)
            backend = stacks_backends[account.number][account.region]
            backend.account, backend.stacks[stack.name] = account, stack
            account.client("ssm").put_parameter(
                Name=deployed.configuration(stack).physical_id,
                Value=adapted(self._document(name), self.sources, self._pacing),
                Overwrite=True,
            )
        for source in self.sources:
            self.publish_policy(source)

    def _document(self, account: str) -> str:
        """The configuration document as the stack made it."""
        return str(deployed.configuration(self.stacks[account]).attributes["Value"])

    def _places(self) -> tuple[Place, ...]:
        return tuple(Place(account.number, account.region) for account in self.accounts.values())

    def _deployed(self) -> Iterator[tuple[str, DeployedFunction]]:
        """List the functions, each with its account."""
        for name, stack in self.stacks.items():
            for function in deployed.functions(stack):
                yield name, function

    def _functions(self) -> Iterator[tuple[DeployedFunction, FunctionSetup]]:
        """List the functions with what they are made of."""
        for name, function in self._deployed():
            environment = {
                **function.environment,
                **self.accounts[name].environment(function.role),
                "AWS_LAMBDA_FUNCTION_NAME": function.name,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
                "TZ": ":UTC",
            }
            setup = FunctionSetup(
                function.name, function.arn, function.handler, environment, function.timeout
            )
            yield function, setup
