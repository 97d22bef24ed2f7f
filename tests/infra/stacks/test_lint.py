"""cfn-lint is content, and so is cdk-nag (AWS Solutions) but for what infra/suppressions.py explains."""

import subprocess
import sys
from pathlib import Path

from infra.kept import FOLDER
from infra.suppressions import SUPPRESSIONS, Finding, stale, unexplained


def test_cfn_lint_finds_nothing() -> None:
    command = Path(sys.executable).parent / "cfn-lint"
    found = subprocess.run(
        [str(command), *map(str, sorted(FOLDER.glob("*.json")))], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_finding_of_cdk_nag_is_mended_or_explained(nag_findings: list[Finding]) -> None:
    assert nag_findings, "cdk-nag looked at nothing"
    assert unexplained(nag_findings) == []


def test_no_explanation_outlives_its_finding(nag_findings: list[Finding]) -> None:
    assert stale(nag_findings) == []


def test_every_explanation_says_something() -> None:
    assert all(len(suppression.reason) > 30 for suppression in SUPPRESSIONS)
