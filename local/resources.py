"""What an account consists of, as frozen data: the words in which a wiring is written.

Templates will be read into the same words. `${key:alias}` in a text stands for a key's ARN, and
`${key:account/alias}` for one of the other account: ARNs are known once keys exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Key:
    """A KMS key under an alias."""

    alias: str
    description: str
    policy: Document


@dataclass(frozen=True)
class Queue:
    """A standard queue; `dead_letters` names the queue that takes what was received too often."""

    name: str
    visibility_timeout: int = 360
    retention: int = 4 * 86400
    dead_letters: str | None = None
    max_receive_count: int = 5
    policy: Document | None = None


@dataclass(frozen=True)
class Subscription:
    """A queue that gets a topic's messages raw, if their body fits the filter."""

    topic: str
    queue: str
    filter_policy: Document


@dataclass(frozen=True)
class Bus:
    """An event bus, and who else may put events on it."""

    name: str
    policy: Document | None = None


@dataclass(frozen=True)
class Target:
    """Where a rule sends events."""

    id: str
    arn: str
    role: str | None = None
    dead_letters: str | None = None


@dataclass(frozen=True)
class Rule:
    """Which events of a bus go to which targets."""

    name: str
    bus: str
    pattern: Document
    targets: tuple[Target, ...]
    state: Literal["ENABLED", "DISABLED"] = "ENABLED"


@dataclass(frozen=True)
class Schedule:
    """When which message is put on a queue."""

    name: str
    expression: str
    queue: str
    message: Document
    timezone: str = "UTC"
    enabled: bool = True


@dataclass(frozen=True)
class Function:
    """A Lambda function and the queue that feeds it."""

    name: str
    handler: str
    role: str
    queue: str
    environment: Mapping[str, str]
    timeout: int = 60
    batch_size: int = 1
    maximum_concurrency: int = 2


@dataclass(frozen=True)
class TaskDefinition:
    """What ECS runs: one container."""

    family: str
    container: str
    command: tuple[str, ...]
    role: str
    environment: Mapping[str, str] = field(default_factory=dict)
    image: str = "snapveil-worker"
    cpu: str = "1024"
    memory: str = "4096"


@dataclass(frozen=True)
class Wiring:
    """Everything that one account has."""

    account: str
    number: str
    region: str
    keys: tuple[Key, ...]
    table: str
    buckets: tuple[str, ...]
    parameters: Mapping[str, str]
    queues: tuple[Queue, ...]
    topics: tuple[str, ...]
    subscriptions: tuple[Subscription, ...]
    buses: tuple[Bus, ...]
    rules: tuple[Rule, ...]
    schedules: tuple[Schedule, ...]
    functions: tuple[Function, ...]
    clusters: tuple[str, ...] = ()
    tasks: tuple[TaskDefinition, ...] = ()
