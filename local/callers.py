"""Who makes a call: the role that an access key was given to."""

from moto.sts.models import sts_backends


def role_of(account: str, access_key: str) -> str | None:
    """Return the ARN of the role that this access key was given to; None for a key that STS did not give."""
    assumed = sts_backends[account]["aws"].get_assumed_role_from_access_key(access_key)
    return str(assumed.role_arn) if assumed else None
