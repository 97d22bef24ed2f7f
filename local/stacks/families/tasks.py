"""ECS: clusters and task definitions."""

from collections.abc import Mapping
from typing import Any

from local.accounts import Account
from local.stacks.errors import ResourceError
from local.stacks.resource import Made, Order, Resource, ResourceType, understood

TASK_DEFINITION = "AWS::ECS::TaskDefinition"
IMAGES_OWN_COMMAND = ("python", "-m", "services.anonymize.worker")
"""What the worker's image starts when a definition gives no command: nothing here has an image."""
_CONTAINER = (
    "Command",
    "Cpu",
    "EntryPoint",
    "Environment",
    "Essential",
    "Image",
    "Memory",
    "Name",
)
# A process of this machine has no user, file system, limits or log driver of its own.
_NOTED = (
    "HealthCheck",
    "Interactive",
    "LinuxParameters",
    "LogConfiguration",
    "MemoryReservation",
    "MountPoints",
    "Privileged",
    "PseudoTerminal",
    "ReadonlyRootFilesystem",
    "RestartPolicy",
    "StopTimeout",
    "Ulimits",
    "User",
    "VersionConsistency",
    "WorkingDirectory",
)


def _create_cluster(order: Order) -> Made:
    name = order.name("ClusterName", 255)
    made = order.account.client("ecs").create_cluster(clusterName=name)["cluster"]
    return Made(name, {"Arn": made["clusterArn"]})


def _delete_cluster(account: Account, resource: Resource) -> None:
    account.client("ecs").delete_cluster(cluster=resource.physical_id)


def _register(order: Order) -> Made:
    given = order.properties
    containers = given["ContainerDefinitions"]
    if len(containers) != 1 or given.get("NetworkMode") != "awsvpc":
        raise ResourceError("only tasks of one container in a network of its own are emulated locally")
    (container,) = containers
    made = order.account.client("ecs").register_task_definition(
        family=order.name("Family", 255),
        networkMode="awsvpc",
        requiresCompatibilities=given.get("RequiresCompatibilities", ["FARGATE"]),
        cpu=str(given.get("Cpu", "")),
        memory=str(given.get("Memory", "")),
        taskRoleArn=given.get("TaskRoleArn", ""),
        executionRoleArn=given.get("ExecutionRoleArn", ""),
        containerDefinitions=[_container(container, given)],
    )["taskDefinition"]
    return Made(made["taskDefinitionArn"], {"TaskDefinitionArn": made["taskDefinitionArn"]})


def _container(container: Mapping[str, Any], task: Mapping[str, Any]) -> dict[str, Any]:
    understood(f"container {container['Name']}", container, *_CONTAINER, *_NOTED)
    named = container.get("EntryPoint") or container.get("Command")
    return {
        "name": container["Name"],
        "image": container["Image"],
        "entryPoint": container.get("EntryPoint", []) if named else list(IMAGES_OWN_COMMAND),
        "command": container.get("Command", []),
        "environment": [
            {"name": pair["Name"], "value": pair["Value"]} for pair in container.get("Environment", [])
        ],
        "memory": int(container.get("Memory", task.get("Memory", 512))),
        "essential": True,
    }


def _deregister(account: Account, resource: Resource) -> None:
    account.client("ecs").deregister_task_definition(taskDefinition=resource.physical_id)


TYPES = (
    ResourceType(
        "AWS::ECS::Cluster",
        _create_cluster,
        _delete_cluster,
        acts_on=frozenset({"ClusterName"}),
        notes=frozenset(
            {
                "CapacityProviders",
                "ClusterSettings",
                "Configuration",
                "DefaultCapacityProviderStrategy",
                "Tags",
            }
        ),
    ),
    ResourceType(
        TASK_DEFINITION,
        _register,
        _deregister,
        acts_on=frozenset(
            {
                "ContainerDefinitions",
                "Cpu",
                "ExecutionRoleArn",
                "Family",
                "Memory",
                "NetworkMode",
                "RequiresCompatibilities",
                "TaskRoleArn",
            }
        ),
        notes=frozenset({"EphemeralStorage", "RuntimePlatform", "Tags", "Volumes"}),
    ),
)
