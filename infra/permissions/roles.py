"""All roles of an account, by name."""

from collections.abc import Mapping

from infra.permissions import anonymize, bus, receiver, restore, schedules, snapshot, worker
from infra.permissions.place import Development, Production
from infra.permissions.statements import Role


def production(place: Production) -> Mapping[str, Role]:
    """Return the roles of production."""
    return _by_name(
        restore.role(place),
        anonymize.role(place),
        snapshot.role(place),
        worker.role(place),
        worker.execution(place),
        schedules.refresh("restore"),
        schedules.sweep("restore"),
        schedules.sweep("snapshot"),
        bus.to("development", place.development_accounts),
    )


def development(place: Development) -> Mapping[str, Role]:
    """Return the roles of development."""
    return _by_name(
        receiver.role(place),
        schedules.refresh("receiver"),
        schedules.sweep("receiver"),
        bus.to("production", place.production_accounts),
    )


def _by_name(*roles: Role) -> Mapping[str, Role]:
    return {role.name: role for role in roles}
