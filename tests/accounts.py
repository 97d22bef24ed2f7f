"""AWS accounts with nothing in them, behind an endpoint of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.emulation import emulated
from local.record import Record
from local.server import Server
from local.task_runners import FakeTasks
from local.tasks import TaskTimings


@contextmanager
def empty_accounts(folder: Path) -> Iterator[str]:
    """Answer AWS's calls until the end; what is yielded is the value of AWS_ENDPOINT_URL."""
    with emulated(Record(), FakeTasks(), TaskTimings.fast()):
        server = Server(folder / "server.log")
        try:
            yield server.url
        finally:
            server.close()
