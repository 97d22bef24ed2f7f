"""The JSON Schema: what the loader takes it takes, and what the loader refuses for structure it refuses."""

import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings

from services.anonymize.worker.masks import MASKS
from services.anonymize.worker.policy import PolicyError, load_policy
from services.anonymize.worker.policy.json_schema import json_schema
from tests.worker.test_policy_fuzz import POLICIES

ROOT = Path(__file__).parents[2]
SCHEMA = json_schema()
JUDGE = jsonschema.Draft202012Validator(SCHEMA)
FILES = sorted(
    path
    for path in [*ROOT.glob("examples/**/*.yaml"), *ROOT.glob("tests/worker/*.yaml")]
    if re.search(r"^(tables|include):", path.read_text(), re.M)
)
DOCUMENTED = [
    block
    for page in sorted([ROOT / "README.md", *ROOT.glob("docs/*.md")])
    for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.S | re.M)
    if block.startswith("version: 1")
]


class _Loader(yaml.SafeLoader):
    """YAML as editors read it: a date is a text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if not tag.endswith("timestamp")]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def as_editors_do(text: str) -> object:
    """Read YAML for a judge of JSON."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader


def fits(text: str) -> bool:
    return JUDGE.is_valid(as_editors_do(text))


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_policy_of_the_examples_and_tests_fits(path):
    assert [error.message for error in JUDGE.iter_errors(as_editors_do(path.read_text()))] == []


@pytest.mark.parametrize("text", DOCUMENTED, ids=range(len(DOCUMENTED)))
def test_every_policy_of_the_pages_fits(text):
    assert [error.message for error in JUDGE.iter_errors(as_editors_do(text))] == []


@pytest.mark.parametrize("word", MASKS)
def test_every_masks_example_fits(word):
    rule = MASKS[word].example.rule
    text = f"version: 1\ntables: {{t: {{columns: {{x: {rule}}}}}}}"
    load_policy(text, "policy.yaml")
    assert fits(text)


@settings(max_examples=60, deadline=None)
@given(POLICIES)
def test_generated_policies_fit(policy):
    assert JUDGE.is_valid(policy)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "tables: {}",
        "version: 1",
        "version: 2\ntables: {}",
        "version: 1\ntabels: {}\ntables: {}",
        "version: 1\ntables: []",
        "version: 1\ntables: {a: trunctate}",
        "version: 1\ntables: {a: {}}",
        "version: 1\ntables: {a: {column: {}}}",
        "version: 1\ntables: {a: {columns: {b: emial}}}",
        "version: 1\ntables: {a: {columns: {b: date_shift}}}",
        "version: 1\ntables: {a: {columns: {b: {domain: x.test}}}}",
        "version: 1\ntables: {a: {columns: {b: {mask: email, doman: x.test}}}}",
        "version: 1\ntables: {a: {columns: {b: {mask: date_shift, days: 0}}}}",
        "version: 1\ntables: {a: {columns: {b: {mask: json, paths: {x: emial}}}}}",
        "version: 1\ntables: {a: {columns: {b: {mask: json, paths: {x: {mask: email, when: {a: 1}}}}}}}",
        "version: 1\ntables: {a: {columns: {b: {mask: json, paths: {x: auto}}}}}",
        "version: 1\ntables: {a: {columns: {b: {same_as: a.c, when: {a: 1}}}}}",
        "version: 1\ntables: {a: {columns: {b: {mask: city, when: [a]}}}}",
        "version: 1\ntables: {a: {columns: {b: {mask: city, when: {}}}}}",
        "version: 1\ntables: {a: {columns: {b: {mask: city, when: {a: []}}}}}",
        "version: 1\ntables: {a: {columns: {b: {mask: city, when: {a: {b: c}}}}}}",
        "version: 1\ndefaults: {}\ntables: {}",
        "version: 1\ndefaults: [{match: {column: a}}]\ntables: {}",
        "version: 1\ndefaults: [{match: {}, rule: keep}]\ntables: {}",
        "version: 1\ndefaults: [{match: {colum: a}, rule: keep}]\ntables: {}",
        "version: 1\ndefaults: [{match: {column: []}, rule: keep}]\ntables: {}",
        "version: 1\ndefaults: [{match: {column: a}, rule: auto}]\ntables: {}",
        "version: 1\ndefaults: [{match: {column: a}, rule: {same_as: a.b}}]\ntables: {}",
        "version: 1\nbefore: {sql: SELECT 1}\ntables: {}",
        "version: 1\nafter: [{sql: SELECT 1, script: x.sql}]\ntables: {}",
        "version: 1\nafter: [{}]\ntables: {}",
        "version: 1\nafter: [{script: ../x.sql}]\ntables: {}",
        "version: 1\nscript: {run: before}\ntables: {}",
        "version: 1\nscript: {file: /x.sql}\ntables: {}",
        "version: 1\nscript: {file: x.sql, run: after}\ntables: {}",
        "version: 1\nkey: fixed\ntables: {}",
        "version: 1\nkey: {secret: other}\ntables: {}",
        "version: 1\nleftovers: ignore\ntables: {}",
        "version: 1\nlarge_objects: mask\ntables: {}",
        "version: 1\nquarantine: {keep: {role: [x]}}\ntables: {}",
        "version: 1\nquarantine: {keep: {roles: x}}\ntables: {}",
        "version: 1\ninclude: a.yaml\ntables: {}",
        "version: 1\ninclude: [../a.yaml]\ntables: {}",
        "version: 1\noverride: perhaps\ntables: {}",
    ],
)
def test_what_the_loader_refuses_for_structure_the_schema_refuses_too(text):
    with pytest.raises(PolicyError):
        load_policy(text, "policy.yaml")
    assert not fits(text)
