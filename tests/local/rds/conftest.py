"""A fresh RDS for every test, without engines and with a driven clock."""

import functools
from collections.abc import Iterator
from unittest import mock

import pytest
from moto import mock_aws
from moto.kms import models as kms

from local.engines import NoEngines
from local.rds import RdsWorld
from tests.local.rds.cloud import TIMES, Clock, Cloud


@pytest.fixture(scope="package")
def aws() -> Iterator[None]:
    """moto for this whole package: it takes longer to start than most tests take. KMS keys outlive a test."""
    # Every symmetric key of moto's costs an RSA key pair, 100 ms, which nobody ever uses.
    one_for_all = functools.cache(kms.generate_private_key)
    with mock_aws(), mock.patch.object(kms, "generate_private_key", one_for_all):
        yield


@pytest.fixture
def cloud(aws: None) -> Iterator[Cloud]:
    clock, engines = Clock(), NoEngines()
    world = RdsWorld(engines=engines, timings=TIMES, clock=clock)
    world.install()
    yield Cloud(world, clock, engines)
    world.uninstall()
