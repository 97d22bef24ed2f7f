"""Encryption keys: which key a call means, and whether it may be used. Nothing is encrypted here."""

import fnmatch
import json
from typing import Any

from moto.kms.models import kms_backends

from local.rds.errors import RefusedError
from local.rds.model import Place

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


def usable_key(place: Place, name: str) -> str:
    """The ARN of the key that an id, alias or ARN names, if this account may use it.

    Raises KMSKeyNotAccessibleFault when it does not exist, is disabled, or is another account's key whose
    policy does not let this account use it.
    """
    key = _find(place, name)
    if key is None:
        raise _inaccessible(name, "it does not exist")
    if not key.enabled:
        raise _inaccessible(name, f"it is {key.key_state}")
    if key.account_id != place.account and not _lets(key.policy, place.account):
        raise _inaccessible(
            name, f"its key policy does not allow account {place.account} {', '.join(NEEDED)}"
        )
    return str(key.arn)


def _find(place: Place, name: str) -> Any:
    account, key_id = place.account, name
    if name.startswith("arn:"):
        parts = name.split(":", 5)
        if len(parts) < 6 or parts[2:4] != ["kms", place.region]:
            return None
        account, key_id = parts[4], parts[5].removeprefix("key/")
    backend = kms_backends[account][place.region]
    if key_id == DEFAULT_ALIAS:
        default_key(Place(account, place.region))
    if key_id.startswith("alias/"):
        key_id = backend.get_key_id_from_alias(key_id) or ""
    return backend.keys.get(key_id)


def _lets(policy: str, account: str) -> bool:
    """Whether a key policy allows an account everything needed (conditions are not evaluated)."""
    allowed = [
        action
        for statement in _listed(json.loads(policy).get("Statement", []))
        if statement.get("Effect") == "Allow" and _names_account(statement.get("Principal"), account)
        for action in _listed(statement.get("Action", []))
    ]
    return all(
        any(fnmatch.fnmatch(needed.lower(), action.lower()) for action in allowed) for needed in NEEDED
    )


def _names_account(principal: Any, account: str) -> bool:
    if isinstance(principal, dict):
        principal = principal.get("AWS", [])
    return any(
        name in ("*", account)
        or str(name).startswith((f"arn:aws:iam::{account}:", f"arn:aws:sts::{account}:"))
        for name in _listed(principal)
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _inaccessible(name: str, reason: str) -> RefusedError:
    return RefusedError("KMSKeyNotAccessibleFault", f"The KMS key [{name}] is not accessible: {reason}.")
