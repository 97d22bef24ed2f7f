"""`snapveil policy`: write a first policy for a database, or check one against it; both only read it."""

from pathlib import Path

import click

from cli.exits import FAILED, FINE, InputError
from cli.originals import reading
from local.copying.original import OriginalError
from services.anonymize.worker import ConnectionProblemError, preflight, suggest_policy
from shared.bundle import MAX_BYTES

DEFAULT = Path("policy.yaml")


@click.group("policy")
def command() -> None:
    """Write a first policy for a database, or check one."""


@command.command("init")
@click.argument("database_url", envvar="DATABASE_URL")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT,
    show_default=True,
    help="The file to write.",
)
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
def init(database_url: str, output: Path, *, force: bool) -> int:
    """Write a first policy for the database at DATABASE_URL.

    It names every table and column, with a mask for what looks personal by its name or a sample of its
    values, and says in a comment where it is unsure. Read it before you use it.
    """
    if output.exists() and not force:
        raise InputError(f"{output} is there already; --force overwrites it, --output writes another file")
    if not output.absolute().parent.is_dir():
        raise InputError(f"{output}: {output.absolute().parent} is no folder")
    url = reachable_url(database_url)
    try:
        text = suggest_policy(url)
    except ConnectionProblemError as error:
        raise InputError(str(error)) from None
    output.write_text(text)
    unsure = sum("unsure" in line for line in text.splitlines()[1:])
    click.echo(
        f"wrote {output}; read it, above all the {unsure} lines that say `unsure`"
        if unsure
        else f"wrote {output}"
    )
    click.echo("then: snapveil try DATABASE_URL --policy " + str(output))
    return FINE


@command.command("check")
@click.argument("database_url", envvar="DATABASE_URL")
@click.option(
    "--policy",
    "policy",
    type=click.Path(path_type=Path),
    default=DEFAULT,
    show_default=True,
    help="The policy, or the folder that holds policy.yaml.",
)
def check(database_url: str, policy: Path) -> int:
    """Check a policy against the database at DATABASE_URL: every column named, every mask fitting.

    Exit code 0 says that masking could begin, 1 that there are findings, 2 that the input cannot be used.
    """
    file = policy_file(policy)
    found = findings(file, reachable_url(database_url))
    for finding in found:
        click.echo(finding)
    if found:
        return FAILED
    click.echo(f"{file}: fine; every column is named and every mask fits")
    return FINE


def policy_file(path: Path) -> Path:
    """Find the policy's file, given itself or its folder. Raises InputError."""
    file = path / "policy.yaml" if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"{file} is not there; `snapveil policy init DATABASE_URL` writes a first one")
    if file.stat().st_size > MAX_BYTES:
        raise InputError(f"{file} has more than {MAX_BYTES} bytes, which is no policy")
    return file


def findings(file: Path, url: str) -> list[str]:
    """Return every problem of a policy with a database, each with file and line. Raises InputError."""
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{file} is no UTF-8 text") from None
    try:
        return [str(problem) for problem in preflight(text, str(file), url)]
    except ConnectionProblemError as error:
        raise InputError(str(error)) from None


def reachable_url(database_url: str) -> str:
    """Return the address of a database that answers. Raises InputError."""
    try:
        url, connecting = reading(database_url)
        with connecting:
            return url
    except OriginalError as error:
        raise InputError(str(error)) from None
