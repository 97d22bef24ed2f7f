"""The gate before moto: every request passes it, over HTTP and within this process alike.

moto's own enforcement (5.2.5) ignores conditions, denies RDS by resource always and answers JSON services in
XML. It is left off; this takes its place where moto has read who asks, and before it does anything.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from moto.core.parse import PROTOCOL_PARSERS, XFormedDict
from moto.core.request import determine_request_protocol
from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model

from local.authorization.acting import asking
from local.authorization.authorizer import Authorizer
from local.authorization.refusal import RefusedError


@contextlib.contextmanager
def authorized(authorizer: Authorizer) -> Iterator[None]:
    """Ask for every request that reaches moto, while a cloud or world is open."""
    set_up = BaseResponse.setup_class

    def set_up_and_ask(self: Any, *args: Any, **kwargs: Any) -> None:
        set_up(self, *args, **kwargs)
        operation, parameters = operation_of(self)
        refusal = authorizer.refuse(
            self.access_key, self.region, self.boto3_service_name, operation, parameters
        )
        if refusal is not None:
            raise answer(self, refusal.message)

    with patch.object(BaseResponse, "setup_class", set_up_and_ask), asking(authorizer):
        yield


def operation_of(response: Any) -> tuple[str, Any]:
    """The name of the operation that is asked for, and a function that reads its parameters."""
    if response.service_name == "s3":
        return _s3(response)
    return str(response._get_action()), lambda: _parameters(response)


def _parameters(response: Any) -> Mapping[str, Any]:
    """Read the parameters, as moto did where it does so by itself."""
    if response.automated_parameter_parsing:
        given = response.params
    else:
        model = get_service_model(response.boto3_service_name)
        operation = model.operation_model(response._get_action())
        request = response.normalized_request
        protocol = determine_request_protocol(model, request.content_type)
        given = PROTOCOL_PARSERS[protocol](operation).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.data,
                "url_path": request.path,
                "url_params": response.uri_match,
            }
        )
    return given.original_dict() if isinstance(given, XFormedDict) else given


def _s3(response: Any) -> tuple[str, Any]:
    """Read operation, bucket, key and prefix from a request to S3, whose bucket may stand in the host."""
    host = response.headers.get("host", "")
    path = unquote(response.parsed_url.path).lstrip("/")
    bucket, _, rest = host.partition(".s3.") if ".s3." in host else path.partition("/")
    key = path if ".s3." in host else rest
    query = parse_qs(response.parsed_url.query, keep_blank_values=True)
    given = {"Bucket": bucket, "Key": key, "Prefix": query.get("prefix", [None])[0]}
    verbs = {"HEAD": "Head", "GET": "Get", "PUT": "Put", "DELETE": "Delete"}
    verb = verbs.get(response.method, response.method.title())
    others = sorted(set(query) - _READING)
    if others:
        return f"{verb}{'Object' if key else 'Bucket'}{others[0].title()}", lambda: given
    if key:
        return f"{verb}Object", lambda: given
    if verb == "Get" and bucket:
        return "ListObjectsV2" if "list-type" in query else "ListObjects", lambda: given
    return f"{verb}Bucket" if bucket else "ListBuckets", lambda: given


_READING = {
    *("continuation-token", "delimiter", "encoding-type", "fetch-owner", "list-type", "marker", "max-keys"),
    *("prefix", "start-after", "x-id"),
}


def answer(response: Any, message: str, code: str = "AccessDenied") -> RefusedError:
    """Refuse in the service's own protocol, so that botocore raises its ClientError."""
    if response.service_name == "s3":
        body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        return RefusedError(403, {"Content-Type": "application/xml"}, body)
    model = get_service_model(response.boto3_service_name)
    protocol = determine_request_protocol(model, response.normalized_request.content_type)
    if protocol in {"query", "ec2"}:
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
            f"<Message>{escape(message)}</Message></Error></ErrorResponse>"
        )
        return RefusedError(403, {"Content-Type": "text/xml"}, body)
    typed = f"{code}Exception"
    headers = {"Content-Type": "application/json", "x-amzn-errortype": typed}
    if response.service_name == "sqs":
        headers["x-amzn-query-error"] = f"{code};Sender"  # SQS keeps the codes of its older protocol
    status = 403 if protocol == "rest-json" else 400
    return RefusedError(status, headers, json.dumps({"__type": typed, "message": message}))
