"""A folder with a policy and a schema, and commands that run in it."""

from pathlib import Path

import pytest

from cli.main import main
from services.anonymize.worker.schema_file import write_schema
from tests.cli.policy.building import POLICY, SCHEMA, Said


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy and a schema, in which commands run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    Path("policy.yaml").write_text(POLICY)
    Path("schema.json").write_text(write_schema("postgresql", SCHEMA))
    return tmp_path


@pytest.fixture
def policy(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Run a policy command in this process."""

    def run(*arguments: str) -> Said:
        code = main(["policy", *arguments])
        return Said(code, capsys.readouterr())

    return run
