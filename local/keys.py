"""KMS with the keys of other accounts: moto 5.2.5 finds none of them, whatever their policies say.

Within an account every key is found, as moto has it: there IAM decides, not this file.
"""

import json
from typing import Any

import moto.kms.responses
import moto.kms.urls
from moto.kms.exceptions import AccessDeniedException, NotFoundException
from moto.kms.models import Key, KmsBackend, kms_backends

from local import policies
from local.callers import role_of
from local.routes import routes_to


class LiveKeys(KmsBackend):
    """The keys of one account and region."""

    @property
    def _url_module(self) -> Any:
        return routes_to(moto.kms.urls, moto.kms.responses.KmsResponse, KeyResponse)


class KeyResponse(moto.kms.responses.KmsResponse):
    """KMS's answers, with other accounts' keys among them."""

    def describe_key(self) -> str:
        """Answer DescribeKey, for an alias or key of another account if the key's policy lets the caller."""
        name: str = self._get_param("KeyId")
        if not name.startswith("arn:") or name.split(":")[4] == self.current_account:
            return str(super().describe_key())
        key = find(self.current_account, self.region, name)
        if key is None:
            what = "Alias" if ":alias/" in name else "Key"
            raise NotFoundException(f"{what} {name} does not exist")
        caller = role_of(self.current_account, self.access_key)
        if not lets(key, self.current_account, caller, "kms:DescribeKey"):
            raise AccessDeniedException(
                f"User: {caller or self.current_account} is not authorized to perform: kms:DescribeKey on "
                f"resource: {key.arn} because no resource-based policy allows the kms:DescribeKey action"
            )
        return json.dumps(key.to_dict())


def find(account: str, region: str, name: str) -> Key | None:
    """Find a key by id, alias, or the ARN of either, which may be another account's."""
    key_id = name
    if name.startswith("arn:"):
        parts = name.split(":", 5)
        if len(parts) < 6 or parts[2:4] != ["kms", region]:
            return None
        account, key_id = parts[4], parts[5].removeprefix("key/")
    backend = kms_backends[account][region]
    if key_id.startswith("alias/"):
        key_id = backend.get_key_id_from_alias(key_id) or ""
    return backend.keys.get(key_id)


def lets(key: Key, account: str, caller: str | None, action: str, **context: str) -> bool:
    """Tell whether a key's policy lets an account's role (or without one, the account) do something."""
    known = {"aws:PrincipalAccount": account, "kms:CallerAccount": account, "aws:SecureTransport": "true"}
    if caller:
        known["aws:PrincipalArn"] = caller
    request = policies.Request(caller or account, action, str(key.arn), known | context)
    return policies.allows(json.loads(key.policy), request)
