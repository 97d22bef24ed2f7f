"""What a stack adds to an operator's document, so that the services find everything in it.

The same two functions complete a document with placeholders, to check it, and with `${…}` as Fn::Sub reads
it, for the parameter /snapveil/config. What the operator brings along stays as it is.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Given = dict[str, Any]


def _as_named(source: str) -> str:
    return source


@dataclass(frozen=True)
class ProductionFacts:
    """What the production stack knows. Accounts, names and databases replace what is given, if known."""

    account: Any
    region: Any
    production_key: str
    share_key: str
    share_accounts: list[str] | None
    bucket: str
    cluster: str
    task_definition: str
    subnets: list[str]
    worker_groups: list[str]
    subnet_group: str
    database_groups: list[str]
    name: Callable[[str], str] = _as_named
    database: Callable[[str], str] | None = None
    parameter_group: Callable[[str], str] = _as_named


@dataclass(frozen=True)
class DevelopmentFacts:
    """What the development stack knows. Owners, names and targets replace what is given, if known."""

    account: Any
    region: Any
    copy_key: str
    owners: list[str] | None
    share_keys: list[str]
    subnet_group: str
    database_groups: list[str]
    name: Callable[[str], str] = _as_named
    source: Callable[[str], str] | None = None
    database: Callable[[str], str] | None = None
    parameter_group: Callable[[str], str] = _as_named


def complete_production(given: Given, facts: ProductionFacts) -> Given:
    """Add what the production stack knows."""
    document = deepcopy(given) | {"account_id": facts.account, "region": facts.region}
    document.setdefault("production_key", facts.production_key)
    document.setdefault("reports", f"s3://{facts.bucket}/runs")
    share = _part(document, "share")
    share.setdefault("key", facts.share_key)
    if facts.share_accounts is not None:
        share["accounts"] = facts.share_accounts
    worker = _part(document, "worker")
    worker.setdefault("cluster", facts.cluster)
    worker.setdefault("task_definition", facts.task_definition)
    worker.setdefault("subnets", facts.subnets)
    worker.setdefault("security_groups", facts.worker_groups)
    for name, source in _parts(document, "sources"):
        source.setdefault("policy", f"s3://{facts.bucket}/policies/{facts.name(name)}")
        if facts.database is not None:
            source["database"] = facts.database(name)
        _place(_part(source, "temporary"), name, facts)
    return _named(document, "sources", facts.name)


def complete_development(given: Given, facts: DevelopmentFacts) -> Given:
    """Add what the development stack knows."""
    document = deepcopy(given) | {"account_id": facts.account, "region": facts.region}
    document.setdefault("copy_key", facts.copy_key)
    accept = _part(document, "accept")
    accept.setdefault("keys", facts.share_keys)
    if facts.owners is not None:
        accept["owners"] = facts.owners
    for name, target in _parts(document, "targets"):
        target.setdefault("name", f"snapveil-dev-{name}")
        if facts.source is not None and target.get("source", name) != name:
            target["source"] = facts.source(name)
        if facts.database is not None:
            target["name"] = facts.database(name)
        _place(_part(target, "placement"), name, facts)
    return _named(document, "targets", facts.name)


def lean(document: Given) -> Given:
    """Leave out what only stacks read: a parameter of SSM holds 8 KB."""
    without = deepcopy(document)
    for section in ("sources", "targets"):
        for _, part in _parts(without, section):
            for unread in ("schedule", "family"):
                part.pop(unread, None)
    return without


def _place(placement: Given, source: str, facts: ProductionFacts | DevelopmentFacts) -> None:
    placement.setdefault("subnet_group", facts.subnet_group)
    placement.setdefault("security_groups", facts.database_groups)
    placement.setdefault("parameter_group", facts.parameter_group(source))


def _named(document: Given, section: str, name: Callable[[str], str]) -> Given:
    if isinstance(document.get(section), dict):
        document[section] = {name(key): part for key, part in document[section].items()}
    return document


def _part(document: Given, name: str) -> Given:
    """Return a part to complete; what is no mapping is left for the check to name."""
    part = document.setdefault(name, {})
    return part if isinstance(part, dict) else {}


def _parts(document: Given, section: str) -> Iterator[tuple[str, Given]]:
    parts = document.get(section)
    if isinstance(parts, dict):
        yield from ((str(name), part) for name, part in parts.items() if isinstance(part, dict))
