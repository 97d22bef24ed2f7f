"""Two bare accounts in this process, and their deployed twin on a driven clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.accounts import Account, accounts
from local.documents import LocalSource
from local.emulation import emulated
from local.record import Record
from local.task_runners import FakeTasks
from local.tasks import TaskTimings
from local.world import World

POLICY = {"policy.yaml": b"version: 1\ntables: {}\n"}


@pytest.fixture
def record() -> Record:
    """What is published on topics and buses."""
    return Record()


@pytest.fixture
def both(record: Record) -> Iterator[dict[str, Account]]:
    """Production and development with nothing in them; real time."""
    with emulated(record, FakeTasks(), TaskTimings()):
        yield accounts()


@pytest.fixture
def production(both: dict[str, Account]) -> Account:
    """The production account with nothing in it."""
    return both["production"]


@pytest.fixture
def development(both: dict[str, Account]) -> Account:
    """The development account with nothing in it."""
    return both["development"]


@pytest.fixture
def world() -> Iterator[World]:
    """Both accounts deployed for one source that does not exist yet."""
    with World({"shop-fr": LocalSource("shop-fr-prod", POLICY)}) as opened:
        yield opened


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Room for a cloud."""
    return tmp_path / "cloud"
