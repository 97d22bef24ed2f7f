"""`snapveil policy check`, and input that no policy command can use."""

# ruff: noqa: E501 - what commands say is said as it is

from pathlib import Path

import pytest

from tests.cli.policy.building import POLICY


def test_a_check_says_what_named_the_columns_that_have_no_rule_of_their_own(policy):
    said = policy("check", "--schema", "schema.json")
    assert (said.code, said.out.splitlines()) == (0, [
        "policy.yaml: fine; every column is named and every mask fits",
        "  default at policy.yaml:4:5 (keep): customers.created_at",
        "  foreign key orders_fk, like policy.yaml:6:42 (email): orders.email",
        "  pattern aud* at policy.yaml:8:9 (truncate): audit",
        "  note: policy.yaml:9:10: tmp_* is for no table",
    ])  # fmt: skip
    answer = policy("check", "--schema", "schema.json", "--format", "json").json
    assert (answer["fine"], answer["problems"], len(answer["notes"])) == (True, [], 1)
    assert {"table": "orders", "column": "email", "mask": "email", "masked": True,
            "by": "foreign key orders_fk, like policy.yaml:6:42"} in answer["named"]  # fmt: skip


def test_a_check_with_findings_ends_with_one_and_says_file_line_and_column(policy):
    Path("policy.yaml").write_text(POLICY.replace("*_at", "*_on"))
    said = policy("check", "--schema", "schema.json")
    line = "policy.yaml:6:24: customers.created_at: the policy does not name it; add it under tables.customers.columns (policy.yaml:6:24), or write a default for it"
    assert (said.code, said.out.strip()) == (1, line)
    (found,) = policy("check", "--schema", "schema.json", "--format", "json").json["problems"]
    assert (found["file"], found["line"], found["column"]) == ("policy.yaml", 6, 24)
    Path("policy.yaml").write_text("version: 1")
    assert policy("check", "--schema", "schema.json").code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check"], "name a database, like postgresql://me@localhost/mydb, or a file with --schema"),
        (["check", "mongodb://x"], "mongodb is no URL of a database"),
        (["check", "--schema", "gone.json"], "gone.json cannot be read"),
        (["check", "--schema", "policy.yaml"], "policy.yaml: not JSON"),
        (["check", "--schema", "schema.json", "--policy", "gone.yaml"], "gone.yaml is not there"),
        (["check", "--schema", "schema.json", "mysql://x/y"], "DATABASE_URL and --schema are two answers to one question"),
        (["explain", "--schema", "schema.json", "--table", "nope"], "--table nope: no such table; there is customers, orders, audit"),
        (["explain", "--schema", "schema.json", "--table", "custmers"], "--table custmers: no such table (did you mean customers?)"),
        (["preview", "customers"], "name a database, like postgresql://me@localhost/mydb, or set DATABASE_URL"),
        (["init", "-o", "new.yaml"], "name a database, like postgresql://me@localhost/mydb, or set DATABASE_URL"),
        (["diff", "--schema", "schema.json", "--since", "gone.json"], "gone.json cannot be read"),
        (["dump", "postgresql://x@127.0.0.1:1/x"], "schema.json is there already"),
        (["dump", "postgresql://x@127.0.0.1:1/x", "-o", "new.json"], "nothing listens there"),
        (["bundle", "-o", "."], ". is not empty"),
    ],
)  # fmt: skip
def test_input_that_cannot_be_used_ends_with_two(policy, arguments, said):
    ended = policy(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_schema_file_comes_before_a_database_that_only_the_environment_names(policy, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://x@127.0.0.1:1/x")
    assert policy("check", "--schema", "schema.json").code == 0
    assert "nothing listens there" in policy("check").err


@pytest.mark.parametrize("width", ["80", "100"])
def test_the_list_of_commands_says_of_each_what_it_is_for_in_whole_sentences(policy, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    commands = policy("--help").out.partition("Commands:")[2]
    assert "..." not in commands
    named = [line.split()[0] for line in commands.splitlines() if line.startswith("  ") and line[2] != " "]
    assert named[:8] == ["init", "check", "preview", "explain", "diff", "dump", "schema", "bundle"]
