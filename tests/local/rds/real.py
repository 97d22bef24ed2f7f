"""Waiting for the emulated RDS with real engines behind it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.engines import Engines
from local.rds import RdsWorld, Timings
from tests.local.engines.folders import engine_folder
from tests.local.rds.cloud import Account

PATIENCE = 60  # seconds


@contextmanager
def real_world(engines: Callable[[Path], Engines]) -> Iterator[RdsWorld]:
    """RDS over engines that run in a folder of their own, of which nothing stays."""
    with engine_folder() as folder:
        made = RdsWorld(engines=engines(folder), timings=Timings.fast(), clock=time.time)
        made.install()
        yield made
        made.uninstall()
        assert list(folder.iterdir()) == []


def wait(status: Callable[[], str], wanted: str = "available") -> None:
    """Wait until a status is as wanted."""
    until = time.monotonic() + PATIENCE
    while (seen := status()) != wanted:
        assert seen != "failed"
        assert time.monotonic() < until, f"still {seen}"
        time.sleep(0.05)


def wait_for(account: Account, kind: str, identifier: str) -> None:
    """Wait until a database or snapshot is available."""
    wait(lambda: account.status(kind, identifier))
