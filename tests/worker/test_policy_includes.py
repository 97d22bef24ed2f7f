"""Policies of several files: what is merged, what is a conflict, and at which place of which file it is told."""

# ruff: noqa: E501 - policies and messages are said as they are

from pathlib import Path

import pytest

from services.anonymize.worker.policy import Action, Policy, PolicyError, load_policy, read_policy
from services.anonymize.worker.policy.reading import MAX_BYTES
from services.anonymize.worker.preflight import check_schema
from tests.worker.building import column, schema_of, table

BASE = """
defaults:
  - {match: {column: id}, rule: keep}
before: [{sql: SELECT 1}]
quarantine: {keep: {roles: [reporting]}}
tables:
  customers:
    columns:
      email: email
      vat: "null"
  logs: truncate
"""


def loaded(text: str, **files: str) -> Policy:
    known = {f"{name}.yaml": content.encode() for name, content in files.items()}
    return load_policy("version: 1\n" + text, "es.yaml", known.get)


def refused(text: str, **files: str) -> list[str]:
    with pytest.raises(PolicyError) as stopped:
        loaded(text, **files)
    return [str(problem) for problem in stopped.value.problems]


def test_an_included_file_adds_to_the_policy_table_by_table_and_column_by_column():
    policy = loaded(
        "include: [base.yaml]\n"
        "defaults: [{match: {type: date}, rule: keep}]\n"
        "before: [{sql: SELECT 2}]\n"
        "quarantine: {keep: {jobs: [nightly]}}\n"
        "tables: {customers: {columns: {nif: nif}}, countries: keep}",
        base=BASE,
    )
    customers = policy.tables["public", "customers"]
    assert {name: rule.mask.word for name, rule in customers.columns.items()} == {
        "email": "email", "vat": "null", "nif": "nif",
    }  # fmt: skip
    assert str(customers.columns["email"].at) == "base.yaml:9:14"
    assert str(customers.columns["nif"].at) == "es.yaml:6:37"
    assert policy.tables["public", "logs"].action is Action.TRUNCATE
    assert [default.match.types or default.match.columns for default in policy.defaults] == [
        ("date",),
        ("id",),
    ]
    assert [step.text for step in policy.before] == ["SELECT 1", "SELECT 2"]
    assert dict(policy.quarantine.keep) == {"roles": ("reporting",), "jobs": ("nightly",)}
    assert policy.includes == ("base.yaml",)


def test_what_two_files_say_of_the_same_thing_is_a_conflict_unless_the_later_one_overrides_it():
    change = "tables: {public.customers: {columns: {email: hash}}, logs: keep}"
    assert refused(f"include: [base.yaml]\n{change}", base=BASE) == [
        "es.yaml:3:46: customers.email is said at base.yaml:9:14 already; write override: [customers.email] here to replace it",
        "es.yaml:3:60: logs is said at base.yaml:11:9 already; write override: [logs] here to replace it",
    ]
    for override in ("true", "[customers.email, logs]", "[public.customers.email, public.logs]"):
        policy = loaded(f"include: [base.yaml]\noverride: {override}\n{change}", base=BASE)
        assert policy.tables["public", "customers"].columns["email"].mask.word == "hash"
        assert policy.tables["public", "customers"].columns["vat"].mask.word == "null"
        assert policy.tables["public", "logs"].action is Action.KEEP


def test_an_override_of_nothing_is_told():
    assert refused("include: [base.yaml]\noverride: [customers.emial]\ntables: {}", base=BASE) == [
        "es.yaml:3:11: override: customers.emial replaces nothing; leave it out"
    ]
    assert refused("override: perhaps\ntables: {}")[0].startswith(
        "es.yaml:2:11: override must be true, or a list"
    )


def test_what_one_database_lacks_is_absent_from_its_policy():
    text = "include: [base.yaml]\noverride: [customers.vat, logs]\ntables: {customers: {columns: {vat: absent}}, logs: absent}"
    policy = loaded(text, base=BASE)
    assert list(policy.tables) == [("public", "customers")]
    assert list(policy.tables["public", "customers"].columns) == ["email"]
    assert refused("include: [base.yaml]\ntables: {logs: absent}", base=BASE) == [
        "es.yaml:3:16: logs is said at base.yaml:11:9 already; write override: [logs] here to replace it"
    ]
    assert refused("tables: {a: absent}") == [
        "es.yaml:2:13: a is absent, but no included file names it; leave it out"
    ]


def test_what_is_said_to_be_absent_and_is_there_is_told_though_defaults_would_speak_of_it():
    text = "include: [base.yaml]\noverride: true\ndefaults: [{match: {type: text}, rule: keep}]\ntables: {customers: {columns: {vat: absent}}, logs: absent}"
    policy = loaded(text, base=BASE)
    customers, logs = table("customers", column("email")), table("logs", column("x"), oid=2)
    assert check_schema(policy, "postgresql", schema_of(customers)).problems == ()
    there = schema_of(table("customers", column("email"), column("vat")), logs)
    assert [str(problem) for problem in check_schema(policy, "postgresql", there).problems] == [
        "es.yaml:5:37: customers.vat: is there, though it is said to be absent; write its rule here",
        "es.yaml:5:53: logs: is there, though it is said to be absent; write its rule here",
    ]


def test_of_two_included_files_the_second_is_the_later():
    said = refused("include: [a.yaml, b.yaml]\ntables: {}", a="database: x", b="database: y")
    assert said == [
        "b.yaml:1:11: database is said at a.yaml:1:11 already; write override: [database] here to replace it"
    ]
    policy = loaded("include: [a.yaml, b.yaml]\ntables: {}", a="database: x", b="override: true\ndatabase: y")
    assert policy.database == "y"
    b = "override: [database]\ndatabase: y"
    assert loaded("include: [a.yaml, b.yaml]\ntables: {}", a="database: x", b=b).database == "y"


def test_a_file_that_two_others_include_is_read_once():
    policy = loaded(
        "include: [a.yaml, b.yaml]",
        a="include: [base.yaml]\ntables: {a: keep}",
        b="include: [base.yaml]\ntables: {b: keep}",
        base=BASE,
    )
    assert [name for _, name in policy.tables] == ["customers", "logs", "a", "b"]


@pytest.mark.parametrize(
    ("text", "files", "said"),
    [
        ("include: [a.yaml]", {"a": "include: [b.yaml]", "b": "include: [a.yaml]"},
         "b.yaml:1:11: include: es.yaml includes a.yaml includes b.yaml includes a.yaml, which has no end"),
        ("include: [gone.yaml]", {}, "es.yaml:2:11: include: gone.yaml does not lie beside the policy"),
        ("include: [../a.yaml]", {}, "es.yaml:2:11: include: ../a.yaml must lie beside the policy"),
        ("include: [/etc/passwd]", {}, "es.yaml:2:11: include: /etc/passwd must lie beside the policy"),
        ("include: [policy.yaml]", {}, "es.yaml:2:11: include: policy.yaml is what the policy itself is called; give it another name"),
        ("include: [a.yaml]\ninclude: []", {"a": BASE}, "es.yaml:3:1: include stands twice in the policy; keep one"),
        ("include: a.yaml", {"a": BASE}, "es.yaml:2:10: include must be a list, in square brackets or a line with a dash for each"),
        ("include: [a.yaml]", {"a": "tables: [", }, "a.yaml:1:10: not YAML: expected the node content, but found '<stream end>'"),
        ("include: [a.yaml]", {"a": "- x"}, "a.yaml:1:1: the policy must be a mapping of names"),
        ("include: [a.yaml]", {"a": "x" * (MAX_BYTES + 1)}, f"es.yaml:2:11: include: with a.yaml the policy has more than {MAX_BYTES} bytes"),
        ("include: [a.yaml]", {"a": "version: 2\ntables: {}"}, "a.yaml:1:10: version must be the same as at es.yaml:1:10"),
    ],
)  # fmt: skip
def test_what_cannot_be_included_is_told_where_it_is_asked_for(text, files, said):
    assert said in refused(text, **files)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path):
    (tmp_path / "policy").mkdir()
    (tmp_path / "outside.yaml").write_text("tables: {a: keep}")
    (tmp_path / "policy" / "base.yaml").symlink_to(tmp_path / "outside.yaml")
    file = tmp_path / "policy" / "policy.yaml"
    file.write_text("version: 1\ninclude: [base.yaml]\n")
    with pytest.raises(PolicyError, match=r"base\.yaml does not lie beside the policy"):
        read_policy(file)
    (tmp_path / "policy" / "base.yaml").unlink()
    (tmp_path / "policy" / "base.yaml").write_text("tables: {a: keep}")
    assert read_policy(file).tables["public", "a"].action is Action.KEEP
