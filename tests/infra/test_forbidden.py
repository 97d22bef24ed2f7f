"""What no role may ever do, tried as every role against the policies in the kept templates.

A few calls that a role must be able to make stand beside them: a table of denials alone would also hold for
roles that may do nothing.
"""

import pytest

from local.accounts import PRODUCTION
from local.authorization.checks import Caller
from tests.infra.calls import COPY, RESTORED, RUN, SHARED, TAGS, TARGET, TASK, TEMPORARY, Call, arn, item, rds
from tests.infra.forbidden_databases import DATABASES
from tests.infra.forbidden_others import OTHERS
from tests.infra.synthesized import ACCOUNTS, authorizer, everybody

NEEDED = [
    ("snapveil-restore", rds("restore", "RestoreDBInstanceFromDBSnapshot", **RESTORED)),
    ("snapveil-restore", rds("delete", "DeleteDBInstance", DBInstanceIdentifier=TEMPORARY)),
    ("snapveil-snapshot", rds("share", "ModifyDBSnapshotAttribute", DBSnapshotIdentifier=SHARED)),
    ("snapveil-snapshot", rds("withdraw", "DeleteDBClusterSnapshot", DBClusterSnapshotIdentifier=SHARED)),
    ("snapveil-anonymize", Call("run the worker", "ecs", "RunTask", TASK)),
    (
        "snapveil-worker",
        Call("read", "secretsmanager", "GetSecretValue", {"SecretId": f"snapveil/{RUN}/master"}),
    ),
    ("snapveil-worker", Call("attest", "dynamodb", "PutItem", item(f"worker#{RUN}"))),
    ("snapveil-receiver", rds("delete the old target", "DeleteDBInstance", DBInstanceIdentifier=TARGET)),
    (
        "snapveil-receiver",
        rds(
            "copy",
            "CopyDBSnapshot",
            SourceDBSnapshotIdentifier=arn(PRODUCTION, f"snapshot:{SHARED}"),
            TargetDBSnapshotIdentifier=COPY,
            Tags=TAGS,
        ),
    ),
]


def refused(caller: Caller, call: Call) -> bool:
    return authorizer().refuse_role(caller, call.service, call.operation, call.given) is not None


def excepted(caller: Caller, call: Call) -> bool:
    return any(
        caller.role == one or (one == "snapveil-bus" and "-bus-to-" in caller.role)
        for one in call.but.split()
    )


@pytest.mark.parametrize("call", [*DATABASES, *OTHERS], ids=lambda call: call.what)
def test_no_role_may(call: Call) -> None:
    others = [caller for caller in everybody() if not excepted(caller, call)]
    may = [caller.role for caller in others if not refused(caller, call)]
    assert may == []


@pytest.mark.parametrize(("role", "call"), NEEDED, ids=lambda part: getattr(part, "what", part))
def test_but_a_role_may_do_what_it_is_for(role: str, call: Call) -> None:
    (caller,) = [one for one in everybody() if one.role == role]
    assert not refused(caller, call), authorizer().refuse_role(
        caller, call.service, call.operation, call.given
    )


def test_both_accounts_have_all_their_roles() -> None:
    found = {(caller.account, caller.role) for caller in everybody()}
    assert {account for account, _ in found} == set(ACCOUNTS.values())
    assert len(found) == 15
