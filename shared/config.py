"""The configuration document of an account: one YAML text, in SSM or a file, checked when it is read."""

import re
import zoneinfo
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from shared import names
from shared.aws import client
from shared.database.port import Kind, Placement

_DURATION = re.compile(r"(\d+)\s*(s|m|h|d)")
_LONGEST_SOURCE = 20
_TAG = r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$"  # what RDS allows in a tag
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class ConfigError(ValueError):
    """The configuration document cannot be used; the text lists every problem with its place."""


def _duration(value: object) -> object:
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
    if isinstance(value, timedelta):
        return value
    raise ValueError("a duration is a number and a unit, like 36h (units: s, m, h, d)")


def _known_time_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ValueError("no such time zone (write it like Europe/Paris)") from None
    return name


def _free_tag(key: str) -> str:
    if key.lower().startswith(("aws:", "snapveil")):
        raise ValueError("tags that begin with aws: or snapveil are not yours to give; choose another key")
    return key


Duration = Annotated[timedelta, BeforeValidator(_duration)]
AccountId = Annotated[str, Field(pattern=r"^[0-9]{12}$")]
SourceName = Annotated[str, Field(pattern=rf"^{names.SOURCE_PATTERN}$", max_length=_LONGEST_SOURCE)]
TargetName = Annotated[str, Field(pattern=rf"^{names.SOURCE_PATTERN}$", max_length=38)]  # in a role's name
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=63)]
Family = Annotated[str, Field(pattern=r"^[a-z][a-z0-9.-]*[0-9]$")]
Statement = Annotated[str, Field(min_length=1, max_length=2000)]
TagKey = Annotated[str, Field(pattern=_TAG, min_length=1, max_length=128), AfterValidator(_free_tag)]
TagValue = Annotated[str, Field(pattern=_TAG, max_length=256)]
KeyArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/[\w/-]+$")]


class _Part(BaseModel):
    # Built when the first document is read: a service never needs the models of the other account.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class PlacementConfig(_Part):
    """Where and how a database is restored; nothing is inherited from the snapshot or from a message.

    `storage_type` is what RDS calls it: a cluster comes back as `aurora`, which charges each I/O of masking,
    unless `aurora-iopt1` is said.
    """

    instance_class: Annotated[str, Field(pattern=r"^db\.[a-z0-9.]+$")]
    subnet_group: str | None = None
    security_groups: tuple[str, ...] = ()
    parameter_group: str | None = None
    kms_key: KeyArn | None = None
    storage_type: Literal["gp2", "gp3", "io1", "io2", "aurora", "aurora-iopt1"] | None = None
    deletion_protection: bool = False

    def placement(self) -> Placement:
        """Return it as the database port takes it."""
        return Placement(**self.model_dump())


class Pace(_Part):
    """How often a stage looks: from `first`, half as long again each time, up to `longest`."""

    first: Duration = timedelta(seconds=15)
    longest: Duration = timedelta(minutes=5)

    def delay(self, waits: int) -> int:
        """Return the seconds until the next look after so many waits (SQS allows at most 900)."""
        grown = self.first.total_seconds() * 1.5 ** min(waits, 40)
        return int(min(grown, self.longest.total_seconds(), 900))


class Deadlines(_Part):
    """How long each step may take before the run fails."""

    restore: Duration = timedelta(hours=6)
    anonymize: Duration = timedelta(days=2)
    snapshot: Duration = timedelta(hours=12)
    receiver: Duration = timedelta(hours=12)
    removal: Duration = timedelta(hours=3)


class Quotas(_Part):
    """What RDS allows the account in this region, for each kind, and at how many percent to warn.

    The defaults are AWS's; say here what Service Quotas says if it was raised.
    """

    instance_snapshots: Annotated[int, Field(ge=1)] = 100
    cluster_snapshots: Annotated[int, Field(ge=1)] = 100
    instance_copies: Annotated[int, Field(ge=1)] = 20
    cluster_copies: Annotated[int, Field(ge=1)] = 5
    warn_at: Annotated[int, Field(ge=1, le=100)] = 80


class Worker(_Part):
    """The ECS task in which masking happens."""

    cluster: str
    task_definition: str
    container: str = "worker"
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    connections: Annotated[int, Field(ge=1, le=64)] | None = None
    tls: Literal["require", "disable"] = "require"


class Share(_Part):
    """Under which key and with which accounts the anonymized snapshot is shared, and for how long at most."""

    key: KeyArn
    accounts: Annotated[tuple[AccountId, ...], Field(min_length=1, max_length=20)]
    longest: Duration = timedelta(days=7)


class Schedule(_Part):
    """When a refresh begins by itself, as EventBridge Scheduler writes it; off until switched on."""

    expression: Annotated[str, Field(pattern=r"^(cron|rate)\(.+\)$", max_length=256)] = "cron(0 3 ? * MON *)"
    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = "UTC"
    enabled: bool = False


class Source(_Part):
    """A production database that Snapveil refreshes from.

    `family` is the parameter group family of its engine, like postgres16; `key` its own KMS key, if it is
    under one of the customer's: a restored instance stays under it. A request during a run joins it if the
    run serves it, and waits otherwise (`join`), or waits always (`queue`).
    """

    kind: Kind
    database: Identifier
    family: Family | None = None
    key: KeyArn | None = None
    schedule: Schedule = Schedule()
    policy: Annotated[str, Field(pattern=r"^s3://[a-z0-9.-]+/.+$")]
    max_snapshot_age: Duration = timedelta(hours=36)
    during_run: Literal["join", "queue"] = "join"
    temporary: PlacementConfig
    temporary_life: Duration = timedelta(days=3)


class Production(_Part):
    """The document of the production account.

    So many runs may have a temporary database `at_once`; the others wait before their restore, where waiting
    costs nothing. RDS allows 20 snapshot copies in flight.
    """

    version: Literal[1]
    account: Literal["production"]
    account_id: AccountId
    region: str
    share: Share
    production_key: KeyArn
    worker: Worker
    reports: Annotated[str, Field(pattern=r"^s3://[a-z0-9.-]+/.+$")]
    pace: Pace = Pace()
    deadlines: Deadlines = Deadlines()
    at_once: Annotated[int, Field(ge=1, le=200)] = 20
    quotas: Quotas = Quotas()
    sources: Annotated[dict[SourceName, Source], Field(min_length=1)]

    @model_validator(mode="after")
    def _two_keys(self) -> "Production":
        if self.share.key == self.production_key:
            raise ValueError(
                "share.key and production_key are the same: raw data would be under development's key"
            )
        return self


class Accept(_Part):
    """Whose snapshots, under which keys, the receiver accepts; anything else is not looked at.

    A key may be named by its alias, which the other account chose and which is known before the key is.
    """

    owners: Annotated[tuple[AccountId, ...], Field(min_length=1)]
    keys: Annotated[tuple[KeyArn, ...], Field(min_length=1)]


class Target(_Part):
    """A database that developers use, and how it is replaced.

    `source` says whose data it bears: by default those of the source that its key in `targets` names. Before
    the swap the new one runs the statements of `prepare` (logins and grants for developers, written so that
    they can be run twice), then each query of `checks` must say something that is neither NULL, zero nor
    false. The replaced one stands aside for the `grace`, so that an operator can go back to it. `tags` are
    put on the database, its instance and its secret beside Snapveil's own.
    """

    kind: Kind
    source: SourceName | None = None
    family: Family | None = None
    schedule: Schedule = Schedule(expression="rate(1 hour)", enabled=True)
    name: Annotated[str, Field(pattern=r"^snapveil-dev-[a-z0-9]+(-[a-z0-9]+)*$", max_length=48)]
    placement: PlacementConfig
    replace: Literal["beside", "delete_first"] = "beside"
    keep: Annotated[int, Field(ge=1, le=20)] = 2
    grace: Duration = timedelta(0)
    prepare: tuple[Statement, ...] = ()
    checks: tuple[Statement, ...] = ()
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=30)] = {}

    @model_validator(mode="after")
    def _grace_ends(self) -> "Target":
        if self.grace and self.replace == "delete_first":
            raise ValueError("grace: delete_first leaves nothing to go back to; leave it out")
        if self.grace and not self.schedule.enabled:
            raise ValueError("grace: nobody would look when it is over; switch the schedule on")
        return self


class Development(_Part):
    """The document of the development account; several targets may be of one source."""

    version: Literal[1]
    account: Literal["development"]
    account_id: AccountId
    region: str
    accept: Accept
    copy_key: KeyArn
    tls: Literal["require", "disable"] = "require"
    pace: Pace = Pace()
    deadlines: Deadlines = Deadlines()
    quotas: Quotas = Quotas()
    targets: Annotated[dict[TargetName, Target], Field(min_length=1)]

    def source_of(self, target: str) -> str:
        """Name the source whose data a target bears. Raises KeyError if there is no such target."""
        return self.targets[target].source or target

    def targets_of(self, source: str) -> dict[str, Target]:
        """Return the targets of a source by their names, in the document's order; empty if it has none."""
        return {name: target for name, target in self.targets.items() if self.source_of(name) == source}

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that targets are of, each once, in the document's order."""
        return tuple(dict.fromkeys(self.source_of(name) for name in self.targets))

    @model_validator(mode="after")
    def _told_apart(self) -> "Development":
        for name, target in self.targets.items():
            if target.source is None and len(name) > _LONGEST_SOURCE:
                raise ValueError(
                    f"targets.{name}: no source has a name of more than {_LONGEST_SOURCE} characters;"
                    " say with source whose data it bears"
                )
            for other, its in self.targets.items():
                if other != name:
                    self._two_databases(name, target, other, its)
        return self

    def _two_databases(self, name: str, target: Target, other: str, its: Target) -> None:
        """Refuse what could be taken for one database, or for what stands beside another."""
        if its.name == target.name:
            raise ValueError(
                f"targets.{other}.name: {its.name} is the database of {name} already;"
                " give each target a name of its own"
            )
        beside = its.name.startswith((f"{target.name}-new-", f"{target.name}-old-"))
        if beside or (target.kind is Kind.CLUSTER and its.name == f"{target.name}-1"):
            raise ValueError(
                f"targets.{other}.name: {its.name} could be taken for a part of {target.name}, or for what"
                " stands beside it; name it otherwise"
            )
        if self.source_of(other) == self.source_of(name) and its.kind is not target.kind:
            raise ValueError(
                f"targets.{other}.kind: {its.kind}, but {name} is of the same source and {target.kind}:"
                " a snapshot is of one kind"
            )


Config = Production | Development
_ACCOUNTS: dict[object, type[Production] | type[Development]] = {
    "production": Production,
    "development": Development,
}


@lru_cache(maxsize=4)
def read(text: str, where: str) -> Config:
    """Read a configuration document. Raises ConfigError with every problem, one a line."""
    import yaml  # noqa: PLC0415 - 35 ms that a cold start needs only here

    try:
        content: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{where}: no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{where}: the document must be a mapping with version, account, …")
    account = content.get("account")
    if not isinstance(account, str) or account not in _ACCOUNTS:
        raise ConfigError(f"{where}: account: {account!r} is neither production nor development")
    try:
        return _ACCOUNTS[account].model_validate(content)
    except ValidationError as error:
        lines = [
            f"{where}: {'.'.join(str(part) for part in problem['loc']) or 'document'}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigError("\n".join(lines)) from error


def load(address: str) -> Config:
    """Load the document from `ssm:/parameter/name` or from a file."""
    if address.startswith("ssm:"):
        name = address.removeprefix("ssm:")
        return read(client("ssm").get_parameter(Name=name)["Parameter"]["Value"], address)
    return read(Path(address).read_text(), address)


def load_production(address: str) -> Production:
    """Load the document of the production account."""
    config = load(address)
    if not isinstance(config, Production):
        raise ConfigError(
            f"{address}: account: this service runs in production, the document is for {config.account}"
        )
    return config


def load_development(address: str) -> Development:
    """Load the document of the development account."""
    config = load(address)
    if not isinstance(config, Development):
        raise ConfigError(
            f"{address}: account: this service runs in development, the document is for {config.account}"
        )
    return config
