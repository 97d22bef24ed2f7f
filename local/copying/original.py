"""The user's own database: how it is reached, what it is, and what of it the embedded engine cannot hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from local.engines.placement import wheel_binaries

Connection = psycopg.Connection[tuple[object, ...]]

NEWEST_SERVER = 18
OLDEST_SERVER = 12  # the oldest whose catalogue the policy's preflight reads
CONNECT_PATIENCE_SECONDS = 10
EXAMPLE_URL = "postgresql://user:password@host:5432/database"

# An extension that nothing uses is left out in silence; members of an extension never use it in this sense.
_USERS_OF_EXTENSIONS = """
SELECT DISTINCT ON (e.extname) e.extname, pg_describe_object(d.classid, d.objid, d.objsubid)
FROM pg_extension e
JOIN pg_depend member ON member.refclassid = 'pg_extension'::regclass AND member.refobjid = e.oid
  AND member.deptype = 'e'
JOIN pg_depend d ON (d.refclassid, d.refobjid) = (member.classid, member.objid) AND d.deptype IN ('n', 'a')
WHERE NOT EXISTS (
    SELECT FROM pg_depend own
    WHERE (own.classid, own.objid) = (d.classid, d.objid) AND own.deptype IN ('e', 'i')
      AND (own.refclassid = 'pg_extension'::regclass OR EXISTS (
        SELECT FROM pg_depend up
        WHERE (up.classid, up.objid) = (own.refclassid, own.refobjid) AND up.deptype = 'e'
      ))
)
ORDER BY 1, 2
"""

_EXTENSIONS = """
SELECT e.extname, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname <> 'plpgsql' ORDER BY e.oid
"""

_ICU_COLUMN = """
SELECT format('%I.%I.%I', n.nspname, c.relname, a.attname), l.collname
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_collation l ON l.oid = a.attcollation
WHERE l.collprovider = 'i' AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
ORDER BY 1 LIMIT 1
"""

_ICU_COLLATION = """
SELECT format('%I.%I', n.nspname, l.collname)
FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace
WHERE l.collprovider = 'i' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1 LIMIT 1
"""

_FOREIGN_TABLE = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_foreign_table f
JOIN pg_class c ON c.oid = f.ftrelid JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY 1 LIMIT 1
"""

_HIDDEN_ROWS = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relrowsecurity AND row_security_active(c.oid) ORDER BY 1 LIMIT 1
"""

_UNREADABLE = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname !~ '^pg_(toast|temp)'
  AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))
ORDER BY 1 LIMIT 1
"""

_ROLES_OF_POLICIES = """
SELECT DISTINCT r.rolname FROM pg_policy p, unnest(p.polroles) AS role
JOIN pg_roles r ON r.oid = role ORDER BY 1
"""


class OriginalError(Exception):
    """The user's database cannot be read or copied; the text says why and what to do, in one line."""


@dataclass(frozen=True)
class Extension:
    """An extension of the user's database and the schema in which it lives."""

    name: str
    schema: str


@dataclass(frozen=True)
class Original:
    """What is known of the user's database. `label` names it without its password; `size` is in bytes."""

    conninfo: str
    label: str
    name: str
    server_version: str
    size: int
    encrypted: bool
    extensions: tuple[Extension, ...]
    unused_extensions: tuple[str, ...]
    roles: tuple[str, ...]


def read_url(url: str) -> str:
    """Return the connection string that libpq understands. Raises OriginalError."""
    scheme, separator, rest = url.partition("://")
    if separator:
        family, _, _driver = scheme.partition("+")  # SQLAlchemy writes postgresql+psycopg://
        if family not in {"postgres", "postgresql"}:
            raise OriginalError(f"{family}:// is no PostgreSQL address; write {EXAMPLE_URL}")
        url = f"postgresql://{rest}"
    try:
        fields = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise OriginalError(
            f"the database address cannot be read ({_line(error)}); write {EXAMPLE_URL}"
        ) from None
    if not all(part.isdigit() for part in str(fields.get("port") or "5432").split(",")):
        raise OriginalError(
            f"the database address cannot be read (port {fields['port']} is no number); write {EXAMPLE_URL}"
        )
    if not fields:
        raise OriginalError(f"the database address is empty; write {EXAMPLE_URL}")
    return url


def label_of(conninfo: str) -> str:
    """Name a database without its password."""
    fields = conninfo_to_dict(conninfo)
    place = f"{fields.get('host') or fields.get('hostaddr') or 'localhost'}:{fields.get('port') or 5432}"
    return f"{place}/{fields.get('dbname') or fields.get('user') or ''}".rstrip("/")


@contextmanager
def reading(conninfo: str) -> Iterator[Connection]:
    """Connect for reading only, in one transaction that sees one state. Raises OriginalError."""
    fields = conninfo_to_dict(conninfo)
    fields.setdefault("connect_timeout", str(CONNECT_PATIENCE_SECONDS))
    fields["options"] = read_only_options(str(fields.get("options") or ""))
    try:
        connection = psycopg.connect(make_conninfo("", **fields))
    except psycopg.OperationalError as error:
        raise OriginalError(_why_refused(label_of(conninfo), error)) from None
    with connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield connection


def read_only_options(options: str) -> str:
    """Add to a session's options that the server itself shall refuse every change."""
    return f"{options} -c default_transaction_read_only=on".strip()


def examine(conninfo: str) -> Original:
    """Look at the user's database. Raises OriginalError if it cannot be reached or cannot be copied."""
    with reading(conninfo) as connection:
        info = connection.info
        major = info.server_version // 10000
        label = label_of(conninfo)
        if major > NEWEST_SERVER:
            raise OriginalError(
                f"{label} is PostgreSQL {major}, and the embedded engine is PostgreSQL {NEWEST_SERVER},"
                " which cannot hold a copy of a newer one; wait for a newer Snapveil, or try an older server"
            )
        if major < OLDEST_SERVER:
            raise OriginalError(
                f"{label} is PostgreSQL {major}; `snapveil try` reads {OLDEST_SERVER} to {NEWEST_SERVER}"
            )
        _refuse_what_cannot_be_read(connection, label)
        extensions, unused = _extensions(connection, label)
        _refuse_what_cannot_be_held(connection, label)
        return Original(
            conninfo=conninfo,
            label=label,
            name=info.dbname,
            server_version=info.parameter_status("server_version") or str(major),
            size=int(str(_value(connection, "SELECT pg_database_size(current_database())"))),
            encrypted=bool(info.pgconn.ssl_in_use),
            extensions=extensions,
            unused_extensions=unused,
            roles=tuple(str(row[0]) for row in connection.execute(_ROLES_OF_POLICIES).fetchall()),
        )


def embedded_extensions() -> frozenset[str]:
    """Name the extensions that the embedded engine has."""
    controls = (wheel_binaries().parent / "share").glob("**/extension/*.control")
    return frozenset(control.stem for control in controls)


def _extensions(connection: Connection, label: str) -> tuple[tuple[Extension, ...], tuple[str, ...]]:
    """Tell those to create from those that the engine has not but that nothing uses."""
    known = embedded_extensions()
    used = {str(name): str(by) for name, by in connection.execute(_USERS_OF_EXTENSIONS).fetchall()}
    wanted: list[Extension] = []
    unused: list[str] = []
    for name, schema in ((str(row[0]), str(row[1])) for row in connection.execute(_EXTENSIONS).fetchall()):
        if name in known:
            wanted.append(Extension(name, schema))
        elif name in used:
            raise OriginalError(
                f"{label} uses the extension {name} ({used[name]}), which the embedded engine has not; try a"
                " copy of the database without it (on AWS the database is masked where it is)"
            )
        else:
            unused.append(name)
    return tuple(wanted), tuple(unused)


def _refuse_what_cannot_be_read(connection: Connection, label: str) -> None:
    user = connection.info.user
    unreadable = _value(connection, _UNREADABLE)
    if unreadable is not None:
        raise OriginalError(
            f"{label}: {user} may not read {unreadable}; give the address of a user who may"
            f' (GRANT pg_read_all_data TO "{user}")'
        )
    hidden = _value(connection, _HIDDEN_ROWS)
    if hidden is not None:
        raise OriginalError(
            f"{label}: row security hides rows of {hidden} from {user}; give the address of its owner"
            " or of a user with BYPASSRLS"
        )


def _refuse_what_cannot_be_held(connection: Connection, label: str) -> None:
    column = connection.execute(_ICU_COLUMN).fetchone()
    if column is not None:
        raise OriginalError(
            f"{label}: {column[0]} is sorted by the ICU collation {column[1]}, and the embedded engine has"
            " no ICU; try a copy of the database without it"
        )
    collation = _value(connection, _ICU_COLLATION)
    if collation is not None:
        raise OriginalError(
            f"{label}: the collation {collation} is of ICU, which the embedded engine has not;"
            " try a copy of the database without it"
        )
    foreign = _value(connection, _FOREIGN_TABLE)
    if foreign is not None:
        raise OriginalError(
            f"{label}: {foreign} is a foreign table, whose rows are on another server, which `snapveil try`"
            " does not read; try a copy of the database without it"
        )


def _why_refused(label: str, error: psycopg.OperationalError) -> str:
    """Say in one line why there is no connection; the words are libpq's and the server's own."""
    text = _line(error)
    if "password authentication failed" in text or "no password supplied" in text:
        return f"{label} refused the user or the password; check both in the address"
    if "does not exist" in text:
        return f"{label} refused the connection ({text.rsplit('FATAL:', 1)[-1].strip()}); check the address"
    if "Connection refused" in text or "No such file or directory" in text:
        return f"nothing answers at {label.rsplit('/', 1)[0]}; check host and port, and that the server runs"
    if "startup parameter" in text:
        return f"{label} is a connection pooler; give the address of PostgreSQL itself"
    return f"{label} cannot be reached: {text}"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _value(connection: Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def program(name: str) -> Path:
    """Find one of PostgreSQL's programs in the embedded engine."""
    return wheel_binaries() / name
