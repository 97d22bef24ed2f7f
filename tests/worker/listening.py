"""A listener between the worker and a server: every byte that the server sends is kept."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heard:
    """What a server sent, connection by connection."""

    port: int
    streams: list[bytearray] = field(default_factory=list)

    @property
    def everything(self) -> bytes:
        """All of it."""
        return b"\n".join(map(bytes, self.streams))


@contextmanager
def listening(server: int) -> Iterator[Heard]:
    """Pass on what comes in at a port of its own to a server's, and hear what comes back."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        heard = Heard(door.getsockname()[1])
        threading.Thread(target=_accept, args=(door, server, heard), daemon=True).start()
        yield heard
        door.shutdown(socket.SHUT_RDWR)


def _accept(door: socket.socket, server: int, heard: Heard) -> None:
    with suppress(OSError):  # the door was closed
        while True:
            client, _ = door.accept()
            other = socket.create_connection(("127.0.0.1", server))
            heard.streams.append(bytearray())
            for ends in ((client, other, None), (other, client, heard.streams[-1])):
                threading.Thread(target=_pass_on, args=ends, daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket, kept: bytearray | None) -> None:
    with suppress(OSError):  # one of both went
        while part := source.recv(65536):
            if kept is not None:
                kept += part
            sink.sendall(part)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
