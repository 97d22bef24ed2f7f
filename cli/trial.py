"""`snapveil try`: the whole loop over a copy of a PostgreSQL database that the user has."""

import re
from pathlib import Path

import click
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cli.databases import client_line
from cli.exits import FAILED, FINE, InputError
from cli.folders import RunFolder, run_folder
from cli.loop import Filling, Material, Outcome, run_loop
from cli.policy import findings, policy_file
from cli.sampling import look_at, samples_of, where_to_look
from cli.summary import failure, show_summary
from cli.view import open_console, screen
from local.copying.copying import restore_dump, take_dump
from local.copying.original import Original, OriginalError, examine, read_url
from services.anonymize.worker import load_policy
from shared.bundle import POLICY_FILE
from shared.database.port import Kind

SOURCE = "mine"
MASTER = "snapveil_master"
RDS_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")  # what CreateDBInstance takes as DBName


@click.command("try")
@click.argument("database_url", envvar="DATABASE_URL")
@click.option(
    "--policy",
    "policy",
    type=click.Path(path_type=Path),
    default=Path(POLICY_FILE),
    show_default=True,
    help="The policy, or the folder that holds policy.yaml and the files that it names.",
)
@click.option(
    "--keep/--no-keep", default=True, show_default=True, help="Leave the masked copy running, to look at it."
)
@click.option(
    "--cluster", is_flag=True, help="Let production be an Aurora cluster instead of an RDS instance."
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".snapveil"),
    show_default=True,
    help="Where the run leaves its files.",
)
def command(database_url: str, policy: Path, *, keep: bool, cluster: bool, directory: Path) -> int:
    """Run the whole loop over a copy of the PostgreSQL database at DATABASE_URL, on this machine.

    Your database is only read. The copy becomes the production database of an embedded cloud, and what
    comes out is a masked copy that you can look at. Nothing leaves this machine.
    """
    original, file = _checked(database_url, policy)
    console = open_console()
    with run_folder(directory.absolute(), "try") as folder:
        material = _material(original, file, folder, Kind.CLUSTER if cluster else Kind.INSTANCE)
        with screen(console) as shown:
            for extension in original.unused_extensions:
                shown.note(
                    f"extension {extension} is left out: the embedded engine has it not, and nothing uses it"
                )
            outcome = run_loop(material, folder, shown, keep=keep)
        if outcome.result.status != "succeeded":
            for line in failure(outcome.result, folder.result, folder.path):
                click.echo(f"snapveil: {line}", err=True)
            return FAILED
        samples = samples_of(outcome.before, outcome.after)
        show_summary(console, outcome.result, samples, folder.result, _hints(outcome))
        return FINE


def _checked(database_url: str, policy: Path) -> tuple[Original, Path]:
    """Check everything that can be checked before anything is started. Raises InputError."""
    file = policy_file(policy)
    try:
        url = read_url(database_url)
        original = examine(url)
    except OriginalError as error:
        raise InputError(str(error)) from None
    found = findings(file, url)
    if found:
        raise InputError("\n".join(found))
    written = load_policy(file.read_text("utf-8"), str(file))
    script = written.script.file if written.script else None
    if script and not (file.parent / script).is_file():
        raise InputError(
            f"{written.script.at if written.script else file}: {script} does not lie beside the policy"
        )
    return original, file


def _material(original: Original, file: Path, folder: RunFolder, kind: Kind) -> Material:
    where = where_to_look(load_policy(file.read_text("utf-8"), str(file)))
    return Material(
        source=SOURCE,
        kind=kind,
        engine="aurora-postgresql" if kind is Kind.CLUSTER else "postgres",
        identifier=f"{SOURCE}-prod",
        database=original.name,
        rds_database=original.name if RDS_NAME.fullmatch(original.name) else None,
        master=MASTER,
        policy=bundle_of(file, original.name),
        fill=lambda filling: _fill(original, folder, filling),
        look=lambda url: look_at(url, where),
        shown_source=without_password(original.conninfo),
    )


def bundle_of(file: Path, database: str) -> dict[str, bytes]:
    """Read the policy and its script, and let it name its database, which is what the copy is called."""
    content = file.read_bytes()
    policy = load_policy(content.decode(), str(file))
    if policy.database is None:
        content += f"\ndatabase: {_quoted(database)}\n".encode()
    files = {POLICY_FILE: content}
    if policy.script is not None:
        files[policy.script.file] = (file.parent / policy.script.file).read_bytes()
    return files


def without_password(conninfo: str) -> str:
    """Write the user's own address without the password in it."""
    fields = conninfo_to_dict(conninfo)
    fields.pop("password", None)
    return make_conninfo("", **fields)


def _fill(original: Original, folder: RunFolder, filling: Filling) -> None:
    """Copy the user's database; the dump holds his data in the clear and goes in any case."""
    dump = folder.path / "original.dump"
    try:
        if not RDS_NAME.fullmatch(original.name):
            _create_database(filling, original.name)
        filling.say(f"reading {original.label}")
        take_dump(original, dump, lambda size: filling.say(f"reading {original.label}: {size / 1e6:,.0f} MB"))
        filling.say(f"copying {dump.stat().st_size / 1e6:,.0f} MB into the embedded cloud")
        left_out = restore_dump(
            dump, filling.admin_dsn, original, filling.master, filling.password, filling.url
        )
        for what in left_out:
            filling.note(f"{what} is left out of the copy")
    finally:
        dump.unlink(missing_ok=True)
        dump.with_suffix(".list").unlink(missing_ok=True)


def _create_database(filling: Filling, name: str) -> None:
    with psycopg.connect(filling.admin_dsn, dbname="postgres", autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(
                sql.Identifier(name), sql.Identifier(filling.master)
            )
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _hints(outcome: Outcome) -> list[str]:
    target = outcome.result.target
    if not outcome.result.kept or target is None:
        return ["Your database was only read, and nothing of the copy is left."]
    return [
        "Your database was only read. Look at the masked copy:",
        f"  {client_line(target.dsn)}",
        "Remove it and everything else of it: snapveil local down",
    ]
