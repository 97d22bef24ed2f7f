"""The two adapters of an account, by kind."""

from collections.abc import Mapping

from shared.database.clusters import Clusters
from shared.database.guard import Guard
from shared.database.instances import Instances
from shared.database.port import Databases, Kind


def databases_of(account_id: str) -> Mapping[Kind, Databases]:
    """Make the adapters that change only what this account holds and Snapveil made."""
    guard = Guard(account_id)
    return {Kind.INSTANCE: Instances(guard), Kind.CLUSTER: Clusters(guard)}
