"""The development stack: the receiver, in the network of the targets that it replaces."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as functions
from constructs import Construct

from infra import parameters, permissions
from infra.completion import DevelopmentFacts, complete_development
from infra.configuration import configuration, escaped
from infra.constructs.alarms import Alarms
from infra.constructs.bus import NAME as BUS
from infra.constructs.bus import Bus
from infra.constructs.dashboard import dashboard
from infra.constructs.databases import Databases, parameter_group, subnet_group
from infra.constructs.gateways import dynamodb_access
from infra.constructs.keys import key
from infra.constructs.ledger import ledger
from infra.constructs.network import Network
from infra.constructs.roles import permission_boundary
from infra.constructs.schedules import Schedules
from infra.constructs.stage import Hears, Stage, Surroundings
from infra.documents import DevelopmentDocument
from infra.engines import engine_of, prefix_of
from infra.parameters import numbered
from infra.places import development_place
from infra.plain_stack import PlainStack
from infra.production import FROM_DEVELOPMENT, TO_DEVELOPMENT
from shared import names

# What the receiver calls from inside; Lambda itself polls the queue and writes the log from outside.
INTERFACES = ("events", "kms", "rds", "secretsmanager", "sqs", "ssm")


class DevelopmentStack(PlainStack):
    """Everything in the development account, for one document."""

    def __init__(self, scope: Construct, document: DevelopmentDocument) -> None:
        super().__init__(
            scope,
            "development",
            "Snapveil, development account. Its key and ledger stay when the stack is deleted.",
        )
        self._document = document
        self._config, self._settings, self._given = document.config, document.settings, document.given
        self._code = parameters.code(self)
        self._productions = parameters.other_accounts(
            self, "ProductionAccount", self._config.accept.owners, "Whose anonymized snapshots are accepted"
        )
        self._targets = parameters.source_parameters(
            self, self._config.targets, document.own_parameter_groups
        )
        self._alarms = Alarms(self, self._settings.alarm_email)
        place = development_place(self, document, self._productions)
        self._roles = permissions.development_roles(place)
        self._boundary = permission_boundary(self, permissions.boundary(place))
        self._table = ledger(self)
        if "copy_key" not in self._given:
            key(
                self,
                "CopyKey",
                "snapveil-copy",
                "Snapveil: copies of anonymized snapshots, and the targets made of them",
                permissions.copy_key_policy(place),
            )
        self._make_network()
        self._make_receiver()
        configuration(self, self._completed())
        self._tell()

    def _make_network(self) -> None:
        self._network = Network(
            self,
            self._settings.network,
            self._document.prefix_lists,
            INTERFACES,
            {"dynamodb": dynamodb_access(self._table.attr_arn)},
        )
        ports = sorted({engine_of(one.kind, one.family).port for one in self._config.targets.values()})
        placements = {name: target["placement"] for name, target in self._given["targets"].items()}
        brought = sorted({group for one in placements.values() for group in one.get("security_groups", ())})
        self._databases = Databases(self, self._network, "development", "receiver", ports, brought)
        for number, group in enumerate(self._settings.reachable_from.security_groups, start=1):
            self._databases.admit_group(f"Clients{number}", group, group)
        for number, cidr in enumerate(self._settings.reachable_from.cidrs, start=1):
            self._databases.admit_network(f"Network{number}", cidr)
        if any("subnet_group" not in placement for placement in placements.values()):
            subnet_group(self, "snapveil-development", self._network)
        for target, config in zip(self._targets, self._config.targets.values(), strict=True):
            if target.family is not None:
                parameter_group(self, target, config.kind, config.family, names.TARGET, masked=False)

    def _make_receiver(self) -> None:
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
        self._receiver = receiver = Stage(
            self,
            "receiver",
            self._roles["snapveil-receiver"],
            Hears(rules=("from-production",)),
            around,
            functions.CfnFunction.VpcConfigProperty(
                subnet_ids=self._network.subnets, security_group_ids=[self._databases.client_group]
            ),
        )
        bus = Bus(self, self._settings.archive_days)
        bus.admit(self._productions, TO_DEVELOPMENT)
        bus.send(
            "to-production",
            self._productions,
            FROM_DEVELOPMENT,
            self._roles["snapveil-bus-to-production"],
            self._boundary,
            self._alarms,
        )
        bus.receive("from-production", self._productions, TO_DEVELOPMENT, receiver)
        schedules = Schedules(self, self._roles, self._boundary, self._alarms)
        for target in self._targets:
            schedules.refresh(target, receiver.queue, of_target=True)
        schedules.sweep("receiver", receiver.queue)
        self._alarms.quotas(self, "receiver", self._config.quotas.warn_at)
        self._alarms.sweep(self, "receiver")
        dashboard(
            self,
            ("receiver",),
            ("snapveil-receiver-dlq", "snapveil-to-production-dlq", "snapveil-schedules-dlq"),
        )

    def _completed(self) -> dict[str, Any]:
        own = dict(zip(self._config.targets, self._targets, strict=True))
        owners = numbered("ProductionAccount", len(self._productions))
        facts = DevelopmentFacts(
            account="${AWS::AccountId}",
            region="${AWS::Region}",
            copy_key="${CopyKey.Arn}",
            owners=[f"${{{one}}}" for one in owners],
            share_keys=[
                f"arn:${{AWS::Partition}}:kms:${{AWS::Region}}:${{{one}}}:alias/snapveil-share"
                for one in owners
            ],
            subnet_group="${SubnetGroup}",
            database_groups=["${DatabasesGroup.GroupId}"],
            name=lambda target: f"${{{own[target].id}Name}}",
            source=lambda target: f"${{{own[target].id}Source}}",
            database=lambda target: f"${{{own[target].id}Database}}",
            parameter_group=lambda target: f"${{{own[target].id}ParameterGroup}}",
        )
        return complete_development(escaped(self._given), facts)

    def _tell(self) -> None:
        self.remember(
            {
                "account": "development",
                "sources": {
                    name: {"prefix": prefix_of(name), "kind": target.kind.value}
                    for name, target in self._config.targets.items()
                },
            }
        )
        self.output("TargetGroup", self._databases.group, "The security group of the targets")
        self.output(
            "ReceiverGroup", self._databases.client_group, "Security groups of your own must let it in"
        )
        self.output("Requests", self._receiver.queue.ref, "The queue that takes requests for a refresh")
        self.output(
            "LedgerTable", self._table.ref, "The receiver's ledger; it stays when the stack is deleted"
        )
        self.output("AlarmTopic", self._alarms.topic.ref, "Alarms go here; subscribe whoever is on duty")
        self.output("DashboardName", "snapveil", "The dashboard in CloudWatch")
        kept = [self._table.ref, *([] if "copy_key" in self._given else ["alias/snapveil-copy"])]
        self.output("Stays", cdk.Fn.join(", ", kept), "Holds data and stays when the stack is deleted")
