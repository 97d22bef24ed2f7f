"""`snapveil local`: what demo and try left on this machine, and how to be rid of it."""

from pathlib import Path

import click

from cli.databases import client_line
from cli.exits import FAILED, FINE
from cli.folders import RunFolder, remove_everything, run_folders, stop_kept

_DIRECTORY = click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".snapveil"),
    show_default=True,
    help="Where runs leave their files.",
)


@click.group("local")
def command() -> None:
    """See or remove what demo and try left on this machine."""


@command.command("status")
@_DIRECTORY
def status(directory: Path) -> int:
    """Say what is left, and how to look at it."""
    folders = run_folders(directory)
    if not folders:
        click.echo(f"nothing is left below {directory}")
        return FINE
    for folder in folders:
        click.echo(f"{folder.path}: {_state(folder)}")
        for engine in folder.kept:
            answers = "answers" if engine.running else "stopped"
            click.echo(f"  {engine.what} ({answers}): {client_line(engine.dsn)}")
    return FINE


@command.command("down")
@_DIRECTORY
def down(directory: Path) -> int:
    """Stop every database that was left running and remove every run's files."""
    left_alone = 0
    folders = run_folders(directory)
    for folder in folders:
        if folder.in_use:
            left_alone += 1
            click.echo(f"left alone: {folder.path} is a run that has not ended")
            continue
        for engine in stop_kept(folder):
            click.echo(f"stopped {engine.what} on port {engine.port}")
        folder.remove()
        click.echo(f"removed {folder.path}")
    if left_alone:
        return FAILED
    if not remove_everything(directory):
        click.echo(f"nothing to remove below {directory}")
    return FINE


def _state(folder: RunFolder) -> str:
    if folder.in_use:
        return "a run that has not ended"
    return "kept" if folder.kept else "ended"
