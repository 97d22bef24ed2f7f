"""Which resource types the embedded cloud knows: one file per family, each listing its types."""

from collections.abc import Mapping

from local.stacks.families import (
    buckets,
    buses,
    databases,
    functions,
    images,
    keys,
    monitoring,
    network,
    parameters,
    queues,
    roles,
    schedules,
    tables,
    tasks,
    topics,
)
from local.stacks.resource import ResourceType

_FAMILIES = (
    buckets,
    buses,
    databases,
    functions,
    images,
    keys,
    monitoring,
    network,
    parameters,
    queues,
    roles,
    schedules,
    tables,
    tasks,
    topics,
)
TYPES: Mapping[str, ResourceType] = {type_.name: type_ for family in _FAMILIES for type_ in family.TYPES}
