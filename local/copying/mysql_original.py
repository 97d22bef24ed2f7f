"""The user's own MySQL or MariaDB database: how it is reached and read, and what of it cannot be copied."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pymysql
from pymysql.connections import Connection

from local.copying.original import OriginalError
from local.mysql import NO_TLS_THERE, AddressError, connect, parameters_of, quoted, without_password

CONNECT_PATIENCE_SECONDS = 10
OLDEST = {"MariaDB": (10, 3), "MySQL": (5, 7)}
EXAMPLE_URL = "mysql://user:password@host:3306/database"
ENGINES = frozenset({"INNODB", "MYISAM", "ARIA", "MEMORY", "CSV", "MRG_MYISAM"})  # what the embedded one has
_NEEDED = ("SELECT", "SHOW VIEW", "TRIGGER", "EVENT")  # without the last three, such things are invisible
_REFUSED_LOGIN, _NO_DATABASE, _NO_ACCESS, _NOBODY_THERE = 1045, 1049, 1044, 2003

_PRIVILEGES = """
SELECT privilege_type FROM information_schema.user_privileges
UNION SELECT privilege_type FROM information_schema.schema_privileges WHERE database() LIKE table_schema
"""
_TABLES = """
SELECT table_name, table_type, engine FROM information_schema.tables
WHERE table_schema = database() ORDER BY table_name
"""
_SIZE = """
SELECT coalesce(sum(data_length + index_length), 0) FROM information_schema.tables
WHERE table_schema = database()
"""
_ROUTINES = """
SELECT routine_type, routine_name FROM information_schema.routines
WHERE routine_schema = database() ORDER BY routine_type, routine_name
"""


@dataclass(frozen=True)
class MySQLOriginal:
    """What is known of the user's database. `label` names it without its password; `size` is in bytes.

    `tables` are those with rows, `sequences` MariaDB's; `notes` say what a copy cannot be exact about.
    """

    url: str
    label: str
    name: str
    server_version: str
    size: int
    tables: tuple[str, ...]
    views: tuple[str, ...]
    sequences: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def shown(self) -> str:
        """Its address without the password."""
        return without_password(self.url)


def read_url(url: str) -> str:
    """Return an address that names a database. Raises OriginalError."""
    try:
        given = parameters_of(url)
    except AddressError as error:
        raise OriginalError(f"the database address cannot be read ({error}); write {EXAMPLE_URL}") from None
    if given["database"] is None:
        raise OriginalError(f"the database address names no database; write {EXAMPLE_URL}")
    return url


def label_of(url: str) -> str:
    """Name a database without its password."""
    given = parameters_of(url)
    place = given.get("unix_socket") or f"{given['host']}:{given['port']}"
    return f"{place}/{given['database']}"


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """Connect for reading only, in one transaction that sees one state. Raises OriginalError."""
    try:
        connection = connect(url, autocommit=False, connect_timeout=CONNECT_PATIENCE_SECONDS)
    except pymysql.err.OperationalError as error:
        raise OriginalError(_why_refused(label_of(url), error)) from None
    with connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(
            "SET SESSION time_zone = '+00:00', net_write_timeout = 3600, sql_quote_show_create = 1"
        )
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        yield connection


def examine(url: str) -> MySQLOriginal:
    """Look at the user's database. Raises OriginalError if it cannot be reached or cannot be copied."""
    label = label_of(url)
    with reading(url) as connection:
        version = str(rows(connection, "SELECT version()")[0][0])
        _refuse_old_ones(label, version)
        _refuse_what_cannot_be_seen(connection, label)
        kinds: dict[str, list[str]] = {}
        notes: list[str] = []
        for name, kind, engine in rows(connection, _TABLES):
            kinds.setdefault(kind, []).append(name)
            if engine is not None and kind != "SEQUENCE" and engine.upper() not in ENGINES:
                raise OriginalError(
                    f"{label}: table {name} is of the engine {engine}, which the embedded engine has not; "
                    "try a copy of the database without it"
                )
            if engine not in (None, "InnoDB") and kind != "SEQUENCE":
                notes.append(f"table {name} is of {engine}, which knows no transactions: read as it was then")
            if kind == "SYSTEM VERSIONED":
                notes.append(f"the history of table {name} is left out; its present rows are copied")
        return MySQLOriginal(
            url=url,
            label=label,
            name=str(rows(connection, "SELECT database()")[0][0]),
            server_version=version,
            size=int(rows(connection, _SIZE)[0][0]),
            tables=(*kinds.get("BASE TABLE", ()), *kinds.get("SYSTEM VERSIONED", ())),
            views=tuple(kinds.get("VIEW", ())),
            sequences=tuple(kinds.get("SEQUENCE", ())),
            notes=tuple(notes),
        )


def rows(connection: Connection, query: str, *values: object) -> Sequence[Any]:
    """A query's rows."""
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchall()


def _refuse_old_ones(label: str, version: str) -> None:
    product = "MariaDB" if "MariaDB" in version else "MySQL"
    number = re.search(r"(\d+)\.(\d+)", version)
    if number is None or (int(number[1]), int(number[2])) < OLDEST[product]:
        raise OriginalError(
            f"{label} is {product} {version}; `snapveil try` reads MySQL from 5.7 and MariaDB from 10.3 on"
        )


def _refuse_what_cannot_be_seen(connection: Connection, label: str) -> None:
    user, database = rows(connection, "SELECT current_user(), database()")[0]
    granted = {str(row[0]).upper() for row in rows(connection, _PRIVILEGES)}
    missing = [one for one in _NEEDED if one not in granted]
    if missing:
        name, _, host = str(user).rpartition("@")
        raise OriginalError(
            f"{label}: {user} may not see everything of it; GRANT {', '.join(missing)} ON "
            f"{quoted(database)}.* TO '{name}'@'{host}', or give the address of a user who may"
        )
    for kind, name in rows(connection, _ROUTINES):
        if rows(connection, f"SHOW CREATE {kind} {quoted(name)}")[0][2] is None:
            raise OriginalError(
                f"{label}: {user} may not read the {str(kind).lower()} {name}; give the address of its "
                "definer or of a user who may (GRANT SHOW_ROUTINE ON *.* in MySQL, SELECT ON mysql.proc in "
                "MariaDB)"
            )


def _why_refused(label: str, error: pymysql.err.OperationalError) -> str:
    """Say in one line why there is no connection."""
    code = error.args[0] if error.args else None
    if code == _REFUSED_LOGIN:
        return f"{label} refused the user or the password; check both in the address"
    if code in (_NO_DATABASE, _NO_ACCESS):
        return f"{label} is not there, or this user may not enter it; check the address"
    if code == _NOBODY_THERE:
        return f"nothing answers at {label.rsplit('/', 1)[0]}; check host and port, and that the server runs"
    if code == NO_TLS_THERE:
        return f"{label} does not offer the TLS that tls=require asks for; write tls=prefer to do without"
    return f"{label} cannot be reached: {' '.join(str(part) for part in error.args)}"
