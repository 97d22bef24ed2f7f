"""Answering boto3's requests within this process: what moto's `mock_aws` does, at two thirds of its price.

`mock_aws` (moto 5.2.5) matches every request against all services' URL patterns, after boto3 has signed it.
Here the client's service is known, and the signature, which nobody checks, is left out. Clients are kept from
world to world, because making one costs as much as twenty calls.
"""

import re
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit

import moto.backends
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from moto.core.botocore_stubber import MockRawResponse
from moto.core.request import Request

from local.authorization.refusal import RefusedError
from local.sessions import without_settings_of_the_caller

_SERVICES = {"eventbridge": "events", "secrets-manager": "secretsmanager"}
_Handler = Callable[..., tuple[int, Any, Any]]
_access_keys: dict[tuple[str, str], str] = {}
_latest_routes: dict[str, tuple[Any, list[tuple[re.Pattern[str], _Handler]]]] = {}


def identify(account: str, role: str, access_key_id: str) -> None:
    """Say by which access key a role of an account is known in the world that is open now."""
    _access_keys[account, role] = access_key_id


@cache
def client(service: str, region: str, account: str, role: str) -> Any:
    """Return a client whose requests moto answers; nothing is sent, and nothing signed but by name.

    moto reads account and region from the credential that a signature names and never checks a signature.
    """
    made = _session().client(
        service,
        region_name=region,
        config=Config(
            signature_version=UNSIGNED,
            user_agent="local",
            ignore_configured_endpoint_urls=True,  # whoever runs this may have another AWS in mind
            retries={"max_attempts": 0},
            request_checksum_calculation="when_required",  # else S3 sends chunks, which need a web server
        ),
    )

    def name(params: dict[str, Any], **_: Any) -> None:
        credential = f"{_access_keys[account, role]}/20260101/{region}/service/aws4_request"
        params["headers"]["Authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, Signature=none"

    made.meta.events.register("before-call", name)
    made.meta.events.register("before-send", _answer)
    return made


@cache
def _session() -> Any:
    return without_settings_of_the_caller()


def _answer(event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    service = event_name.split(".")[1]
    url = request.url.partition("?")[0]
    for pattern, handler in _routes(_SERVICES.get(service, service)):
        if pattern.match(url):
            normalized = Request(_environ(request))
            try:
                status, headers, body = handler(normalized, normalized.raw_url, normalized.headers)
            except RefusedError as refused:
                status, headers, body = refused.status, refused.headers, refused.body
            return AWSResponse(request.url, status, headers, MockRawResponse(body))
    raise NotImplementedError(f"moto answers no {service} at {url}")


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    """Write a request as a web server would hand it on; moto's own way there takes twice as long."""
    url = urlsplit(request.url)
    content = _content(request.body)
    environ = {
        f"HTTP_{name.upper().replace('-', '_')}": value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
    }
    return environ | {
        "REQUEST_METHOD": request.method,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "PATH_INFO": unquote(url.path),
        "RAW_URI": url.path,
        "QUERY_STRING": url.query,
        "HTTP_HOST": url.netloc,
        "CONTENT_TYPE": environ.get("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(content),
    }


def _content(body: Any) -> bytes:
    """Read a request's body; a file has been read before, for its checksum."""
    if body is None or isinstance(body, bytes | bytearray):
        return bytes(body or b"")
    if isinstance(body, str):
        return body.encode()
    body.seek(0)
    content: bytes = body.read()
    return content


def _routes(service: Any) -> list[tuple[re.Pattern[str], _Handler]]:
    """List the paths of a service, which are the same for every account and region of one backend class."""
    backends = moto.backends.get_backend(service)
    backend, routes = _latest_routes.get(service, (None, []))
    if backend is not backends.backend:
        regions = backends["000000000000"]
        urls = regions["us-east-1" if "us-east-1" in regions else "aws"].urls
        routes = [(re.compile(url), handler) for url, handler in urls.items()]
        _latest_routes[service] = backends.backend, routes
    return routes
