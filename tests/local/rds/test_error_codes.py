"""Every code that the embedded RDS answers exists in botocore's model of RDS."""

import ast
from pathlib import Path

import botocore.session
import pytest

import local.rds
from local.rds.errors import COMMON, RefusedError, UnknownCodeError, verify
from local.rds.names import CLUSTER, INSTANCE


def test_a_code_that_the_model_does_not_list_for_the_operation_is_a_bug_of_ours() -> None:
    verify("CopyDBSnapshot", RefusedError("DBSnapshotNotFound", "as the model says"))
    with pytest.raises(UnknownCodeError, match="CopyDBSnapshot cannot answer DBSnapshotNotFoundFault"):
        verify("CopyDBSnapshot", RefusedError("DBSnapshotNotFoundFault", "the model drops the word"))


def _literal_codes() -> set[str]:
    codes: set[str] = set()
    for file in Path(local.rds.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "RefusedError":
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    codes.add(str(code.value))
    return codes


def test_every_code_in_this_package_exists_in_botocores_model() -> None:
    model = botocore.session.get_session().get_service_model("rds")
    known = {
        shape.error_code
        for name in model.operation_names
        for shape in model.operation_model(name).error_shapes
    }
    ours = _literal_codes() | {
        getattr(names, field)
        for names in (INSTANCE, CLUSTER)
        for field in (
            "not_found",
            "already_exists",
            "invalid_state",
            "too_many",
            "snapshot_not_found",
            "snapshot_already_exists",
            "snapshot_invalid_state",
        )
    }
    assert ours >= {"KMSKeyNotAccessibleFault", "DBClusterAlreadyExistsFault"}, "the search finds nothing"
    assert ours - COMMON <= known
