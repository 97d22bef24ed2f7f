"""Error codes: each one exists in botocore's own model, and means what the table says."""

import botocore.session
import pytest
from botocore.exceptions import ClientError

from shared import errors
from shared.database import clusters, instances
from shared.errors import ErrorClass, classify


def codes_in_the_model() -> set[str]:
    model = botocore.session.get_session().get_service_model("rds")
    return {
        shape.metadata.get("error", {}).get("code", name)
        for name in model.shape_names
        if (shape := model.shape_for(name)).metadata.get("exception")
    }


def refused(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "CreateDBSnapshot",
    )


@pytest.mark.parametrize(
    "code",
    sorted(
        errors.ALREADY_DONE
        | errors.NOT_YET
        | instances.NOT_FOUND
        | instances.SNAPSHOT_NOT_FOUND
        | clusters.NOT_FOUND
        | clusters.INSTANCE_NOT_FOUND
        | clusters.SNAPSHOT_NOT_FOUND
    ),
)
def test_every_code_exists_in_botocore_s_model(code: str) -> None:
    assert code in codes_in_the_model()


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (refused("DBSnapshotAlreadyExists"), ErrorClass.ALREADY_DONE),
        (refused("DBClusterSnapshotAlreadyExistsFault"), ErrorClass.ALREADY_DONE),
        (refused("InvalidDBInstanceState"), ErrorClass.NOT_YET),
        (refused("SnapshotQuotaExceeded"), ErrorClass.NOT_YET),
        (refused("ThrottlingException"), ErrorClass.TRANSIENT),
        (refused("ExpiredToken"), ErrorClass.TRANSIENT),
        (refused("Whatever", status=503), ErrorClass.TRANSIENT),
        (refused("AccessDenied", status=403), ErrorClass.PERMANENT),
        (refused("NeverHeardOf"), ErrorClass.PERMANENT),
    ],
)
def test_a_refused_call_means_one_of_four_things(error: ClientError, meaning: ErrorClass) -> None:
    assert classify(error) is meaning


def test_no_code_means_two_things() -> None:
    tables = [errors.ALREADY_DONE, errors.NOT_YET, errors.TRANSIENT]
    assert sum(map(len, tables)) == len(frozenset().union(*tables))


def test_a_refused_call_is_described_in_one_line() -> None:
    assert errors.describe(refused("AccessDenied")) == "CreateDBSnapshot: AccessDenied: m"
