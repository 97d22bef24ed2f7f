"""The two adapters of an account, by kind."""

from collections.abc import Callable, Mapping
from typing import Any

from shared.aws import client
from shared.database.clusters import Clusters
from shared.database.guard import Guard
from shared.database.instances import Instances
from shared.database.port import Databases, Kind


def databases_of(account_id: str, connect: Callable[[str], Any] = client) -> Mapping[Kind, Databases]:
    """Make the adapters that change only what this account holds and Snapveil made.

    `connect` makes the client of a service; a function has its account's, an operator may choose another.
    """
    guard = Guard(account_id)
    return {Kind.INSTANCE: Instances(guard, connect), Kind.CLUSTER: Clusters(guard, connect)}
