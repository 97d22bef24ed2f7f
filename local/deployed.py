"""What of a deployed stack is alive: functions with the queues that feed them, and where data lie."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.stacks import Stack
from local.stacks.families.functions import EVENT_SOURCE, FUNCTION
from local.stacks.resource import Resource

_DEFAULTS = {"Timeout": 3, "MemorySize": 128}  # Lambda's own


@dataclass(frozen=True)
class DeployedFunction:
    """A Lambda function and the queue that feeds it."""

    name: str
    arn: str
    handler: str
    role: str
    environment: Mapping[str, str]
    timeout: float
    memory: int
    queue: str
    queue_arn: str
    batch_size: int
    maximum_concurrency: int

    @property
    def stage(self) -> str:
        """Which stage it carries out."""
        return self.name.removeprefix("snapveil-")


def functions(stack: Stack) -> Iterator[DeployedFunction]:
    """List the functions of a stack that a queue feeds."""
    made = {one.physical_id: one for one in _of_type(stack, FUNCTION)}
    for mapping in _of_type(stack, EVENT_SOURCE):
        given = mapping.properties
        if not given.get("Enabled", True):
            continue
        function = made[given["FunctionName"].rsplit(":", 1)[-1]]
        own: Mapping[str, Any] = _DEFAULTS | dict(function.properties)
        yield DeployedFunction(
            name=function.physical_id,
            arn=function.attributes["Arn"],
            handler=own["Handler"],
            role=own["Role"].rsplit("/", 1)[-1],
            environment=own.get("Environment", {}).get("Variables", {}),
            timeout=float(own["Timeout"]),
            memory=int(own["MemorySize"]),
            queue=given["EventSourceArn"].rsplit(":", 1)[-1],
            queue_arn=given["EventSourceArn"],
            batch_size=int(given.get("BatchSize", 10)),
            maximum_concurrency=int(given.get("ScalingConfig", {}).get("MaximumConcurrency", 2)),
        )


def queues(stack: Stack) -> tuple[str, ...]:
    """Name every queue."""
    return tuple(one.attributes["QueueName"] for one in _of_type(stack, "AWS::SQS::Queue"))


def dead_letter_queues(stack: Stack) -> tuple[str, ...]:
    """Name the queues that nothing takes messages from: what lies there, somebody must look at."""
    fed = {function.queue for function in functions(stack)}
    return tuple(name for name in queues(stack) if name not in fed)


def table(stack: Stack) -> str:
    """Name the run ledger's table."""
    (found,) = _of_type(stack, "AWS::DynamoDB::Table")
    return found.physical_id


def configuration(stack: Stack) -> Resource:
    """Find the parameter that holds the configuration document."""
    (found,) = _of_type(stack, "AWS::SSM::Parameter")
    return found


def _of_type(stack: Stack, type_: str) -> list[Resource]:
    return [one for one in stack.resources.values() if one.type == type_]
