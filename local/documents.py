"""What differs locally in the configuration documents that the stacks made, and why; all else stays theirs.

Which sources and targets there are comes from the templates, which were repeated for them.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from shared.database.port import Kind

MOST_CONNECTIONS = 8  # of a laptop's processors, which have other work


@dataclass(frozen=True)
class LocalSource:
    """A source in the embedded cloud and the target made from it. `policy` is a bundle: a folder, or files by
    name. `more_targets` are others of its targets by name, each with what its part of the document says
    otherwise; they are in the document only, and no schedule makes the receiver look at them.
    """

    database: str
    policy: Path | Mapping[str, bytes]
    kind: Kind = Kind.INSTANCE
    replace: Literal["beside", "delete_first"] = "beside"
    grace: str = "0s"
    prepare: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    max_snapshot_age: str = "36h"
    during_run: Literal["join", "queue"] = "join"
    more_targets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Pacing:
    """How often stages look, and how long they may take, as the configuration document writes durations."""

    first: str = "15s"
    longest: str = "5m"
    deadlines: Mapping[str, str] = field(default_factory=dict)
    at_once: int = 20

    @classmethod
    def coarse(cls) -> "Pacing":
        """For a driven clock: the fewer looks, the faster the test."""
        return cls(first="1m", longest="10m")

    @classmethod
    def fast(cls) -> "Pacing":
        """For someone who watches."""
        return cls(first="1s", longest="10s")


def adapted(text: str, sources: Mapping[str, LocalSource], pacing: Pacing) -> str:
    """Return an account's document as the services here shall read it."""
    document: dict[str, Any] = json.loads(text)
    # A demo cannot wait as long as AWS makes one wait, and a test says itself how long a step may take.
    document["pace"] = {"first": pacing.first, "longest": pacing.longest}
    document["deadlines"] = dict(pacing.deadlines)
    if document["account"] == "production":
        document["at_once"] = pacing.at_once
        # Whatever class was asked for, engines here have this machine's processors.
        document["worker"]["connections"] = min(os.cpu_count() or 1, MOST_CONNECTIONS)
    # The embedded engines have no certificate.
    (document["worker"] if document["account"] == "production" else document)["tls"] = "disable"
    # What an operator decides for each source, a LocalSource decides here.
    for name, described in document.get("sources", {}).items():
        described["max_snapshot_age"] = sources[name].max_snapshot_age
        described["during_run"] = sources[name].during_run
    targets = document.get("targets", {})
    for name, target in list(targets.items()):
        source = sources[name]
        target |= {"replace": source.replace, "grace": source.grace}
        target |= {"prepare": source.prepare, "checks": source.checks}
        for other, says in source.more_targets.items():
            targets[other] = {**target, "source": name, "name": target_of(other), **says}
    return json.dumps(document)


def target_of(name: str) -> str:
    """Name the database of a target; the one of a source has the source's name."""
    return f"snapveil-dev-{name}"
