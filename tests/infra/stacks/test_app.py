"""The CDK application, as `cdk deploy` runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from infra.kept import EXAMPLES, ROOT


def test_the_application_takes_a_document_by_context_and_another_by_environment(tmp_path: Path) -> None:
    told = {
        "CDK_CONTEXT_JSON": json.dumps({"production": str(EXAMPLES["production"])}),
        "SNAPVEIL_DEVELOPMENT": str(EXAMPLES["development"]),
        "CDK_OUTDIR": str(tmp_path),
    }
    without_aws = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    subprocess.run(
        [sys.executable, "-m", "infra.app"], cwd=ROOT, env=without_aws | told, check=True, capture_output=True
    )
    made = {path.name for path in tmp_path.glob("*.template.json")}
    assert made == {"production.template.json", "development.template.json"}


def test_a_mistake_is_said_by_the_command_without_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "production.yaml"
    path.write_text("version: 1\naccount: production\n")
    told = subprocess.run(
        [sys.executable, "-m", "infra.synthesis", "--production", str(path), "--out", str(tmp_path)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 2
    assert all(line.startswith(f"{path}: ") for line in told.stderr.splitlines())
