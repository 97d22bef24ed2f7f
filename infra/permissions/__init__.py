"""What each role of Snapveil may do, as data: one file per role, no CDK in it.

`production_roles` and `development_roles` give the roles of an account by name; every one of them stands
under `boundary`. What an operator brings along stands in `place.py`.
"""

from collections.abc import Mapping
from typing import Any

from infra.permissions import keys, limits, roles
from infra.permissions.place import Development, Production, Source
from infra.permissions.statements import Role, Statement, document

BOUNDARY = "snapveil-boundary"

__all__ = [
    "BOUNDARY",
    "Development",
    "Production",
    "Role",
    "Source",
    "Statement",
    "boundary",
    "copy_key_policy",
    "development_roles",
    "document",
    "production_key_policy",
    "production_roles",
    "share_key_policy",
]


def production_roles(place: Production) -> Mapping[str, Role]:
    """Return the roles of the production account by name."""
    return roles.production(place)


def development_roles(place: Development) -> Mapping[str, Role]:
    """Return the roles of the development account by name."""
    return roles.development(place)


def boundary(place: Production | Development) -> tuple[Statement, ...]:
    """Return the permission boundary of an account's roles: the most that any of them could ever do."""
    return limits.of(place)


def production_key_policy(place: Production) -> tuple[Mapping[str, Any], ...]:
    """Return the key policy of the key that never leaves production."""
    return keys.production(place)


def share_key_policy(place: Production) -> tuple[Mapping[str, Any], ...]:
    """Return the key policy of the key under which anonymized snapshots are shared."""
    return keys.share(place)


def copy_key_policy(place: Development) -> tuple[Mapping[str, Any], ...]:
    """Return the key policy of development's own key."""
    return keys.copy(place)
