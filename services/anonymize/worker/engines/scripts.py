"""Runs the customer's own script: an SQL file through a connection, anything else as a program."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import psycopg

from services.anonymize.worker.connecting import Address
from services.anonymize.worker.engines.postgresql.connecting import open_connection
from services.anonymize.worker.failures import MaskingError, reason_of

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


def run_script(file: str, files: Mapping[str, bytes], address: Address) -> None:
    """Run `file` of a bundle's files against the database. Raises MaskingError; a program's own words are
    withheld, because they may quote personal data."""
    content = files.get(file)
    if content is None:
        raise MaskingError(f"script: {file} does not lie beside the policy; publish it there")
    if PurePosixPath(file).suffix == ".sql":
        _run_sql(file, content, address)
    else:
        _run_program(file, files, address)


def _run_sql(file: str, content: bytes, address: Address) -> None:
    try:
        statements = content.decode()
    except UnicodeDecodeError:
        raise MaskingError(f"script: {file} is not UTF-8") from None
    connection = open_connection(address)
    try:
        # without parameters psycopg sends the file as it is: several statements, in one transaction unless it
        # says so
        connection.execute(statements.encode())
    except psycopg.Error as error:
        raise MaskingError(f"script: {file}: {reason_of(error)}") from error
    finally:
        connection.close()


def _run_program(file: str, files: Mapping[str, bytes], address: Address) -> None:
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
                env=environment | address.environment(),
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
