"""Asking for every call whether its role may, and writing down what was asked and answered."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.authorization.checks import Caller, Check, Context, Parameters
from local.authorization.decision import Judge
from local.authorization.roles import DeployedRole
from local.authorization.table import UnknownOperationError, checks_of

OPERATOR = "operator"
Roles = Callable[[str], Mapping[str, DeployedRole]]
WhoIs = Callable[[str], tuple[str, str] | None]


@dataclass(frozen=True)
class Call:
    """One check of one call of a role, and how it was decided."""

    account: str
    role: str
    operation: str
    action: str
    resource: str
    context: Context
    allowed: bool
    sids: tuple[str, ...]
    why: str = ""

    def __str__(self) -> str:
        verdict = "may" if self.allowed else "may not"
        reason = ", ".join(self.sids) or self.why
        return f"{self.role} {verdict} {self.action} on {self.resource} ({reason})"


@dataclass(frozen=True)
class Refusal:
    """Why a call is refused, as AWS says it."""

    message: str


class Authorizer:
    """Knows the roles of each account and whose an access key is.

    `roles_by_account` gives the roles deployed in an account, `role_of` account and role of an access key;
    `record` gets every check. The role `operator` may do everything and is not recorded.
    """

    def __init__(
        self,
        roles_by_account: Roles,
        role_of: WhoIs,
        record: Callable[[Call], None] = lambda _: None,
    ) -> None:
        self._roles_by_account = roles_by_account
        self.role_of = role_of
        self._record = record
        self._judges: dict[Caller, Judge] = {}
        self._lock = threading.Lock()

    def refuse(
        self, access_key: str, region: str, service: str, operation: str, parameters: Callable[[], Parameters]
    ) -> Refusal | None:
        """Say why a call may not be made; None if it may. `parameters` is called only for roles."""
        known = self.role_of(access_key)
        if known is None:
            if (service, operation) == ("sts", "AssumeRole"):
                return None  # how the embedded cloud gives out credentials in the first place
            return Refusal("The security token included in the request is invalid.")
        account, role = known
        if role == OPERATOR:
            return None
        return self.refuse_role(Caller(account, role, region), service, operation, parameters())

    def refuse_role(self, caller: Caller, service: str, operation: str, given: Parameters) -> Refusal | None:
        """Say why a role may not make a call; None if it may."""
        try:
            checks = checks_of(caller, service, operation, given)
        except UnknownOperationError as error:
            return self._unknown(caller, service, operation, str(error))
        for check in checks:
            refusal = self.ask(caller, check, operation)
            if refusal is not None:
                return refusal
        return None

    def ask(self, caller: Caller, check: Check, operation: str) -> Refusal | None:
        """Decide one check, which a service may also ask for in a role that it took."""
        judge = self._judge(caller)
        if judge is None:
            deployed = ", ".join(sorted(self._roles_by_account(caller.account))) or "none"
            return self._unknown(
                caller,
                check.action,
                operation,
                f"account {caller.account} has no such role (it has {deployed})",
            )
        decision = judge.decide(check)
        self._record(
            Call(
                caller.account,
                caller.role,
                operation,
                check.action,
                check.resource,
                check.context,
                decision.allowed,
                decision.sids,
                decision.why,
            )
        )
        if decision.allowed:
            return None
        because = decision.why + (f": {', '.join(decision.sids)}" if decision.sids else "")
        return Refusal(
            f"User: {caller.arn} is not authorized to perform: {check.action} on resource: {check.resource} "
            f"because {because}"
        )

    def role(self, caller: Caller) -> DeployedRole | None:
        """Find the role as it was deployed."""
        return self._roles_by_account(caller.account).get(caller.role)

    def _judge(self, caller: Caller) -> Judge | None:
        role = self.role(caller)
        if role is None:
            return None
        with self._lock:
            judge = self._judges.get(caller)
            if judge is None or judge.role != role:
                judge = self._judges[caller] = Judge(caller, role)
            return judge

    def _unknown(self, caller: Caller, service: str, operation: str, why: str) -> Refusal:
        self._record(
            Call(caller.account, caller.role, operation, service, "", {}, allowed=False, sids=(), why=why)
        )
        return Refusal(f"User: {caller.arn} is not authorized to perform: {operation}: {why}")
