"""Takes the dump of the user's database and restores it into a database of the embedded cloud.

The copy belongs to the master user, who is no superuser, as on RDS: code that the user's database holds
(defaults, index expressions, views) runs with his rights only. What needs RDS's administrator is done first.
"""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from local.copying.gateway import PORT, gateway, is_reachable_by_path
from local.copying.original import Original, program, read_only_options, reading

# Left out: what would reach another server, what only a superuser may make, and what was made beforehand.
_NEVER_RESTORED = (
    "EXTENSION",
    "COMMENT - EXTENSION",
    "EVENT TRIGGER",
    "COMMENT - EVENT TRIGGER",
    "FOREIGN DATA WRAPPER",
    "COMMENT - FOREIGN DATA WRAPPER",
    "SERVER",
    "COMMENT - SERVER",
    "USER MAPPING",
)
_WHAT_TO_LEAVE_OUT = (
    "--no-owner",
    "--no-privileges",
    "--no-publications",
    "--no-subscriptions",
    "--no-security-labels",
    "--no-tablespaces",
    "--no-toast-compression",  # the embedded engine is built without lz4
    "--no-statistics",  # they hold values
)

_SETTINGS_OF_THE_USERS_LIBPQ = ("ssl", "gss", "channel_binding", "requirepeer")


class CopyError(Exception):
    """The copy could not be made; the text names the object and gives PostgreSQL's own reason."""


def take_dump(original: Original, file: Path, progress: Callable[[int], None] | None = None) -> None:
    """Read the user's database into `file`; `progress` hears the bytes written. Raises CopyError."""
    with ExitStack() as stack:
        conninfo, password = stack.enter_context(_reachable(original))
        command = [
            str(program("pg_dump")),
            "--format=custom",
            "--compress=none",
            "--no-sync",
            "--no-password",
            *_WHAT_TO_LEAVE_OUT,
            f"--file={file}",
            f"--dbname={conninfo}",
        ]
        file.touch(mode=0o600)
        if progress is not None:
            stack.enter_context(_told_regularly(lambda: progress(file.stat().st_size)))
        _run(command, password)


def restore_dump(
    dump: Path, admin_dsn: str, original: Original, master: str, password: str, conninfo: str
) -> tuple[str, ...]:
    """Fill the empty database behind `conninfo`, as `master`; return what was left out. Raises CopyError."""
    schemas = _prepare(admin_dsn, original, master)
    listing = dump.with_suffix(".list")
    left_out = _write_list(dump, listing, schemas)
    command = [
        str(program("pg_restore")),
        "--exit-on-error",
        "--no-password",
        f"--jobs={max(1, min(4, os.cpu_count() or 1))}",
        f"--use-list={listing}",
        f"--dbname={conninfo}",
        *(option for option in _WHAT_TO_LEAVE_OUT if option != "--no-toast-compression"),
        str(dump),
    ]
    _run(command, password)
    return left_out


def _prepare(admin_dsn: str, original: Original, master: str) -> frozenset[str]:
    """Make what needs RDS's administrator: extensions with their schemas, and roles that policies name."""
    made: set[str] = set()
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
        for role in set(original.roles) - known:
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
        for extension in original.extensions:
            if extension.schema not in {"public", "pg_catalog"}:
                made.add(extension.schema)
                connection.execute(
                    sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(
                        sql.Identifier(extension.schema), sql.Identifier(master)
                    )
                )
            connection.execute(
                sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {} CASCADE").format(
                    sql.Identifier(extension.name), sql.Identifier(extension.schema)
                )
            )
    return frozenset(made)


def _write_list(dump: Path, listing: Path, schemas: frozenset[str]) -> tuple[str, ...]:
    """Write what is to be restored, from the dump's own table of contents."""
    contents = _run([str(program("pg_restore")), "--list", str(dump)], None)
    kept: list[str] = []
    left_out: list[str] = []
    for line in contents.splitlines():
        entry = line.partition("; ")[2].split(" ", 2)[2:]  # "12; 1259 16385 TABLE public people owner"
        words = entry[0] if entry and not line.startswith(";") else ""
        if words.startswith(tuple(f"{kind} " for kind in _NEVER_RESTORED)):
            if not words.startswith(("EXTENSION", "COMMENT")):
                left_out.append(words.rsplit(" ", 1)[0].replace(" - ", " ").lower())
        elif any(words.startswith(f"SCHEMA - {schema} ") for schema in schemas):
            continue
        else:
            kept.append(line)
    listing.write_text("\n".join(kept) + "\n")
    return tuple(left_out)


@contextmanager
def _reachable(original: Original) -> Iterator[tuple[str, str | None]]:
    """Give a connection string for the embedded programs, and the password, which no list may show."""
    fields = {name: str(value) for name, value in conninfo_to_dict(original.conninfo).items()}
    with ExitStack() as stack:
        with reading(original.conninfo) as connection:
            info = connection.info
            fields |= {"host": info.host, "port": str(info.port), "user": info.user, "dbname": info.dbname}
            password, parameters = info.password or None, info.get_parameters()
        fields.pop("password", None)
        fields["options"] = read_only_options(fields.get("options", ""))
        if original.encrypted and not is_reachable_by_path(fields["host"]):
            folder = stack.enter_context(gateway(fields["host"], int(fields["port"]), parameters))
            fields |= {"host": str(folder), "port": str(PORT)}
            fields.pop("hostaddr", None)
        for setting in [name for name in fields if name.startswith(_SETTINGS_OF_THE_USERS_LIBPQ)]:
            del fields[setting]
        yield make_conninfo("", **fields, sslmode="disable"), password


@contextmanager
def _told_regularly(tell: Callable[[], None]) -> Iterator[None]:
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(0.2):
            tell()

    teller = threading.Thread(target=repeat, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _run(command: list[str], password: str | None) -> str:
    # The caller's own settings (PGSSLMODE, PGOPTIONS, …) are in the connection string, or do not apply.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if password is not None:
        environment["PGPASSWORD"] = password
    finished = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if finished.returncode != 0:
        raise CopyError(_what_failed(Path(command[0]).name, finished.stderr))
    return finished.stdout


def _what_failed(program_name: str, said: str) -> str:
    """Find in PostgreSQL's words the object and the reason; the statement may hold values and is left out."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    entry = next(
        (line.split("TOC entry", 1)[1].split(" ", 4)[-1] for line in lines if "TOC entry" in line), ""
    )
    reason = next((line.split("ERROR:", 1)[1].strip() for line in lines if "ERROR:" in line), "")
    if not reason:
        reason = next(
            (line.split("error:", 1)[1].strip() for line in lines if "error:" in line), "no reason given"
        )
    return f"{program_name} stopped{f' at {entry}' if entry else ''}: {reason}"
