"""Plans as tables: a policy and a schema in, statements or problems out; no database."""

# ruff: noqa: E501 - policies and messages are said as they are

import pytest

from services.anonymize.worker.plan import Method
from services.anonymize.worker.schema import (
    Dependant,
    DependantKind,
    GeneratedColumn,
    Trigger,
    View,
)
from tests.worker.building import column, plan, references, refused, schema_of, table, unique

CUSTOMERS = table(
    "customers",
    column("id", "bigint", identity=True),
    column("email", "character varying(254)", not_null=True),
    column("phone", "character varying(10)"),
    column("country", "character(2)"),
    column("born", "date"),
    rows=1000,
    uniques=(unique("customers_pkey", "id"), unique("customers_email_key", "email")),
)


def policy(**rules: str) -> str:
    named = {"id": "keep", "email": "email", "phone": "keep", "country": "keep", "born": "keep"} | rules
    lines = "".join(f"      {name}: {rule}\n" for name, rule in named.items() if rule)
    return f"version: 1\ntables:\n  customers:\n    columns:\n{lines}"


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"phone": "phone"},
         "policy.yaml:7: customers.phone: varchar(10) cannot hold an E.164 number (needs 16)"),
        ({"phone": "{mask: phone, form: national}"},
         "policy.yaml:7: customers.phone: varchar(10) cannot hold a national number (needs 11)"),
        ({"phone": "iban"}, "policy.yaml:7: customers.phone: varchar(10) cannot hold an IBAN (needs 27)"),
        ({"phone": "email"}, "policy.yaml:7: customers.phone: varchar(10) cannot hold an e-mail (needs 29)"),
        ({"born": "email"}, "policy.yaml:9: customers.born: date: email masks text only"),
        ({"email": "null"},
         "policy.yaml:6: customers.email: is NOT NULL and cannot become null; use constant or another mask"),
        ({"email": "first_name"},
         "policy.yaml:6: customers.email: is unique by customers_email_key, and first_name may make two values equal;"
         " use hash, null or keep"),
        ({"phone": ""},
         "policy.yaml:5: customers.phone: the policy does not name it; add it under tables.customers.columns"
         " (policy.yaml:5:7)"),
        ({"emial": "email"}, "policy.yaml:10: customers.emial: no such column (did you mean email?)"),
        ({"country": "script"}, "policy.yaml:8: customers.country: the policy has no script that could mask it"),
        ({"country": "{mask: first_name, locale_from: pays}"},
         "policy.yaml:8: customers.country: first_name reads pays, which is no column of customers"),
        ({"country": "{mask: constant, value: FRA}"},
         "policy.yaml:8: customers.country: char(2) cannot hold the constant (needs 3)"),
        ({"born": "{mask: constant, value: never}"},
         "policy.yaml:9: customers.born: date cannot hold the constant never; write it as 2000-01-31"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_before_anything_is_written(rules, said):
    assert said in refused(policy(**rules), schema_of(CUSTOMERS))


def test_a_table_that_the_policy_does_not_name_stops_the_run():
    said = refused(policy(), schema_of(CUSTOMERS, table("secrets", column("x"), oid=2)))
    assert said == [
        "policy.yaml:3: secrets: the policy does not name it; add it under tables (policy.yaml:3:3)"
    ]


def test_unknown_tables_views_and_partitions():
    text = policy() + "  custmers: keep\n  v: keep\n  orders_2024: keep\n"
    view = View(9, "public", "v", False, True, "", (), frozenset())
    schema = schema_of(CUSTOMERS, views=(view,), partitions={("public", "orders_2024"): "orders"})
    assert refused(text, schema) == [
        "policy.yaml:10: custmers: no such table (did you mean customers?)",
        "policy.yaml:11: v: is a view and follows its tables; leave it out",
        "policy.yaml:12: orders_2024: is a partition and follows orders; leave it out",
    ]


def test_another_database():
    assert refused("version: 1\ndatabase: other\ntables: {customers: keep}", schema_of(CUSTOMERS)) == [
        "policy.yaml:2: database: the policy is for other, but this is shop"
    ]


def test_one_rewrite_names_every_masked_column_with_its_exact_type():
    made = plan(policy(born="{mask: date_shift, days: 9}"), schema_of(CUSTOMERS))
    (customers,) = made.tables
    assert customers.method is Method.REWRITE
    (statement,) = customers.statements
    assert statement.startswith(
        'ALTER TABLE "public"."customers" ALTER COLUMN "email" TYPE character varying(254) USING'
    )
    assert ', ALTER COLUMN "born" TYPE date USING' in statement
    assert "snapveil.key" in statement
    assert customers.masked == ("email", "born")


def test_storage_compression_collation_and_comments_are_said_again():
    notes = table("notes", column("body", collation='"C"', storage="EXTERNAL", compression="lz4"))
    (planned,) = plan("version: 1\ntables: {notes: {columns: {body: redact}}}", schema_of(notes)).tables
    assert 'TYPE text COLLATE "C" USING' in planned.statements[0]
    assert 'ALTER COLUMN "body" SET STORAGE EXTERNAL' in planned.statements[0]
    assert 'ALTER COLUMN "body" SET COMPRESSION lz4' in planned.statements[0]


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"partitioned": True, "partition_key": ("email",)}, "email is in the partition key"),
        ({"typed": True}, "it is a typed table"),
        ({"inheritance": True}, "it inherits or is inherited"),
        ({"row_type_used_by": "box.content"}, "box.content uses its row type"),
    ],
)
def test_what_cannot_be_rewritten_is_updated_silently(known, why):
    people = table("people", column("email"), triggers=(Trigger("audit", "O"), Trigger("old", "D")), **known)
    (planned,) = plan("version: 1\ntables: {people: {columns: {email: email}}}", schema_of(people)).tables
    assert (planned.method, planned.why) == (Method.UPDATE, why)
    assert planned.statements[0] == 'ALTER TABLE "public"."people" DISABLE TRIGGER USER'
    assert planned.statements[1].startswith("UPDATE ")
    assert planned.statements[1].endswith('WHERE "email" IS DISTINCT FROM NULL')
    assert planned.statements[2:] == (
        "SET CONSTRAINTS ALL IMMEDIATE",
        'ALTER TABLE "public"."people" ENABLE TRIGGER USER',
        'ALTER TABLE "public"."people" DISABLE TRIGGER "old"',
    )


def test_generated_columns_at_the_end_are_dropped_and_added():
    people = table("people", column("name"), column("shout", generated="upper(name)"), oid=7)
    generated = GeneratedColumn(7, "shout", frozenset({"name"}), ("CREATE INDEX i ON people (shout)",))
    (planned,) = plan(
        "version: 1\ntables: {people: {columns: {name: full_name}}}",
        schema_of(people, generated_columns=(generated,)),
    ).tables
    statement, index = planned.statements
    assert planned.method is Method.REWRITE
    assert statement.startswith('ALTER TABLE "public"."people" DROP COLUMN "shout", ALTER COLUMN "name"')
    assert statement.endswith('ADD COLUMN "shout" text GENERATED ALWAYS AS (upper(name)) STORED')
    assert index == "CREATE INDEX i ON people (shout)"


def test_generated_columns_before_others_keep_their_place():
    people = table("people", column("name"), column("shout", generated="upper(name)"), column("x"), oid=7)
    generated = GeneratedColumn(7, "shout", frozenset({"name"}))
    (planned,) = plan(
        "version: 1\ntables: {people: {columns: {name: full_name, x: keep}}}",
        schema_of(people, generated_columns=(generated,)),
    ).tables
    assert planned.method is Method.UPDATE
    assert "would lose its place" in planned.why


def test_dependants_go_before_and_come_back_after_in_the_right_order():
    below = View(
        11,
        "public",
        "below",
        False,
        True,
        "DROP VIEW below",
        ("CREATE VIEW below",),
        frozenset({(1, "email")}),
    )
    above = View(
        12,
        "public",
        "above",
        True,
        True,
        "DROP VIEW above",
        ("CREATE VIEW above",),
        frozenset({(11, "email")}),
    )
    apart = View(
        13,
        "public",
        "apart",
        False,
        True,
        "DROP VIEW apart",
        ("CREATE VIEW apart",),
        frozenset({(1, "country")}),
    )
    trigger = Dependant(
        DependantKind.TRIGGER, "t", 1, frozenset({"email"}), ("DROP TRIGGER t",), ("CREATE TRIGGER t",)
    )
    made = plan(policy(), schema_of(CUSTOMERS, views=(below, above, apart), dependants=(trigger,)))
    assert made.dismantle == ("DROP VIEW above", "DROP VIEW below", "DROP TRIGGER t")
    assert made.rebuild == ("CREATE VIEW below", "CREATE VIEW above", "CREATE TRIGGER t")
    assert made.refresh == ('REFRESH MATERIALIZED VIEW "public"."above"',)


def test_a_function_bound_to_a_column_forbids_the_rewrite():
    bound = Dependant(DependantKind.FUNCTION, "f()", 1, frozenset({"email"}))
    (planned,) = plan(policy(), schema_of(CUSTOMERS, dependants=(bound,))).tables
    assert (planned.method, planned.why) == (Method.UPDATE, "function f() is bound to its columns")


def test_a_foreign_key_over_masked_columns_is_dropped_and_added():
    child = table("letters", column("email", "character varying(100)"), oid=2)
    schema = schema_of(CUSTOMERS, child, foreign_keys=(references(child, "email", CUSTOMERS, "email"),))
    made = plan(policy() + "  letters: {columns: {email: email}}\n", schema)
    assert made.dismantle == ('ALTER TABLE "public"."letters" DROP CONSTRAINT "letters_fk"',)
    assert made.rebuild == (
        'ALTER TABLE "public"."letters" ADD CONSTRAINT "letters_fk" FOREIGN KEY (email) REFERENCES customers(email)',
    )
    assert refused(policy() + "  letters: {columns: {email: keep}}\n", schema) == [
        "policy.yaml:6: letters.email references customers.email by letters_fk; give both the same mask"
    ]


def test_every_email_column_gets_the_same_shape():
    short = table("short", column("email", "character varying(32)"), oid=2)
    made = plan(policy() + "  short: {columns: {email: email}}\n", schema_of(CUSTOMERS, short))
    for planned in made.tables:
        assert "'hex'), 15) || '@example.invalid'" in planned.statements[0]


def test_a_hash_too_short_to_stay_unique_is_refused():
    codes = table(
        "codes", column("code", "character varying(16)"), rows=10**9, uniques=(unique("u", "code"),)
    )
    assert refused("version: 1\ntables: {codes: {columns: {code: hash}}}", schema_of(codes)) == [
        "policy.yaml:2: codes.code: is unique by u, and 64 bits cannot keep 1000000000 rows apart;"
        " use scramble, or make the column longer"
    ]


def test_truncate_minds_foreign_keys_and_silences_triggers():
    log = table("log", column("id", "bigint"), triggers=(Trigger("guard", "A"),))
    detail = table("detail", column("log_id", "bigint"), oid=2)
    schema = schema_of(log, detail, foreign_keys=(references(detail, "log_id", log, "id"),))
    assert refused("version: 1\ntables: {log: truncate, detail: keep}", schema) == [
        "policy.yaml:2: log: cannot be emptied, because detail references it by detail_fk; truncate both or neither"
    ]
    assert plan("version: 1\ntables: {log: truncate, detail: truncate}", schema).dismantle == (
        'ALTER TABLE "public"."log" DISABLE TRIGGER USER',
        'TRUNCATE "public"."log", "public"."detail"',
        'ALTER TABLE "public"."log" ENABLE TRIGGER USER',
        'ALTER TABLE "public"."log" ENABLE ALWAYS TRIGGER "guard"',
    )


def test_rules_beside_a_script_that_runs_instead_are_refused():
    text = "version: 1\nscript: {file: m.sql, run: instead}\n" + policy().removeprefix("version: 1\n")
    assert refused(text, schema_of(CUSTOMERS)) == [
        "policy.yaml:7: customers.email: email would not run, because the script runs instead of rules;"
        " write script or keep"
    ]


def test_the_largest_table_comes_first():
    tables = [table(f"t{n}", column("a"), oid=n, size=n) for n in (1, 3, 2)]
    named = ", ".join(f"t{n}: keep" for n in (1, 2, 3))
    made = plan(f"version: 1\ntables: {{{named}}}", schema_of(*tables))
    assert [planned.table.name for planned in made.tables] == ["t3", "t2", "t1"]
