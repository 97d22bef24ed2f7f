"""Two accounts over one emulated RDS with a driven clock: what the tests of this folder speak with."""

import json
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from local.engines import NoEngines
from local.rds import RdsWorld, Timings

REGION = "eu-west-3"
PRODUCTION, DEVELOPMENT = "111111111111", "222222222222"
PASSWORD = "production-secret"
TIMES = Timings.aws_like()
_DAY_ONE = 1_790_000_000.0  # a Monday in 2026

_clients: dict[tuple[str, str], Any] = {}


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self) -> None:
        self.now = _DAY_ONE

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Account:
    """An account as its services see it: plain boto3 clients."""

    number: str

    @property
    def rds(self) -> Any:
        return client(self.number, "rds")

    @property
    def kms(self) -> Any:
        return client(self.number, "kms")

    def instance(self, identifier: str) -> dict[str, Any]:
        found: dict[str, Any] = self.rds.describe_db_instances(DBInstanceIdentifier=identifier)[
            "DBInstances"
        ][0]
        return found

    def cluster(self, identifier: str) -> dict[str, Any]:
        found: dict[str, Any] = self.rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"][0]
        return found

    def snapshot(self, identifier: str) -> dict[str, Any]:
        found: dict[str, Any] = self.rds.describe_db_snapshots(DBSnapshotIdentifier=identifier)[
            "DBSnapshots"
        ][0]
        return found

    def cluster_snapshot(self, identifier: str) -> dict[str, Any]:
        described = self.rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=identifier)
        found: dict[str, Any] = described["DBClusterSnapshots"][0]
        return found

    def status(self, kind: str, identifier: str) -> str:
        status: str = (
            self.instance(identifier)["DBInstanceStatus"]
            if kind == "instance"
            else getattr(self, kind)(identifier)["Status"]
        )
        return status

    def key(self, *, for_accounts: tuple[str, ...] = ()) -> str:
        """A customer key, usable by the given other accounts."""
        theirs = ["kms:CreateGrant", "kms:D*"]
        statements = [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{number}:root"},
                "Action": "kms:*" if number == self.number else theirs,
                "Resource": "*",
            }
            for number in (self.number, *for_accounts)
        ]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        arn: str = self.kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
        return arn


@dataclass(frozen=True)
class Cloud:
    """The world, its clock and its accounts."""

    world: RdsWorld
    clock: Clock
    engines: NoEngines
    production: Account = Account(PRODUCTION)
    development: Account = Account(DEVELOPMENT)

    def pass_time(self, seconds: float = 7200) -> None:
        self.clock.advance(seconds)

    def instance(self, identifier: str = "shop-fr", account: Account | None = None, **more: Any) -> None:
        """An available instance."""
        given = {
            "Engine": "postgres",
            "DBInstanceClass": "db.t4g.micro",
            "MasterUsername": "shop",
            "MasterUserPassword": PASSWORD,
            "BackupRetentionPeriod": 0,
        }
        (account or self.production).rds.create_db_instance(DBInstanceIdentifier=identifier, **(given | more))
        self.pass_time()

    def cluster(self, identifier: str = "shop-es", account: Account | None = None, **more: Any) -> None:
        """An available cluster without an instance."""
        given = {"Engine": "aurora-postgresql", "MasterUsername": "shop", "MasterUserPassword": PASSWORD}
        (account or self.production).rds.create_db_cluster(DBClusterIdentifier=identifier, **(given | more))
        self.pass_time()

    def member(self, identifier: str = "shop-es-1", cluster: str = "shop-es") -> None:
        """An available instance of a cluster."""
        self.production.rds.create_db_instance(
            DBInstanceIdentifier=identifier,
            DBClusterIdentifier=cluster,
            Engine="aurora-postgresql",
            DBInstanceClass="db.t4g.medium",
        )
        self.pass_time()

    def snapshot(self, identifier: str = "masked", of: str = "shop-fr") -> str:
        """An available manual snapshot of an instance; returns its ARN."""
        made = self.production.rds.create_db_snapshot(
            DBSnapshotIdentifier=identifier, DBInstanceIdentifier=of
        )
        self.pass_time()
        return str(made["DBSnapshot"]["DBSnapshotArn"])

    def cluster_snapshot(self, identifier: str = "masked", of: str = "shop-es") -> str:
        made = self.production.rds.create_db_cluster_snapshot(
            DBClusterSnapshotIdentifier=identifier, DBClusterIdentifier=of
        )
        self.pass_time()
        return str(made["DBClusterSnapshot"]["DBClusterSnapshotArn"])

    def share(self, identifier: str = "masked", *accounts: str) -> None:
        self.production.rds.modify_db_snapshot_attribute(
            DBSnapshotIdentifier=identifier,
            AttributeName="restore",
            ValuesToAdd=list(accounts or (DEVELOPMENT,)),
        )

    def share_cluster_snapshot(self, identifier: str = "masked", *accounts: str) -> None:
        self.production.rds.modify_db_cluster_snapshot_attribute(
            DBClusterSnapshotIdentifier=identifier,
            AttributeName="restore",
            ValuesToAdd=list(accounts or (DEVELOPMENT,)),
        )

    def lets_in(self, port: int, password: str) -> bool:
        self.world.settle()
        return self.engines.login(port, "shop", password)


def client(account: str, service: str) -> Any:
    """A client of an account, made once: moto reads the account from the header when there is one."""
    if (account, service) not in _clients:
        made = boto3.client(
            service, region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
        )

        def name_account(request: Any, **_: Any) -> None:
            request.headers["x-moto-account-id"] = account

        made.meta.events.register("before-sign", name_account)
        _clients[account, service] = made
    return _clients[account, service]


def refusal(call: Any, **params: Any) -> str:
    """The error code with which RDS refuses a call."""
    try:
        call(**params)
    except ClientError as refused:
        code: str = refused.response["Error"]["Code"]
        return code
    return "accepted"
