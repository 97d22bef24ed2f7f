"""What cdk-nag (AWS Solutions) and cfn-lint find in our templates and we leave so, each with its reason.

tests/infra/stacks/test_lint.py asks that every finding has its line here, and every line a finding still.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Suppression:
    """Findings of a rule about constructs, by their path, that we leave so. Both are regular expressions."""

    rule: str
    where: str
    reason: str

    def covers(self, finding: "Finding") -> bool:
        """Tell whether this is the reason for a finding."""
        return bool(re.fullmatch(self.rule, finding.rule) and re.fullmatch(self.where, finding.where))


@dataclass(frozen=True)
class Finding:
    """What a linter says about a construct."""

    rule: str
    where: str


def _wildcard(resource: str, where: str, reason: str) -> Suppression:
    return Suppression(rf"AwsSolutions-IAM5\[Resource::.*{resource}.*\]", where, reason)


_ROLES = "(production|development)/.*Role(More[0-9]+)?"

SUPPRESSIONS = (
    Suppression(
        r"AwsSolutions-IAM5\[(Action|Resource)::.*\]",
        "(production|development)/Boundary",
        "A permission boundary grants nothing: it names the most that the roles below it could be given.",
    ),
    Suppression(
        r"AwsSolutions-IAM5\[Resource::\*\]",
        _ROLES,
        "Only for calls without a resource level; the statement says which (`why` in infra/permissions), "
        "and a test asks for it.",
    ),
    _wildcard("log-group:/snapveil/[a-z]+:", _ROLES, "Log streams are named by Lambda and ECS."),
    _wildcard(
        ":(db|cluster|snapshot|cluster-snapshot):",
        _ROLES,
        "Databases and snapshots are named by runs, behind prefixes of our own; looking is allowed at all of "
        "them, because RDS filters its lists by nothing else; source snapshots are named by RDS.",
    ),
    _wildcard(
        ":(pg|cluster-pg|og):",
        _ROLES,
        "Parameter groups are named by source behind a prefix of our own; RDS names its default groups.",
    ),
    _wildcard(
        "(Bucket.Arn>?|:s3:::.*)/", _ROLES, "Policies and reports are objects below a prefix of their own."
    ),
    _wildcard(
        ":secret:snapveil/", _ROLES, "A secret per run, to whose name Secrets Manager adds six characters."
    ),
    _wildcard(
        ":secret:snapveil-mask-key-",
        "production/Worker/Role",
        "A policy names a mask key of the customer's own, with this prefix and six characters of AWS's.",
    ),
    _wildcard(
        ":(task-definition/snapveil-worker:|task/snapveil/)",
        "production/Anonymize/Role",
        "Revisions and tasks of the one task definition and cluster are numbered by ECS.",
    ),
    _wildcard(
        ":key/",
        "development/Receiver/Role",
        "Production's share key is known by its alias, which IAM knows as a condition only.",
    ),
    Suppression(
        "AwsSolutions-L1",
        ".*/Function",
        "Python 3.13 is the one that the zips' dependencies are locked and tested for.",
    ),
    Suppression(
        "AwsSolutions-SQS3",
        "(production|development)/(Bus/SendDeadLetters|Schedules/DeadLetters)",
        "These are dead-letter queues, of a rule and of schedules; the rule knows those of queues only.",
    ),
    Suppression(
        "AwsSolutions-S1",
        "production/Bucket",
        "Policies and reports hold no personal data; who reads them is in CloudTrail, if data events are on.",
    ),
    Suppression(
        "AwsSolutions-VPC7",
        "(production|development)/Network/Vpc",
        "The network has no way out, and its security groups name every pair that may talk; an organisation "
        "that wants flow logs adds them to the VPC.",
    ),
)


def unexplained(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings without a reason."""
    return [
        finding
        for finding in findings
        if not any(suppression.covers(finding) for suppression in SUPPRESSIONS)
    ]


def stale(findings: Iterable[Finding]) -> list[Suppression]:
    """Return the reasons without a finding."""
    found = list(findings)
    return [
        suppression
        for suppression in SUPPRESSIONS
        if not any(suppression.covers(finding) for finding in found)
    ]
