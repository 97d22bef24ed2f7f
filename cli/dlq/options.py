"""The options that commands on dead letters share, and how they end where AWS refuses."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import click
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import TypeAdapter, ValidationError

from cli.dlq.accounts import CONFIG, TABLE
from cli.dlq.letters import STAGES
from cli.exits import RunFailedError
from shared.config import Duration

FASTEST = 500
CommandT = TypeVar("CommandT", bound=Callable[..., Any])


class _Age(click.ParamType):  # type: ignore[type-arg] # generic since click 8.3
    """An age as the configuration writes durations: 90m, 36h, 7d."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read one."""
        try:
            return TypeAdapter[timedelta](Duration).validate_python(value)
        except ValidationError:
            self.fail(
                f"{value!r} is no age: write a number and a unit, like 90m (units: s, m, h, d)", param, ctx
            )


def in_account(command: CommandT) -> CommandT:
    """Add the options that say which account is meant."""
    for option in (
        click.option("--config", default=CONFIG, envvar="SNAPVEIL_CONFIG", show_default=True,
                     help="Where the services read their configuration."),
        click.option("--table", default=TABLE, envvar="SNAPVEIL_LEDGER_TABLE", show_default=True,
                     help="The ledger's DynamoDB table."),
        click.option("--profile", "profiles", multiple=True, metavar="NAME",
                     help="A profile of the AWS configuration; given twice: both accounts."),
    ):  # fmt: skip
        command = option(command)
    return command


def selecting(command: CommandT) -> CommandT:
    """Add the arguments and options that say which dead letters are meant."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="Every dead letter of the account."),
        click.option("--newer-than", type=_Age(), help="Only those at most so old, like 90m."),
        click.option("--older-than", type=_Age(), help="Only those older than this, like 36h."),
        click.option("--reason", metavar="TEXT", help="Only those whose reason has this in it."),
        click.option("--stage", type=click.Choice(STAGES), help="Only those for this stage."),
        click.option("--run", metavar="RUN", help="Only those about this run."),
        click.argument("ids", nargs=-1),
    ):
        command = option(command)
    return command


@contextmanager
def aws_errors() -> Iterator[None]:
    """Turn what AWS refuses into one line."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise RunFailedError(" ".join(str(error).split())) from None
