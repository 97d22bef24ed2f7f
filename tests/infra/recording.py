"""Runs whose every call is held against the deployed roles, and written down."""

import contextlib
import os
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import shared.aws
from local.authorization.authorizer import Call
from local.authorization.gate import authorized
from local.authorization.of_stacks import authorizer_of
from local.documents import LocalSource
from local.task_runners import Outcome, TaskStart
from local.world import World
from services.anonymize.worker import run as worker
from shared.database.port import Kind
from tests.loop.conftest import PACING, POLICY, Scene

DAY = timedelta(hours=24)
STRANGER = "999999999999"


class Recording:
    """A driven world in which roles are asked, the worker's among them."""

    def __init__(self, world: World, kind: Kind) -> None:
        self.world = world
        self.scene = Scene(world, kind, "shop-fr")
        world.tasks.outcome = self.work
        self.verdict = True

    def work(self, start: TaskStart) -> Outcome:
        """Let the worker's own program run in its role; only the masking itself is left out."""

        def program() -> None:
            environment = {**start.environment, **self.world.accounts["production"].environment(start.role)}
            with patch.dict(os.environ, environment, clear=True), _without_database(self.verdict):
                shared.aws.client.cache_clear()
                worker.main()
                shared.aws.client.cache_clear()

        return Outcome(effect=program, exit_code=0 if self.verdict else 1)


@contextlib.contextmanager
def recording(kind: Kind, calls: list[Call]) -> Iterator[Recording]:
    """Open a world in which every check of every role is appended to `calls`."""
    sources = {"shop-fr": LocalSource("shop-fr-prod", POLICY, kind)}
    with World(sources, pacing=PACING) as world, authorized(authorizer_of(world, calls.append)):
        opened = Recording(world, kind)
        opened.scene.create_source()
        yield opened


@contextlib.contextmanager
def _without_database(passed: bool) -> Iterator[None]:
    """Stand in for the engine: reading secret and policy and writing the report stay the worker's own."""

    finding = SimpleNamespace(name="originals", passed=passed, examined=1, detail="as told")
    masked = SimpleNamespace(
        passed=passed, findings=(finding,), tables=(), columns_masked=1, rows_masked=1, schema=None
    )

    def anonymize(*given: Any, **_: Any) -> Any:
        conclude = given[-1]
        conclude(masked)
        return masked

    with (
        patch.object(worker, "log_in", lambda read, *_: read()),
        patch.object(worker, "open_database", lambda *_: SimpleNamespace(close=lambda: None)),
        patch.object(worker, "anonymize", anonymize),
        patch.object(worker, "as_json", lambda *_: "{}"),
        patch.object(worker, "write_schema", lambda *_: "{}"),
        patch("logging.basicConfig"),
    ):
        yield
