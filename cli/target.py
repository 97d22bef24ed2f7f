"""`snapveil target`: what developers may ask for between two refreshes, in the development account."""

import secrets
import time
from collections.abc import Callable
from typing import Any

import click

from cli.dlq.accounts import Account, open_accounts
from cli.dlq.options import aws_errors, in_account
from cli.exits import FAILED, FINE, InputError
from cli.view import open_console
from shared.config import Development, Target
from shared.events import TargetRequested, dump
from shared.ledger import now
from shared.names import PREFIX, is_run_id, source_of
from shared.records import StepState

QUEUE = f"{PREFIX}receiver"
LOOK_EVERY_SECONDS = 2.0
STEP = "receiver"


@click.group("target")
def command() -> None:
    """Ask for a development database anew, or for the one that it replaced."""


def _asking(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--wait/--no-wait", default=True, show_default=True, help="Watch until it is done."),
        click.argument("name"),
        in_account,
    ):
        command = option(command)
    return command


@command.command("refresh")
@_asking
@click.option(
    "--snapshot", "run_id", metavar="RUN", help="The copy of this run.  [default: that of the newest data]"
)
def refresh(
    profiles: tuple[str, ...], table: str, config: str, name: str, run_id: str | None, *, wait: bool
) -> int:
    """Replace the target NAME by a fresh database, from a copy that the account holds.

    NAME is its key in the configuration's `targets`; the source's name where nothing else was said.

    As often as you like: whatever developers changed in it is gone. It lasts until newer data arrive.
    Exit code 1: it could not be done, and the target stands as it was.
    """
    return _ask(_account(profiles, table, config), name, wait=wait, run_id=run_id)


@command.command("rollback")
@_asking
def rollback(profiles: tuple[str, ...], table: str, config: str, name: str, *, wait: bool) -> int:
    """Bring back the database that the target NAME replaced, while it still stands aside.

    It stands for the target's `grace`. What is the target now is deleted; nobody builds it again before
    newer data arrive, or a refresh is asked for.
    """
    return _ask(_account(profiles, table, config), name, wait=wait, back=True)


def _account(profiles: tuple[str, ...], table: str, config: str) -> Account:
    if len(profiles) > 1:
        raise InputError("--profile: targets are in one account; name the development account's profile only")
    return open_accounts(profiles, table, config)[0]


def _ask(account: Account, name: str, *, wait: bool, run_id: str | None = None, back: bool = False) -> int:
    with aws_errors():
        source, target = _target(account, name, back=back)
        if run_id is not None and not (is_run_id(run_id) and source_of(run_id) == source):
            raise InputError(
                f"--snapshot {run_id}: no run of {source}; a run is written like"
                " shop-fr-20261123t0305-1f9c3a7e"
            )
        asked = TargetRequested(
            source=source,
            target=None if name == source else name,
            request=secrets.token_hex(16),
            run_id=run_id,
            back=back,
            requested_by=account.operator[:100],
        )
        sqs = account.client("sqs")
        url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=dump(asked))
        what = "the database before" if back else f"a fresh database from {run_id or 'the newest copy'}"
        console = open_console()
        console.print(f"asked for {what} as {target.name}")
        return _watch(account, asked, console.print) if wait else FINE


def _target(account: Account, name: str, *, back: bool) -> tuple[str, Target]:
    """Find a target and its source. Raises InputError."""
    config = account.config
    if not isinstance(config, Development):
        why = "is production's" if config else "cannot be read"
        raise InputError(f"the configuration of account {account.number} {why}; targets are in development")
    if name not in config.targets:
        raise InputError(f"there is no target {name}; there are {', '.join(config.targets)}")
    target = config.targets[name]
    if back and not target.grace:
        raise InputError(
            f"{target.name} has no grace, so that nothing stands aside; set targets.{name}.grace, or"
            f" refresh it from an older copy: snapveil target refresh {name} --snapshot RUN"
        )
    return config.source_of(name), target


def _watch(account: Account, asked: TargetRequested, say: Callable[[str], None]) -> int:
    """Watch the ledger until the receiver has ended what was asked for."""
    key, began, told = f"target#{asked.target or asked.source}", now(), ""
    while True:
        chosen = account.ledger.choice(key)
        record = account.ledger.step(key, STEP)
        if chosen is not None and chosen.request == asked.request and record is not None:
            if record.state is not StepState.WORKING and record.ended_at and record.ended_at >= began:
                lines = [line for line in account.ledger.history(key) if line.at >= began]
                say(lines[-1].why if lines else record.state.value)
                return FINE if record.state is StepState.FINISHED else FAILED
            if record.waiting_for and record.waiting_for != told:
                told = record.waiting_for
                say(f"waits for {told}")
        elif reason := _refused(account, asked):
            say(f"refused: {reason}")
            return FAILED
        time.sleep(LOOK_EVERY_SECONDS)


def _refused(account: Account, asked: TargetRequested) -> str | None:
    """Find the reason beside the dead letter of a request that nobody can act on."""
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{QUEUE}-dlq")["QueueUrl"]
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"]
    )
    for letter in answer.get("Messages", []):
        if asked.request in letter["Body"]:
            return str(letter.get("MessageAttributes", {}).get("reason", {}).get("StringValue", "no reason"))
    return None
