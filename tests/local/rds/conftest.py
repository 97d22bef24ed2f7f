"""A fresh RDS for every test, without engines and with a driven clock."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from local.engines import NoEngines
from local.rds import RdsWorld
from tests.local.rds.cloud import TIMES, Clock, Cloud


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    clock, engines = Clock(), NoEngines()
    with mock_aws():
        world = RdsWorld(engines=engines, timings=TIMES, clock=clock)
        world.install()
        yield Cloud(world, clock, engines)
        world.uninstall()
