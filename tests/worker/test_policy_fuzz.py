"""Any text at all: the loader says what is wrong with it, and never ends in another way."""

# ruff: noqa: E501 - lists read better in long lines

import json
from contextlib import suppress
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.anonymize.worker.masks import MASKS
from services.anonymize.worker.policy import Policy, PolicyError, TableRule, load_policy

SHOP = (Path(__file__).parents[2] / "examples" / "shop" / "policy.yaml").read_text()
WORDS = sorted(
    {"version", "database", "script", "file", "run", "before", "after", "sql", "key", "secret", "large_objects", "leftovers",
     "quarantine", "keep", "roles", "defaults", "match", "rule", "column", "type", "comment", "tables", "columns", "include",
     "override", "policy.yaml", "other.yaml", "mask", "paths", "of", "same_as", "when", "auto", "absent", "truncate", "t.a",
     "log_*", "[", "/(/", "1", "null", "true", "a.b[]", "per_run", "FR", "~", "0x1F", "1e999", "2024-13-41", "<<"}
    | set(MASKS)
    | {name for mask in MASKS.values() for name in mask.model_fields}
)  # fmt: skip
SCALARS = (
    st.sampled_from(WORDS) | st.integers() | st.floats() | st.booleans() | st.none() | st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=4),
    max_leaves=25,
)  # fmt: skip
TAGS = st.sampled_from(
    ["!!int ", "!!bool ", "!!float ", "!!binary ", "!!timestamp ", "!!set ", "!x ", "&a ", "*a "]
)


def read(text: str) -> Policy | None:
    """Load a text, with itself as the file that it may include."""
    with suppress(PolicyError):
        return load_policy(text, "policy.yaml", lambda name: text.encode("utf-8", "replace"))
    return None


@settings(max_examples=80, deadline=None)
@given(st.text() | st.text(alphabet=" \n:-[]{}&*!|>'\"%@`,?#~a1\t\\", max_size=60))
def test_any_text(text):
    read(text)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=6), st.booleans())
def test_any_values_under_the_keys_that_policies_have(values, version):
    read(yaml.safe_dump(values | ({"version": 1, "tables": values} if version else {}), allow_unicode=True))


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(MASKS)), st.data())
def test_any_value_as_a_parameter_of_any_mask(word, data):
    fields = sorted(MASKS[word].model_fields) or ["x"]
    rule = {"mask": word} | data.draw(st.dictionaries(st.sampled_from(fields), VALUES, max_size=len(fields)))
    read(yaml.safe_dump({"version": 1, "tables": {"t": {"columns": {"c": rule}}}}))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(SHOP)), st.integers(0, 20), st.text(max_size=6) | TAGS)
def test_a_good_policy_with_a_piece_replaced(at, length, piece):
    read(SHOP[:at] + piece + SHOP[at + length :])


def test_what_does_not_end_is_refused():
    for text in (
        "&a [*a]",
        "tables: &a {t: *a}",
        "[" * 5000,
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(9)
        ),
    ):
        assert read(text) is None


NAMES = st.text("abcdefghij_", min_size=1, max_size=8)
RULES = st.sampled_from(["keep", "email", "hash", "null", "script"]) | st.fixed_dictionaries(
    {"mask": st.just("date_shift"), "days": st.integers(1, 400)}
)
POLICIES = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "tables": st.dictionaries(
            NAMES,
            st.sampled_from(["keep", "truncate"])
            | st.fixed_dictionaries({"columns": st.dictionaries(NAMES, RULES, max_size=4)}),
            max_size=4,
        ),
    },
    optional={
        "defaults": st.lists(
            st.fixed_dictionaries({"match": st.fixed_dictionaries({"column": NAMES}), "rule": RULES}),
            max_size=3,
        ),
        "after": st.lists(st.fixed_dictionaries({"sql": NAMES}), max_size=2),
        "leftovers": st.sampled_from(["fail", "report", "strict"]),
    },
)


@settings(max_examples=80, deadline=None)
@given(POLICIES)
def test_a_policy_says_the_same_however_it_is_written(policy):
    """As block YAML, as JSON, and read back from what was understood."""
    blocks, as_json = yaml.safe_dump(policy), json.dumps(policy)
    one, two = load_policy(blocks, "policy.yaml"), load_policy(as_json, "policy.yaml")
    assert understood(one) == understood(two)
    assert {name for _, name in one.tables} == set(policy["tables"])
    again = load_policy(yaml.safe_dump(written(one, policy)), "policy.yaml")
    assert understood(again) == understood(one)


def understood(policy: Policy) -> object:
    """A policy without its places."""
    tables = {
        name: (rule.action, {part: one.mask for part, one in rule.columns.items()})
        for name, rule in policy.tables.items()
    }
    defaults = [(one.match, one.rule.mask) for one in policy.defaults]
    return tables, defaults, [step.text for step in policy.after], policy.leftovers


def written(policy: Policy, original: dict[str, object]) -> dict[str, object]:
    """A policy written anew from its models."""
    tables = {
        name: str(rule.action) if rule.action else {"columns": _masks(rule)}
        for (_, name), rule in policy.tables.items()
    }
    return original | {"tables": tables}


def _masks(rule: TableRule) -> dict[str, object]:
    return {
        name: {"mask": one.mask.word} | one.mask.model_dump(exclude_defaults=True)
        for name, one in rule.columns.items()
    }
