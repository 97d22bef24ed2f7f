"""Resource policies: who may put something on a queue, a topic or a bus, and never without TLS."""

from collections.abc import Iterable, Mapping
from typing import Any

Statement = Mapping[str, Any]


def policy(statements: Iterable[Statement]) -> dict[str, Any]:
    """Return statements as a policy document."""
    return {"Version": "2012-10-17", "Statement": [dict(statement) for statement in statements]}


def tls_only(actions: str, *resources: str) -> Statement:
    """Refuse whoever comes without TLS."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": actions,
        "Resource": list(resources) if len(resources) > 1 else resources[0],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def lets_service(sid: str, service: str, action: str, resource: str, source_arn: str) -> Statement:
    """Let a service in on behalf of one thing of ours, and of nobody else's (no confused deputy)."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
        "Condition": {"ArnEquals": {"aws:SourceArn": source_arn}},
    }
