"""What the roles say, whatever is done with them: within IAM's limits, within AWS's reference, and narrow."""

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from infra.permissions import Production, Role, Source, Statement, document, production_roles
from infra.permissions.page import PAGE, written
from local.accounts import PRODUCTION, REGION
from local.policies import Policy, Request
from tests.infra.places import PLACE, boundaries, roles, statements
from tests.infra.synthesized import ACCOUNTS, kind_of, template
from tests.infra.synthesized import roles as synthesized

CHANGES = ("Modify", "Delete", "Create", "Copy", "Restore", "AddTags", "Reboot", "Stop")
OWN = re.compile(r":(db|cluster|snapshot|cluster-snapshot):snapveil-(tmp|fin|shr|cpy|dev)-")
NEEDED_WITH = re.compile(r":(og|pg|cluster-pg|subgrp):|:(cluster-)?snapshot:")


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    """Which actions AWS has and which types of resource each is asked for, as cfn-lint knows them."""
    text = files("cfnlint").joinpath("data/AdditionalSpecs/Policies.json").read_text()
    read: dict[str, Any] = json.loads(text)
    return read


def test_no_statement_allows_every_action() -> None:
    assert [one.sid for _, _, one in statements() for action in one.actions if "*" in action] == []


def test_every_resource_is_named_or_there_is_a_reason_why_not() -> None:
    unexplained = [one.sid for _, _, one in statements() if "*" in one.resources and not one.why]
    unexplained += [
        one.sid for _, limits in boundaries() for one in limits if "*" in one.resources and not one.why
    ]
    assert unexplained == []


def test_every_action_exists_and_can_be_asked_for_these_types_of_resource(reference: dict[str, Any]) -> None:
    assert [problem for _, _, one in statements() for problem in _misfits(one, reference)] == []


def _misfits(statement: Statement, reference: dict[str, Any]) -> list[str]:
    """Name actions that AWS does not have, and those that none of the resources is for."""
    found = []
    for action in statement.actions:
        service, _, name = action.partition(":")
        known = reference[service]["Actions"].get(name.lower())
        if known is None:
            found.append(f"{statement.sid}: AWS has no {action}")
            continue
        formats = [
            form.replace("${Partition}", "aws").replace("${Account}", "[^:]*").replace("${Region}", "[^:]*")
            for kind in known.get("Resources", ())
            for form in reference[service]["Resources"][kind.lower()]["ARNFormats"]
        ]
        if "*" in statement.resources:
            continue
        texts = [json.dumps(one) for one in statement.resources]
        texts = [_plain(text) for text in texts]
        if not any(re.search(_form(form), text) for form in formats for text in texts):
            found.append(f"{statement.sid}: {action} is not for {texts}")
    return found


def _plain(text: str) -> str:
    for name, value in {"Partition": "aws", "Region": "r", "AccountId": "1"}.items():
        text = text.replace(f"${{AWS::{name}}}", value)
    return text.replace("${Account}", "1")


def _form(form: str) -> str:
    return form.replace("/.*", "/").replace(":.*", ":")


def test_what_changes_databases_reaches_only_what_snapveil_names() -> None:
    wide = [
        f"{role}: {one.sid}: {resource}"
        for _, role, one in statements()
        if one.effect == "Allow"
        if any(
            action.removeprefix("rds:").startswith(CHANGES) for action in one.actions if action[:4] == "rds:"
        )
        for resource in map(json.dumps, one.resources)
        if not OWN.search(resource)
        if not (
            NEEDED_WITH.search(resource)
            and all("Restore" in a or "CreateDBInstance" in a for a in one.actions)
        )
    ]
    assert wide == []


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_boundary_allows_every_action_of_every_role(account: str) -> None:
    for role in synthesized(account).values():
        assert role.boundary is not None
        boundary = Policy.of(role.boundary)
        for policy in role.policies:
            for statement in policy["Statement"]:
                for action in statement["Action"] if statement["Effect"] == "Allow" else ():
                    asked = Request("x", action, "arn:aws:x:::*")
                    assert any(one.sid == "Most" for one in boundary.applying(asked)), (
                        f"{role.name}: {action}"
                    )


@pytest.mark.parametrize("account", ACCOUNTS)
def test_policies_keep_within_iam_s_limits(account: str) -> None:
    for role in synthesized(account).values():
        assert sum(map(_size, role.policies)) <= 10_240, role.name
        assert role.boundary is not None
        assert _size(role.boundary) <= 6_144


def test_a_hundred_sources_fit_into_policies() -> None:
    sources = tuple(Source("cluster", f"shop-{number:03}-production-database") for number in range(100))
    place = Production(PLACE.production_key, PLACE.share_key, PLACE.bucket, ("222222222222",), sources)
    restore = production_roles(place)["snapveil-restore"]
    assert _size(_resolved(restore.policy_document())) <= 10_240
    attached = restore.attached_documents()
    assert len(attached) <= 10
    assert all(_size(_resolved(one)) <= 6_144 for one in attached)
    allowed = json.dumps([one.json() for one in restore.everything])
    assert all(f"shop-{number:03}-production" in allowed for number in range(100))


def test_a_source_under_a_key_of_its_own_stays_under_it() -> None:
    key = f"arn:aws:kms:{REGION}:{PRODUCTION}:key/shop"
    place = Production(
        PLACE.production_key,
        PLACE.share_key,
        PLACE.bucket,
        ("222222222222",),
        (Source("instance", "shop", key),),
    )
    for role in ("snapveil-restore", "snapveil-snapshot"):
        usable = {
            action
            for one in production_roles(place)[role].statements
            if key in one.resources
            for action in one.actions
        }
        assert usable == {"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey"}


def test_statements_are_told_apart_by_names_that_iam_takes() -> None:
    for _, role in roles():
        sids = [one.sid for one in role.everything]
        assert len(set(sids)) == len(sids), role.name
        assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)


def test_no_service_can_be_made_a_confused_deputy() -> None:
    for _, role in roles():
        for statement in role.trust:
            assert statement["Principal"].keys() == {"Service"}
            assert "aws:SourceAccount" in statement["Condition"]["StringEquals"], role.name


def test_every_role_of_the_code_is_in_the_templates_under_its_name() -> None:
    numbers = {number: account for account, number in ACCOUNTS.items()}
    for account, role in roles():
        deployed = [one for name, one in synthesized(numbers[account]).items() if kind_of(name) == role.name]
        assert deployed, f"no role of the template is {role.name}"
        for one in deployed:
            assert [said["Sid"] for policy in one.policies for said in policy["Statement"]] == _sids(role)
    assert len(template("production")["Resources"]) > len(roles())


def _sids(role: Role) -> list[str]:
    return [one.sid for one in role.everything]


def _size(policy: Any) -> int:
    """The characters that IAM counts: white space is not."""
    return len(json.dumps(policy, separators=(",", ":")))


def _resolved(policy: Any) -> Any:
    """Write out what is known only at deployment, at its usual length."""
    if isinstance(policy, dict):
        if "Fn::Sub" in policy:
            text, values = (
                policy["Fn::Sub"] if isinstance(policy["Fn::Sub"], list) else (policy["Fn::Sub"], {})
            )
            known = {**values, "AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": PRODUCTION}
            return re.sub(r"\$\{([^}]+)\}", lambda match: str(known.get(match[1], "amazonaws.com")), text)
        return {name: _resolved(value) for name, value in policy.items()}
    return [_resolved(one) for one in policy] if isinstance(policy, list | tuple) else policy


def test_documents_have_the_version_that_knows_policy_variables() -> None:
    assert document([])["Version"] == "2012-10-17"


def test_the_page_for_reviewers_shows_what_the_code_says() -> None:
    page = PAGE.read_text()
    assert page == written(page), "run: .venv/bin/python -m infra.permissions.page"
    assert all(f"### `{role.name}`" in page for _, role in roles())
