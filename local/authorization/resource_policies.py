"""The policy that hangs on a resource: of a key, queue, topic, bus or bucket, as moto keeps it."""

import json
from collections.abc import Mapping
from typing import Any

from moto.events.models import events_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

Document = Mapping[str, Any]


def policy_of(resource: str, account: str) -> Document | None:
    """Find the policy of a resource (ARN); `account` is the caller's, for buckets, whose ARNs name none."""
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return None
    try:
        return _find(resource, parts, account)
    except KeyError:  # a region that AWS does not have
        return None


def _find(resource: str, parts: list[str], account: str) -> Document | None:
    _, _, service, region, owner, name = parts
    match service:
        case "kms":
            key = kms_backends[owner][region].keys.get(name.removeprefix("key/"))
            return _read(key.policy if key else None)
        case "sqs":
            queue = sqs_backends[owner][region].queues.get(name)
            return _read(getattr(queue, "policy", None))
        case "sns":
            topic = sns_backends[owner][region].topics.get(resource)
            return _read(getattr(topic, "policy", None))
        case "events":
            bus = events_backends[owner][region].event_buses.get(name.removeprefix("event-bus/"))
            return _read(getattr(bus, "policy", None))
        case "s3":
            bucket = s3_backends[account]["aws"].buckets.get(name.split("/")[0])
            return _read(getattr(bucket, "policy", None))
    return None


def _read(policy: Any) -> Document | None:
    if not policy:
        return None
    if isinstance(policy, bytes):
        policy = policy.decode()
    read: Document = json.loads(policy) if isinstance(policy, str) else policy
    return read
