"""The production stack: restore, anonymize and share; nothing leaves it but snapshots under the share key."""

from typing import Any

import aws_cdk as cdk
from constructs import Construct

from infra import parameters, permissions
from infra.completion import ProductionFacts, complete_production
from infra.configuration import configuration, escaped
from infra.constructs.alarms import DAY, HOUR, NAMESPACE, Alarms
from infra.constructs.bus import NAME as BUS
from infra.constructs.bus import Bus
from infra.constructs.dashboard import dashboard
from infra.constructs.databases import Databases, parameter_group, subnet_group
from infra.constructs.gateways import dynamodb_access, s3_access
from infra.constructs.keys import key
from infra.constructs.ledger import ledger
from infra.constructs.network import Network
from infra.constructs.roles import permission_boundary
from infra.constructs.schedules import Schedules
from infra.constructs.stage import Hears, Stage, Surroundings, events_topic
from infra.constructs.storage import bucket
from infra.constructs.worker import Worker
from infra.documents import ProductionDocument
from infra.engines import engine_of, prefix_of
from infra.parameters import numbered, with_source
from infra.places import production_place
from infra.plain_stack import PlainStack
from shared import names

TO_DEVELOPMENT = ("SnapshotShared",)
FROM_DEVELOPMENT = ("SnapshotReceived", "TargetReplaced", "StageFailed")
HEARS = {
    "restore": ("SnapshotShared", "StageFailed"),
    "anonymize": ("DatabaseRestored",),
    "snapshot": ("DatabaseAnonymized", "StageFailed"),
}
SWEEPS = ("restore", "snapshot")
INTERFACES = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")


class ProductionStack(PlainStack):
    """Everything in the production account, for one document."""

    def __init__(self, scope: Construct, document: ProductionDocument) -> None:
        super().__init__(
            scope,
            "production",
            "Snapveil, production account. Its keys, ledger and bucket stay when the stack is deleted.",
        )
        self._document = document
        self._config, self._settings, self._given = document.config, document.settings, document.given
        self._code = parameters.code(self)
        self._developments = parameters.other_accounts(
            self, "DevelopmentAccount", self._config.share.accounts, "May copy anonymized snapshots"
        )
        self._sources = parameters.source_parameters(
            self, self._config.sources, document.own_parameter_groups
        )
        self._alarms = Alarms(self, self._settings.alarm_email)
        self._place = production_place(self, document, self._developments, self._sources)
        self._roles = permissions.production_roles(self._place)
        self._boundary = permission_boundary(self, permissions.boundary(self._place))
        self._table = ledger(self)
        self._make_storage()
        self._make_keys()
        self._make_stages()
        self._make_schedules()
        self._make_worker()
        configuration(self, self._completed())
        self._tell()

    def _make_storage(self) -> None:
        self._bucket = self._settings.bucket or bucket(self).ref

    def _make_keys(self) -> None:
        if "production_key" not in self._given:
            key(
                self,
                "ProductionKey",
                "snapveil-production",
                "Snapveil: temporary databases and their snapshots; never shared",
                permissions.production_key_policy(self._place),
            )
        if "key" not in self._given.get("share", {}):
            key(
                self,
                "ShareKey",
                "snapveil-share",
                "Snapveil: anonymized snapshots, which development may copy",
                permissions.share_key_policy(self._place),
            )

    def _make_stages(self) -> None:
        topic = events_topic(self)
        around = Surroundings(
            code=self._code,
            boundary=self._boundary,
            alarms=self._alarms,
            log_days=self._settings.log_days,
            variables={
                "SNAPVEIL_CONFIG": "ssm:/snapveil/config",
                "SNAPVEIL_LEDGER_TABLE": self._table.ref,
                "SNAPVEIL_BUS": BUS,
            },
        )
        self._stages = {
            stage: Stage(
                self,
                stage,
                self._roles[f"snapveil-{stage}"],
                Hears(topic, types, ("from-development",) if stage == "snapshot" else ()),
                around,
            )
            for stage, types in HEARS.items()
        }
        bus = Bus(self, self._settings.archive_days)
        bus.admit(self._developments, FROM_DEVELOPMENT)
        bus.send(
            "to-development",
            self._developments,
            TO_DEVELOPMENT,
            self._roles["snapveil-bus-to-development"],
            self._boundary,
            self._alarms,
        )
        bus.receive("from-development", self._developments, FROM_DEVELOPMENT, self._stages["snapshot"])
        dashboard(self, tuple(HEARS), (*(f"snapveil-{stage}-dlq" for stage in HEARS), *_OTHER_DEAD_LETTERS))

    def _make_schedules(self) -> None:
        schedules = Schedules(self, self._roles, self._boundary, self._alarms)
        for source in self._sources:
            schedules.refresh(source, self._stages["restore"].queue)
            self._alarms.raise_when(
                self,
                f"{source.id}DataAgeAlarm",
                with_source("snapveil-data-age-${name}", source),
                with_source(
                    "The data of ${name} that developers have are too old: no refresh succeeded.", source
                ),
                namespace=NAMESPACE,
                metric="DataAge",
                dimensions={"source": source.name, "service": "snapshot"},
                above=self._settings.data_age_days * DAY,
                statistic="Maximum",
                period=3 * HOUR,
                tell_silence=True,
            )
        for stage in SWEEPS:
            schedules.sweep(stage, self._stages[stage].queue)
        self._alarms.quotas(self, "snapshot", self._config.quotas.warn_at)
        self._alarms.raise_when(
            self,
            "LeftDirtyAlarm",
            "snapveil-left-dirty",
            "Something of a run could not be removed and may hold personal data: look now.",
            namespace=NAMESPACE,
            metric="LeftDirty",
            dimensions={"service": "restore"},  # whichever stage says it
            above=0,
        )

    def _make_worker(self) -> None:
        Worker(
            self,
            self._roles,
            self._boundary,
            self._settings.worker,
            self._settings.log_days,
            self._given.get("worker", {}).get("cluster"),
        )
        if not self._document.brings_groups:
            network = Network(
                self,
                self._settings.network,
                self._document.prefix_lists,
                INTERFACES,
                {
                    "s3": s3_access(self._place.bucket, *self._policy_buckets()),
                    "dynamodb": dynamodb_access(self._table.attr_arn),
                },
            )
            ports = sorted({engine_of(one.kind, one.family).port for one in self._config.sources.values()})
            Databases(self, network, "temporary", "worker", ports)
            subnet_group(self, "snapveil-temporary", network)
        for source, config in zip(self._sources, self._config.sources.values(), strict=True):
            if source.family is not None:
                parameter_group(self, source, config.kind, config.family, names.TEMPORARY, masked=True)

    def _policy_buckets(self) -> list[Any]:
        """Name the buckets of the operator's own that hold policies, each once."""
        found: list[Any] = []
        for source in self._place.sources:
            if source.policy_bucket and source.policy_bucket not in (*found, self._place.bucket):
                found.append(source.policy_bucket)
        return found

    def _completed(self) -> dict[str, Any]:
        own = dict(zip(self._config.sources, self._sources, strict=True))
        facts = ProductionFacts(
            account="${AWS::AccountId}",
            region="${AWS::Region}",
            production_key="${ProductionKey.Arn}",
            share_key="${ShareKey.Arn}",
            share_accounts=[f"${{{one}}}" for one in numbered("DevelopmentAccount", len(self._developments))],
            bucket=self._settings.bucket or "${Bucket}",
            cluster="${WorkerCluster}",
            task_definition="${WorkerTask}",
            subnets=list(self._document.network.subnets) or ["${NetworkIsolated1}", "${NetworkIsolated2}"],
            worker_groups=["${DatabasesClientGroup.GroupId}"],
            subnet_group="${SubnetGroup}",
            database_groups=["${DatabasesGroup.GroupId}"],
            name=lambda source: f"${{{own[source].id}Name}}",
            database=lambda source: f"${{{own[source].id}Database}}",
            parameter_group=lambda source: f"${{{own[source].id}ParameterGroup}}",
        )
        return complete_production(escaped(self._given), facts)

    def _tell(self) -> None:
        self.remember(
            {
                "account": "production",
                "sources": {
                    name: {"prefix": prefix_of(name), "kind": source.kind.value}
                    for name, source in self._config.sources.items()
                },
            }
        )
        self.output(
            "Requests",
            self._stages["restore"].queue.ref,
            "The queue that takes requests for a refresh",
        )
        self.output(
            "Policies", f"s3://{self._bucket}/policies/", "A policy per source goes here: policies/<source>/"
        )
        self.output(
            "RunRecords", f"s3://{self._bucket}/runs/", "The reports of runs: runs/<run id>/report.json"
        )
        self.output("LedgerTable", self._table.ref, "The run ledger; it stays when the stack is deleted")
        self.output("AlarmTopic", self._alarms.topic.ref, "Alarms go here; subscribe whoever is on duty")
        self.output("DashboardName", "snapveil", "The dashboard in CloudWatch")
        self.output(
            "Stays", cdk.Fn.join(", ", self._stays()), "Holds data and stays when the stack is deleted"
        )

    def _stays(self) -> list[str]:
        made = [self._table.ref]
        if self._settings.bucket is None:
            made.append(self._bucket)
        if "production_key" not in self._given:
            made.append("alias/snapveil-production")
        if "key" not in self._given.get("share", {}):
            made.append("alias/snapveil-share")
        return made


_OTHER_DEAD_LETTERS = ("snapveil-to-development-dlq", "snapveil-schedules-dlq")
