"""What RDS needs where Snapveil restores: a subnet group, parameter groups, and who may connect."""

from collections.abc import Sequence

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from constructs import Construct

from infra.constructs.network import HTTPS, Network, security_group
from infra.engines import engine_of
from infra.parameters import SourceParameters, with_source
from infra.plain_stack import PlainStack
from shared.database.port import Kind


def subnet_group(scope: Construct, name: str, network: Network) -> rds.CfnDBSubnetGroup:
    """Make the group of the isolated subnets."""
    return rds.CfnDBSubnetGroup(
        scope,
        "SubnetGroup",
        db_subnet_group_name=name,
        db_subnet_group_description="Snapveil: isolated subnets",
        subnet_ids=network.subnets,
    )


def parameter_group(
    stack: PlainStack, source: SourceParameters, kind: Kind, family: str | None, prefix: str, *, masked: bool
) -> str:
    """Make the parameter group of a source and return its name; `masked`: for databases to be masked, which
    log no statement and have logs that cleaning can write over."""
    engine = engine_of(kind, family)
    values = dict(engine.secure + (engine.quiet + engine.logs if masked else ()))
    name = with_source(f"{prefix}${{name}}", source)
    description = with_source("Snapveil: ${name}", source)
    part = f"{source.id}ParameterGroup"
    if kind is Kind.INSTANCE:
        return rds.CfnDBParameterGroup(
            stack,
            part,
            db_parameter_group_name=name,
            description=description,
            family=str(source.family),
            parameters=values,
        ).ref
    return rds.CfnDBClusterParameterGroup(
        stack,
        part,
        db_cluster_parameter_group_name=name,
        description=description,
        family=str(source.family),
        parameters=values,
    ).ref


class Databases(Construct):
    """The security groups of databases and of the one client that reaches them, and endpoints.

    `more` are groups of the operator's own in which other databases are.
    """

    def __init__(
        self,
        scope: Construct,
        network: Network,
        name: str,
        client: str,
        ports: Sequence[int],
        more: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, "Databases")
        self._ports = ports
        database = security_group(
            self,
            "Group",
            f"snapveil-{name}",
            f"Databases: {client} reaches them, they reach nobody",
            network.vpc,
        )
        self.group = database.attr_group_id
        reaching = security_group(
            self,
            "ClientGroup",
            f"snapveil-{client}",
            f"The {client}: databases and endpoints, nothing else",
            network.vpc,
            [
                *(_to_group(self.group, port, "Databases") for port in ports),
                _to_group(network.endpoint_group, HTTPS, "Endpoints"),
                *(
                    _to_group(group, port, "Databases in a group of your own")
                    for group in more
                    for port in ports
                ),
                *(
                    ec2.CfnSecurityGroup.EgressProperty(
                        ip_protocol="tcp",
                        from_port=HTTPS,
                        to_port=HTTPS,
                        destination_prefix_list_id=prefix_list,
                        description="Gateway endpoint",
                    )
                    for prefix_list in network.prefix_lists
                ),
            ],
        )
        self.client_group = reaching.attr_group_id
        network.admit_to_endpoints(self.client_group)
        self.admit_group("Client", self.client_group, client)

    def admit_group(self, part: str, group: str, who: str) -> None:
        """Let a security group connect."""
        for port in self._ports:
            ec2.CfnSecurityGroupIngress(
                self,
                f"From{part}Port{port}",
                group_id=self.group,
                source_security_group_id=group,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=f"From {who}",
            )

    def admit_network(self, part: str, cidr: str) -> None:
        """Let a network connect."""
        for port in self._ports:
            ec2.CfnSecurityGroupIngress(
                self,
                f"From{part}Port{port}",
                group_id=self.group,
                cidr_ip=cidr,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=f"From {cidr}",
            )


def _to_group(group: str, port: int, what: str) -> ec2.CfnSecurityGroup.EgressProperty:
    return ec2.CfnSecurityGroup.EgressProperty(
        ip_protocol="tcp", from_port=port, to_port=port, destination_security_group_id=group, description=what
    )
