"""`snapveil try`: the whole loop over a copy of a database that the user has."""

from pathlib import Path

import click

from cli.databases import client_line
from cli.exits import FAILED, FINE, InputError
from cli.folders import RunFolder, run_folder
from cli.loop import Material, Outcome, run_loop
from cli.mask_keys import VARIABLE, mask_key
from cli.originals import UsersDatabase, examined
from cli.policy.bundling import bundle_of
from cli.policy.files import database_argument, given, held, policy_file, usable
from cli.sampling import look_at, samples_of, where_to_look
from cli.summary import failure, show_summary
from cli.view import open_console, screen
from local.copying.original import OriginalError
from services.anonymize.worker.policy import Policy
from shared.bundle import POLICY_FILE
from shared.database.port import Kind

SOURCE = "mine"
MASTER = "snapveil_master"
KEY_SECRET = "snapveil-mask-key-try"  # noqa: S105 - a name
YOURS = "your-policy.yaml"


@click.command("try")
@database_argument
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
@click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"The mask key, where the policy says key: {{secret: …}}; without it {VARIABLE} holds it.",
)
def command(
    database_url: str | None,
    policy: Path,
    key_file: Path | None,
    *,
    keep: bool,
    cluster: bool,
    directory: Path,
) -> int:
    """Run the whole loop over a copy of the database at DATABASE_URL, on this machine.

    DATABASE_URL is postgresql://user:password@host:port/database, or mysql://… for MySQL and MariaDB; where
    it is left out, the environment variable of this name counts. Your database is only read.

    The copy becomes the production database of an embedded cloud, and what comes out is a masked copy that
    you can look at. Nothing leaves this machine.
    """
    original, file, written = _checked(given(database_url), policy)
    key = mask_key(written.key, key_file)
    console = open_console()
    with run_folder(directory.absolute(), "try") as folder:
        material = _material(original, file, written, key, folder, Kind.CLUSTER if cluster else Kind.INSTANCE)
        with screen(console) as shown:
            for note in original.notes:
                shown.note(note)
            outcome = run_loop(material, folder, shown, keep=keep)
        if outcome.result.status != "succeeded":
            for line in failure(outcome.result, folder.result, folder.path):
                click.echo(f"snapveil: {line}", err=True)
            return FAILED
        samples = samples_of(outcome.before, outcome.after)
        show_summary(console, outcome.result, samples, folder.result, _hints(outcome))
        return FINE


def _checked(database_url: str, policy: Path) -> tuple[UsersDatabase, Path, Policy]:
    """Check everything that can be checked before anything is started; return the policy as it is for this
    database. Raises InputError."""
    file = policy_file(policy)
    try:
        original = examined(database_url)
    except OriginalError as error:
        raise InputError(str(error)) from None
    written = usable(file)
    checked = held(written, original.url, None)
    if checked.problems:
        raise InputError("\n".join(map(str, checked.problems)))
    bundle_of(file, written)  # says what does not lie beside the policy
    return original, file, checked.policy


def _material(
    original: UsersDatabase, file: Path, policy: Policy, key: str | None, folder: RunFolder, kind: Kind
) -> Material:
    where = where_to_look(policy)
    return Material(
        source=SOURCE,
        kind=kind,
        engine=original.engines[kind],
        identifier=f"{SOURCE}-prod",
        database=original.name,
        rds_database=original.rds_name,
        master=MASTER,
        policy=_bundle(file, policy, original.name),
        fill=lambda filling: original.fill(folder.path, filling),
        look=lambda url: look_at(url, where),
        shown_source=original.shown,
        secrets={KEY_SECRET: key} if key is not None else {},
    )


def _bundle(file: Path, policy: Policy, database: str) -> dict[str, bytes]:
    """Read the policy and its files, and let it name its database, which is what the copy is called, and the
    secret that its key has here."""
    files = bundle_of(file, policy)
    own = "" if policy.database is not None else f"\ndatabase: {_quoted(database)}\n"
    if policy.key is None:
        files[POLICY_FILE] += own.encode()
        return files
    around = f"version: 1\ninclude: [{YOURS}]\noverride: [key]\nkey: {{secret: {KEY_SECRET}}}\n{own}"
    return files | {YOURS: files[POLICY_FILE], POLICY_FILE: around.encode()}


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
