"""The user's own database, of either family: what it is, and how it is copied."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cli.loop import Filling
from local import mysql
from local.copying import mysql_copying, mysql_original, original
from local.copying.copying import restore_dump, take_dump
from local.copying.original import EXAMPLE_URL, Original, OriginalError
from shared.database.port import Kind

RDS_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")  # what CreateDBInstance takes as DBName
_EMBEDDED = "the embedded engine has it not, and nothing uses it"


@dataclass(frozen=True)
class UsersDatabase:
    """A database that can be copied. `notes` say what a copy is not; `fill` makes one, in a run's folder."""

    url: str
    label: str
    name: str
    shown: str
    engines: Mapping[Kind, str]
    notes: tuple[str, ...]
    fill: Callable[[Path, Filling], None]

    @property
    def rds_name(self) -> str | None:
        """Its name, if RDS makes a database of that name."""
        return self.name if RDS_NAME.fullmatch(self.name) else None


def examined(database_url: str) -> UsersDatabase:
    """Look at a database. Raises OriginalError if it cannot be reached or cannot be copied."""
    return _mysql(database_url) if mysql.is_mysql(database_url) else _postgresql(database_url)


def without_password(conninfo: str) -> str:
    """Write the address of a PostgreSQL database without the password in it."""
    fields = conninfo_to_dict(conninfo)
    fields.pop("password", None)
    return make_conninfo("", **fields)


def _postgresql(database_url: str) -> UsersDatabase:
    try:
        found = original.examine(original.read_url(database_url))
    except OriginalError as error:
        if "://" in database_url and EXAMPLE_URL in str(error):
            raise OriginalError(f"{error}, or {mysql_original.EXAMPLE_URL}") from None
        raise
    return UsersDatabase(
        url=found.conninfo,
        label=found.label,
        name=found.name,
        shown=without_password(found.conninfo),
        engines={Kind.INSTANCE: "postgres", Kind.CLUSTER: "aurora-postgresql"},
        notes=tuple(f"extension {one} is left out: {_EMBEDDED}" for one in found.unused_extensions),
        fill=lambda folder, filling: _fill_postgresql(found, folder, filling),
    )


def _fill_postgresql(found: Original, folder: Path, filling: Filling) -> None:
    """Copy by a dump, which holds the user's data in the clear and goes in any case."""
    dump = folder / "original.dump"
    try:
        if not RDS_NAME.fullmatch(found.name):
            with psycopg.connect(filling.admin_dsn, dbname="postgres", autocommit=True) as connection:
                create = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(create.format(sql.Identifier(found.name), sql.Identifier(filling.master)))
        filling.say(f"reading {found.label}")
        take_dump(found, dump, lambda size: filling.say(f"reading {found.label}: {size / 1e6:,.0f} MB"))
        filling.say(f"copying {dump.stat().st_size / 1e6:,.0f} MB into the embedded cloud")
        left_out = restore_dump(dump, filling.admin_dsn, found, filling.master, filling.password, filling.url)
        for what in left_out:
            filling.note(f"{what} is left out of the copy")
    finally:
        dump.unlink(missing_ok=True)
        dump.with_suffix(".list").unlink(missing_ok=True)


def _mysql(database_url: str) -> UsersDatabase:
    found = mysql_original.examine(mysql_original.read_url(database_url))
    is_mariadb = "MariaDB" in found.server_version
    return UsersDatabase(
        url=found.url,
        label=found.label,
        name=found.name,
        shown=found.shown,
        engines={Kind.INSTANCE: "mariadb" if is_mariadb else "mysql", Kind.CLUSTER: "aurora-mysql"},
        notes=found.notes,
        fill=lambda _, filling: _fill_mysql(found, filling),
    )


def _fill_mysql(found: mysql_original.MySQLOriginal, filling: Filling) -> None:
    """Copy from server to server."""
    if not RDS_NAME.fullmatch(found.name):
        with mysql.connect(filling.url, database=None) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {mysql.quoted(found.name)}")
    filling.say(f"reading {found.label}")
    for what in mysql_copying.copy(found, filling.url, filling.say):
        filling.note(f"{what} is left out of the copy")
