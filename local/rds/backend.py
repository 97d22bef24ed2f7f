"""The seam to moto: it parses requests and serialises answers; what they mean is decided here.

moto's backend is replaced by a subclass whose URLs lead to our own responses. Operations not listed here
(parameter groups, subnet groups, events) stay moto's.
"""

import types
from collections.abc import Callable
from functools import partial
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.rds import urls
from moto.rds.models import RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from local.rds import clusters, instances, sharing, snapshots, tagging
from local.rds.errors import RefusedError, verify
from local.rds.model import Place
from local.rds.names import CLUSTER, INSTANCE
from local.rds.state import Call, State

Operation = Callable[[Call], dict[str, Any]]

_OF_BOTH_KINDS: dict[str, Callable[..., dict[str, Any]]] = {
    "Create{}": snapshots.create,
    "Copy{}": snapshots.copy,
    "Delete{}": snapshots.delete,
    "Describe{}s": snapshots.describe,
    "Modify{}Attribute": sharing.modify,
    "Describe{}Attributes": sharing.describe,
}
OPERATIONS: dict[str, Operation] = {
    "CreateDBInstance": instances.create,
    "RestoreDBInstanceFromDBSnapshot": instances.restore,
    "ModifyDBInstance": instances.modify,
    "DeleteDBInstance": instances.delete,
    "DescribeDBInstances": instances.describe,
    "CreateDBCluster": clusters.create,
    "RestoreDBClusterFromSnapshot": clusters.restore,
    "ModifyDBCluster": clusters.modify,
    "DeleteDBCluster": clusters.delete,
    "DescribeDBClusters": clusters.describe,
    "AddTagsToResource": tagging.add,
    "RemoveTagsFromResource": tagging.remove,
    "ListTagsForResource": tagging.show,
} | {
    pattern.format(names.snapshot): partial(operation, names=names)
    for names in (INSTANCE, CLUSTER)
    for pattern, operation in _OF_BOTH_KINDS.items()
}


# What touches databases and is not emulated: moto would answer from a world of its own, which is empty.
NOT_EMULATED = (
    "CreateBlueGreenDeployment",
    "CreateDBInstanceReadReplica",
    "FailoverDBCluster",
    "PromoteReadReplica",
    "PromoteReadReplicaDBCluster",
    "RebootDBInstance",
    "RestoreDBClusterToPointInTime",
    "RestoreDBInstanceToPointInTime",
    "StartDBCluster",
    "StartDBInstance",
    "StartExportTask",
    "StopDBCluster",
    "StopDBInstance",
)


class TruthfulResponse(RDSResponse):
    """moto's parsing and serialising around our operations, added below as methods for it to find."""

    def answer(self, operation: str) -> ActionResult:
        """Let everything happen that is due, then do what was asked."""
        backend: Any = self.backend
        state: State = backend.state
        given = (
            self.params.original_dict() if self.params else {}
        )  # moto parses "no parameters" to a plain dict
        call = Call(state, Place(self.current_account, self.region), given, self.access_key)
        with state.lock:
            state.settle()
            try:
                if operation in NOT_EMULATED:
                    raise RefusedError("InvalidAction", f"{operation} is not emulated by the local RDS.")
                result = OPERATIONS[operation](call)
                state.settle()  # a duration of zero is over at once
            except RefusedError as refusal:
                verify(operation, refusal)
                raise
        return ActionResult(result)


def _method(operation: str) -> Callable[[TruthfulResponse], ActionResult]:
    def method(self: TruthfulResponse) -> ActionResult:
        return self.answer(operation)

    return method


for _operation in (*OPERATIONS, *NOT_EMULATED):
    setattr(TruthfulResponse, camelcase_to_underscores(_operation), _method(_operation))


def install(state: State) -> None:
    """Let moto use this state for RDS from now on; what it knew of RDS is forgotten."""

    class TruthfulBackend(RDSBackend):
        """moto builds one per account and region; all of them look at the same state."""

        @property
        def state(self) -> State:
            return state

        @property
        def _url_module(self) -> types.SimpleNamespace:
            return types.SimpleNamespace(
                url_bases=urls.url_bases, url_paths={"{0}/$": TruthfulResponse.dispatch}
            )

    _replace(TruthfulBackend)


def uninstall() -> None:
    """Give RDS back to moto, empty."""
    _replace(RDSBackend)


def _replace(backend: type[Any]) -> None:
    rds_backends.clear()
    rds_backends.backend = backend
