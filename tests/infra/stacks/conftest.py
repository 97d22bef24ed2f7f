"""The synthesized templates, made once in a session for all of its test processes."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.kept import ROOT
from infra.suppressions import Finding
from tests.infra.stacks.reading import Template


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with everything that `tests.infra.stacks.synthesis` writes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "synthesized"
    folder.mkdir(exist_ok=True)
    done = folder / "done"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            made = subprocess.run(
                [sys.executable, "-m", "tests.infra.stacks.synthesis", str(folder)],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            assert made.returncode == 0, made.stderr
            done.touch()
    return folder


def _read(folder: Path, kind: str) -> dict[str, Template]:
    read: dict[str, Any] = json.loads((folder / f"{kind}.json").read_text())
    return {account: Template(account, content) for account, content in read.items()}


@pytest.fixture(scope="session")
def examples(synthesized: Path) -> dict[str, Template]:
    """Return the templates of examples/shop, by account."""
    return _read(synthesized, "examples")


@pytest.fixture(scope="session")
def brought(synthesized: Path) -> dict[str, Template]:
    """Return the templates of accounts that bring along what they can."""
    return _read(synthesized, "brought")


@pytest.fixture(scope="session")
def without_network(synthesized: Path) -> Template:
    """Return the template of a production account with ten sources, whose subnets and groups are its own."""
    return _read(synthesized, "without-network")["production"]


@pytest.fixture(scope="session")
def production(examples: dict[str, Template]) -> Template:
    """Return the production template of the examples."""
    return examples["production"]


@pytest.fixture(scope="session")
def development(examples: dict[str, Template]) -> Template:
    """Return the development template of the examples."""
    return examples["development"]


@pytest.fixture(params=["production", "development"])
def template(request: pytest.FixtureRequest, examples: dict[str, Template]) -> Template:
    """Return each template of the examples."""
    return examples[request.param]


@pytest.fixture(scope="session")
def nag_findings(synthesized: Path) -> list[Finding]:
    """Return what cdk-nag finds in the examples."""
    return [Finding(**finding) for finding in json.loads((synthesized / "findings.json").read_text())]
