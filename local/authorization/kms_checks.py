"""What KMS is asked: by callers themselves, and by RDS on behalf of whoever makes something under a key."""

from collections.abc import Iterator
from typing import Any

from moto.kms.models import kms_backends

from local.authorization.checks import Caller, Check, Parameters


def describe(caller: Caller, given: Parameters) -> Iterator[Check]:
    """DescribeKey, by id, alias or ARN."""
    yield _check("kms:DescribeKey", caller, str(given["KeyId"]), via=None)


def administration(operation: str) -> Any:
    """Make the checks of an operation that changes a key."""

    def checks(caller: Caller, given: Parameters) -> Iterator[Check]:
        yield _check(f"kms:{operation}", caller, str(given["KeyId"]), via=None)

    return checks


def grant(caller: Caller, given: Parameters) -> Iterator[Check]:
    """CreateGrant by the caller itself: a grant that is not AWS's own."""
    yield _check("kms:CreateGrant", caller, str(given["KeyId"]), via=None, for_aws=False)


def use_through_rds(caller: Caller, key: str | None, *, decrypt: bool = False) -> Iterator[Check]:
    """What RDS asks for with the caller's permissions before it works under a key.

    A key that AWS manages asks nobody: its policy lets everyone in through RDS.
    """
    found = _find(caller, key) if key else None
    if not key or (found is not None and found.key_manager == "AWS"):
        return
    yield _check("kms:DescribeKey", caller, key, via="rds")
    yield _check("kms:CreateGrant", caller, key, via="rds", for_aws=True)
    if decrypt:
        yield _check("kms:Decrypt", caller, key, via="rds")


def _check(action: str, caller: Caller, name: str, *, via: str | None, for_aws: bool | None = None) -> Check:
    key = _find(caller, name)
    context: dict[str, Any] = {"kms:CallerAccount": caller.account}
    if via:
        context |= {"kms:ViaService": f"{via}.{caller.region}.amazonaws.com", "aws:ViaAWSService": "true"}
    if for_aws is not None:
        context["kms:GrantIsForAWSResource"] = str(for_aws).lower()
    if key is None:
        bare = name if name.startswith("arn:") else caller.resource("kms", f"key/{name.removeprefix('key/')}")
        return Check(action, bare, context)
    aliases = [alias for alias in key.aliases if alias.startswith("alias/")]
    if aliases:
        context["kms:ResourceAliases"] = tuple(aliases)
    return Check(action, str(key.arn), context)


def _find(caller: Caller, name: str) -> Any:
    """Find a key by id, alias or ARN, in the account that an ARN names."""
    account, region, bare = caller.account, caller.region, name
    if name.startswith("arn:"):
        _, _, _, region, account, bare = name.split(":", 5)
    backend = kms_backends[account][region]
    bare = bare.removeprefix("key/")
    if bare.startswith("alias/"):
        bare = backend.get_key_id_from_alias(bare) or ""
    return backend.keys.get(bare)
