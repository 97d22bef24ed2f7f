"""Where databases are restored: subnets without any way out, and only the endpoints that are needed."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.constructs.policies import policy
from infra.plain_stack import PlainStack
from infra.settings import Network as Settings
from infra.settings import PrefixLists

ZONES = 2  # RDS asks for subnets in two
HTTPS = 443


class Network(Construct):
    """A new network, or the operator's own; with endpoints, unless they are there already."""

    def __init__(
        self,
        stack: PlainStack,
        settings: Settings,
        prefix_lists: PrefixLists,
        interfaces: Sequence[str],
        gateways: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> None:
        super().__init__(stack, "Network")
        if settings.vpc is None:
            self._make_vpc(settings.cidr)
        else:
            self.vpc: str = settings.vpc
            self.subnets: list[str] = list(settings.subnets)
            self._route_tables = list(settings.route_tables)
        self._zones = settings.endpoint_zones
        self._own_endpoints = settings.endpoint_security_group is None
        if self._own_endpoints:
            self.endpoint_group = self._make_endpoints(interfaces, gateways)
        else:
            self.endpoint_group = str(settings.endpoint_security_group)
        names = {"s3": ("S3", prefix_lists.s3), "dynamodb": ("DynamoDB", prefix_lists.dynamodb)}
        self.prefix_lists = [
            stack.text(
                f"{names[service][0]}PrefixList",
                f"AWS's own list of the addresses of {names[service][0]} in this region",
                default=names[service][1],
                allowed_pattern="^pl-[0-9a-f]+$",
            ).value_as_string
            for service in gateways
        ]

    def admit_to_endpoints(self, client: str) -> None:
        """Let a security group reach the endpoints that we made."""
        if self._own_endpoints:
            ec2.CfnSecurityGroupIngress(
                self,
                "EndpointsFromClient",
                group_id=self.endpoint_group,
                source_security_group_id=client,
                ip_protocol="tcp",
                from_port=HTTPS,
                to_port=HTTPS,
                description="HTTPS from Snapveil",
            )

    def _make_vpc(self, cidr: str) -> None:
        vpc = ec2.CfnVPC(
            self,
            "Vpc",
            cidr_block=cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=_named("snapveil"),
        )
        table = ec2.CfnRouteTable(self, "Routes", vpc_id=vpc.ref, tags=_named("snapveil-isolated"))
        self.vpc, self.subnets, self._route_tables = vpc.ref, [], [table.ref]
        halves = ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=1)
        for number, half in enumerate(halves, start=1):
            subnet = ec2.CfnSubnet(
                self,
                f"Isolated{number}",
                vpc_id=vpc.ref,
                cidr_block=str(half),
                availability_zone=cdk.Fn.select(number - 1, cdk.Fn.get_azs()),
                map_public_ip_on_launch=False,
                tags=_named(f"snapveil-isolated-{number}"),
            )
            ec2.CfnSubnetRouteTableAssociation(
                self, f"Isolated{number}Routes", subnet_id=subnet.ref, route_table_id=table.ref
            )
            self.subnets.append(subnet.ref)

    def _make_endpoints(
        self, interfaces: Sequence[str], gateways: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> str:
        group = security_group(
            self, "EndpointGroup", "snapveil-endpoints", "The endpoints: HTTPS from Snapveil only", self.vpc
        )
        for service in interfaces:
            ec2.CfnVPCEndpoint(
                self,
                _id(service),
                vpc_id=self.vpc,
                vpc_endpoint_type="Interface",
                service_name=_service(service),
                subnet_ids=self.subnets[: self._zones],
                security_group_ids=[group.attr_group_id],
                private_dns_enabled=True,
                policy_document=policy([_own_account(service)]),
            )
        for service, statements in gateways.items():
            ec2.CfnVPCEndpoint(
                self,
                _id(service),
                vpc_id=self.vpc,
                vpc_endpoint_type="Gateway",
                service_name=_service(service),
                route_table_ids=self._route_tables,
                policy_document=policy(statements),
            )
        return group.attr_group_id


def security_group(
    scope: Construct,
    part: str,
    name: str,
    description: str,
    vpc: str,
    egress: Sequence[ec2.CfnSecurityGroup.EgressProperty] = (),
) -> ec2.CfnSecurityGroup:
    """Make a security group that lets nothing in, and nothing out but what is said.

    A group without any egress rule would get EC2's default, which lets everything out; so nothing is said as
    a rule to nowhere.
    """
    nowhere = ec2.CfnSecurityGroup.EgressProperty(
        ip_protocol="tcp", from_port=1, to_port=1, cidr_ip="127.0.0.1/32", description="Nowhere"
    )
    return ec2.CfnSecurityGroup(
        scope,
        part,
        group_name=name,
        group_description=description,
        vpc_id=vpc,
        security_group_egress=list(egress) or [nowhere],
        tags=_named(name),
    )


def _own_account(service: str) -> Mapping[str, Any]:
    """Let only this account's credentials through: with others', data could leave by an endpoint.

    What our own roles may do says IAM.
    """
    return {
        "Sid": "OwnAccount",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": f"{service.partition('.')[0]}:*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": cdk.Aws.ACCOUNT_ID}},
    }


def _service(name: str) -> str:
    return cdk.Fn.sub(f"com.amazonaws.${{AWS::Region}}.{name}")


def _id(service: str) -> str:
    return "".join(part.capitalize() for part in service.split(".")) + "Endpoint"


def _named(name: str) -> list[cdk.CfnTag]:
    return [cdk.CfnTag(key="Name", value=name)]
