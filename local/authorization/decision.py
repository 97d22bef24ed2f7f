"""Whether a role may: its own policies and its boundary must both allow it, and nothing may deny it.

The policy on the resource adds its denials; for a key it must allow as well. That a resource's policy alone
can let a role of the same account in is left out: no call of Snapveil's rests on it.
"""

from dataclasses import dataclass

from local.authorization.checks import Caller, Check
from local.authorization.resource_policies import policy_of
from local.authorization.roles import DeployedRole
from local.policies import Policy, Request, Statement

LAMBDA = "lambda.amazonaws.com"


@dataclass(frozen=True)
class Decision:
    """The answer to one check: the statements behind it, or why nothing allows it."""

    allowed: bool
    sids: tuple[str, ...]
    why: str = ""


class Judge:
    """Decides about the calls of one role; its policies are compiled once."""

    def __init__(self, caller: Caller, role: DeployedRole) -> None:
        self.role = role
        self._caller = caller
        self._identity = _Statements(tuple(Policy.of(document) for document in role.policies))
        self._boundary = _Statements((Policy.of(role.boundary),)) if role.boundary is not None else None
        self._always = {
            "aws:PrincipalArn": caller.arn,
            "aws:PrincipalAccount": caller.account,
            "aws:PrincipalIsAWSService": "false",
            "aws:RequestedRegion": caller.region,
            "aws:SecureTransport": "true",  # the embedded endpoint stands for AWS's, which is HTTPS
            **self._function(),
        }

    def decide(self, check: Check) -> Decision:
        """Decide one check."""
        request = Request(self._caller.arn, check.action, check.resource, {**self._always, **check.context})
        identity = self._identity.applying(request)
        boundary = self._boundary.applying(request) if self._boundary is not None else None
        resource = self._on_resource(request)
        denials = [
            f"{where}{one.sid}"
            for where, found in (("", identity), ("boundary:", boundary or []), ("resource:", resource or []))
            for one in found
            if one.effect == "Deny"
        ]
        if denials:
            return Decision(False, tuple(denials), "an explicit deny")
        allowing = tuple(one.sid for one in identity if one.effect == "Allow")
        if not allowing:
            return Decision(False, (), "no statement of the role allows it")
        if boundary is not None and not _allows(boundary):
            return Decision(False, allowing, "the permission boundary does not allow it")
        if resource is not None and check.action.startswith("kms:") and not _allows(resource):
            return Decision(False, allowing, "the key policy does not allow it")
        return Decision(True, allowing)

    def _on_resource(self, request: Request) -> list[Statement] | None:
        document = policy_of(request.resource, self._caller.account)
        if document is None:
            return None
        return [one for one in Policy.of(document).applying(request) if one.principal is not None]

    def _function(self) -> dict[str, str]:
        """What Lambda adds to the calls of a function's code."""
        services = str(self.role.trust)
        if LAMBDA not in services:
            return {}
        return {"lambda:SourceFunctionArn": self._caller.resource("lambda", f"function:{self._caller.role}")}


class _Statements:
    """The statements of some policies, found by action."""

    def __init__(self, policies: tuple[Policy, ...]) -> None:
        self._all = [statement for policy in policies for statement in policy.statements]
        self._by_action: dict[str, list[Statement]] = {}

    def applying(self, request: Request) -> list[Statement]:
        action = request.action.lower()
        if action not in self._by_action:
            self._by_action[action] = [one for one in self._all if one.action(action)]
        return [one for one in self._by_action[action] if one.applies(request)]


def _allows(statements: list[Statement]) -> bool:
    return any(one.effect == "Allow" for one in statements)
