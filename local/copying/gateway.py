"""A door to a server that insists on TLS, for the embedded pg_dump, which is built without.

The door is a unix socket in a folder that only its owner can enter. It asks the server for TLS as libpq does
and checks the certificate as far as the user's own `sslmode` says.
"""

import os
import select
import shutil
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from local.engines.placement import LONGEST_SOCKET_FOLDER

PORT = 5432  # only names the socket's file
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # "SSLRequest" in PostgreSQL's protocol, message formats
_CHUNK = 1 << 16


class GatewayError(Exception):
    """The server did not agree to TLS."""


@contextmanager
def gateway(host: str, port: int, parameters: Mapping[str, str]) -> Iterator[Path]:
    """Open a door to `host:port` and give the folder that is libpq's host; `parameters` are libpq's."""
    context = tls_context(parameters)
    folder = Path(tempfile.mkdtemp(prefix="snapveil-tls-", dir=_short_folder()))
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as door:
        try:
            door.bind(str(folder / f".s.PGSQL.{PORT}"))
            door.listen()
            threading.Thread(target=_admit, args=(door, host, port, context), daemon=True).start()
            yield folder
        finally:
            with suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)
            shutil.rmtree(folder, ignore_errors=True)


def tls_context(parameters: Mapping[str, str]) -> ssl.SSLContext:
    """Check certificates as libpq does for these settings: not at all, by authority, or by name as well."""
    mode = parameters.get("sslmode", "prefer")
    authority = parameters.get("sslrootcert") or str(Path("~/.postgresql/root.crt").expanduser())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # in this order: a name needs a check
    if authority == "system":
        context.load_default_certs()
        context.verify_mode, context.check_hostname = ssl.CERT_REQUIRED, True
    elif mode in {"verify-ca", "verify-full"} or (mode == "require" and Path(authority).exists()):
        context.load_verify_locations(authority)
        context.verify_mode, context.check_hostname = ssl.CERT_REQUIRED, mode == "verify-full"
    certificate = parameters.get("sslcert")
    if certificate and Path(certificate).exists():
        context.load_cert_chain(certificate, parameters.get("sslkey") or None)
    return context


def _admit(door: socket.socket, host: str, port: int, context: ssl.SSLContext) -> None:
    while True:
        try:
            client, _ = door.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, host, port, context), daemon=True).start()


def _serve(client: socket.socket, host: str, port: int, context: ssl.SSLContext) -> None:
    # Whatever goes wrong, the client sees a closed door and says so; the server's own refusals pass through.
    with closing(client), suppress(OSError, GatewayError), closing(_encrypted(host, port, context)) as server:
        _relay(client, server)


def _relay(client: socket.socket, server: ssl.SSLSocket) -> None:
    """Pass on what either side says until one ends; in one thread: two may not share a TLS session."""
    while True:
        ready = [server] if server.pending() else select.select([client, server], [], [])[0]
        if client in ready:
            said = client.recv(_CHUNK)
            if not said:
                return
            server.setblocking(True)
            server.sendall(said)
        if server in ready:
            server.setblocking(False)
            try:
                answered = server.recv(_CHUNK)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                continue  # what came was TLS's own, such as a session ticket
            if not answered:
                return
            client.sendall(answered)


def _encrypted(host: str, port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection((host, port), timeout=30)
    plain.sendall(_SSL_REQUEST)
    if plain.recv(1) != b"S":
        plain.close()
        raise GatewayError(f"{host}:{port} does not speak TLS")
    return context.wrap_socket(plain, server_hostname=host)


def _short_folder() -> str | None:
    """Name a folder short enough for a socket's path; None for the usual one."""
    return None if len(os.fsencode(tempfile.gettempdir())) <= LONGEST_SOCKET_FOLDER else "/tmp"  # noqa: S108


def is_reachable_by_path(host: str) -> bool:
    """Whether libpq would take this host for a folder of unix sockets."""
    return host.startswith((os.sep, "@"))
