"""An operator at a driven world: commands run in this process, as they would against AWS."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

import shared.observability  # noqa: F401 - its logger keeps the output that it finds: not that of one test
from cli.dlq import queues
from cli.main import main
from shared.database.port import Kind
from shared.events import RefreshRequested, dump
from shared.records import Run, Transition
from tests.builders import a_run
from tests.loop.conftest import Scene, a_scene

DAY = timedelta(hours=24)
PURGING = timedelta(seconds=61)  # SQS purges a queue once a minute
ASKED = RefreshRequested(source="shop-fr")
UNKNOWN = RefreshRequested(source="shop-xx")


class Operator:
    """Someone who types commands, and looks at what they did."""

    def __init__(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.scene = scene
        self.world = scene.world
        self.out = self.err = ""
        self.began = scene.world.now
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.work_in("production")

    def work_in(self, account: str) -> None:
        """Take the credentials of an account."""
        self.account = account
        for name, value in self.world.accounts[account].environment("operator").items():
            self._monkeypatch.setenv(name, value)

    def types(self, *arguments: str) -> int:
        """Run a command; what it said is in `out` and `err`, on single lines."""
        self._capsys.readouterr()
        code = main(list(arguments))
        said = self._capsys.readouterr()
        self.out, self.err = (" ".join(text.split()) for text in said)
        return code

    def lists(self) -> list[dict[str, Any]]:
        """The dead letters, as `list` tells a program."""
        self._capsys.readouterr()
        assert main(["dlq", "list", "--format", "json"]) == 0
        listed: list[dict[str, Any]] = json.loads(self._capsys.readouterr().out)
        return listed

    def client(self, service: str) -> Any:
        """A client in the account at hand."""
        return self.world.client(self.account, service)

    def url(self, queue: str) -> str:
        """The address of a queue."""
        return str(self.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"])

    def bury(self, queue: str, body: str, **attributes: str) -> str:
        """Put a dead letter into a queue; its identifier."""
        sent = self.client("sqs").send_message(
            QueueUrl=self.url(queue),
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )
        return str(sent["MessageId"])

    def waiting(self, queue: str) -> list[dict[str, Any]]:
        """What can be received from a queue now, with attributes as texts; it stays there."""
        answer = self.client("sqs").receive_message(
            QueueUrl=self.url(queue),
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        return [
            message
            | {
                "said": {
                    name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()
                }
            }
            for message in answer.get("Messages", [])
        ]

    def noted(self, subject: str) -> list[Transition]:
        """What the ledger says was done with dead letters of a run or target since the test began."""
        lines = self.world.ledger(self.account).history(subject)
        return [line for line in lines if line.step == "dlq" and line.at >= self.began]

    def knows(self, **facts: Any) -> Run:
        """Write a run into the ledger of production, with these facts."""
        ledger, run = self.world.ledger("production"), a_run(started_at=self.world.now)
        ledger.open_run(run)
        ledger.record_facts(run.run_id, **facts)
        known = ledger.run(run.run_id)
        assert known is not None
        return known

    def lets_a_run_end(self) -> Run:
        """Ask for a refresh and let everything happen."""
        self.world.send("restore", ASKED)
        self.world.run(at_most=DAY)
        return self.scene.run()


@pytest.fixture(scope="module")
def calm_scene() -> Iterator[Scene]:
    """A world for a module of tests that let no run begin: opening one takes longer than such a test."""
    for scene in a_scene(Kind.INSTANCE):
        scene.world.run()
        yield scene


@pytest.fixture
def operator(
    calm_scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Operator:
    """Production's operator, whose queues are empty."""
    calm_scene.world.jump(calm_scene.world.now + PURGING)
    for account in ("production", "development"):
        sqs = calm_scene.world.client(account, "sqs")
        for url in sqs.list_queues()["QueueUrls"]:
            sqs.purge_queue(QueueUrl=url)
    return at_work(calm_scene, monkeypatch, capsys)


@pytest.fixture
def on_call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    """Production's operator in a world of one's own, before any run."""
    for scene in a_scene(Kind.INSTANCE):
        scene.world.run()
        yield at_work(scene, monkeypatch, capsys)


def at_work(scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Operator:
    monkeypatch.setattr(queues, "PATIENCE_SECONDS", 0)  # on this clock nobody can wait
    monkeypatch.setattr(time, "sleep", partial(sleep, scene))
    return Operator(scene, monkeypatch, capsys)


def sleep(scene: Scene, seconds: float) -> None:
    """Let the world's clock jump instead of waiting."""
    scene.world.jump(scene.world.now + timedelta(seconds=seconds))


@pytest.fixture
def three(operator: Operator) -> Operator:
    """Three dead letters at restore: one of an unknown source, one that is no JSON, one that may go."""
    operator.world.send("restore", UNKNOWN)
    operator.world.send("restore", "}{")
    operator.world.run(at_most=DAY)
    operator.bury(
        "snapveil-restore-dlq", dump(ASKED), stage="restore", reason="no snapshot", error="MessageError"
    )
    return operator
