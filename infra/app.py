"""The CDK application: one stack per document that it is given.

The documents are named by context (`cdk deploy -c production=production.yaml`) or by the environment
variables SNAPVEIL_PRODUCTION and SNAPVEIL_DEVELOPMENT; either may be absent.
"""

import os
from pathlib import Path

import aws_cdk as cdk

from infra.development import DevelopmentStack
from infra.documents import read_development, read_production
from infra.production import ProductionStack


def build(app: cdk.App, production: Path | None, development: Path | None) -> None:
    """Add a stack for each document. Raises ConfigError."""
    if production is not None:
        ProductionStack(app, read_production(production))
    if development is not None:
        DevelopmentStack(app, read_development(development))


def _named(app: cdk.App, account: str) -> Path | None:
    name = app.node.try_get_context(account) or os.environ.get(f"SNAPVEIL_{account.upper()}")
    return Path(name) if name else None


def main() -> None:
    """Write the cloud assembly that `cdk` reads."""
    app = cdk.App(analytics_reporting=False)
    build(app, _named(app, "production"), _named(app, "development"))
    app.synth()


if __name__ == "__main__":
    main()
