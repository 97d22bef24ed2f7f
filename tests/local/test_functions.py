"""Functions: what they see, and what happens when they fail, hang or die."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import shared.aws
from local.functions import FunctionError, FunctionSetup, InProcessFunction, SubprocessFunction

ENVIRONMENT = {"GREETING": "bonjour", "AWS_LAMBDA_FUNCTION_NAME": "f"}


def setup(handler: str, timeout: float = 60) -> FunctionSetup:
    return FunctionSetup(
        "f", "arn:aws:lambda:r:1:function:f", f"tests.local.handlers.{handler}", ENVIRONMENT, timeout
    )


def asking(**body: Any) -> dict[str, Any]:
    return {"Records": [{"messageId": "m", "body": json.dumps(body)}]}


def wait_for(path: Path) -> None:
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until, f"{path.name} did not come"
        time.sleep(0.01)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "f.log"


@pytest.fixture
def telling(log: Path) -> Iterator[SubprocessFunction]:
    function = SubprocessFunction(setup("tell"), log)
    yield function
    function.close()


@pytest.fixture
def misbehaving(log: Path) -> Iterator[SubprocessFunction]:
    function = SubprocessFunction(setup("misbehave"), log)
    yield function
    function.close()


def test_a_process_sees_its_own_environment_and_nothing_of_ours(
    telling: SubprocessFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a developer's own")
    seen = telling.invoke({"hello": "world"})
    assert seen["event"] == {"hello": "world"}
    assert {name: value for name, value in seen["environment"].items() if name != "LC_CTYPE"} == ENVIRONMENT
    assert seen["name"] == "f"
    assert 0 < seen["left"] <= 60_000
    assert seen["input"] == ""


def test_what_a_function_prints_goes_to_its_log(telling: SubprocessFunction, log: Path) -> None:
    telling.invoke({})
    assert log.read_text() == "said on standard output\n"


def test_a_warm_process_is_used_again(telling: SubprocessFunction) -> None:
    assert telling.invoke({})["pid"] == telling.invoke({})["pid"] != os.getpid()


def test_a_function_that_raises_fails_the_invocation_and_lives_on(
    misbehaving: SubprocessFunction, log: Path
) -> None:
    misbehaving.invoke(asking())
    before = misbehaving.pids()
    with pytest.raises(FunctionError, match="RuntimeError: no luck"):
        misbehaving.invoke(asking(**{"raise": "no luck"}))
    assert misbehaving.pids() == before
    assert "Traceback" in log.read_text()


def test_a_function_that_dies_fails_the_invocation_and_is_started_again(
    misbehaving: SubprocessFunction,
) -> None:
    misbehaving.invoke(asking())
    before = misbehaving.pids()
    with pytest.raises(FunctionError, match="died during the invocation"):
        misbehaving.invoke(asking(die=1))
    assert misbehaving.invoke(asking()) == {"batchItemFailures": []}
    assert misbehaving.pids() != before


def test_a_function_that_was_killed_while_idle_is_replaced_unnoticed(misbehaving: SubprocessFunction) -> None:
    misbehaving.invoke(asking())
    misbehaving.kill()
    assert misbehaving.invoke(asking()) == {"batchItemFailures": []}


def test_a_function_that_hangs_is_ended_after_its_timeout(log: Path) -> None:
    function = SubprocessFunction(setup("misbehave", timeout=0.5), log)
    try:
        with pytest.raises(FunctionError, match=r"timed out after 0.5 s"):
            function.invoke(asking(sleep=60))
        assert function.pids() == []
    finally:
        function.close()


def test_a_handler_that_cannot_be_imported_fails_each_invocation_and_says_why(log: Path) -> None:
    function = SubprocessFunction(setup("no_such_handler"), log)
    try:
        with pytest.raises(FunctionError):
            function.invoke({})
        assert "no_such_handler" in log.read_text()
    finally:
        function.close()


def test_two_events_at_once_are_handled_by_two_processes(
    misbehaving: SubprocessFunction, tmp_path: Path
) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    pairs = [(files[0], files[1]), (files[1], files[0])]  # each goes on when the other has begun
    answers: list[Any] = []
    threads = [
        threading.Thread(
            target=lambda mine=mine, other=other: answers.append(
                misbehaving.invoke(asking(touch=str(mine), sleep_until=str(other)))
            )
        )
        for mine, other in pairs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [{"batchItemFailures": []}] * 2
    assert len(misbehaving.pids()) == 2


def test_a_function_that_is_killed_while_it_works_fails_that_invocation(
    misbehaving: SubprocessFunction, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(1) as others:
        for number in range(5):
            began = tmp_path / f"began-{number}"
            hanging = asking(touch=str(began), sleep_until=str(tmp_path / "never"))
            invocation = others.submit(misbehaving.invoke, hanging)
            wait_for(began)
            misbehaving.kill()
            assert type(invocation.exception(timeout=60)) is FunctionError


def test_closing_ends_what_is_being_handled(log: Path, tmp_path: Path) -> None:
    function = SubprocessFunction(setup("misbehave"), log)
    began = tmp_path / "began"
    failed: list[FunctionError] = []

    def invoke() -> None:
        try:
            function.invoke(asking(touch=str(began), sleep_until=str(tmp_path / "never")))
        except FunctionError as error:
            failed.append(error)

    thread = threading.Thread(target=invoke)
    thread.start()
    wait_for(began)
    (pid,) = function.pids()
    function.close()
    thread.join(timeout=10)
    assert len(failed) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIG_DFL)
    with pytest.raises(FunctionError, match="closed"):
        function.invoke({})


def test_in_this_process_a_function_has_its_own_environment_only_during_the_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OURS", "yes")
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: PTH123, SIM115 - the handler reads it
    seen = InProcessFunction(setup("tell")).invoke({"hello": "world"})
    assert seen["environment"] == ENVIRONMENT
    assert os.environ["OURS"] == "yes"
    assert "GREETING" not in os.environ


def test_in_this_process_no_client_of_one_function_is_left_for_the_next() -> None:
    before = shared.aws.client.cache_info().misses
    with pytest.raises(FunctionError, match="RuntimeError: no luck"):
        InProcessFunction(setup("misbehave")).invoke(asking(**{"raise": "no luck"}))
    assert shared.aws.client.cache_info().currsize == 0
    assert shared.aws.client.cache_info().misses <= before
