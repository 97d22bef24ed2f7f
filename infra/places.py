"""What the roles of a stack are told: its things by their logical ids, and what is brought along."""

from collections.abc import Sequence
from typing import Any

from infra import permissions
from infra.documents import DevelopmentDocument, ProductionDocument
from infra.parameters import SourceParameters
from infra.plain_stack import PlainStack
from shared.config import Source

Text = Any


def production_place(
    stack: PlainStack,
    document: ProductionDocument,
    developments: Sequence[str],
    sources: Sequence[SourceParameters],
) -> permissions.Production:
    """Describe the production account to its roles."""
    given, config = document.given, document.config
    worker = given.get("worker", {})
    more: dict[str, Text] = {}
    if "cluster" in worker:
        more["cluster_arn"] = _arn("ecs", f"cluster/{worker['cluster'].rpartition('/')[2]}")
    own_bucket = document.settings.bucket
    temporaries = [source["temporary"] for source in given["sources"].values()]
    return permissions.Production(
        production_key=given.get("production_key") or _of("ProductionKey"),
        share_key=given.get("share", {}).get("key") or _of("ShareKey"),
        bucket={"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{own_bucket}"} if own_bucket else _of("Bucket"),
        development_accounts=tuple(stack.plain(account) for account in developments),
        sources=tuple(
            _source(stack, source, part, given["sources"][name])
            for source, (name, part) in zip(sources, config.sources.items(), strict=True)
        ),
        subnet_groups=_brought(temporaries, "subnet_group"),
        parameter_groups=_brought(temporaries, "parameter_group"),
        **more,
    )


def development_place(
    stack: PlainStack, document: DevelopmentDocument, productions: Sequence[str]
) -> permissions.Development:
    """Describe the development account to its roles."""
    given = document.given
    placements = [target["placement"] for target in given["targets"].values()]
    return permissions.Development(
        copy_key=given.get("copy_key") or _of("CopyKey"),
        production_accounts=tuple(stack.plain(account) for account in productions),
        trusted_keys=tuple(key for key in given["accept"].get("keys", ()) if ":key/" in key),
        subnet_groups=_brought(placements, "subnet_group"),
        parameter_groups=_brought(placements, "parameter_group"),
        tag_keys=tuple(sorted({key for target in document.config.targets.values() for key in target.tags})),
    )


def _source(
    stack: PlainStack, source: SourceParameters, part: Source, given: dict[str, Any]
) -> permissions.Source:
    more: dict[str, Any] = {}
    if "policy" in given:
        bucket, _, prefix = part.policy.removeprefix("s3://").partition("/")
        more = {
            "policy_bucket": {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{bucket}"},
            "policy_prefix": prefix.rstrip("/"),
        }
    return permissions.Source(
        kind=part.kind.value, database=stack.plain(source.database), key=part.key, **more
    )


def _brought(parts: Sequence[dict[str, Any]], name: str) -> tuple[str, ...]:
    return tuple(sorted({part[name] for part in parts if name in part}))


def _of(logical_id: str) -> Text:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def _arn(service: str, resource: str) -> Text:
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}"}
