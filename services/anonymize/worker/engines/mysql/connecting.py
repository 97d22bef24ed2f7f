"""Sessions in a MySQL or MariaDB database, all set up alike."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pymysql
from pymysql.constants import CLIENT

from services.anonymize.worker.connecting import (
    APPLICATION,
    CONNECT_SECONDS,
    Address,
    ConnectionProblemError,
    Sessions,
)
from services.anonymize.worker.engines.mysql.secret_settings import set_secretly
from services.anonymize.worker.sql import WORK_SCHEMA

SCHEMES = ("mysql", "mariadb", "mysql+pymysql")
TLS = ("disable", "prefer", "require")
# Where a table is put that its masked copy has replaced. A copy bears its original's names of checks, and
# MySQL has a name of a check once in a database.
OLD_DATABASE = "snapveil_old"
SYSTEM_DATABASES = (
    *("information_schema", "mysql", "performance_schema", "sys", "innodb"),
    *(WORK_SCHEMA, OLD_DATABASE),
)

# A backslash in a literal stands for itself. Dates that the server took once and would not take today, and a
# 0 in an AUTO_INCREMENT column, are copied as they are. READ COMMITTED: INSERT … SELECT locks no row that it
# reads. Foreign keys are off, because masking drops and brings back those that it touches. Keys and checks
# are on, answers are whole, names come quoted and transactions end as they are told, whatever the server's
# own settings are.
SQL_MODE = (
    "STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION"
)
SESSION = (
    "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
    f"SET SESSION sql_mode = '{SQL_MODE}', time_zone = '+00:00', foreign_key_checks = 0,"
    " lock_wait_timeout = 60, innodb_lock_wait_timeout = 60, group_concat_max_len = 1073741824,"
    " wait_timeout = 86400, net_read_timeout = 3600, net_write_timeout = 3600",
    "SET SESSION unique_checks = 1, sql_quote_show_create = 1, sql_big_selects = 1, completion_type = 0",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION TRANSACTION READ WRITE",
)
# a server may cut every answer, also that to which tables there are
WHOLE_ANSWERS = "SET SESSION sql_select_limit = 18446744073709551615"
# what the other server does not know
OF_MARIADB = (
    "SET SESSION max_statement_time = 0, slow_query_log = 0, idle_transaction_timeout = 0,"
    " check_constraint_checks = 1, system_versioning_asof = DEFAULT",
)
OF_MYSQL = (
    "SET SESSION max_execution_time = 0, long_query_time = 31536000, information_schema_stats_expiry = 0",
)
# what only newer servers know: a primary key that the server made is seen, and a foreign key to what is not
# unique, of a time when that was allowed, is brought back; and what only some of MariaDB's know, by which
# every CREATE, DROP and ALTER would do something else
IF_KNOWN_BY_MARIADB = ("SET SESSION sql_if_exists = 0", "SET SESSION alter_algorithm = 'DEFAULT'")
IF_KNOWN = (
    "SET SESSION show_gipk_in_create_table_and_information_schema = 1",
    "SET SESSION restrict_fk_on_non_standard_key = 0",
)
# what a right is needed for, which a master user of RDS need not have
IF_ALLOWED = (
    "SET SESSION sql_log_bin = 0",
    "SET SESSION sql_log_off = 1",
    "SET SESSION binlog_format = 'ROW'",
)
NOT_ALLOWED = frozenset({1227, 1193, 1238, 1621, 1568, 3098})


def address_of(url: str) -> Address:
    """Read a mysql:// or mariadb:// URL. Raises ConnectionProblemError."""
    hint = "write mysql://user@host:port/database"
    try:
        parts = urlsplit(url)
        port = parts.port or 3306
    except ValueError:
        raise ConnectionProblemError(f"the URL cannot be read; {hint}") from None
    if parts.scheme not in SCHEMES:
        raise ConnectionProblemError(f"{parts.scheme or 'the URL'} is no URL of MySQL or MariaDB; {hint}")
    options = dict(parse_qsl(parts.query))
    tls = options.pop("tls", "prefer")
    host = options.pop("unix_socket", "") or parts.hostname or "localhost"
    if options or tls not in TLS:
        said = f"?{next(iter(options))}= is not understood" if options else f"?tls={tls} is not understood"
        raise ConnectionProblemError(f"{said}; only unix_socket and tls={', '.join(TLS)} are")
    return Address(
        host=host,
        port=port,
        user=unquote(parts.username or ""),
        database=unquote(parts.path.lstrip("/")),
        password=unquote(parts.password or ""),
        tls=tls,
        family="mysql",
    )


class Database(Sessions):
    """A database to work in. A statement that defines something commits by itself, in a transaction too."""

    def __init__(
        self, address: Address, settings: Mapping[str, str] | None = None, *, read_only: bool = False
    ) -> None:
        super().__init__(address, settings, "mysql+pymysql://", pool_size=10)
        self.read_only = read_only
        self.sessions: set[int] = set()  # the server's numbers of all that were opened here

    def another(self, name: str) -> "Database":
        """Another database of the same server, without the run's key."""
        return Database(replace(self.address, database=name))

    @cached_property
    def version(self) -> tuple[int, ...]:
        """The server's version: (10, 11, 6) or (8, 0, 40)."""
        match = re.match(r"(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)", self._said)
        return tuple(map(int, match.groups())) if match else (0, 0, 0)

    @cached_property
    def is_mariadb(self) -> bool:
        """Whether it is MariaDB, which differs from MySQL here and there."""
        return "mariadb" in self._said.lower()

    @cached_property
    def _said(self) -> str:
        with self.autocommit() as connection:
            return str(connection.exec_driver_sql("SELECT VERSION()").scalar_one())

    def new_session(self) -> pymysql.connections.Connection:
        connection = open_connection(self.address)
        try:
            prepare_session(connection, has_key=bool(self.settings))
            set_secretly(connection, self.settings)
            with connection.cursor() as cursor:
                if self.read_only:
                    cursor.execute("SET SESSION TRANSACTION READ ONLY")
            connection.autocommit(False)
        except BaseException:
            connection.close()
            raise
        self.sessions.add(connection.thread_id())  # type: ignore[no-untyped-call]
        return connection


def prepare_session(connection: pymysql.connections.Connection, *, has_key: bool) -> None:
    """Set a session up. Raises ConnectionProblemError where the run's key would be written down."""
    server = str(connection.get_server_info()).lower()  # type: ignore[no-untyped-call]
    with connection.cursor() as cursor:
        is_mariadb = "mariadb" in server
        for statement in (*SESSION, *(OF_MARIADB if is_mariadb else OF_MYSQL)):
            cursor.execute(statement)
        for statement in (*IF_ALLOWED, *(IF_KNOWN_BY_MARIADB if is_mariadb else IF_KNOWN)):
            try:
                cursor.execute(statement)
            except pymysql.MySQLError as error:
                if error.args[0] not in NOT_ALLOWED:
                    raise
        if has_key:
            _refuse_logs(cursor)


def _refuse_logs(cursor: pymysql.cursors.Cursor) -> None:
    """A general log writes down the parameters of statements, and a binary log of statements the variables
    that they read."""
    cursor.execute(
        "SELECT @@global.general_log AND NOT @@session.sql_log_off,"
        " @@global.log_bin AND @@session.sql_log_bin AND @@session.binlog_format <> 'ROW'"
    )
    (general, binary) = cursor.fetchall()[0]
    if general:
        raise ConnectionProblemError(
            "general_log is on and would write down the run's key, and this user may not switch it off for"
            " a session; set general_log = 0 in the temporary database's parameter group"
        )
    if binary:
        raise ConnectionProblemError(
            "the binary log is on in a format of statements, which writes down the run's key, and this user"
            " may not change that for a session; set binlog_format = ROW in the temporary database's"
            " parameter group, or restore it without backups"
        )


def open_connection(address: Address, **options: Any) -> pymysql.connections.Connection:
    """Open a plain session in autocommit mode. Raises ConnectionProblemError."""
    place: dict[str, Any] = {"host": address.host, "port": address.port}
    if address.host.startswith("/"):
        place = {"unix_socket": address.host}
    try:
        return _opened(address, place, options)
    except pymysql.MySQLError as error:
        raise ConnectionProblemError(f"{_place(address)}: {_login_reason(error, address)}") from None
    except RuntimeError:  # PyMySQL lacks what encrypts a password for MySQL 8 outside of TLS
        said = "this user's password can only be sent over TLS, which the server does not offer"
        raise ConnectionProblemError(f"{_place(address)}: {said}") from None


def _opened(
    address: Address, place: dict[str, Any], options: dict[str, Any]
) -> pymysql.connections.Connection:
    """TLS that is preferred is tried, and done without where the server has none, as libpq does."""
    given = {
        "user": address.user,
        "password": address.password,
        "database": address.database or None,
        "charset": "utf8mb4",
        "autocommit": True,
        "connect_timeout": CONNECT_SECONDS,
        "program_name": APPLICATION,
        "local_infile": False,
        "client_flag": CLIENT.FOUND_ROWS,
        "init_command": WHOLE_ANSWERS,
        **place,
        **options,
    }
    if address.tls == "disable" or "unix_socket" in place:
        return pymysql.connect(**given, ssl_disabled=True)
    encrypted = {"check_hostname": False, "verify_mode": "none"}
    try:
        return pymysql.connect(**given, ssl=encrypted)
    except pymysql.OperationalError as error:
        if address.tls != "prefer" or error.args[0] != 2026:
            raise
    return pymysql.connect(**given, ssl_disabled=True)


def only_database(address: Address) -> Address:
    """The address with the server's one database of users, where it names none. Raises
    ConnectionProblemError."""
    if address.database:
        return address
    connection = open_connection(address)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT schema_name FROM information_schema.schemata ORDER BY 1")
            names = [name for (name,) in cursor.fetchall() if name.lower() not in SYSTEM_DATABASES]
    finally:
        connection.close()
    if len(names) != 1:
        found = f"has {len(names)} ({', '.join(names)})" if names else "has none"
        raise ConnectionProblemError(
            f"{_place(address)}: the address names no database, and the server {found};"
            " write database: in the policy"
        )
    return replace(address, database=names[0])


def _place(address: Address) -> str:
    return f"{address.user}@{address.host}:{address.port}/{address.database}"


def _login_reason(error: pymysql.MySQLError, address: Address) -> str:
    number, said = error.args[0] if error.args else 0, str(error.args[-1] if error.args else "")
    reasons = {1045: "wrong user or password", 1698: "wrong user or password", 1049: "no such database"}
    reasons |= {1044: f"{address.user} may not use this database", 1040: "the server has no free connection"}
    reasons |= {1130: "the server takes no connection from here", 1053: "the server is shutting down"}
    if number in reasons:
        return reasons[number]
    if "refused" in said or "No such file" in said:
        return "nothing listens there"
    if "resolve" in said or "Name or service" in said or "nodename" in said:
        return "no such host"
    if "timed out" in said:
        return "no answer in time"
    if number == 2026 or "SSL" in said:
        return "the server does not offer the TLS that is asked for"
    return said.replace(address.password or "\0", "…")
