"""One boto3 client per AWS service, made when it is first needed: a client costs 60-250 ms of cold start."""

from functools import cache
from typing import Any

from botocore.config import Config

_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 5},
    connect_timeout=5,
    read_timeout=30,
    user_agent_extra="snapveil",
)


@cache
def client(service: str) -> Any:
    """Return the client of a service; region, credentials and endpoint come from the environment."""
    import boto3  # noqa: PLC0415 - the SDK is most of a cold start

    return boto3.client(service, config=_CONFIG)
