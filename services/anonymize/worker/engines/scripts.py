"""Runs the customer's own scripts, each once: SQL through a connection, anything else as a program.

SQL that is one transaction runs in one with its checkpoint. What a program or several transactions did when
their worker was killed nobody can tell, so of those it is written down that they begin; a later worker that
finds no end to it refuses to go on.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from services.anonymize.worker.checkpoints import Checkpoints
from services.anonymize.worker.engines.port import Database
from services.anonymize.worker.failures import MaskingError

INLINE = "/statements.sql"  # what SQL of the policy itself is called, as no file beside it can be
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


@dataclass(frozen=True)
class Sql:
    """How a family of databases runs the text of an SQL file."""

    in_one: Callable[[str, str], bool]
    """Run statements in one transaction with the checkpoint of a step; False, with nothing done, where these
    statements cannot be one."""
    as_written: Callable[[str], None]
    """Run statements as they are."""


def run_script(
    step: str,
    file: str,
    files: Mapping[str, bytes],
    database: Database,
    checkpoints: Checkpoints,
    sql: Sql,
) -> None:
    """Run `file` of a bundle's files against the database, unless an earlier worker did. Raises MaskingError;
    a program's own words are withheld, because they may quote personal data."""
    said = "sql" if file == INLINE else f"script: {file}"
    content = files.get(file)
    if content is None:
        raise MaskingError(f"{said} does not lie beside the policy; publish it there")
    done = checkpoints.done()
    if step in done:
        return
    if _begun(step) in done:
        raise _unknown(said)

    def marked(run: Callable[[], None]) -> None:
        with database.begin() as connection:
            if not checkpoints.claim(connection, _begun(step)):
                raise _unknown(said)
        run()
        with database.begin() as connection:
            checkpoints.claim(connection, step)

    if PurePosixPath(file).suffix != ".sql":
        marked(lambda: _run_program(file, files, database.address.environment()))
        return
    try:
        statements = content.decode("utf-8-sig")  # some editors mark a file as UTF-8 at its start
    except UnicodeDecodeError:
        raise MaskingError(f"{said} is not UTF-8") from None
    try:
        if not sql.in_one(step, statements):
            marked(lambda: sql.as_written(statements))
    except MaskingError as error:
        raise MaskingError(f"{said}: {error}") from error


def _begun(step: str) -> str:
    return f"{step} begun"


def _unknown(said: str) -> MaskingError:
    return MaskingError(
        f"{said}: a worker was stopped while it ran, and it is no single transaction, so nobody can"
        " tell what it did; ask for a refresh to begin again from a fresh restore"
    )


def _run_program(file: str, files: Mapping[str, bytes], login: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory(prefix="snapveil-script-") as folder:
        for name, content in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o700)
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        try:
            result = subprocess.run(
                [str(Path(folder) / file)],
                check=False,
                cwd=folder,
                env={**environment, **login},
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,  # the worker's log, which stays in production
            )
        except OSError as error:
            raise MaskingError(
                f"script: {file} cannot be started: {error.strerror}; has it a #! line?"
            ) from error
    if result.returncode != 0:
        raise MaskingError(
            f"script: {file} ended with exit code {result.returncode};"
            " what it printed may hold personal data and stands"
            " in the worker's log only"
        )
