"""`snapveil dlq list | show | replay | drop | log`: the options, and what each command makes of them."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import click

from cli.dlq import showing
from cli.dlq.accounts import Account, open_accounts
from cli.dlq.editing import assignment
from cli.dlq.letters import Letter
from cli.dlq.options import FASTEST, aws_errors, in_account, selecting
from cli.dlq.queues import Held, find_queues
from cli.dlq.records import LOG, Records
from cli.dlq.replaying import Replay
from cli.dlq.selection import Selection
from cli.dlq.sending import Sender
from cli.exits import FINE, InputError
from cli.view import open_console
from shared.ledger import now


@click.group("dlq")
def command() -> None:
    """Look at dead letters, replay or drop them.

    Works on the account of the AWS_* environment, or of each --profile. Exit code 1: something was refused or
    failed; 2: unusable input.
    """


@command.command("list")
@in_account
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def list_command(profiles: tuple[str, ...], table: str, config: str, form: str) -> int:
    """Count dead letters by queue, stage, type, run, reason and age."""
    data, console = [], open_console()
    for account in open_accounts(profiles, table, config):
        with aws_errors(), ExitStack() as stack:
            queues = _hold(account, stack)
            letters = [letter for _, found in queues for letter in found]
            data += showing.as_data(account.number, letters, now())
            if form == "table":
                console.print(
                    f"account {account.number}: {showing.number_of(letters)} in {len(queues)} queues"
                )
                if letters:
                    console.print(showing.counts(letters, now()))
    if form == "json":
        click.echo(json.dumps(data, indent=2))
    return FINE


@command.command("show")
@click.argument("id", metavar="ID")
@in_account
def show_command(id: str, profiles: tuple[str, ...], table: str, config: str) -> int:  # noqa: A002
    """Show one dead letter: its run, its reason, its body, and what a replay would do."""
    selection = Selection(ids=(id,))
    for account in open_accounts(profiles, table, config):
        with aws_errors(), ExitStack() as stack:
            letters = [letter for _, found in _hold(account, stack) for letter in found]
            selection.missing(letters)
            records = Records(account)
            for letter in selection.choose(letters, now()):
                open_console().print(showing.whole(letter, records.run(letter), records.judge(letter), now()))
                return FINE
    raise InputError(f"no dead letter is called {id}; `snapveil dlq list` names those that there are")


@command.command("replay")
@selecting
@in_account
@click.option(
    "--rate", type=click.IntRange(1, FASTEST), default=10, show_default=True, help="Messages a second."
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--edit", is_flag=True, help="Change the body in $EDITOR first; for one dead letter.")
@click.option("--set", "assignments", multiple=True, metavar="FIELD=VALUE", help="Change a field first.")
@click.option("--force", is_flag=True, help="Send also what is finished or would be refused, as it is.")
def replay_command(
    profiles: tuple[str, ...], table: str, config: str, rate: int, dry_run: bool, edit: bool,
    assignments: tuple[str, ...], force: bool, **chosen: Any,
) -> int:  # fmt: skip
    """Send dead letters where they were going, and say what comes of it.

    Those whose run is finished are dropped instead, with a note in the ledger.
    """
    selection, changes = Selection(**chosen), [assignment(text) for text in assignments]
    console, replays = open_console(), []
    with ExitStack() as stack:
        for account in open_accounts(profiles, table, config):
            with aws_errors():
                replay = Replay(account, selection, rate, force=force, say=console.print)
                replay.plan(_hold(account, stack), changes, interactive=edit)
                replays.append(replay)
        _nothing_missing(selection, [letter for replay in replays for letter in replay.letters])
        for replay in replays:
            if dry_run:
                console.print(replay.preview())
            else:
                with aws_errors():
                    replay.run()
    return max((replay.exit_code for replay in replays), default=FINE)


@command.command("drop")
@selecting
@in_account
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop_command(profiles: tuple[str, ...], table: str, config: str, yes: bool, **chosen: Any) -> int:
    """Delete dead letters without replaying them; the ledger keeps who did it and what they were."""
    selection, console = Selection(**chosen), open_console()
    with ExitStack() as stack, aws_errors():
        found = [
            (account, held, letters)
            for account in open_accounts(profiles, table, config)
            for held, letters in _hold(account, stack)
        ]
        _nothing_missing(selection, [letter for _, _, letters in found for letter in letters])
        doomed = [
            (account, held, letter)
            for account, held, letters in found
            for letter in selection.choose(letters, now())
        ]
        if doomed:
            console.print(showing.counts([letter for _, _, letter in doomed], now()))
        if doomed and not yes and not click.confirm(f"Drop {showing.number_of(doomed)} for good?"):
            return FINE
        for account, held, letter in doomed:
            Sender(account, Records(account), FASTEST).drop(held, letter, "asked to")
        console.print(f"dropped {len(doomed)}")
    return FINE


@command.command("log")
@in_account
def log_command(profiles: tuple[str, ...], table: str, config: str) -> int:
    """Tell who replayed or dropped what, and when."""
    for account in open_accounts(profiles, table, config):
        with aws_errors():
            open_console().print(showing.log_table(account.ledger.history(LOG)))
    return FINE


def _hold(account: Account, stack: ExitStack) -> list[tuple[Held, list[Letter]]]:
    """Receive everything from every dead-letter queue, and give back at the end what is still there."""
    held = [stack.enter_context(Held(account, queue)) for queue in find_queues(account)]
    if not held:
        raise InputError(
            f"account {account.number} has no queue snapveil-…-dlq in this region; is Snapveil there?"
        )
    with ThreadPoolExecutor(len(held)) as together:  # each queue takes a long poll to say that it is empty
        return list(zip(held, together.map(Held.receive, held), strict=True))


def _nothing_missing(selection: Selection, letters: list[Letter]) -> None:
    if missing := selection.missing(letters):
        raise InputError("\n".join(f"no dead letter is called {one}" for one in missing))
