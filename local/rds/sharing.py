"""With which accounts a snapshot is shared."""

from typing import Any

from local.rds import keys
from local.rds.errors import RefusedError
from local.rds.model import Snapshot
from local.rds.names import Names
from local.rds.state import Call

EVERYBODY = "all"
_ATTRIBUTE = "restore"


def modify(call: Call, names: Names) -> dict[str, Any]:
    params = call.params
    snapshot = call.state.registry.own_snapshot(call.place, names, params[names.snapshot_identifier])
    if params["AttributeName"] != _ATTRIBUTE:
        raise RefusedError("InvalidParameterValue", f"Invalid snapshot attribute {params['AttributeName']}")
    add, remove = set(params.get("ValuesToAdd", [])), set(params.get("ValuesToRemove", []))
    if add & remove:
        raise RefusedError(
            "InvalidParameterCombination", f"A value may not be added and removed: {sorted(add & remove)}"
        )
    _ensure_valid(add | remove)
    _ensure_shareable(names, snapshot, add)
    shared_with = (snapshot.shared_with | add) - remove
    limit = call.state.limits.accounts_per_snapshot
    if len(shared_with) > limit:
        raise RefusedError(
            "SharedSnapshotQuotaExceeded", f"A snapshot can be shared with at most {limit} accounts."
        )
    snapshot.shared_with = shared_with
    return _attributes(names, snapshot)


def describe(call: Call, names: Names) -> dict[str, Any]:
    return _attributes(
        names, call.state.registry.own_snapshot(call.place, names, call.params[names.snapshot_identifier])
    )


def _ensure_valid(accounts: set[str]) -> None:
    for account in accounts - {EVERYBODY}:
        if len(account) != 12 or not account.isdecimal():
            raise RefusedError("InvalidParameterValue", f"Invalid account to share with: {account!r}")


def _ensure_shareable(names: Names, snapshot: Snapshot, add: set[str]) -> None:
    if not add:
        return
    if snapshot.automated:
        raise RefusedError(
            names.snapshot_invalid_state,
            f"{snapshot.identifier} is automated: only a manual snapshot can be shared.",
        )
    if snapshot.status != "available":
        raise RefusedError(
            names.snapshot_invalid_state, f"{snapshot.identifier} is {snapshot.status}, not available."
        )
    if snapshot.kms_key is not None and EVERYBODY in add:
        raise RefusedError("InvalidParameterCombination", "Encrypted snapshots cannot be made public.")
    if snapshot.kms_key is not None and keys.is_default_key(snapshot.kms_key):
        raise RefusedError(
            "InvalidParameterCombination",
            "Sharing snapshots encrypted with the default service key for RDS is currently not supported.",
        )


def _attributes(names: Names, snapshot: Snapshot) -> dict[str, Any]:
    return {
        f"{names.snapshot}AttributesResult": {
            names.snapshot_identifier: snapshot.identifier,
            f"{names.snapshot}Attributes": [
                {"AttributeName": _ATTRIBUTE, "AttributeValues": sorted(snapshot.shared_with)}
            ],
        }
    }
