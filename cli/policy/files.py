"""What the policy commands are given: a policy, a database or a schema file, and the form of the answer."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from cli.exits import FAILED, InputError
from services.anonymize.worker import (
    Checked,
    ConnectionProblemError,
    PolicyError,
    Problem,
    SchemaFileError,
    check_database,
    check_schema,
    discover_schema,
    read_policy,
    read_schema,
)
from services.anonymize.worker.engines import PLANNERS
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.schema import Schema
from shared.bundle import MAX_BYTES, POLICY_FILE

DEFAULT = Path(POLICY_FILE)
Command = TypeVar("Command", bound=Callable[..., Any])


def policy_option(command: Command) -> Command:
    """Which policy."""
    return click.option(
        "--policy",
        "policy",
        type=click.Path(path_type=Path),
        default=DEFAULT,
        show_default=True,
        help="The policy, or the folder that holds policy.yaml.",
    )(command)


def format_option(command: Command) -> Command:
    """For whom the answer is."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For people, or for programs.",
    )(command)


def database_argument(command: Command) -> Command:
    """A database, or the one that the environment names."""
    return click.argument("database_url", envvar="DATABASE_URL", required=False)(command)


def schema_options(command: Command) -> Command:
    """A database, or a file in its place."""
    file = click.option(
        "--schema",
        "schema_file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="A file that `snapveil policy dump` or a run wrote, in place of a database.",
    )
    return database_argument(file(command))


def policy_file(path: Path) -> Path:
    """Find the policy's file, given itself or its folder. Raises InputError."""
    file = path / POLICY_FILE if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"{file} is not there; `snapveil policy init DATABASE_URL` writes a first one")
    if file.stat().st_size > MAX_BYTES:
        raise InputError(f"{file} has more than {MAX_BYTES} bytes, which is no policy")
    return file


def loaded(file: Path) -> tuple[Policy | None, list[Problem]]:
    """Read a policy; or say what is wrong with it. Raises InputError."""
    try:
        return read_policy(file), []
    except PolicyError as error:
        return None, error.problems
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None


def usable(file: Path) -> Policy:
    """Read a policy that must have no problem of its own. Raises InputError."""
    policy, problems = loaded(file)
    if policy is None:
        raise InputError("\n".join(map(str, problems)))
    return policy


def held(policy: Policy, database_url: str | None, schema_file: Path | None) -> Checked:
    """Hold a policy against a database or a schema file, which comes before a database that only the
    environment names. Raises InputError."""
    if schema_file is not None:
        context = click.get_current_context(silent=True)
        if context and context.get_parameter_source("database_url") is ParameterSource.COMMANDLINE:
            raise InputError("DATABASE_URL and --schema are two answers to one question; leave one out")
        return check_schema(policy, *from_file(schema_file))
    try:
        return check_database(policy, given(database_url))
    except ConnectionProblemError as error:
        raise InputError(str(error)) from None


def schema_of(database_url: str | None, schema_file: Path | None) -> tuple[str, Schema]:
    """Return a schema and its family. Raises InputError."""
    if schema_file is not None:
        return from_file(schema_file)
    try:
        return discover_schema(given(database_url))
    except ConnectionProblemError as error:
        raise InputError(str(error)) from None


def from_file(path: Path) -> tuple[str, Schema]:
    """Read a schema file. Raises InputError."""
    try:
        family, schema = read_schema(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is no UTF-8 text") from None
    except SchemaFileError as error:
        raise InputError(f"{path}: {error}") from None
    if family not in PLANNERS:
        raise InputError(f"{path}: it is of {family}; this Snapveil plans for {', '.join(PLANNERS)}")
    return family, schema


def given(database_url: str | None) -> str:
    """Return the database's URL. Raises InputError if there is none."""
    if database_url is None:
        context = click.get_current_context(silent=True)
        may_be_file = context is not None and "schema_file" in context.params
        other = ", or a file with --schema" if may_be_file else ", or set DATABASE_URL"
        raise InputError(f"name a database, like postgresql://me@localhost/mydb{other}")
    return database_url


def as_json(value: object) -> str:
    """An answer for programs."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def show_problems(problems: Iterable[Problem], form: str) -> int:
    """Say what is wrong where it keeps a command from its answer; return the exit code."""
    if form == "json":
        click.echo(as_json({"problems": [problem_json(problem) for problem in problems]}))
    else:
        for problem in problems:
            click.echo(str(problem))
    return FAILED


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem for programs."""
    at = problem.at
    return {"file": at.file, "line": at.line, "column": at.column, "message": problem.message}
