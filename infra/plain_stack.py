"""A stack whose template can be read: logical ids without hashes, no bootstrap, no assets, no analytics."""

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from constructs import Construct


class PlainStack(cdk.Stack):
    """A stack for any account and region; `RestoreQueue` is the queue of the construct `Restore`."""

    def __init__(self, scope: Construct, name: str, description: str) -> None:
        super().__init__(
            scope,
            name,
            description=description,
            synthesizer=cdk.BootstraplessSynthesizer(),
            analytics_reporting=False,
        )

    def _allocate_logical_id(self, cfn_element: cdk.CfnElement) -> str:
        return "".join(cfn_element.node.path.split("/")[1:])

    def text(self, name: str, description: str, **settings: Any) -> cdk.CfnParameter:
        """Add a parameter of the template."""
        return cdk.CfnParameter(self, name, type="String", description=description, **settings)

    def output(self, name: str, value: str, description: str) -> None:
        """Tell an operator something after deployment."""
        cdk.CfnOutput(self, name, value=value, description=description)

    def remember(self, metadata: Mapping[str, Any]) -> None:
        """Write what readers of the template need into its metadata."""
        self.template_options.metadata = {"snapveil": dict(metadata)}

    def plain(self, token: str) -> Any:
        """Return a token as CloudFormation writes it, for documents that are plain data."""
        return self.resolve(token)
