"""Refusals as RDS gives them, and the proof that RDS knows each of them for the operation that was called."""

import functools

import botocore.session
from moto.core.exceptions import ServiceException

# Codes that no operation of the model lists because every operation may return them:
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html
COMMON = frozenset(
    {"InvalidParameterCombination", "InvalidParameterValue", "MissingParameter", "InvalidAction"}
)


class RefusedError(ServiceException):
    """RDS refuses a call: `code` is what a client finds in Error.Code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


class UnknownCodeError(AssertionError):
    """We refused a call with a code that RDS does not have for that operation: a bug in this package."""


@functools.cache
def codes_of(operation: str) -> frozenset[str]:
    """The error codes that botocore's service model lists for an operation."""
    model = botocore.session.get_session().get_service_model("rds").operation_model(operation)
    return frozenset(str(shape.error_code) for shape in model.error_shapes)


def verify(operation: str, refusal: RefusedError) -> None:
    """Raise UnknownCodeError unless RDS may answer this operation with this code."""
    if refusal.code not in codes_of(operation) | COMMON:
        raise UnknownCodeError(f"{operation} cannot answer {refusal.code}: not in botocore's service model")
