"""The quotas of an account in a region, as AWS sets them by default."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Each number is per account and region."""

    instances: int = 40
    clusters: int = 40
    instance_snapshots: int = 100  # manual ones
    cluster_snapshots: int = 100
    instance_copies: int = 20  # snapshot copies in flight
    cluster_copies: int = 5
    accounts_per_snapshot: int = 20
    page: int = 100  # most records a describe call returns at once, whatever it asks for


@dataclass(frozen=True)
class Usage:
    """How much of each quota an account uses; the names are those of `Limits`."""

    instances: int
    clusters: int
    instance_snapshots: int
    cluster_snapshots: int
    instance_copies: int
    cluster_copies: int
