"""The `snapveil` command: finds the subcommand, and turns the way it ended into an exit code.

Subcommands are imported when they are called: the embedded cloud takes a second that `--help` need not wait.
"""

import contextlib
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import click

from cli.exits import FAILED, FINE, INTERRUPTED, UNUSABLE, InputError, RunFailedError

_COMMANDS = {
    "demo": ("cli.demo", "Run the whole loop on an example shop, on this machine."),
    "chaos": ("cli.chaos", "Run the demo with everything going wrong, and compare what comes out."),
    "try": ("cli.trial", "Run the whole loop on a copy of a database of your own."),
    "policy": ("cli.policy.commands", "Write a first policy for a database, check one, see what it will do."),
    "masks": ("cli.masks", "List the masks that a policy may name, or explain one."),
    "local": ("cli.local", "See or remove what demo and try left on this machine."),
    "estimate": ("cli.estimate", "Estimate what runs cost on AWS, and what it costs when nothing runs."),
    "status": ("cli.status", "Show the runs of an AWS account, or one run's history."),
    "refresh": ("cli.refresh", "Ask production for a fresh run of a source, and hear what becomes of it."),
    "target": ("cli.target", "Ask for a development database anew, or for the one before."),
    "sweep": ("cli.sweep", "Show what the hourly sweep of an AWS account would remove, and change nothing."),
    "dlq": ("cli.dlq.commands", "Look at dead letters of an AWS account, replay or drop them."),
    "archive": ("cli.archive", "Put events of a window of time on an account's bus again."),
    "deploy": ("cli.deploy", "Make or change the stack of an AWS account, from one document."),
    "destroy": ("cli.destroy", "Remove the stack of an AWS account; what holds data stays."),
}


class _Commands(click.Group):
    """The subcommands by name, each in a module of its own whose `command` it is."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name them in the order in which a newcomer meets them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(_COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in _COMMANDS.items()])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with `snapveil demo`; everything that it makes is removed again.",
)
@click.version_option(package_name="snapveil")
def commands() -> None:
    """Give developers a fresh, anonymized copy of the production database."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    _clean_up_when_stopped()
    try:
        code = commands.main(args=arguments, prog_name="snapveil", standalone_mode=False)
        return code if isinstance(code, int) else FINE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except InputError as error:
        _complain(str(error))
        return UNUSABLE
    except RunFailedError as error:
        _complain(str(error))
        return FAILED
    except (KeyboardInterrupt, click.Abort):
        _complain("stopped; everything was cleaned up")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output left, as `| head` does
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - the interpreter flushes it when it ends
        return FINE


def _complain(text: str) -> None:
    for line in text.splitlines():
        click.echo(f"snapveil: {line}", err=True)


def _clean_up_when_stopped() -> None:
    """Let Ctrl-C, a closed terminal and `kill` end a command by way of its `finally` clauses, once."""

    def stop(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        with contextlib.suppress(OSError):
            os.write(2, b"\nsnapveil: stopping; what was started is being cleaned up\n")
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


if __name__ == "__main__":
    sys.exit(main())
