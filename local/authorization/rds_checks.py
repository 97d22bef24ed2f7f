"""What each RDS operation is checked for: the required types of its resources, and the tags it brings.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
Groups that a call leaves open are checked under their default names; a group of the cluster that an instance
joins, under the cluster's.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from moto.rds.models import rds_backends

from local.authorization.checks import Caller, Check, Parameters, tags_in
from local.authorization.kms_checks import use_through_rds
from local.rds.model import Place


def describing(*kinds: str) -> Any:
    """Make the checks of a list or a look: without a name it is asked for every name."""

    def checks(caller: Caller, given: Parameters) -> Iterator[Check]:
        named = {
            kind: given[parameter]
            for kind, parameter in _NAMES.items()
            if kind in kinds and given.get(parameter)
        }
        operation = str(given["@operation"])
        for kind, name in (named or {kinds[0]: "*"}).items():
            yield Check(f"rds:{operation}", _arn(caller, kind, str(name)))

    return checks


def on(*kinds: str) -> Any:
    """Make the checks of a change to existing things, under their names and under new ones."""

    def checks(caller: Caller, given: Parameters) -> Iterator[Check]:
        operation = str(given["@operation"])
        for kind in kinds:
            for parameter in (_NAMES[kind], f"New{_NAMES[kind]}"):
                if given.get(parameter):
                    yield Check(f"rds:{operation}", _arn(caller, kind, str(given[parameter])))
        for parameter, kind in _GROUPS.items():
            if given.get(parameter):
                yield Check(f"rds:{operation}", _arn(caller, kind, str(given[parameter])))
        if given.get("FinalDBSnapshotIdentifier"):
            kind = _SNAPSHOT_OF[kinds[0]]
            yield Check(f"rds:{operation}", _arn(caller, kind, str(given["FinalDBSnapshotIdentifier"])))

    return checks


def restore_instance(caller: Caller, given: Parameters) -> Iterator[Check]:
    """RestoreDBInstanceFromDBSnapshot."""
    action, source = "rds:RestoreDBInstanceFromDBSnapshot", str(given["DBSnapshotIdentifier"])
    target = _arn(caller, "db", str(given["DBInstanceIdentifier"]))
    snapshot = _snapshot(caller, source)
    engine = snapshot.origin.engine if snapshot else "postgres"
    yield Check(action, target, {**_public(given), **_tags(given)})
    yield Check(action, _arn(caller, "snapshot", source))
    yield from _groups(action, caller, given, engine, "DBParameterGroupName", "pg")
    yield from _tagging(caller, target, given)
    yield from use_through_rds(caller, snapshot.kms_key if snapshot else None)


def restore_cluster(caller: Caller, given: Parameters) -> Iterator[Check]:
    """RestoreDBClusterFromSnapshot; the snapshot may be under another key than the cluster will be."""
    action, source = "rds:RestoreDBClusterFromSnapshot", str(given["SnapshotIdentifier"])
    target = _arn(caller, "cluster", str(given["DBClusterIdentifier"]))
    snapshot = _snapshot(caller, source)
    yield Check(action, target, _tags(given))
    yield Check(action, _arn(caller, "cluster-snapshot", source))
    yield from _groups(
        action, caller, given, str(given["Engine"]), "DBClusterParameterGroupName", "cluster-pg"
    )
    yield from _tagging(caller, target, given)
    own, wanted = snapshot.kms_key if snapshot else None, given.get("KmsKeyId")
    yield from use_through_rds(caller, own, decrypt=bool(wanted))
    if wanted and wanted != own:
        yield from use_through_rds(caller, str(wanted))


def create_instance(caller: Caller, given: Parameters) -> Iterator[Check]:
    """CreateDBInstance, of its own or in a cluster."""
    action, engine = "rds:CreateDBInstance", str(given.get("Engine", ""))
    target = _arn(caller, "db", str(given["DBInstanceIdentifier"]))
    yield Check(action, target, {**_public(given), **_tags(given), "rds:DatabaseEngine": engine})
    if given.get("DBClusterIdentifier"):
        yield Check(action, _arn(caller, "cluster", str(given["DBClusterIdentifier"])))
    yield from _groups(action, caller, given, engine, "DBParameterGroupName", "pg")
    yield from _tagging(caller, target, given)
    if given.get("KmsKeyId"):
        yield from use_through_rds(caller, str(given["KmsKeyId"]))


def create_snapshot(kind: str) -> Any:
    """Make the checks of a new snapshot: of what it is made of, and of its name."""

    def checks(caller: Caller, given: Parameters) -> Iterator[Check]:
        action, of = f"rds:{given['@operation']}", "db" if kind == "snapshot" else "cluster"
        target = _arn(caller, kind, str(given[_NAMES[kind]]))
        yield Check(action, _arn(caller, of, str(given[_NAMES[of]])))
        yield Check(action, target, _tags(given))
        yield from _tagging(caller, target, given)

    return checks


def copy_snapshot(kind: str) -> Any:
    """Make the checks of a copy: of its source, which may be another account's, and of its name."""
    word = _NAMES[kind]

    def checks(caller: Caller, given: Parameters) -> Iterator[Check]:
        action, source = f"rds:{given['@operation']}", str(given[f"Source{word}"])
        target = _arn(caller, kind, str(given[f"Target{word}"]))
        snapshot, wanted = _snapshot(caller, source), given.get("KmsKeyId")
        yield Check(action, _arn(caller, kind, source))
        yield Check(action, target, _tags(given))
        yield from _tagging(caller, target, given)
        yield from use_through_rds(caller, snapshot.kms_key if snapshot else None, decrypt=True)
        if wanted:
            yield from use_through_rds(caller, str(wanted))

    return checks


def tagging(caller: Caller, given: Parameters) -> Iterator[Check]:
    """AddTagsToResource and RemoveTagsFromResource, called by themselves."""
    context = _tags(given) or {"aws:TagKeys": tuple(given.get("TagKeys") or ())}
    yield Check(f"rds:{given['@operation']}", str(given["ResourceName"]), context)


_NAMES: Mapping[str, str] = {
    "db": "DBInstanceIdentifier",
    "cluster": "DBClusterIdentifier",
    "snapshot": "DBSnapshotIdentifier",
    "cluster-snapshot": "DBClusterSnapshotIdentifier",
}
_SNAPSHOT_OF = {"db": "snapshot", "cluster": "cluster-snapshot"}
_GROUPS: Mapping[str, str] = {
    "DBParameterGroupName": "pg",
    "DBClusterParameterGroupName": "cluster-pg",
    "OptionGroupName": "og",
    "DBSubnetGroupName": "subgrp",
}


def _arn(caller: Caller, kind: str, name: str) -> str:
    return name if name.startswith("arn:") else caller.resource("rds", f"{kind}:{name.lower()}")


def _public(given: Parameters) -> dict[str, str]:
    value = given.get("PubliclyAccessible")
    return {} if value is None else {"rds:PubliclyAccessible": str(value).lower()}


def _tags(given: Parameters) -> dict[str, Any]:
    return tags_in(given.get("Tags"))


def _tagging(caller: Caller, resource: str, given: Parameters) -> Iterator[Check]:
    """Tags in a create call are a second question."""
    if given.get("Tags"):
        yield Check("rds:AddTagsToResource", resource, {**_tags(given), "rds:TagsFromRequest": "true"})


def _groups(
    action: str, caller: Caller, given: Parameters, engine: str, parameter: str, kind: str
) -> Iterator[Check]:
    subnets = given.get("DBSubnetGroupName") or "default"
    yield Check(action, _arn(caller, "subgrp", str(subnets)))
    yield Check(action, _arn(caller, kind, str(given.get(parameter) or f"default.{engine}")))
    yield Check(action, _arn(caller, "og", str(given.get("OptionGroupName") or f"default:{engine}")))


def _snapshot(caller: Caller, name: str) -> Any:
    """Find the snapshot that a call names, for its key; None for one that the caller does not see."""
    state = getattr(rds_backends[caller.account][caller.region], "state", None)
    if state is None:
        return None
    place = Place(caller.account, caller.region)
    return next(
        (
            snapshot
            for snapshot in state.registry.snapshots()
            if snapshot.visible_to(place)
            if name == snapshot.arn or (snapshot.place == place and name.lower() == snapshot.identifier)
        ),
        None,
    )
