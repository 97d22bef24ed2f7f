"""A sample of what `python -m tests.faults` tries whole, and what it last found."""

import re
import subprocess
import sys

import pytest

from tests.faults import kinds
from tests.faults.calls import Call
from tests.faults.page import PAGE, kept, last_line, written
from tests.faults.weak import KNOWN

SAMPLE = ("--part", "instance", "--every", "400", "--offset", "77")


def test_a_sample_of_faults_ends_right_and_every_call_is_known() -> None:
    """In a process of its own: it forks, which a process with threads must not."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults", *SAMPLE], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = re.fullmatch(r"faults: (\d+) injected, (\d+) ended right, 0 leftovers", last(ended.stdout))
    assert told
    assert told[1] == told[2] != "0"


def test_a_few_sequences_that_hypothesis_draws_end_right() -> None:
    command = [sys.executable, "-m", "tests.faults.machine", "--examples", "3"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = re.fullmatch(
        r"faults: (\d+) sequences of (\d+) drawn, (\d+) ended right, 0 leftovers", last(ended.stdout)
    )
    assert told
    assert told[1] == told[3] != "0"
    assert told[2] != "0"


def last(text: str) -> str:
    return text.strip().splitlines()[-1]


def test_a_run_may_fail_only_for_what_no_waiting_mends() -> None:
    assert kinds.may_fail("refused")
    assert kinds.may_fail("code DBSnapshotNotFound")
    for kind in {*kinds.OF_READS, *kinds.OF_CHANGES, *kinds.OF_MESSAGES, kinds.LOST, kinds.NOT_YET} - {
        "refused"
    }:
        assert not kinds.may_fail(kind), kind
    assert not kinds.may_fail("code InvalidDBInstanceState")


@pytest.mark.parametrize(
    ("call", "tried"),
    [
        (Call("restore", "restore", "rds", "DescribeDBInstances", 1), kinds.OF_READS),
        (Call("restore", "restore", "dynamodb", "PutItem", 1), kinds.OF_CHANGES),
        (Call("restore", "restore", "sqs", "SendMessage", 1), (*kinds.OF_CHANGES, "timed out")),
        (
            Call("restore", "restore", "rds", "DeleteDBInstance", 1),
            (*kinds.OF_CHANGES, "timed out", "not yet"),
        ),
    ],
)
def test_what_is_tried_follows_from_what_a_call_does(call: Call, tried: tuple[str, ...]) -> None:
    assert kinds.of_call(call) == tried


def test_every_error_that_the_model_of_rds_documents_is_tried() -> None:
    deletes = kinds.documented(Call("restore", "restore", "rds", "DeleteDBInstance", 1))
    assert {"code DBInstanceNotFound", "code InvalidDBInstanceState"} <= set(deletes)
    assert kinds.documented(Call("restore", "restore", "rds", "DescribeDBInstances", 1)) == ()


def test_the_page_shows_the_figures_that_its_command_wrote() -> None:
    parts, page = kept(), PAGE.read_text()
    assert "`python -m tests.faults`" in page
    assert page == written(page, parts), "run: python -m tests.faults"
    assert last_line(parts) in page
    assert all(parts[name]["injected"] > 1000 for name in ("instance", "cluster"))
    assert parts["pairs"]["injected"] > 500
    assert sum(told["known_weaknesses"] for told in parts.values()) == len(KNOWN)
