"""`snapveil policy explain`: plans from a schema file, for people and for programs."""

from pathlib import Path

from tests.cli.policy.building import POLICY


def test_a_plan_is_explained_table_by_table(policy):
    lines = policy("explain", "--schema", "schema.json").out.splitlines()
    assert lines[0] == "before the rules: sql at policy.yaml:2:16"
    assert (
        "customers: rewrite, all masked columns in one rewrite  (about 2,260,000 rows, 3.0 GB, 20 s)" in lines
    )
    assert "    email  email  rule at policy.yaml:6:42" in lines
    assert "    email  email  foreign key orders_fk, like policy.yaml:6:42" in lines
    assert "dropped for the time: 2 statements (--sql shows them)" in lines
    assert lines[-1] == "estimate: 3 tables, 3.0 GB, 20 s on one connection, verification not counted"
    with_sql = policy("explain", "--schema", "schema.json", "--sql", "--table", "customers").out
    assert '    ALTER TABLE "public"."customers" ALTER COLUMN "email" TYPE text USING' in with_sql


def test_a_plan_for_programs_has_everything(policy):
    answer = policy("explain", "--schema", "schema.json", "--format", "json").json
    assert set(answer) == {
        "tables",
        "estimated_bytes",
        "estimated_seconds",
        "before",
        "dropped",
        "recreated",
        "refreshed",
        "after",
        "in_parallel",
    }
    (customers,) = [one for one in answer["tables"] if one["table"] == "customers"]
    assert set(customers) == {
        "table",
        "method",
        "why",
        "by",
        "rows",
        "estimated_bytes",
        "estimated_seconds",
        "cleaned",
        "partitions",
        "columns",
        "statements",
    }
    assert (customers["method"], customers["estimated_seconds"], customers["cleaned"]) == (
        "rewrite",
        20.0,
        False,
    )
    (audit,) = [one for one in answer["tables"] if one["table"] == "audit"]
    assert (audit["method"], audit["by"]) == ("truncate", "pattern aud* at policy.yaml:8:9")


def test_a_plan_is_estimated_for_the_connections_of_an_instance_class(policy):
    explain = ("explain", "--schema", "schema.json", "--instance-class", "db.r7g.xlarge")
    last = policy(*explain).out.splitlines()[-1]
    assert last == "in parallel: 20 s on 4 connections, because db.r7g.xlarge has 4 vCPUs"
    assert policy(*explain, "--format", "json").json["in_parallel"] == {
        "connections": 4,
        "why": "db.r7g.xlarge has 4 vCPUs",
        "estimated_seconds": 20.0,  # the largest table is one connection's work
    }


def test_a_plan_that_cannot_be_says_why(policy):
    Path("policy.yaml").write_text(POLICY.replace("email: email", "email: city"))
    said = policy("explain", "--schema", "schema.json")
    assert said.code == 1
    assert "customers.email: is unique by customers_email_key" in said.out
    (problem,) = policy("explain", "--schema", "schema.json", "--format", "json").json["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("policy.yaml", 6, 42)
