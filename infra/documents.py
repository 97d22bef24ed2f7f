"""An operator's document: read, and checked as it will be once the stack has added what it knows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError

from infra.completion import (
    DevelopmentFacts,
    Given,
    ProductionFacts,
    complete_development,
    complete_production,
)
from infra.engines import FamilyError, engine_of, prefix_of
from infra.prefix_lists import KNOWN
from infra.settings import DevelopmentSettings, Network, PrefixLists, ProductionSettings
from shared.config import ConfigError, Development, Production, Source, Target, read

Settings = TypeVar("Settings", ProductionSettings, DevelopmentSettings)
SectionT = TypeVar("SectionT", bound=BaseModel)

MOST_PARAMETERS, OWN_PARAMETERS, PER_SOURCE = 200, 12, 6


@dataclass(frozen=True)
class Document(Generic[Settings]):
    """What an operator wrote: the services' part as given, and the stack's part."""

    where: str
    given: Given
    settings: Settings

    @property
    def own_parameter_groups(self) -> set[str]:
        """Name the sources or targets for which the operator brings along a parameter group."""
        parts = {**self.given.get("sources", {}), **self.given.get("targets", {})}
        return {
            name
            for name, part in parts.items()
            if "parameter_group" in {**part.get("temporary", {}), **part.get("placement", {})}
        }

    @property
    def network(self) -> Network:
        """Return where databases are restored."""
        return self.settings.network

    @property
    def prefix_lists(self) -> PrefixLists:
        """Return the prefix lists of the region, which were checked to be known."""
        return self.settings.network.prefix_lists or KNOWN[self.given["region"]]


@dataclass(frozen=True)
class ProductionDocument(Document[ProductionSettings]):
    """The document of the production account; `config` has placeholders where the stack will fill in."""

    config: Production

    @property
    def brings_groups(self) -> bool:
        """Tell whether the operator brings subnets and groups, so that no network is needed."""
        return "subnets" in self.given.get("worker", {})


@dataclass(frozen=True)
class DevelopmentDocument(Document[DevelopmentSettings]):
    """The document of the development account; `config` has placeholders where the stack will fill in."""

    config: Development


def read_production(path: Path) -> ProductionDocument:
    """Read the document of the production account. Raises ConfigError with every problem, one a line."""
    where, given, stack = _split(path, "production")
    completed = complete_production(given, _production_placeholders(given))
    config = cast("Production", read(json.dumps(completed), where))
    settings = _settings(where, stack, ProductionSettings)
    _check(where, "sources", config.sources, settings.network, config.region)
    _check_brought(where, given)
    _check_keys(
        where,
        {
            "production_key": given.get("production_key"),
            "share.key": given["share"].get("key"),
            **{f"sources.{name}.key": source.key for name, source in config.sources.items()},
        },
    )
    return ProductionDocument(where, given, settings, config)


def read_development(path: Path) -> DevelopmentDocument:
    """Read the document of the development account. Raises ConfigError with every problem, one a line."""
    where, given, stack = _split(path, "development")
    completed = complete_development(given, _development_placeholders(given))
    config = cast("Development", read(json.dumps(completed), where))
    settings = _settings(where, stack, DevelopmentSettings)
    _check(where, "targets", config.targets, settings.network, config.region)
    _check_keys(where, {"copy_key": given.get("copy_key")})
    if problems := _keys_of_placements("targets", "placement", given, "copy_key"):
        raise ConfigError("\n".join(f"{where}: {problem}" for problem in problems))
    return DevelopmentDocument(where, given, settings, config)


def _split(path: Path, account: str) -> tuple[str, Given, object]:
    where = str(path)
    try:
        content: Any = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigError(f"{where}: {error.strerror}: write it like examples/shop/{account}.yaml") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{where}: no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{where}: the document must be a mapping with version, account, …")
    if content.get("account") in {"production", "development"} - {account}:
        raise ConfigError(f"{where}: account: this is the document of {content['account']}, not of {account}")
    given = json.loads(json.dumps(content, default=str))  # its own copy, and what JSON can say
    return where, given, given.pop("stack", None)


def _settings(where: str, stack: object, model: type[SectionT]) -> SectionT:
    try:
        return model.model_validate({} if stack is None else stack)
    except ValidationError as error:
        lines = [
            f"{where}: {'.'.join(['stack', *(str(part) for part in problem['loc'])])}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigError("\n".join(lines)) from error


def _check(
    where: str,
    section: str,
    parts: Mapping[str, Source] | Mapping[str, Target],
    network: Network,
    region: str,
) -> None:
    """Check what only a stack has to know. Raises ConfigError."""
    problems = []
    prefixes: dict[str, str] = {}
    for name, part in parts.items():
        try:
            engine_of(part.kind, part.family)
        except FamilyError as error:
            problems.append(f"{section}.{name}.family: {error}")
        other = prefixes.setdefault(prefix_of(name), name)
        if other != name:
            problems.append(f"{section}.{name}: too like {other}: both are {prefix_of(name)} in the template")
    # A target that names a source has a parameter more.
    named = sum(isinstance(part, Target) and part.source not in {None, name} for name, part in parts.items())
    if len(parts) * PER_SOURCE + named + OWN_PARAMETERS > MOST_PARAMETERS:
        most = (MOST_PARAMETERS - OWN_PARAMETERS - named) // PER_SOURCE
        problems.append(f"{section}: a template has room for {most}, not {len(parts)} (200 parameters)")
    if network.prefix_lists is None and region not in KNOWN:
        problems.append(
            f"stack.network.prefix_lists: name those of S3 and DynamoDB in {region}"
            " (aws ec2 describe-managed-prefix-lists)"
        )
    if problems:
        raise ConfigError("\n".join(f"{where}: {problem}" for problem in problems))


def _check_brought(where: str, given: Given) -> None:
    """Check that what an operator brings along to production fits together. Raises ConfigError."""
    worker = given.get("worker", {})
    needed = {f"worker.{part}": part in worker for part in ("subnets", "security_groups")}
    for name, source in given["sources"].items():
        for part in ("subnet_group", "security_groups"):
            needed[f"sources.{name}.temporary.{part}"] = part in source["temporary"]
    problems = [
        f"{place}: missing: with subnets and groups of your own, bring them for the worker and every source"
        for place, brought in needed.items()
        if any(needed.values()) and not brought
    ]
    problems += [
        f"worker.{part}: the stack makes the task, whose roles are proven; leave it out"
        for part in ("task_definition", "container")
        if part in worker
    ]
    problems += _keys_of_placements("sources", "temporary", given, "production_key")
    if problems:
        raise ConfigError("\n".join(f"{where}: {problem}" for problem in problems))


def _keys_of_placements(section: str, part: str, given: Given, instead: str) -> list[str]:
    """Name keys that roles would not be allowed to use: they know one key for all databases."""
    return [
        f"{section}.{name}.{part}.kms_key: databases are under one key for all: say {instead}"
        for name, one in given[section].items()
        if "kms_key" in one[part]
    ]


def _check_keys(where: str, keys: Mapping[str, str | None]) -> None:
    """Check that keys are named so that IAM policies can name them. Raises ConfigError."""
    problems = [
        f"{where}: {place}: name the key itself, …:key/…: policies do not know aliases"
        for place, key in keys.items()
        if key is not None and ":key/" not in key
    ]
    if problems:
        raise ConfigError("\n".join(problems))


def _production_placeholders(given: Given) -> ProductionFacts:
    return ProductionFacts(
        account=given.get("account_id"),
        region=given.get("region"),
        production_key=_alias(given, "snapveil-production"),
        share_key=_alias(given, "snapveil-share"),
        share_accounts=None,
        bucket="bucket-of-the-stack",
        cluster="snapveil",
        task_definition="snapveil-worker",
        subnets=["subnet-00000000"],
        worker_groups=["sg-00000000"],
        subnet_group="snapveil-temporary",
        database_groups=["sg-00000000"],
    )


def _development_placeholders(given: Given) -> DevelopmentFacts:
    return DevelopmentFacts(
        account=given.get("account_id"),
        region=given.get("region"),
        copy_key=_alias(given, "snapveil-copy"),
        owners=None,
        share_keys=[_alias(given, "snapveil-share")],
        subnet_group="snapveil-development",
        database_groups=["sg-00000000"],
    )


def _alias(given: Given, name: str) -> str:
    return f"arn:aws:kms:{given.get('region')}:{given.get('account_id')}:alias/{name}"
