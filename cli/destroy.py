"""`snapveil destroy`: removes the stack of an account, and names what stays because it holds data."""

from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError

from cli.deployment.account import ARTIFACTS, STACK, Operated, open_account
from cli.deployment.artifacts import remove_artifacts
from cli.deployment.remaining import Kept, hindrances, kept
from cli.deployment.stacks import Stacks
from cli.exits import FAILED, FINE, INTERRUPTED, RunFailedError


@click.command("destroy")
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(document: Path, yes: bool) -> int:
    """Remove the stack that DOCUMENT describes, and its artifacts; what holds data stays and is named.

    Exit code 1: something is going on in the account, and nothing was removed.
    """
    try:
        return destroy(document, yes)
    except (BotoCoreError, ClientError) as error:
        raise RunFailedError(f"{error}; running the same again goes on where this ended") from None
    except KeyboardInterrupt:
        click.echo(f"\n{STACK}: what began goes on in CloudFormation; the same command follows it", err=True)
        return INTERRUPTED


def destroy(path: Path, yes: bool) -> int:
    """Carry it out and return the exit code."""
    operated = open_account(path)
    stacks = Stacks(operated.client("cloudformation"), click.echo)
    if reasons := hindrances(operated):
        raise RunFailedError("\n".join(["nothing was removed:", *reasons]))
    staying = kept(operated, _keys(stacks))
    click.echo(f"account {operated.number}, {operated.region}: removing stacks {STACK} and {ARTIFACTS}")
    _tell("stays, because it holds data:", staying)
    if not yes and not click.confirm("remove them?"):
        click.echo("nothing was removed")
        return FAILED
    stacks.remove(STACK)
    remove_artifacts(operated, stacks, click.echo)
    _tell("removed. What still costs money, and how to be rid of it:", _again(operated, staying))
    return FINE


def _keys(stacks: Stacks) -> list[str]:
    """Name the KMS keys of the stack that stay: they open its snapshots."""
    if stacks.find(STACK) is None:
        return []
    called = stacks.physical_names(STACK)
    resources = stacks.template(STACK)["Resources"]
    return sorted(
        called[name]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::KMS::Key" and called.get(name)
    )


def _again(operated: Operated, before: list[Kept]) -> list[Kept]:
    """List anew what stays; the keys are known only from before."""
    keys = [one for one in before if one.what.startswith("key ")]
    return [*kept(operated, []), *keys]


def _tell(head: str, staying: list[Kept]) -> None:
    click.echo(head)
    for one in staying:
        click.echo(f"  {one.what} ({one.cost}); {one.removal}")
    if not staying:
        click.echo("  nothing")
