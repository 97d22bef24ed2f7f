"""`snapveil policy diff`: what changed since a schema, and what the policy says of it."""

# ruff: noqa: E501 - what commands say is said as it is

from dataclasses import replace
from pathlib import Path

from services.anonymize.worker.schema import Schema
from services.anonymize.worker.schema_file import write_schema
from tests.cli.policy.building import CUSTOMERS, ORDERS, POLICY, SCHEMA
from tests.worker.building import column, schema_of, table, unique


def later() -> Schema:
    """The schema some weeks on."""
    customers = replace(
        CUSTOMERS,
        columns=(
            *(replace(one, not_null=False) if one.name == "email" else one for one in CUSTOMERS.columns[:2]),
            column("created_at", "date"),
            column("tier"),
            column("seen_at", "date"),
        ),
        uniques=CUSTOMERS.uniques[:1],
    )
    orders = replace(ORDERS, columns=ORDERS.columns[1:], uniques=(unique("orders_email", "email"),))
    return schema_of(customers, orders, table("wishes", column("note"), oid=9))


def test_a_comparison_says_of_each_change_what_the_policy_says(policy):
    Path("now.json").write_text(write_schema("postgresql", later()))
    Path("policy.yaml").write_text(POLICY.replace("email: email", "email: hash"))
    said = policy("diff", "--since", "schema.json", "--schema", "now.json")
    assert said.code == 1
    assert said.out.splitlines() == [
        "nullability customers.email: may be NULL now", "    the policy: hash, rule at policy.yaml:6:42",
        "retyped column customers.created_at: timestamp with time zone became date", "    the policy: keep, default at policy.yaml:4:5",
        "new column customers.tier: text", "    the policy: does not name it; a run would stop",
        "new column customers.seen_at: date", "    the policy: keep, default at policy.yaml:4:5",
        "uniqueness customers (email): is no longer unique by customers_email_key",
        "dropped column orders.id: bigint", "    the policy: names it still; a run would stop",
        "uniqueness orders (email): is unique now by orders_email", "    the policy: email does not name it; a run would stop",
        "new table wishes: with note", "    the policy: does not name it; a run would stop",
        "dropped table audit", "    the policy: does not name it",
    ]  # fmt: skip
    answer = policy("diff", "--since", "schema.json", "--schema", "now.json", "--format", "json").json
    assert (answer["since"], answer["stops"], len(answer["changes"])) == ("schema.json", True, 9)
    assert set(answer["changes"][0]) == {"change", "where", "detail", "policy", "stops"}
    same = policy("diff", "--since", "schema.json", "--schema", "schema.json")
    assert (same.code, same.out) == (0, "nothing changed since schema.json\n")


def test_schemas_of_two_families_are_not_compared(policy):
    Path("now.json").write_text(write_schema("mysql", SCHEMA))
    said = policy("diff", "--since", "schema.json", "--schema", "now.json")
    assert (said.code, said.out) == (2, "")
    assert "schema.json is of postgresql, and the schema to compare is of mysql" in said.err
