"""`snapveil refresh`: ask production for a fresh run of a source, and hear what becomes of the request."""

import secrets
import time

import click

from cli.dlq.accounts import Account, open_accounts
from cli.dlq.options import aws_errors, in_account
from cli.exits import FAILED, FINE, InputError
from cli.view import open_console
from shared.config import Production
from shared.events import RefreshRequested, dump
from shared.names import PREFIX
from shared.records import Answer, How

QUEUE = f"{PREFIX}restore"
LOOK_EVERY_SECONDS = 2.0
PATIENCE_SECONDS = 300.0


@click.command("refresh")
@click.argument("source")
@in_account
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait for the answer.")
def command(profiles: tuple[str, ...], table: str, config: str, source: str, *, wait: bool) -> int:
    """Ask for a refresh of SOURCE, in the production account.

    The answer says which run begins, or which one goes on and is joined, or which one has to end first
    (sources.SOURCE.during_run); `snapveil status` shows what becomes of it. Exit code 1: it was refused, or
    there was no answer within five minutes.
    """
    if len(profiles) > 1:
        raise InputError("--profile: sources are in one account; name the production account's profile only")
    account = open_accounts(profiles, table, config)[0]
    with aws_errors():
        _check(account, source)
        token = secrets.token_hex(16)
        asked = RefreshRequested(source=source, requested_by=account.operator[:100], request=token)
        sqs = account.client("sqs")
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"], MessageBody=dump(asked))
        say = open_console().print
        if not wait:
            say(f"asked for a refresh of {source}")
            return FINE
        answer = _answer(account, token)
        if answer is None:
            say("no answer yet, but the request is not lost; see `snapveil status` and `snapveil dlq list`")
            return FAILED
        say(_told(account, answer), soft_wrap=True)
        return FAILED if answer.how in {How.REFUSED, How.CANCELLED} else FINE


def _check(account: Account, source: str) -> None:
    """Refuse at once what production would refuse, if its configuration can be read."""
    config = account.config
    if config is None:
        return
    if not isinstance(config, Production):
        raise InputError(
            f"account {account.number} is development's; sources are in production"
            f" (for a target: snapveil target refresh {source})"
        )
    if source not in config.sources:
        raise InputError(f"there is no source {source}; there are {', '.join(config.sources)}")


def _answer(account: Account, token: str) -> Answer | None:
    waited = 0.0
    while (answer := account.ledger.requests.answered(token)) is None and waited < PATIENCE_SECONDS:
        time.sleep(LOOK_EVERY_SECONDS)
        waited += LOOK_EVERY_SECONDS
    return answer


def _told(account: Account, answer: Answer) -> str:
    told = f"{answer.how.value}: {answer.why}"
    run = account.ledger.run(answer.run_id) if answer.run_id else None
    if run is None or answer.how is How.BEGAN:
        return told
    return (
        f"{told} ({run.run_id}: {run.status.value}, begun {run.started_at:%Y-%m-%d %H:%M} UTC"
        f" for {run.requested_by}, data of {run.snapshot_created_at:%Y-%m-%d %H:%M} UTC)"
    )
