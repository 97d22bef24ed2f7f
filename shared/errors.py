"""What each AWS error code means to a stage: the only place where codes are told apart.

RDS is irregular: codes about instances drop the word "Fault", codes about clusters keep it. A test holds
every code here against botocore's own service model.
"""

from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError


class ErrorClass(StrEnum):
    """What to do about a refused call."""

    ALREADY_DONE = "already done"
    NOT_YET = "not yet"
    TRANSIENT = "transient"
    PERMANENT = "permanent"


class RefusedError(Exception):
    """Something other than AWS refuses for good what the configuration wants; the text says what and why."""


class NotYetError(Exception):
    """AWS took a call but could not do what it asks; the same call later may succeed."""


ALREADY_DONE = frozenset(
    {
        "DBInstanceAlreadyExists",
        "DBClusterAlreadyExistsFault",
        "DBSnapshotAlreadyExists",
        "DBClusterSnapshotAlreadyExistsFault",
    }
)

NOT_YET = frozenset(
    {
        "InvalidDBInstanceState",
        "InvalidDBClusterStateFault",
        "InvalidDBSnapshotState",
        "InvalidDBClusterSnapshotStateFault",
        "InsufficientDBInstanceCapacity",
        "InsufficientDBClusterCapacityFault",
        "InsufficientStorageClusterCapacity",
        "InstanceQuotaExceeded",
        "DBClusterQuotaExceededFault",
        "StorageQuotaExceeded",
        "SnapshotQuotaExceeded",  # also the answer to too many copies in flight
        "KMSKeyNotAccessibleFault",  # grants take up to 5 minutes to be known everywhere
    }
)

# Common to every service; they are in no service model.
TRANSIENT = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "InternalFailure",
        "InternalError",
        "InternalServerError",
        "InternalServerException",
        "ServerException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
    }
)

SERVER_ERRORS = 500


def code_of(error: ClientError) -> str:
    """Return the error code that AWS answered."""
    return str(error.response.get("Error", {}).get("Code", ""))


def classify(error: ClientError) -> ErrorClass:
    """Tell what a refused call means; an unknown code is permanent: repeating it would only hide it."""
    code = code_of(error)
    if code in ALREADY_DONE:
        return ErrorClass.ALREADY_DONE
    if code in NOT_YET:
        return ErrorClass.NOT_YET
    metadata: dict[str, Any] = error.response.get("ResponseMetadata", {})
    if code in TRANSIENT or metadata.get("HTTPStatusCode", 0) >= SERVER_ERRORS:
        return ErrorClass.TRANSIENT
    return ErrorClass.PERMANENT


def describe(error: ClientError) -> str:
    """Say which call was refused and why, in one line."""
    message = error.response.get("Error", {}).get("Message", "")
    return f"{error.operation_name}: {code_of(error)}: {message}".strip().replace("\n", " ")
