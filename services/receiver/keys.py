"""Which keys the receiver trusts: RDS shows keys by their ARN, so the other account's alias is looked up."""

from collections.abc import Iterable

from botocore.exceptions import ClientError

from shared.aws import client
from shared.errors import code_of
from shared.observability import logger


def resolved(keys: Iterable[str]) -> frozenset[str]:
    """Return the ARNs of keys; an alias that its account does not have yet stands for no key."""
    return frozenset(found for key in keys if (found := _resolved(key)) is not None)


def _resolved(key: str) -> str | None:
    if ":alias/" not in key:
        return key
    try:
        return str(client("kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"])
    except ClientError as error:
        if code_of(error) == "NotFoundException":
            logger.warning("no key has this alias", alias=key)
            return None
        raise
