"""Synthesize what these tests look at, in one process: `python -m tests.infra.stacks.synthesis DIR`.

The CDK takes seconds and half a gigabyte, which is why no test process loads it.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from infra.app import build
from infra.kept import EXAMPLES, Template
from infra.suppressions import Finding
from infra.synthesis import templates

DOCUMENTS = Path(__file__).parent / "documents"


def nagged(production: Path, development: Path) -> tuple[dict[str, Template], list[Finding]]:
    """Return the templates of both accounts, and what cdk-nag finds in them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = cdk.App(analytics_reporting=False, outdir=name)
        build(app, production, development)
        cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        try:
            app.synth()
        except Exception as error:
            if "ValidationFailed" not in str(error):
                raise
        made = {
            account: json.loads((folder / f"{account}.template.json").read_text())
            for account in ("production", "development")
        }
        report: dict[str, Any] = json.loads((folder / "validation-report.json").read_text())
    return made, [
        Finding(violation["ruleName"], construct["constructPath"])
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    ]


def main(folder: Path) -> None:
    """Write the templates of each kind, and cdk-nag's findings in those of the examples."""
    examples, findings = nagged(EXAMPLES["production"], EXAMPLES["development"])
    brought = templates(DOCUMENTS / "brought-production.yaml", DOCUMENTS / "brought-development.yaml")
    without_network = templates(DOCUMENTS / "without-network.yaml", None)
    for kind, made in (("examples", examples), ("brought", brought), ("without-network", without_network)):
        (folder / f"{kind}.json").write_text(json.dumps(made))
    (folder / "findings.json").write_text(json.dumps([vars(finding) for finding in findings]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
