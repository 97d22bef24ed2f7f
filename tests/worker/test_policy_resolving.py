"""What a policy means for a schema: patterns of tables, defaults, and keys masked like what they refer to."""

# ruff: noqa: E501 - policies and messages are said as they are

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.anonymize.worker.policy import Action, Policy, load_policy, resolve
from services.anonymize.worker.policy.patterns import is_pattern, table_of, written
from services.anonymize.worker.schema import Schema
from tests.worker.building import column, plan, references, refused, schema_of, table, unique

CUSTOMERS = table(
    "customers",
    column("id", "bigint"),
    column("email", not_null=True),
    column("createdAt", "timestamp with time zone"),
    column("note", comment="PII: what the customer told us"),
    uniques=(unique("customers_email_key", "email"),),
)
ORDERS = table("orders", column("id", "bigint"), column("customer_email"), oid=2)
REFUNDS = table("refunds", column("order_email"), oid=3)
KEYED = schema_of(
    CUSTOMERS,
    ORDERS,
    REFUNDS,
    foreign_keys=(
        references(ORDERS, "customer_email", CUSTOMERS, "email"),
        references(REFUNDS, "order_email", ORDERS, "customer_email"),
    ),
)


def resolved(text: str, schema: Schema) -> Policy:
    return resolve(load_policy("version: 1\n" + text, "policy.yaml"), schema)


def words(policy: Policy, name: str, schema: str = "public") -> dict[str, str]:
    return {column: rule.mask.word for column, rule in policy.tables[schema, name].columns.items()}


DEFAULTS = """
defaults:
  - {match: {column: "*_at"}, rule: keep}
  - {match: {column: "*email*", type: text}, rule: email}
  - {match: {type: [timestamp, bigint]}, rule: keep}
  - {match: {comment: "/^pii\\\\b/"}, rule: "null"}
"""


def test_columns_that_no_table_names_get_the_first_default_that_is_for_them():
    policy = resolved(
        DEFAULTS.replace("\\\\", "\\").replace('"/^pii\\b/"', "'/^pii\\b/'") + "tables: {}",
        schema_of(CUSTOMERS),
    )
    assert words(policy, "customers") == {"id": "keep", "email": "email", "createdAt": "keep", "note": "null"}
    rule = policy.tables["public", "customers"].columns["createdAt"]
    assert rule.by == "default at policy.yaml:6:5"
    assert str(rule.at) == "policy.yaml:6:48"


def test_a_rule_of_the_table_comes_before_every_default():
    policy = resolved(
        "defaults: [{match: {column: '*'}, rule: keep}]\ntables: {customers: {columns: {email: hash}}}",
        schema_of(CUSTOMERS),
    )
    assert words(policy, "customers")["email"] == "hash"
    assert words(policy, "customers")["id"] == "keep"


def test_a_column_that_no_default_is_for_still_stops_the_run():
    text = "version: 1\ndefaults: [{match: {type: bigint}, rule: keep}]\ntables: {customers: {columns: {email: email, note: redact}}}"
    assert refused(text, schema_of(CUSTOMERS)) == [
        "policy.yaml:3: customers.createdAt: the policy does not name it; add it under tables.customers.columns (policy.yaml:3:31), or write a default for it"
    ]
    assert (
        "policy.yaml:3: gone: the policy does not name it; add it under tables (policy.yaml:3:9)"
        in refused(text, schema_of(CUSTOMERS, table("gone", column("x"), oid=9)))
    )


def test_a_default_that_does_not_fit_is_told_with_the_column_that_it_is_for():
    text = "version: 1\ndefaults: [{match: {column: '*'}, rule: email}]\ntables: {}"
    assert "policy.yaml:2: customers.id: bigint: email masks text only" in refused(text, schema_of(CUSTOMERS))


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ("{schema: public, table: cust*, column: ID}", True),
        ("{schema: crm}", False),
        ("{table: customer}", False),
        ("{type: int8}", True),
        ("{type: number}", True),
        ("{type: [date, 'big*']}", True),
        ("{column: '[a-h]d'}", False),
        ("{comment: '*'}", True),
        ("{comment: '?*'}", False),
    ],
)
def test_what_a_match_says_must_hold_all_of_it(match, hit):
    policy = resolved(
        f"defaults: [{{match: {match}, rule: keep}}]\ntables: {{customers: {{columns: {{}}}}}}",
        schema_of(CUSTOMERS),
    )
    assert ("id" in policy.tables["public", "customers"].columns) is hit


NAMES = st.text(
    st.one_of(st.sampled_from(".*?[]!"), st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    min_size=1,
)


@given(schema=st.one_of(st.just("public"), NAMES), name=NAMES)
def test_every_table_can_be_named_and_its_name_is_for_no_other(schema, name):
    said = written(table(name, schema=schema))
    assert table_of(said) == (schema, name)
    assert not is_pattern(said)


def test_a_letter_in_brackets_stands_for_itself():
    odd = table("log[1]", column("mail"), column("copy"), column("e.mail"), oid=5, schema="a.b")
    other = table("log_*", column("x"), oid=6)
    text = (
        "tables: {'a[.]b.log[[]1]': {columns: {mail: email, copy: {same_as: 'a[.]b.log[[]1].mail'},"
        " e.mail: {same_as: 'a[.]b.log[[]1].mail'}}}, 'log_[*]': truncate}"
    )
    policy = resolved(text, schema_of(odd, other))
    assert words(policy, "log[1]", "a.b") == {"mail": "email", "copy": "email", "e.mail": "email"}
    assert policy.tables["public", "log_*"].action is Action.TRUNCATE
    assert policy.patterns == ()
    assert (
        resolved("tables: {'log_[*]?': truncate}", schema_of(odd, other)).patterns[0].name_pattern
        == "log_[*]?"
    )


def test_a_pattern_names_tables_that_no_rule_names_and_the_first_wins():
    logs = table("log_2024", column("x"), oid=5)
    kept = table("log_kept", column("x"), oid=6)
    tenants = [table("users", column("mail"), oid=7 + n, schema=f"tenant_{n}") for n in range(2)]
    text = (
        "tables: {log_kept: keep, 'log_*': truncate, 'l*': keep, 'tenant_?.users': {columns: {mail: email}}}"
    )
    policy = resolved(text, schema_of(logs, kept, *tenants))
    assert policy.tables["public", "log_2024"].action is Action.TRUNCATE
    assert policy.tables["public", "log_kept"].action is Action.KEEP
    assert words(policy, "users", "tenant_1") == {"mail": "email"}
    assert (
        policy.tables["tenant_0", "users"]
        .columns["mail"]
        .by.startswith("pattern tenant_?.users at policy.yaml:2:")
    )
    assert len(plan("version: 1\n" + text, schema_of(logs, kept, *tenants)).tables) == 4


def test_a_chain_of_foreign_keys_is_masked_alike_from_one_rule():
    text = "defaults: [{match: {column: '*'}, rule: keep}]\ntables: {customers: {columns: {email: {mask: email, case: exact}}}}"
    policy = resolved(text, KEYED)
    for name, part in (("orders", "customer_email"), ("refunds", "order_email")):
        rule = policy.tables["public", name].columns[part]
        assert rule.mask == policy.tables["public", "customers"].columns["email"].mask
        assert "_fk, like policy.yaml:3:39" in rule.by
    assert refused("version: 1\n" + text, KEYED) == []


def test_the_mask_may_stand_at_either_end_and_the_other_may_say_auto():
    text = (
        "tables:\n  customers: {columns: {id: keep, email: auto, createdAt: keep, note: keep}}\n"
        "  orders: {columns: {id: keep}}\n  refunds: {columns: {order_email: hash}}"
    )
    policy = resolved(text, KEYED)
    assert words(policy, "customers")["email"] == words(policy, "orders")["customer_email"] == "hash"
    assert refused("version: 1\n" + text, KEYED) == []


def test_a_default_that_masks_one_side_masks_the_other_too():
    text = "defaults: [{match: {table: customers, column: email}, rule: email}, {match: {column: '*'}, rule: keep}]\ntables: {}"
    assert words(resolved(text, KEYED), "refunds") == {"order_email": "email"}


def test_two_masks_for_one_key_are_refused_and_so_is_one_beside_keep():
    for other in ("hash", "keep"):
        text = (
            "version: 1\ndefaults: [{match: {column: '*'}, rule: keep}]\n"
            f"tables: {{customers: {{columns: {{email: email}}}}, orders: {{columns: {{customer_email: {other}}}}}}}"
        )
        assert any("orders.customer_email references customers.email by orders_fk; give both the same mask" in said
                   for said in refused(text, KEYED))  # fmt: skip


def test_references_that_are_emptied_or_shuffled_say_nothing_of_what_they_refer_to():
    for mask in ('"null"', "shuffle"):
        text = f"defaults: [{{match: {{column: '*'}}, rule: keep}}]\ntables: {{orders: {{columns: {{customer_email: {mask}}}}}}}"
        policy = resolved(text, KEYED)
        assert words(policy, "customers")["email"] == "keep"
        assert words(policy, "refunds")["order_email"] == "keep"


def test_auto_without_a_masked_column_behind_it_is_refused_unless_that_is_kept():
    text = "tables:\n  customers: {columns: {id: keep, email: keep, createdAt: keep, note: auto}}\n  orders: {columns: {id: keep, customer_email: auto}}\n  refunds: keep"
    assert refused("version: 1\n" + text, KEYED) == [
        "policy.yaml:3: customers.note: auto: no foreign key ties it to a column that has a rule; write the mask"
    ]
    assert words(resolved(text, KEYED), "orders") == {"id": "keep", "customer_email": "keep"}


def test_a_resolved_policy_resolves_to_itself():
    once = resolved(
        "defaults: [{match: {column: '*'}, rule: keep}]\ntables: {customers: {columns: {email: email}}}",
        KEYED,
    )
    assert resolve(once, KEYED) == once


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=4, unique=True),
    st.lists(st.sampled_from(["", "keep", "email", "hash", "auto"]), min_size=4, max_size=4),
    st.sampled_from(["keep", "hash", ""]),
)
def test_whatever_plans_masks_keys_and_references_alike(keys, rules, default):
    tables = [table(f"t{n}", column("a"), oid=n + 1) for n in range(4)]
    schema = schema_of(
        *tables,
        foreign_keys=tuple(references(tables[here], "a", tables[there], "a") for here, there in keys),
    )
    listed = "".join(f"\n  t{n}: {{columns: {{a: {rule}}}}}" for n, rule in enumerate(rules) if rule)
    defaults = f"\ndefaults: [{{match: {{column: a}}, rule: {default}}}]" if default else ""
    text = f"version: 1{defaults}\ntables:{listed or ' {}'}"
    if refused(text, schema):
        return
    policy = resolve(load_policy(text, "policy.yaml"), schema)
    masks = [policy.tables["public", f"t{n}"].columns["a"].mask for n in range(4)]
    assert all(masks[here] == masks[there] for here, there in keys)
    assert all(mask.word == rule for mask, rule in zip(masks, rules, strict=True) if rule not in {"", "auto"})
