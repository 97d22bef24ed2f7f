"""The AWS account that a command works on, as the environment's credentials or a named profile say."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.exits import InputError
from shared.config import Config, ConfigError, Development, Production, read
from shared.ledger import Ledger

TABLE = "snapveil-ledger"
CONFIG = "ssm:/snapveil/config"


class Account:
    """One account: its clients, its ledger, its configuration, and who is asking."""

    def __init__(self, connect: Callable[[str], Any], table: str = TABLE, config: str = CONFIG) -> None:
        self.ledger = Ledger(table, connect=lambda: self.client("dynamodb"))
        self._connect = connect
        self._config = config
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Return the account's client of a service; made once."""
        if service not in self._clients:
            self._clients[service] = self._connect(service)
        return self._clients[service]

    @cached_property
    def number(self) -> str:
        """The account's number."""
        return str(self._identity["Account"])

    @cached_property
    def operator(self) -> str:
        """Who is asking, as IAM names them within the account."""
        return str(self._identity["Arn"]).split(":", 5)[5]

    @cached_property
    def config(self) -> Config | None:
        """The configuration of the services here; None if it cannot be read: answers are vaguer then."""
        try:
            parameter = self.client("ssm").get_parameter(Name=self._config.removeprefix("ssm:"))
            return read(parameter["Parameter"]["Value"], self._config)
        except (BotoCoreError, ClientError, ConfigError):
            return None

    @property
    def believed(self) -> frozenset[str] | None:
        """The accounts whose events the services here believe; None if the configuration cannot be read."""
        match self.config:
            case Production(share=share):
                return frozenset(share.accounts)
            case Development(accept=accept):
                return frozenset(accept.owners)
        return None

    @property
    def sources(self) -> frozenset[str] | None:
        """The sources that the services here know; None if the configuration cannot be read."""
        match self.config:
            case Production(sources=sources):
                return frozenset(sources)
            case Development() as config:
                return frozenset(config.sources)
        return None

    @property
    def targets(self) -> Mapping[str, str] | None:
        """The targets that the services here know, each with its source; None where there are none."""
        config = self.config
        if not isinstance(config, Development):
            return None
        return {name: config.source_of(name) for name in config.targets}

    @cached_property
    def _identity(self) -> Mapping[str, Any]:
        identity: Mapping[str, Any] = self.client("sts").get_caller_identity()
        return identity


def open_accounts(profiles: Iterable[str], table: str, config: str) -> list[Account]:
    """Open the accounts of these profiles, or the environment's own. Raises InputError."""
    import boto3  # noqa: PLC0415 - slow, and `--help` needs none
    from botocore.config import Config as Settings  # noqa: PLC0415

    settings = Settings(retries={"mode": "standard", "max_attempts": 5}, user_agent_extra="snapveil")
    if not config.startswith("ssm:"):
        raise InputError(f"--config {config}: write where the services read theirs, like {CONFIG}")
    try:
        connects = [
            boto3.Session(profile_name=profile).client if profile else boto3.client
            for profile in (dict.fromkeys(profiles) or [""])
        ]
    except BotoCoreError as error:
        raise InputError(str(error)) from None
    return [Account(partial(connect, config=settings), table, config) for connect in connects]
