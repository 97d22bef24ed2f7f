"""The configuration documents of both accounts, for the sources to refresh from locally."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from local.accounts import DEVELOPMENT, PRODUCTION, REGION
from local.wiring import CLUSTER, COPY_KEY, PRODUCTION_KEY, SHARE_KEY, WORKER, bucket_of
from shared.database.port import Kind


@dataclass(frozen=True)
class LocalSource:
    """A source in the embedded cloud and the target made from it. `policy` is a bundle: a folder, or files by
    name.
    """

    database: str
    policy: Path | Mapping[str, bytes]
    kind: Kind = Kind.INSTANCE
    replace: Literal["beside", "delete_first"] = "beside"
    max_snapshot_age: str = "36h"


@dataclass(frozen=True)
class Pacing:
    """How often stages look, and how long they may take, as the configuration document writes durations."""

    first: str = "15s"
    longest: str = "5m"
    deadlines: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def coarse(cls) -> "Pacing":
        """For a driven clock: the fewer looks, the faster the test."""
        return cls(first="1m", longest="10m")

    @classmethod
    def fast(cls) -> "Pacing":
        """For someone who watches."""
        return cls(first="1s", longest="10s")


def production_document(sources: Mapping[str, LocalSource], pacing: Pacing) -> str:
    """Write the document of the production account; key ARNs are left as `${key:…}` for the wiring to fill
    in.
    """
    bucket = bucket_of(PRODUCTION)
    return _yaml(
        {
            "version": 1,
            "account": "production",
            "account_id": PRODUCTION,
            "region": REGION,
            "share": {"key": f"${{key:{SHARE_KEY}}}", "accounts": [DEVELOPMENT]},
            "production_key": f"${{key:{PRODUCTION_KEY}}}",
            "worker": {
                "cluster": CLUSTER,
                "task_definition": WORKER,
                "subnets": ["subnet-00000000000000001"],
                "security_groups": ["sg-00000000000000001"],
                "tls": "disable",  # the embedded engines have no certificate
            },
            "reports": f"s3://{bucket}/runs",
            **_pace(pacing),
            "sources": {
                name: {
                    "kind": source.kind.value,
                    "database": source.database,
                    "policy": f"s3://{bucket}/policies/{name}",
                    "max_snapshot_age": source.max_snapshot_age,
                    "temporary": {"instance_class": "db.t4g.medium"},
                }
                for name, source in sources.items()
            },
        }
    )


def development_document(sources: Mapping[str, LocalSource], pacing: Pacing) -> str:
    """Write the document of the development account."""
    return _yaml(
        {
            "version": 1,
            "account": "development",
            "account_id": DEVELOPMENT,
            "region": REGION,
            "accept": {"owners": [PRODUCTION], "keys": [f"${{key:production/{SHARE_KEY}}}"]},
            "copy_key": f"${{key:{COPY_KEY}}}",
            "tls": "disable",
            **_pace(pacing),
            "targets": {
                name: {
                    "kind": source.kind.value,
                    "name": target_of(name),
                    "placement": {"instance_class": "db.t4g.medium"},
                    "replace": source.replace,
                }
                for name, source in sources.items()
            },
        }
    )


def target_of(source: str) -> str:
    """Name the target that a source's data end up in."""
    return f"snapveil-dev-{source}"


def _pace(pacing: Pacing) -> dict[str, Any]:
    return {"pace": {"first": pacing.first, "longest": pacing.longest}, "deadlines": dict(pacing.deadlines)}


def _yaml(document: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(document), sort_keys=False)
    return text
