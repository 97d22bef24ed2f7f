# SQL keeps its own lines; names come quoted from the dialect, and literals from its own renderer.
# ruff: noqa: E501, S608
"""Finds what ties a copy to production, each thing with the ways to cut it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from services.anonymize.worker.connecting import query
from services.anonymize.worker.engines.mysql.connecting import SYSTEM_DATABASES, Database
from services.anonymize.worker.engines.mysql.discovery import ELSEWHERE
from services.anonymize.worker.engines.mysql.residue.rights import asked, asked_column
from services.anonymize.worker.engines.mysql.schema_texts import TEXTS
from services.anonymize.worker.engines.mysql.sql import qualified, text_literal

Way = tuple[str, ...]


@dataclass(frozen=True)
class Tie:
    """One thing and the ways to cut it, of which the first that is allowed is taken."""

    name: str
    done: str
    ways: tuple[Way, ...] = ()
    hopeless: str = ""  # why no statement of ours cuts it
    beyond: bool = False  # nor would one with any right that RDS lets a master user have


@dataclass(frozen=True)
class Finder:
    """Finds the things of one kind."""

    kind: str
    find: Callable[[Connection, Database], Sequence[Tie]]


_SYSTEM = ", ".join(map(text_literal, SYSTEM_DATABASES))
# The server's own accounts, and RDS's.
_NOBODYS = "{0} NOT LIKE 'rds%' AND {0} NOT LIKE 'mysql.%' AND {0} NOT IN ('mariadb.sys', 'system user', 'event_scheduler', '')"

_EVENTS = f"""
SELECT event_schema, event_name FROM information_schema.events
 WHERE status = 'ENABLED' AND event_schema NOT IN ({_SYSTEM}) ORDER BY 1, 2
"""
# Whoever still works on the server could bring an original back, or see one.
_SESSIONS = f"""
SELECT id, user FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND command <> 'Daemon' AND {_NOBODYS.format("user")} ORDER BY id
"""
_USERS_OF_MARIADB = f"""
SELECT user, host FROM mysql.user WHERE is_role = 'N' AND {_NOBODYS.format("user")} AND CONCAT(user, '@', host) <> CURRENT_USER()
 ORDER BY 1, 2
"""
_USERS_OF_MYSQL = f"""
SELECT user, host FROM mysql.user WHERE account_locked = 'N' AND {_NOBODYS.format("user")} AND CONCAT(user, '@', host) <> CURRENT_USER()
 ORDER BY 1, 2
"""
_SERVERS = "SELECT server_name FROM mysql.servers WHERE COALESCE(password, '') <> '' OR COALESCE(username, '') <> '' ORDER BY 1"
_CONNECTION = "[a-z+]+://[^:@/[:space:]]+:[^@/[:space:]]+@|password[[:space:]]*=[[:space:]]*[^[:space:],;)]"
_SCHEMA_SECRETS = f"SELECT DISTINCT label FROM {TEXTS} t WHERE label NOT LIKE 'server %' AND LOWER(value) REGEXP {text_literal(_CONNECTION)} ORDER BY 1"
_ELSEWHERE = f"""
SELECT table_schema, table_name, engine FROM information_schema.tables
 WHERE engine IN ({", ".join(map(text_literal, sorted(ELSEWHERE)))}) AND table_schema NOT IN ({_SYSTEM}) ORDER BY 1, 2
"""


def _events(connection: Connection, database: Database) -> Sequence[Tie]:
    return [
        Tie(_name(database, schema, name), "disabled", ((f"ALTER EVENT {qualified(schema, name)} DISABLE",),))
        for schema, name in query(connection, _EVENTS)
    ]


# A table's own file goes with its old rows; of a file of several only pages become free, with what they hold.
_IN_SHARED_FILES = """
SELECT name FROM information_schema.innodb_tables WHERE space_type IN ('System', 'General')
   AND name LIKE '%/%' AND name NOT LIKE 'mysql/%' AND name NOT LIKE 'sys/%' ORDER BY 1
"""


def _replication(connection: Connection, database: Database) -> Sequence[Tie]:
    """A replica goes on to copy what happens in production, and knows a password for it. It may copy from several
    servers, each under a name, and forgets each by itself. Who may not see them can forget the nameless one."""
    if database.is_mariadb:
        question, named = "SHOW ALL SLAVES STATUS", "Connection_name"
        stop, forget = "STOP SLAVE {0}", "RESET SLAVE {0} ALL"
    else:
        word = "SLAVE" if database.version < (8, 0, 22) else "REPLICA"
        question, named = f"SHOW {word} STATUS", "Channel_Name"
        stop, forget = f"STOP {word} FOR CHANNEL {{0}}", f"RESET {word} ALL FOR CHANNEL {{0}}"
    said = asked_column(connection, question, named)
    ties = []
    for name in [""] if said is None else sorted(said):
        literal = text_literal(name)
        own = (stop.format(literal), forget.format(literal))
        rds = ("CALL mysql.rds_stop_replication", "CALL mysql.rds_reset_external_master")
        if name:
            rds = (
                f"CALL mysql.rds_stop_replication_for_channel({literal})",
                f"CALL mysql.rds_reset_external_source_for_channel({literal})",
            )
        label = f"from another server, {name}" if name else "from another server"
        ties.append(Tie(label, "ended and forgotten", (own, own[1:], rds, rds[1:])))
    if said is None:
        may = "SLAVE MONITOR" if database.is_mariadb else "REPLICATION CLIENT"  # RDS gives the latter only
        why = f"replication: whether there are connections with names, and passwords for them, only {may} may see"
        ties.append(Tie("under names", "", (), why, beyond=database.is_mariadb))
    return ties


def _sessions(connection: Connection, database: Database) -> Sequence[Tie]:
    return [
        Tie(
            f"{user} (id {number})",
            "ended",
            ((f"KILL CONNECTION {number}",), (f"CALL mysql.rds_kill({number})",)),
        )
        for number, user in query(connection, _SESSIONS)
        if number not in database.sessions
    ]


def _prepared(connection: Connection, database: Database) -> Sequence[Tie]:
    """Transactions that were prepared and never ended: they hold locks, and rows that nobody sees."""
    if database.is_mariadb:
        found = asked(connection, "XA RECOVER FORMAT='SQL'") or []
        names = [str(row[3]) for row in found]
    else:
        found = asked(connection, "XA RECOVER CONVERT XID") or []
        names = [_parted(str(row[3]), int(str(row[1])), int(str(row[0]))) for row in found]
    return [Tie(name, "rolled back", ((f"XA ROLLBACK {name}",),)) for name in names]


def _parted(digits: str, first: int, form: int) -> str:
    """MySQL says both parts of a name as one hexadecimal number. A name is written as MariaDB writes it."""
    both = bytes.fromhex(digits.removeprefix("0x"))
    name, branch = (_said(part) for part in (both[:first], both[first:]))
    return name if (branch, form) == ("''", 1) else f"{name},{branch},{form}"


def _said(part: bytes) -> str:
    plain = part.isascii() and part.decode("latin1").isprintable()
    return text_literal(part.decode()) if plain else f"X'{part.hex()}'"


def _server_secrets(connection: Connection, database: Database) -> Sequence[Tie]:
    return [
        Tie(
            name,
            "removed",
            (
                (f"ALTER SERVER {text_literal(name)} OPTIONS (USER '', PASSWORD '')",),
                (
                    f"UPDATE mysql.servers SET Username = '', Password = '' WHERE Server_name = {text_literal(name)}",
                    "FLUSH PRIVILEGES",
                ),
            ),
        )
        for (name,) in asked(connection, _SERVERS) or []
        if isinstance(name, str)
    ]


def _schema_secrets(connection: Connection, database: Database) -> Sequence[Tie]:
    """The schema is the customer's, so it is told and not changed."""
    why = "holds a connection string with a password; take it out of the source, or name it under quarantine.keep"
    ties = [Tie(label, "", (), f"{label} {why}") for (label,) in query(connection, _SCHEMA_SECRETS)]
    for schema, name, engine in query(connection, _ELSEWHERE):
        label = f"table {_name(database, schema, name)}"
        rows = f"keeps its rows elsewhere ({engine}); drop it in the source, or name it under quarantine.keep"
        ties.append(Tie(label, "", (), f"{label} {rows}"))
    for (name,) in [] if database.is_mariadb else asked(connection, _IN_SHARED_FILES) or []:
        label = f"table {name}"
        pages = (
            "lies in one file with others, whose free pages keep old rows; in the source,"
            " ALTER TABLE … TABLESPACE = innodb_file_per_table, or name it under quarantine.keep"
        )
        ties.append(Tie(label, "", (), f"{label} {pages}"))
    return ties


def _users(connection: Connection, database: Database) -> Sequence[Tie]:
    """Whoever needs an account in development gives it a new password; its old one and its hash are gone."""
    ties = []
    for user, host in query(connection, _USERS_OF_MARIADB if database.is_mariadb else _USERS_OF_MYSQL):
        account = f"{text_literal(user)}@{text_literal(host)}"
        if database.is_mariadb:
            ways: tuple[Way, ...] = (
                (f"ALTER USER {account} IDENTIFIED VIA mysql_native_password USING 'invalid'",),
            )
        else:
            ways = (
                (
                    f"ALTER USER {account} IDENTIFIED BY RANDOM PASSWORD",
                    f"ALTER USER {account} DISCARD OLD PASSWORD",
                ),
                (f"ALTER USER {account} ACCOUNT LOCK",),
            )
        ties.append(Tie(f"{user}@{host}", "password removed", ways))
    return ties


def _name(database: Database, schema: str, name: str) -> str:
    return name if schema == database.address.database else f"{schema}.{name}"


# In this order: first what acts by itself, then what holds rows back, then what only knows a secret.
FINDERS = (
    Finder("replication", _replication),
    Finder("events", _events),
    Finder("sessions", _sessions),
    Finder("prepared_transactions", _prepared),
    Finder("server_secrets", _server_secrets),
    Finder("schema_secrets", _schema_secrets),
    Finder("users", _users),
)
