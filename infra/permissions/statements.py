"""The words of a policy: a statement, a role, and ARNs written with CloudFormation's pseudo parameters.

Everything here is plain data: one text is what AWS gets, what the tests prove and what a reviewer reads.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Text = str | Mapping[str, Any]
"""A literal, or a CloudFormation intrinsic as a plain dictionary."""

Conditions = Mapping[str, Mapping[str, Any]]
Document = Mapping[str, Any]

ACCOUNT: Text = {"Ref": "AWS::AccountId"}


@dataclass(frozen=True)
class Statement:
    """One statement of a policy.

    `why` says why it names every resource; `reserved` why it is there although no call of the recorded runs
    needs it. Both stay with the code: IAM has no field for them.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[Text, ...] = ()
    conditions: Conditions = field(default_factory=dict)
    effect: Literal["Allow", "Deny"] = "Allow"
    not_resources: tuple[Text, ...] = ()
    not_actions: tuple[str, ...] = ()
    why: str = ""
    reserved: str = ""

    def json(self) -> dict[str, Any]:
        """Return it as IAM reads it, with intrinsics left in place."""
        statement: dict[str, Any] = {"Sid": self.sid, "Effect": self.effect}
        if self.not_actions:
            statement["NotAction"] = list(self.not_actions)
        else:
            statement["Action"] = list(self.actions)
        if self.not_resources:
            statement["NotResource"] = list(self.not_resources)
        else:
            statement["Resource"] = list(self.resources)
        if self.conditions:
            statement["Condition"] = {operator: dict(keys) for operator, keys in self.conditions.items()}
        return statement


@dataclass(frozen=True)
class Role:
    """A role: who may take it, and what it may do then, always within the permission boundary.

    `attached` are statements that do not fit into the role's own policy, which IAM limits to 10,240
    characters: each group is a managed policy of its own.
    """

    name: str
    description: str
    trust: tuple[Document, ...]
    statements: tuple[Statement, ...]
    attached: tuple[tuple[Statement, ...], ...] = ()

    @property
    def everything(self) -> tuple[Statement, ...]:
        """All statements, wherever they stand."""
        return self.statements + tuple(one for group in self.attached for one in group)

    def trust_document(self) -> dict[str, Any]:
        """Return the trust policy as IAM reads it."""
        return document(self.trust)

    def policy_document(self) -> dict[str, Any]:
        """Return the role's own policy as IAM reads it."""
        return document(statement.json() for statement in self.statements)

    def attached_documents(self) -> tuple[dict[str, Any], ...]:
        """Return the managed policies as IAM reads them."""
        return tuple(document(statement.json() for statement in group) for group in self.attached)


def document(statements: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return statements as a policy document."""
    return {"Version": "2012-10-17", "Statement": [dict(statement) for statement in statements]}


def arn(service: str, resource: str, *, region: str = "${AWS::Region}") -> Text:
    """Name a resource of this account and region; `resource` may hold `${…}` as Fn::Sub reads them."""
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:{service}:{region}:${{AWS::AccountId}}:{resource}"}


def arn_with(service: str, resource: str, **values: Text) -> Text:
    """Name a resource by values that are known at deployment: `${Name}` in the text stands for `Name=`."""
    text = f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}"
    return {"Fn::Sub": [text, dict(values)]}


def of(service: str, account: Text, resource: str) -> Text:
    """Name a resource of another account, in this region."""
    text = f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{Account}}:{resource}"
    return {"Fn::Sub": [text, {"Account": account}]}


def below(bucket: Text, path: str) -> Text:
    """Name objects of a bucket (ARN)."""
    if isinstance(bucket, str):
        return f"{bucket}/{path}"
    return {"Fn::Join": ["", [bucket, f"/{path}"]]}


def trusts(service: str, conditions: Conditions) -> Document:
    """Let a service take a role, on behalf of this account's own thing only (no confused deputy)."""
    return {
        "Sid": "Trust",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": {
            **conditions,
            "StringEquals": {**conditions.get("StringEquals", {}), "aws:SourceAccount": ACCOUNT},
        },
    }
