"""The kept templates of both accounts, made ready for local sources, and what they are deployed with here."""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from local.accounts import DEVELOPMENT, PRODUCTION
from local.documents import LocalSource, target_of
from local.stacks import Template
from local.stacks.families.functions import WORKING_COPY
from local.stacks.repetition import Wanted, repeated

Document = Mapping[str, Any]
STACK = "snapveil"
_FOLDER = Path(__file__).resolve().parent.parent / "infra" / "templates"
_GIVEN = {
    "CodeBucket": WORKING_COPY,
    "CodePrefix": "local/",
    "WorkerImage": f"{WORKING_COPY}@sha256:{'0' * 64}",  # no image here: the worker is a process
    "DevelopmentAccount": DEVELOPMENT,
    "ProductionAccount": PRODUCTION,
}


@cache
def kept() -> Mapping[str, Document]:
    """Return the templates by account; production first: the other one names its key."""
    return {
        account: json.loads((_FOLDER / f"{account}.json").read_text())
        for account in ("production", "development")
    }


def prepared(account: str, template: Document, sources: Mapping[str, LocalSource]) -> Template:
    """Repeat a template for local sources. Raises local.stacks.TemplateError."""
    wanted = tuple(Wanted(name, source.kind.value) for name, source in sources.items())
    if template is kept()[account]:
        return _prepared(account, wanted)
    return Template(repeated(template, wanted))


@lru_cache(maxsize=64)
def _prepared(account: str, wanted: tuple[Wanted, ...]) -> Template:
    """The same for a kept template: many worlds are opened for the same sources."""
    return Template(repeated(kept()[account], wanted))


def parameters(account: str, template: Template, sources: Mapping[str, LocalSource]) -> dict[str, str]:
    """Return what a stack is deployed with: what its template asks for of all that is known here."""
    known = dict(_GIVEN)
    for name, described in template.metadata["snapveil"]["sources"].items():
        prefix = described["prefix"]
        known[f"{prefix}Name"] = name
        known[f"{prefix}Database"] = sources[name].database if account == "production" else target_of(name)
    return {name: value for name, value in known.items() if name in template.parameters}
