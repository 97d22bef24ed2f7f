"""The `stack:` section of an operator's document: what only the stacks read."""

import ipaddress
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653]
"""For how long CloudWatch can keep logs."""


def _private_network(text: str) -> str:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"write a network like 10.83.0.0/24 ({error})") from None
    if not network.is_private or not 16 <= network.prefixlen <= 27:
        raise ValueError("take a private network of size /16 to /27, like 10.83.0.0/24")
    return text


def _client_network(text: str) -> str:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"write a network like 10.20.0.0/16 ({error})") from None
    if not network.is_private:
        raise ValueError("the target is not reachable from the internet: name networks of your own")
    return text


def _days(value: object) -> object:
    if value not in get_args(LogDays):
        raise ValueError(f"CloudWatch keeps logs for {', '.join(map(str, get_args(LogDays)))} days")
    return value


def _id(kind: str) -> str:
    return rf"^{kind}-[0-9a-f]{{8,17}}$"


SubnetId = Annotated[str, Field(pattern=_id("subnet"))]
SecurityGroupId = Annotated[str, Field(pattern=_id("sg"))]
RouteTableId = Annotated[str, Field(pattern=_id("rtb"))]
PrefixListId = Annotated[str, Field(pattern=_id("pl"))]
Cidr = Annotated[str, AfterValidator(_private_network)]
ClientCidr = Annotated[str, AfterValidator(_client_network)]
BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
Email = Annotated[str, Field(pattern=r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PrefixLists(_Part):
    """AWS's own lists of the addresses of S3 and DynamoDB in a region."""

    s3: PrefixListId
    dynamodb: PrefixListId


class Network(_Part):
    """Where databases are restored: a new network without any way out, or one of your own.

    With `vpc` go `subnets` (two zones at least) and either `endpoint_security_group`, if the VPC has the
    endpoints already, or `route_tables`, to which the endpoints for S3 and DynamoDB are added. Endpoints that
    the stack makes answer for the whole VPC, but let in Snapveil only: where others work, bring your own.
    """

    cidr: Cidr = "10.83.0.0/24"
    vpc: Annotated[str, Field(pattern=_id("vpc"))] | None = None
    subnets: tuple[SubnetId, ...] = ()
    route_tables: tuple[RouteTableId, ...] = ()
    endpoint_security_group: SecurityGroupId | None = None
    endpoint_zones: Annotated[int, Field(ge=1, le=2)] = 1
    prefix_lists: PrefixLists | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Network":
        if self.vpc is None:
            for name in ("subnets", "route_tables", "endpoint_security_group"):
                if getattr(self, name):
                    raise ValueError(f"{name} belongs to a network of your own: say which vpc")
            return self
        if "cidr" in self.model_fields_set:
            raise ValueError("cidr is for a new network: leave out either cidr or vpc")
        if len(self.subnets) < 2:
            raise ValueError("name two subnets of the vpc at least, in two zones: RDS asks for that")
        if bool(self.route_tables) == bool(self.endpoint_security_group):
            raise ValueError(
                "say either endpoint_security_group (the vpc has its endpoints) or route_tables (make them)"
            )
        return self


class ReachableFrom(_Part):
    """Who may open connections to the target."""

    security_groups: tuple[SecurityGroupId, ...] = ()
    cidrs: tuple[ClientCidr, ...] = ()


class WorkerSize(_Part):
    """What the masking worker gets, as Fargate counts it: CPU units and MiB."""

    cpu: Literal[1024, 2048, 4096, 8192, 16384] = 1024
    memory: int = 4096

    @model_validator(mode="after")
    def _fits(self) -> "WorkerSize":
        step = {1024: 1024, 2048: 1024, 4096: 1024, 8192: 4096, 16384: 8192}[self.cpu]
        least, most = self.cpu * 2, min(self.cpu * 8, 122880)
        if not least <= self.memory <= most or self.memory % step:
            raise ValueError(
                f"with cpu {self.cpu} Fargate allows memory from {least} to {most} in steps of {step}"
            )
        return self


class _Settings(_Part):
    network: Network = Network()
    alarm_email: Email = ""
    log_days: Annotated[LogDays, BeforeValidator(_days)] = 90
    archive_days: Annotated[int, Field(ge=1, le=365)] = 30


class ProductionSettings(_Settings):
    """What the production stack is told.

    `bucket` holds policies and run records, if it is your own. When the data that developers have are older
    than `data_age_days`, somebody is told: a week, a day for the snapshot and one for trying again.
    """

    bucket: BucketName | None = None
    worker: WorkerSize = WorkerSize()
    data_age_days: Annotated[int, Field(ge=1, le=60)] = 9


class DevelopmentSettings(_Settings):
    """What the development stack is told."""

    reachable_from: ReachableFrom = ReachableFrom()
