"""Encryption keys: which key a call means, and whether it may be used. Nothing is encrypted here."""

from typing import Any

from moto.kms.models import kms_backends

from local import keys
from local.rds.errors import RefusedError
from local.rds.model import Place
from local.rds.state import Call

DEFAULT_ALIAS = "alias/aws/rds"
# The least that RDS needs of the key of somebody else's snapshot (user guide, "Sharing encrypted snapshots").
NEEDED = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey")


def default_key(place: Place) -> str:
    """ARN of the key `aws/rds`, which AWS makes for every account and which nobody else can ever use."""
    backend = kms_backends[place.account][place.region]
    for key in backend.keys.values():
        if DEFAULT_ALIAS in key.aliases:
            break
    else:
        # moto generates key material of all kinds, RSA's in 100 ms; this key only lends its name.
        key = backend.create_key(None, "ENCRYPT_DECRYPT", "ECC_NIST_P256", "Protects RDS by default", None)
        key.key_spec = "SYMMETRIC_DEFAULT"
        backend.create_alias(key.id, DEFAULT_ALIAS)
    key.key_manager = "AWS"  # also when moto made it, which calls it a customer's own
    return str(key.arn)


def is_default_key(arn: str) -> bool:
    """Whether a key is AWS's own."""
    _, _, _, region, account, _ = arn.split(":", 5)
    return arn == default_key(Place(account, region))


def usable_key(call: Call, name: str) -> str:
    """The ARN of the key that an id, alias or ARN names, if the caller may use it.

    Raises KMSKeyNotAccessibleFault when it does not exist, is disabled, or is another account's key whose
    policy does not let the caller use it.
    """
    place = call.place
    if name.endswith(DEFAULT_ALIAS):
        default_key(place)
    key = keys.find(place.account, place.region, name)
    if key is None:
        raise _inaccessible(name, "it does not exist")
    if not key.enabled:
        raise _inaccessible(name, f"it is {key.key_state}")
    if key.account_id != place.account and not _lets(key, call):
        raise _inaccessible(name, f"its key policy does not allow {call.caller} {', '.join(NEEDED)}")
    return str(key.arn)


def _lets(key: Any, call: Call) -> bool:
    """Whether a key's policy allows everything needed, asked for by RDS on behalf of the caller."""
    context = {
        "kms:ViaService": f"rds.{call.place.region}.amazonaws.com",
        "kms:GrantIsForAWSResource": "true",
    }
    role = call.caller if call.caller.startswith("arn:") else None
    return all(keys.lets(key, call.place.account, role, action, **context) for action in NEEDED)


def _inaccessible(name: str, reason: str) -> RefusedError:
    return RefusedError("KMSKeyNotAccessibleFault", f"The KMS key [{name}] is not accessible: {reason}.")
