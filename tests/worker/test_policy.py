"""Reading policies: what is accepted, and what every mistake is told, with its line."""

# ruff: noqa: E501 - policies and messages are said as they are

import pytest

from services.anonymize.worker.masks.contact import Email, Phone
from services.anonymize.worker.masks.documents import Json, parse_path
from services.anonymize.worker.policy import Action, Place, PolicyError, RunScript, did_you_mean, load_policy
from tests.worker.building import by_line

GOOD = """
version: 1
database: shop
script:
  file: mask.sql
  run: before
tables:
  customers:
    columns:
      id: keep
      email: email
      phone: {mask: phone, country_from: country}
      country: keep
      profile: {mask: json, paths: {contact.email: email, "devices[].owner": first_name}, others: drop}
      gone: null
  audit_log: truncate
  crm.Accounts: keep
  "Sales.Order Lines":
    columns: {"N°": keep}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(PolicyError) as refused:
        load_policy(text, "policy.yaml")
    return [by_line(problem) for problem in refused.value.problems]


def test_a_good_policy_becomes_frozen_models():
    policy = load_policy(GOOD, "policy.yaml")
    customers = policy.tables["public", "customers"]
    assert policy.database == "shop"
    assert policy.script is not None
    assert (policy.script.file, policy.script.run) == ("mask.sql", RunScript.BEFORE)
    assert isinstance(customers.columns["email"].mask, Email)
    assert customers.columns["email"].at == Place("policy.yaml", 11, 14)
    assert customers.columns["phone"].mask == Phone(country_from="country")
    assert isinstance(customers.columns["profile"].mask, Json)
    assert customers.columns["gone"].mask.word == "null"
    assert policy.tables["public", "audit_log"].action is Action.TRUNCATE
    assert ("Sales", "Order Lines") in policy.tables
    assert ("crm", "Accounts") in policy.tables
    with pytest.raises(TypeError):
        policy.tables["public", "x"] = customers  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\nleftovers: ignore\ntables: {}", "policy.yaml:2: leftovers must be one of fail, report, strict, not ignore"),
        ("version: 1\nlarge_objects: mask\ntables: {}", "policy.yaml:2: large_objects must be one of drop, keep, not mask"),
        ("version: 1\nquarantine: {keep: {role: [x]}}\ntables: {}", "policy.yaml:2: quarantine.keep knows no role (did you mean roles?)"),
        ("version: 1\nquarantine: {keep: {roles: x}}\ntables: {}", "policy.yaml:2: quarantine.keep.roles must be a list of names, like [reporting, app_*]"),
        ("", "policy.yaml:1: the policy is empty; start it with version: 1 and tables:"),
        ("version: 1\ntables: [", "policy.yaml:2: not YAML: expected the node content, but found '<stream end>'"),
        ("version: 1\ntables:\n  *_log: truncate",
         "policy.yaml:3: not YAML: found undefined alias '_log'; put a pattern that begins with * in quotes"),
        ("version: 1\ntables:\n  *: keep", "policy.yaml:3: not YAML: expected alphabetic or numeric character,"
         " but found ':'; put a pattern that begins with * in quotes"),
        ("version: 2\ntables: {}", "policy.yaml:1: version must be 1; this Snapveil reads no other"),
        ("tables: {}", "policy.yaml:1: version is missing; write version: 1"),
        ("version: 1", "policy.yaml:1: tables is missing; name every table under it"),
        ("version: 1\ntabels: {}\ntables: {}", "policy.yaml:2: the policy knows no tabels (did you mean tables?)"),
        ("version: 1\ntables:\n  a: trunctate",
         "policy.yaml:3: a must be one of truncate, keep, not trunctate (did you mean truncate?)"),
        ("version: 1\ntables:\n  a: keep\n  a: keep", "policy.yaml:4: a stands twice in tables; keep one"),
        ("version: 1\ntables:\n  a: keep\n  public.a: keep",
         "policy.yaml:4: public.a is the table that a names already; keep one"),
        ("version: 1\ntables:\n  a:\n    columns:\n      b: emial",
         "policy.yaml:5: a.b: no mask is called emial (did you mean email?)"),
        ("version: 1\ntables:\n  a:\n    columns:\n      b: {mask: email, doman: x.test}",
         "policy.yaml:5: a.b: email takes seed_from, domain, per_domain, case; not doman (did you mean domain?)"),
        ("version: 1\ntables:\n  a:\n    columns:\n      b: {domain: x.test}",
         "policy.yaml:5: a.b: mask is missing; write {mask: <name>, …}"),
        ("version: 1\ntables:\n  a:\n    columns:\n      b:\n        mask: email\n        domain: gmail.com",
         "policy.yaml:7: a.b: email.domain: gmail.com may belong to someone; end it with .invalid, .test or .example"),
        ("version: 1\ntables:\n  a:\n    columns:\n      b: {mask: date_shift, days: 0}",
         "policy.yaml:5: a.b: date_shift.days: must be greater than 0, not 0"),
        ("version: 1\ntables:\n  a:\n    columns:\n      b: {mask: json, paths: {x.: email, y: {mask: date_shift, days: 3}}}",
         "policy.yaml:5: a.b: json.paths: y: date_shift does not work inside JSON"),
        ("version: 1\ntables:\n  a:\n    columns:\n      b: {mask: json, paths: {x: email, x.y: phone}}",
         "policy.yaml:5: a.b: json.paths: x.y lies below another path, which masks all of it"),
        ("version: 1\nscript: {file: ../x.sql}\ntables: {}",
         "policy.yaml:2: script.file: ../x.sql must lie beside the policy"),
        ("version: 1\ntables:\n  a:\n    columns:\n      b: {mask: first_name, locale: xx}",
         "policy.yaml:5: a.b: first_name.locale: xx is no locale; there are fr, es, it, de, pt, en"),
        ("version: 1\ntables:\n  a:\n    columns:\n      b: {mask: phone, country: ZZ}",
         "policy.yaml:5: a.b: phone.country: ZZ is no country with a numbering plan here; there are "),
        ("version: 1\ntables:\n  a:\n    columns:\n      b: {mask: phone, form: nationl}",
         "policy.yaml:5: a.b: phone.form: must be one of keep, national, e164, not nationl (did you mean national?)"),
        ("version: 1\ntables:\n  a:\n    columns:\n      b: {mask: date_shift, days: many}",
         "policy.yaml:5: a.b: date_shift.days: must be a valid integer, not 'many'"),
        ("version: 1\ntables:\n  a:\n    columns:\n      b: {mask: city, when: {}}",
         "policy.yaml:5: a.b: when names no column; leave it out to mask all rows"),
        ("version: 1\ntables:\n  a:\n    columns:\n      b: date_shift", "policy.yaml:5: a.b: date_shift.days: must be given"),
        ("version: 1\ntables:\n  a: {columns: {b:keep}}",
         "policy.yaml:3: a.b:keep: a mask is missing; write a space behind the colon"),
        ("version: 1\ntables:\n  a: {email: email}", "policy.yaml:3: a knows no email; it knows columns"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(text, said):
    assert any(one.startswith(said) if said.endswith("there are ") else one == said for one in problems(text))


def test_a_key_that_is_misspelt_is_not_missing_as_well():
    assert problems("version: 1\ntabels: {}") == [
        "policy.yaml:2: the policy knows no tabels (did you mean tables?)"
    ]


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("emial", ["id", "email"], " (did you mean email?)"),
        ("ID", ["customer_id", "id"], " (did you mean id?)"),
        ("email", ["Id", "E-Mail"], " (did you mean E-Mail?)"),
        ("paid", ["id", "total"], ""),  # every short name is near some other
        ("x", [], ""),
    ],
)
def test_a_hint_names_what_comes_near_and_nothing_else(name, known, hint):
    assert did_you_mean(name, known) == hint


def test_all_mistakes_are_told_at_once():
    assert (
        len(problems("version: 3\ntables:\n  a: x\n  b:\n    columns: {c: nope, d: {mask: date_shift}}")) == 4
    )


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("a", ["a"]),
        ("a.b", ["a", "b"]),
        ("items[].email", ["items", None, "email"]),
        ("[].email", [None, "email"]),
        ("m[][].x", ["m", None, None, "x"]),
        ('"a.b".c', ["a.b", "c"]),
    ],
)
def test_paths(path, steps):
    assert parse_path(path) == steps


@pytest.mark.parametrize("path", ["a..b", "a[", "a[0]", ".a"])
def test_bad_paths(path):
    with pytest.raises(ValueError, match="is no path"):
        parse_path(path)
