"""AWS's services acting in roles: a rule that carries an event on, a schedule that fires, Lambda's poller.

Nothing is asked while no authorizer is installed.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from local.authorization.authorizer import Authorizer
from local.authorization.checks import Caller, Check, Context
from local.policies import Policy, Request

_installed: list[Authorizer] = []


class NotPermittedError(Exception):
    """A service may not take a role, or may not do in it what it has to."""


@contextmanager
def asking(authorizer: Authorizer) -> Iterator[None]:
    """Ask this authorizer from now on."""
    _installed.append(authorizer)
    try:
        yield
    finally:
        _installed.remove(authorizer)


def act(
    service: str, source: str, role: str, action: str, resource: str, context: Context | None = None
) -> None:
    """Let a service do something in a role (ARN), on behalf of `source` (ARN). Raises NotPermittedError."""
    if not _installed:
        return
    authorizer = _installed[-1]
    _, _, _, region, account, _ = source.split(":", 5)
    caller = Caller(role.split(":")[4], role.rsplit("/", maxsplit=1)[-1], region)
    deployed = authorizer.role(caller)
    if deployed is None:
        raise NotPermittedError(f"{source}: role {role} does not exist")
    asked = Request(service, "sts:AssumeRole", role, {"aws:SourceArn": source, "aws:SourceAccount": account})
    trusting = {one.effect for one in Policy.of(deployed.trust).applying(asked)}
    if trusting != {"Allow"}:
        raise NotPermittedError(f"{source}: role {role} does not trust {service} on behalf of it")
    refusal = authorizer.ask(caller, Check(action, resource, context or {}), f"{service} for {source}")
    if refusal is not None:
        raise NotPermittedError(f"{source}: {refusal.message}")


def act_for_function(access_key: str, function: str, action: str, resource: str) -> None:
    """Let Lambda do something in the role whose key a function was given."""
    known = _installed[-1].role_of(access_key) if _installed else None
    if known is not None:
        account, role = known
        act("lambda.amazonaws.com", function, f"arn:aws:iam::{account}:role/{role}", action, resource)
