"""What each RDS status means to someone who waits.

botocore's waiters are of no use here: they end after 30 minutes and their failure lists omit half of these.
A status that nobody has seen before counts as pending, so that the deadline, not a guess, ends the wait.
Sources: "Viewing DB instance status" and the Aurora counterpart in the RDS user guides.
"""

from shared.database.port import Condition

_READY = frozenset({"available", "storage-optimization"})
_DELETING = frozenset({"deleting", "deleted"})
_FAILED = frozenset(
    {
        "failed",
        "restore-error",
        "create-failed",
        "migration-failed",
        "insufficient-capacity",
        "inaccessible-encryption-credentials",
        "inaccessible-encryption-credentials-recoverable",
        "storage-full",
        "stopped",
        "stopping",
        "delete-precheck",
        "cancelled",
        "canceled",
    }
)


def condition(status: str) -> Condition:
    """Classify the status of an instance, a cluster or a snapshot."""
    status = status.lower()
    if status in _READY:
        return Condition.READY
    if status in _DELETING:
        return Condition.DELETING
    if status in _FAILED or status.startswith("incompatible-"):
        return Condition.FAILED
    return Condition.PENDING
