"""Whose account is meant: the operator's document, and that the credentials are those of its account."""

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.exceptions import BotoCoreError, ClientError

from cli.exits import UNUSABLE, InputError, RunFailedError
from infra.artifacts.parts import ROOT
from infra.documents import DevelopmentDocument, ProductionDocument, read_development, read_production
from shared.config import ConfigError

STACK = "snapveil"
ARTIFACTS = "snapveil-artifacts"


@dataclass(frozen=True)
class Operated:
    """The account that a command is about, with clients for it."""

    path: Path
    document: ProductionDocument | DevelopmentDocument
    session: Any
    clients: dict[str, Any] = field(default_factory=dict)

    @property
    def is_production(self) -> bool:
        """Whether this is the production account."""
        return isinstance(self.document, ProductionDocument)

    @property
    def number(self) -> str:
        """The account's number."""
        return self.document.config.account_id

    @property
    def region(self) -> str:
        """The region that the document names; what the environment says does not count."""
        return self.document.config.region

    @property
    def names(self) -> tuple[str, ...]:
        """The sources of production, or the targets of development."""
        return tuple(self._parts)

    @property
    def unscheduled(self) -> tuple[str, ...]:
        """Those whose schedule is off."""
        return tuple(name for name, part in self._parts.items() if not part.schedule.enabled)

    @property
    def _parts(self) -> Mapping[str, Any]:
        if isinstance(self.document, ProductionDocument):
            return self.document.config.sources
        return self.document.config.targets

    def client(self, service: str) -> Any:
        """Return a client in the document's region, made once."""
        if service not in self.clients:
            self.clients[service] = self.session.client(service)
        return self.clients[service]


def open_account(path: Path) -> Operated:
    """Read the document and compare its account with the one of the credentials. Raises InputError."""
    document = _read(path)
    session = boto3.Session(region_name=document.config.region)
    operated = Operated(path, document, session)
    try:
        found = operated.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise InputError(f"no usable credentials for account {operated.number}: {error}") from None
    if found != operated.number:
        raise InputError(
            f"{path}: account_id: this is the document of account {operated.number}, but the credentials are"
            f" of {found}; choose others (AWS_PROFILE=…) or another document"
        )
    return operated


def _read(path: Path) -> ProductionDocument | DevelopmentDocument:
    try:
        content: Any = yaml.safe_load(path.read_text())
    except (OSError, ValueError, yaml.YAMLError):
        content = None  # whoever reads it below says what is wrong
    account = content.get("account") if isinstance(content, dict) else "production"
    try:
        if account == "development":
            return read_development(path)
        return read_production(path)
    except ConfigError as error:
        raise InputError(str(error)) from None


def synthesize(operated: Operated) -> Mapping[str, Any]:
    """Make the account's template with the CDK. Raises InputError if that is not set up."""
    if importlib.util.find_spec("aws_cdk") is None:
        raise InputError("the AWS CDK, which writes the templates, is not installed; run: make infra")
    kind = "production" if operated.is_production else "development"
    # A process of its own: the CDK starts a Node.js, and nothing of the command line may need either.
    with tempfile.TemporaryDirectory(prefix="snapveil-") as folder:
        made = subprocess.run(
            [
                *(sys.executable, "-m", "infra.synthesis"),
                *(f"--{kind}", str(operated.path.resolve()), "--out", folder),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode == UNUSABLE:
            raise InputError(made.stderr.strip())
        if made.returncode:
            why = made.stderr.strip().splitlines() or ["it said nothing"]
            raise RunFailedError(f"the CDK could not write the template ({why[-1]}); set up anew: make infra")
        template: Mapping[str, Any] = json.loads(Path(folder, f"{kind}.json").read_text())
        return template
