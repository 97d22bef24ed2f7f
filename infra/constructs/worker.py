"""The masking worker: an ECS cluster, and a Fargate task that runs as nobody and writes to /tmp only."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.constructs.roles import iam_role
from infra.parameters import DIGEST
from infra.permissions import Role
from infra.plain_stack import PlainStack
from infra.settings import WorkerSize

NAME = "snapveil-worker"
CONTAINER = "worker"
USER = "10001:10001"


class Worker(Construct):
    """Cluster, task definition, roles and log of the worker."""

    def __init__(
        self,
        stack: PlainStack,
        roles: Mapping[str, Role],
        boundary: iam.CfnManagedPolicy,
        size: WorkerSize,
        log_days: int,
        cluster: str | None = None,
    ) -> None:
        super().__init__(stack, "Worker")
        image = stack.text(
            "WorkerImage", "The image of the worker, pinned by its digest", allowed_pattern=DIGEST
        )
        self.cluster = cluster or self._make_cluster()
        log = logs.CfnLogGroup(self, "Log", log_group_name="/snapveil/worker", retention_in_days=log_days)
        role = iam_role(self, "Role", roles[NAME], boundary)
        execution = iam_role(self, "ExecutionRole", roles[f"{NAME}-execution"], boundary)
        definition = ecs.CfnTaskDefinition(
            self,
            "Task",
            family=NAME,
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            runtime_platform=ecs.CfnTaskDefinition.RuntimePlatformProperty(
                cpu_architecture="ARM64", operating_system_family="LINUX"
            ),
            cpu=str(size.cpu),
            memory=str(size.memory),
            task_role_arn=role.attr_arn,
            execution_role_arn=execution.attr_arn,
            volumes=[ecs.CfnTaskDefinition.VolumeProperty(name="tmp")],
            container_definitions=[_container(image.value_as_string, log)],
        )
        self.task_definition = definition.ref

    def _make_cluster(self) -> str:
        return ecs.CfnCluster(
            self,
            "Cluster",
            cluster_name="snapveil",
            cluster_settings=[
                # Tasks without a service have no other metric of their CPU and memory.
                ecs.CfnCluster.ClusterSettingsProperty(name="containerInsights", value="enabled")
            ],
        ).ref


def _container(image: str, log: logs.CfnLogGroup) -> ecs.CfnTaskDefinition.ContainerDefinitionProperty:
    """Describe the container. What a run is about comes with RunTask; secrets never come this way."""
    return ecs.CfnTaskDefinition.ContainerDefinitionProperty(
        name=CONTAINER,
        image=image,
        entry_point=["python", "-m", "services.anonymize.worker"],
        essential=True,
        user=USER,
        readonly_root_filesystem=True,
        linux_parameters=ecs.CfnTaskDefinition.LinuxParametersProperty(
            capabilities=ecs.CfnTaskDefinition.KernelCapabilitiesProperty(drop=["ALL"]),
            init_process_enabled=True,
        ),
        mount_points=[
            ecs.CfnTaskDefinition.MountPointProperty(
                container_path="/tmp",  # noqa: S108 - in the container
                source_volume="tmp",
                read_only=False,
            )
        ],
        stop_timeout=120,
        log_configuration=ecs.CfnTaskDefinition.LogConfigurationProperty(
            log_driver="awslogs",
            options={
                "awslogs-group": log.ref,
                "awslogs-region": cdk.Aws.REGION,
                "awslogs-stream-prefix": CONTAINER,
            },
        ),
    )
