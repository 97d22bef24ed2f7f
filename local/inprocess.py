"""Answering boto3's requests within this process: what moto's `mock_aws` does, at two thirds of its price.

`mock_aws` (moto 5.2.5) matches every request against all services' URL patterns, after boto3 has signed it.
Here the client's service is known, and the signature, which nobody checks, is left out. Clients are kept from
world to world, because making one costs as much as twenty calls.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import moto.backends
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from moto.core.botocore_stubber import MockRawResponse
from moto.core.request import normalize_request

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
        service, region_name=region, config=Config(signature_version=UNSIGNED, retries={"max_attempts": 0})
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
            normalized = normalize_request(request)
            status, headers, body = handler(normalized, normalized.raw_url, normalized.headers)
            return AWSResponse(request.url, status, headers, MockRawResponse(body))
    raise NotImplementedError(f"moto answers no {service} at {url}")


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
