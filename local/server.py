"""moto's server on a free port of this machine, quiet and with connections that stay open."""

import threading
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server


class Server:
    """Answers AWS's APIs at `url` until it is closed; trouble goes to a log file.

    moto's own ThreadedMotoServer (5.2.5) closes a connection after each answer, logs every request to
    standard error and takes half a second to stop.
    """

    def __init__(self, log: Path) -> None:
        handler = type("Handler", (_Handler,), {"log_file": log})
        self._server = make_server(
            "127.0.0.1",
            0,
            DomainDispatcherApplication(create_backend_app),
            threaded=True,
            request_handler=handler,
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="aws", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where boto3 finds it: the value of AWS_ENDPOINT_URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Answer no more; returns when the thread is gone and the port is free."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(MotoRequestHandler):
    log_file: Path
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: with Nagle each answer would wait 40 ms

    def log_request(self, *_: Any) -> None:
        """Say nothing about requests."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Write trouble down."""
        with self.log_file.open("a") as log:
            log.write(f"{type}: {message % args if args else message}\n")
