"""One boto3 client per AWS service, made when it is first needed: the SDK is most of a cold start."""

from functools import cache
from typing import Any


@cache
def client(service: str) -> Any:
    """Return the client of a service; region, credentials and endpoint come from the environment."""
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        retries={"mode": "standard", "max_attempts": 5},
        connect_timeout=5,
        read_timeout=30,
        user_agent_extra="snapveil",
    )
    return boto3.client(service, config=config)
