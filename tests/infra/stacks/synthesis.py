"""Synthesize what these tests look at, in one process: `python -m tests.infra.stacks.synthesis DIR`.

The CDK takes seconds and half a gigabyte, which is why no test process loads it.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import yaml
from cdk_nag import AwsSolutionsChecks

from infra.app import build
from infra.kept import EXAMPLES
from infra.suppressions import Finding
from infra.synthesis import templates

DOCUMENTS = Path(__file__).parent / "documents"
KINDS = {
    "examples": (EXAMPLES["production"], EXAMPLES["development"]),
    "brought": (DOCUMENTS / "brought-production.yaml", DOCUMENTS / "brought-development.yaml"),
    "without-network": (DOCUMENTS / "without-network.yaml", None),
}


def nag(production: Path, development: Path | None) -> list[Finding]:
    """Ask cdk-nag what it finds."""
    with tempfile.TemporaryDirectory() as folder:
        app = cdk.App(analytics_reporting=False, outdir=folder)
        build(app, production, development)
        cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        try:
            app.synth()
        except Exception as error:
            if "ValidationFailed" not in str(error):
                raise
        report: dict[str, Any] = json.loads((Path(folder) / "validation-report.json").read_text())
    return [
        Finding(violation["ruleName"], construct["constructPath"])
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    ]


def _with_many_sources(folder: Path) -> Path:
    """Write a document with more sources than the restore role's own policy has room for."""
    document = yaml.safe_load(EXAMPLES["production"].read_text())
    document["sources"] = {f"country-{number}": document["sources"]["shop"] for number in range(12)}
    path = folder / "many.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def main(folder: Path) -> None:
    """Write the templates of each kind, and cdk-nag's findings about the examples."""
    for kind, documents in (KINDS | {"many": (_with_many_sources(folder), None)}).items():
        (folder / f"{kind}.json").write_text(json.dumps(templates(*documents)))
    findings = [vars(finding) for finding in nag(*KINDS["examples"])]
    (folder / "findings.json").write_text(json.dumps(findings))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
