"""`snapveil policy`: checks, plans, comparisons and bundles from a schema file, previews from a database."""

# ruff: noqa: E501 - what commands say is said as it is

import json
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cli.exits import InputError
from cli.main import main
from cli.mask_keys import mask_key
from services.anonymize.worker.schema import Schema
from services.anonymize.worker.schema_file import SchemaFileError, read_schema, write_schema
from shared.bundle import digest_of, read_bundle
from tests.cli.conftest import Server
from tests.mariadb import MariaDBServer
from tests.worker.building import column, references, schema_of, table, unique

CUSTOMERS = table(
    "customers",
    column("id", "bigint", not_null=True),
    column("email", not_null=True),
    column("created_at", "timestamp with time zone"),
    oid=1,
    rows=2_260_000,
    size=3_000_000_000,
    uniques=(unique("customers_pkey", "id"), unique("customers_email_key", "email")),
)
ORDERS = table("orders", column("id", "bigint"), column("email"), oid=2, rows=5_000)
SCHEMA = schema_of(
    CUSTOMERS,
    ORDERS,
    table("audit", column("row"), oid=3),
    foreign_keys=(references(ORDERS, "email", CUSTOMERS, "email"),),
    partitions={("public", "orders_2024"): "orders"},
)
POLICY = """\
version: 1
before: [{sql: SELECT 1}]
defaults:
  - {match: {column: "*_at"}, rule: keep}
tables:
  customers: {columns: {id: keep, email: email}}
  orders: {columns: {id: keep}}
  aud*: truncate
  tmp_*: truncate
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy and a schema, in which commands run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    Path("policy.yaml").write_text(POLICY)
    Path("schema.json").write_text(write_schema("postgresql", SCHEMA))
    return tmp_path


class Said:
    """What a command wrote, and its exit code."""

    def __init__(self, code: int, captured: Any) -> None:
        self.code, self.out, self.err = code, captured.out, captured.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def policy(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Run a policy command in this process."""

    def run(*arguments: str) -> Said:
        code = main(["policy", *arguments])
        return Said(code, capsys.readouterr())

    return run


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
        (["explain", "--schema", "schema.json", "--table", "nope"], "--table nope: there is customers, orders, audit"),
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


def test_a_schema_file_holds_all_that_a_plan_needs():
    text = write_schema("postgresql", SCHEMA)
    assert read_schema(text) == ("postgresql", SCHEMA)
    assert write_schema(*read_schema(text)) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "not JSON"),
        ("[]", "no schema file"),
        ('{"snapveil_schema": 2}', "snapveil_schema is 2, and this Snapveil reads 1"),
        ('{"snapveil_schema": 1, "family": "postgresql"}', "family or schema is missing"),
        ('{"snapveil_schema": 1, "family": "x", "schema": {"database": "x", "tables": [{"oid": "a"}]}}', "tables.0"),
    ],
)  # fmt: skip
def test_what_is_no_schema_file_is_refused(text, said):
    with pytest.raises(SchemaFileError, match=said):
        read_schema(text)


def test_a_bundle_holds_the_policy_and_what_it_names_and_nothing_else(policy, folder):
    Path("base.yaml").write_text("script: {file: mask.sql}\ntables: {a: keep}")
    Path("mask.sql").write_text("SELECT 1")
    Path("es.yaml").write_text("version: 1\ninclude: [base.yaml]\n")
    said = policy("bundle", "--policy", "es.yaml", "-o", "out")
    written = read_bundle("out")
    assert sorted(written.files) == ["base.yaml", "mask.sql", "policy.yaml"]
    assert written.policy == Path("es.yaml").read_text()
    assert said.out == f"wrote 3 files to out; digest {digest_of(written.files)}\n"
    Path("mask.sql").unlink()
    assert (
        "es.yaml: mask.sql does not lie beside the policy"
        in policy("bundle", "--policy", "es.yaml", "-o", "more").err
    )


def test_the_schema_for_editors_is_printed(policy):
    printed = policy("schema").json
    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "mask.phone" in printed["$defs"]


SHOP = """
CREATE TABLE people (id bigint PRIMARY KEY, email text UNIQUE, phone text, profile jsonb, city text, since date);
INSERT INTO people VALUES (1, 'jean@free.fr', '+33 6 12 34 56 78', '{"mails": [{"mail": "jean@free.fr"}]}', 'Lyon', '2020-01-31'),
    (2, 'zoe@free.fr', NULL, NULL, 'Nice', '2021-01-31'), (3, NULL, NULL, NULL, 'Nice', NULL);
CREATE TABLE open (x text);
"""
PEOPLE = """\
version: 1
tables:
  people:
    columns:
      id: keep
      email: email
      phone: phone
      profile: {mask: json, paths: {"mails[].mail": email}, others: drop}
      city: shuffle
      since: {mask: date_shift, days: 30}
"""


@pytest.mark.engines
def test_a_preview_shows_rows_before_and_after_and_leaves_nothing(policy, server: Server):
    url = server.create("previewed", SHOP)
    Path("policy.yaml").write_text(PEOPLE)

    def relations() -> object:
        with psycopg.connect(url) as connection:
            names = "SELECT nspname FROM pg_namespace UNION ALL SELECT relname FROM pg_class UNION ALL SELECT proname FROM pg_proc"
            rows = "SELECT md5(string_agg(p::text, '' ORDER BY id)) FROM people p"
            return sorted(connection.execute(names).fetchall()), connection.execute(rows).fetchall()

    before = relations()
    first = policy("preview", "people", url, "--format", "json")
    assert first.code == 0, first.err
    rows = first.json["rows"]
    assert [row["email"]["before"] for row in rows] == ["jean@free.fr", "zoe@free.fr", None]
    assert rows[0]["email"]["after"].endswith("@example.invalid")
    assert rows[0]["email"]["after"] in rows[0]["profile"]["after"]
    assert rows[2]["email"]["after"] is None
    assert "id" not in rows[0]
    assert policy("preview", "people", url, "--format", "json").out == first.out
    assert relations() == before
    text = policy("preview", "people", url, "--rows", "1", "--columns", "phone,id").out.splitlines()
    assert text[0] == "row 1"
    assert [line.split()[0] for line in text[1:]] == ["phone", "id"]
    assert text[2] == "  id     1                  →  1"
    for arguments, said in (
        (["nope", url], "nope: no such table"),
        (["open", url], "open: the policy does not name it"),
        (["people", url, "--columns", "emial"], "people.emial: no such column (did you mean email?)"),
    ):
        assert said in policy("preview", *arguments).err
    with psycopg.connect(server.admin_dsn, dbname="previewed", autocommit=True) as connection:
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT SELECT ON people TO reader")
    reader = url.replace("owner:" + server.password, "reader:r")
    assert "a preview needs GRANT CREATE ON DATABASE" in policy("preview", "people", reader).err
    Path("policy.yaml").write_text(PEOPLE.replace("city: shuffle", "city: phnoe"))
    assert policy("preview", "people", url).code == 2


@pytest.mark.engines
def test_a_standby_is_refused_a_preview(policy, server: Server, monkeypatch: pytest.MonkeyPatch):
    from services.anonymize.worker.engines.postgresql import previewing

    url = server.create("standby", SHOP)
    Path("policy.yaml").write_text(PEOPLE)
    monkeypatch.setattr(previewing, "query", lambda *_: [(True,)])
    said = policy("preview", "people", url)
    assert (said.code, said.out) == (2, "")
    assert "this is a standby" in said.err


@pytest.mark.engines
def test_a_dump_of_a_database_checks_and_plans_as_the_database_does(policy, server: Server, torture: str):
    assert policy("dump", torture, "-o", "dumped.json").code == 0
    assert policy("init", torture, "-o", "first.yaml").code == 0
    for command in ("check", "explain"):
        live = policy(command, torture, "--policy", "first.yaml")
        assert live.out == policy(command, "--schema", "dumped.json", "--policy", "first.yaml").out
        assert live.code == 0
    assert policy("diff", torture, "--since", "dumped.json", "--policy", "first.yaml").code == 0


def test_a_mask_key_comes_from_a_file_or_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch):
    good, other = secrets.token_hex(32), secrets.token_urlsafe(32)
    Path("key").write_text(f"{good}\n")
    monkeypatch.setenv("SNAPVEIL_MASK_KEY", other)
    assert mask_key(None, Path("key")) is None
    assert mask_key("snapveil-mask-key-shop", Path("key")) == good
    assert mask_key("snapveil-mask-key-shop", None) == other
    Path("key").write_text("too short")
    for file, said in (
        (Path("key"), "key has 9 bytes, and a mask key needs 32"),
        (Path("gone"), "--key-file gone: it is not there"),
    ):
        with pytest.raises(InputError, match=said):
            mask_key("snapveil-mask-key-shop", file)
    monkeypatch.delenv("SNAPVEIL_MASK_KEY")
    with pytest.raises(InputError, match="SNAPVEIL_MASK_KEY or with --key-file"):
        mask_key("snapveil-mask-key-shop", None)


@pytest.mark.engines
def test_the_commands_do_the_same_on_mariadb(policy, mariadb_server: MariaDBServer):
    rows = "CREATE TABLE people (id int PRIMARY KEY, email varchar(190) UNIQUE, city text);\nINSERT INTO people VALUES (1, 'jean@free.fr', 'Lyon')"
    with mariadb_server.fresh_database(rows) as name:
        login = f"{mariadb_server.user}:{mariadb_server.password}@{mariadb_server.host}:{mariadb_server.port}"
        url = f"mysql://{login}/{name}?tls=disable"
        assert policy("init", url, "-o", "first.yaml").code == 0
        assert policy("dump", url, "-o", "maria.json").code == 0
        for command in ("check", "explain"):
            live = policy(command, url, "--policy", "first.yaml")
            assert live.code == 0, live.out
            assert live.out == policy(command, "--schema", "maria.json", "--policy", "first.yaml").out
        assert policy("diff", url, "--since", "maria.json", "--policy", "first.yaml").code == 0
        shown = policy(
            "preview", "people", url, "--policy", "first.yaml", "--columns", "email", "--format", "json"
        )
        (row,) = shown.json["rows"]
        assert row["email"]["before"] == "jean@free.fr"
        assert row["email"]["after"].endswith("@example.invalid")
