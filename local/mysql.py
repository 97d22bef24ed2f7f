"""Opening a MySQL or MariaDB database by its address: mysql://user:password@host:port/database

Behind `?` may stand unix_socket=… and tls=prefer (encrypted, if the server can), require or disable.
"""

from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import pymysql
from pymysql.connections import Connection

DEFAULT_PORT = 3306
_SCHEMES = ("mysql", "mariadb")
_TLS = ("prefer", "require", "disable")
NO_TLS_THERE = 2026


class AddressError(ValueError):
    """An address that cannot be read; the text says what is wrong with it, and never holds its password."""


def is_mysql(url: str) -> bool:
    """Whether an address is of this family."""
    return url.partition(":")[0].partition("+")[0] in _SCHEMES


def parameters_of(url: str) -> dict[str, Any]:
    """An address as PyMySQL takes it. Raises AddressError."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORT
    except ValueError as problem:
        raise AddressError(f"not an address of a database: {problem}") from None
    options = dict(parse_qsl(parts.query))
    socket = options.pop("unix_socket", None)
    tls = options.pop("tls", _TLS[0])
    if options or tls not in _TLS:
        said = f"?{min(options)}=" if options else f"?tls={tls}"
        raise AddressError(f"{said} is not understood; only unix_socket and tls={', '.join(_TLS)} are")
    found = {
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.lstrip("/")) or None,
    }
    if socket is not None:
        return {**found, "unix_socket": socket}
    return {**found, "host": parts.hostname or "127.0.0.1", "port": port}


def connect(url: str, **options: Any) -> Connection:
    """Open a database; every statement commits by itself unless the options say otherwise."""
    given = {"charset": "utf8mb4", "autocommit": True, **parameters_of(url), **options}
    tls = dict(parse_qsl(urlsplit(url).query)).get("tls", _TLS[0])
    if tls == "disable" or "unix_socket" in given:
        return pymysql.connect(**given, ssl_disabled=True)
    try:
        return pymysql.connect(**given, ssl={"check_hostname": False, "verify_mode": "none"})
    except pymysql.err.OperationalError as error:
        if tls != "prefer" or error.args[0] != NO_TLS_THERE:
            raise
    return pymysql.connect(**given, ssl_disabled=True)


def url_of(host: str, port: int, user: str, password: str, database: str | None) -> str:
    """Write the address of a database."""
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return f"mysql://{login}@{host}:{port}/{quote(database or '', safe='')}"


def socket_url(socket: str, user: str, database: str) -> str:
    """Write the address of a database that is opened by a socket, without a password."""
    query = urlencode({"unix_socket": socket})
    return f"mysql://{quote(user, safe='')}@localhost/{quote(database, safe='')}?{query}"


def without_password(url: str) -> str:
    """Write an address without the password in it."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    user = quote(unquote(parts.username or ""), safe="")
    return parts._replace(netloc=f"{user}@{place}" if user else place).geturl()


def quoted(name: str) -> str:
    """An identifier as the family reads it."""
    return "`" + name.replace("`", "``") + "`"
