"""Answering boto3's requests within this process: what moto's `mock_aws` does, at two thirds of its price.

`mock_aws` (moto 5.2.5) matches every request against all services' URL patterns, after boto3 has signed it.
Here the client's service is known, and the signature, which nobody checks, is left out.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import moto.backends
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.core.botocore_stubber import MockRawResponse
from moto.core.request import normalize_request

_SERVICES = {"eventbridge": "events", "secrets-manager": "secretsmanager"}
_Handler = Callable[..., tuple[int, Any, Any]]


def answer_for(client: Any, access_key_id: str, region: str) -> None:
    """Let moto answer this client's requests; nothing is sent, and nothing signed but by name.

    moto reads account and region from the credential that a signature names and never checks a signature.
    """

    def name(params: dict[str, Any], **_: Any) -> None:
        credential = f"{access_key_id}/20260101/{region}/service/aws4_request"
        params["headers"]["Authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, Signature=none"

    client.meta.events.register("before-call", name)
    client.meta.events.register("before-send", _answer)


def _answer(event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    service = event_name.split(".")[1]
    url = request.url.partition("?")[0]
    for pattern, handler in _routes(_SERVICES.get(service, service)):
        if pattern.match(url):
            normalized = normalize_request(request)
            status, headers, body = handler(normalized, normalized.raw_url, normalized.headers)
            return AWSResponse(request.url, status, headers, MockRawResponse(body))
    raise NotImplementedError(f"moto answers no {service} at {url}")


@cache
def _routes(service: Any) -> list[tuple[re.Pattern[str], _Handler]]:
    backends = moto.backends.get_backend(service)
    # Only the paths are wanted, which are the same for every account and region.
    region = "us-east-1" if "us-east-1" in backends["000000000000"] else "aws"
    urls = backends["000000000000"][region].urls
    return [(re.compile(url), handler) for url, handler in urls.items()]
