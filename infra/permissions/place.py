"""Where roles are made: the names of the stack's own things, and what an operator brings along instead."""

from dataclasses import dataclass, field
from typing import Literal

from infra.permissions.statements import Text, arn

LEDGER = "snapveil-ledger"
BUS = "snapveil"
PARAMETER = "/snapveil/config"
POLICIES = "policies"
REPORTS = "runs"


@dataclass(frozen=True)
class Source:
    """A source of production: `database` refers to its parameter; `key` is its own customer key, if it has
    one.

    `policy_bucket` (ARN) and `policy_prefix` are given for a policy that lies elsewhere than in the stack's
    bucket under `policies/`.
    """

    kind: Literal["instance", "cluster"]
    database: Text
    key: Text | None = None
    policy_bucket: Text | None = None
    policy_prefix: str | None = None


@dataclass(frozen=True)
class Production:
    """The production account. Keys and bucket are ARNs; groups are names of RDS groups brought along.

    `temporary_keys` are keys of temporary databases that sources name instead of the production key.
    """

    production_key: Text
    share_key: Text
    bucket: Text
    development_accounts: tuple[Text, ...]
    sources: tuple[Source, ...] = ()
    image_repository: Text = field(default_factory=lambda: arn("ecr", "repository/snapveil-worker"))
    subnet_groups: tuple[str, ...] = ()
    parameter_groups: tuple[str, ...] = ()
    temporary_keys: tuple[Text, ...] = ()
    cluster_arn: Text = field(default_factory=lambda: arn("ecs", "cluster/snapveil"))
    task_definition: Text = field(default_factory=lambda: arn("ecs", "task-definition/snapveil-worker:*"))


@dataclass(frozen=True)
class Development:
    """The development account: whose snapshots it copies, under which keys, and its own key (ARN).

    `trusted_keys` are share keys that the document names by their ARNs; others are known by their alias.
    `target_keys` are keys of targets that are clusters, where their placement names others than the copy key.
    `tag_keys` are those of the tags that the document gives to targets.
    """

    copy_key: Text
    production_accounts: tuple[Text, ...]
    trusted_keys: tuple[Text, ...] = ()
    subnet_groups: tuple[str, ...] = ()
    parameter_groups: tuple[str, ...] = ()
    target_keys: tuple[Text, ...] = ()
    tag_keys: tuple[str, ...] = ()


Place = Production | Development
