"""A role as a stack deployed it: what the authorization of a call is decided by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class DeployedRole:
    """A role with its documents, resolved: no intrinsics are left in them.

    `policies` are the inline and the managed ones; `boundary` limits them all.
    """

    name: str
    trust: Document
    policies: tuple[Document, ...]
    boundary: Document | None = None
