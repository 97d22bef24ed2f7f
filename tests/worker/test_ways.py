"""The ways in which a table is masked on PostgreSQL, on tables that are easily masked wrong or not as they were."""

# ruff: noqa: E501 - statements and messages are said as they are

import psycopg
import pytest

from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.plan import Method
from services.anonymize.worker.policy import PolicyError
from tests.worker.conftest import Server
from tests.worker.killing import ask, fill, work


def test_an_update_leaves_no_composite_value_that_is_null_in_part(server: Server, database: str) -> None:
    fill(
        server,
        database,
        """
        CREATE TYPE called AS (first text, last text);
        CREATE TABLE people (id int, name called); CREATE TABLE staff () INHERITS (people);
        INSERT INTO people VALUES (1, ROW('Jean', NULL)), (2, ROW('Jean', 'Dupont')), (3, NULL)
        """,
    )
    rules = '{columns: {id: keep, name: "null"}}'
    outcome = work(server, database, f"version: 1\ntables: {{people: {rules}, staff: {rules}}}")
    assert outcome.passed
    assert {done.plan.method for done in outcome.tables} == {Method.UPDATE}
    assert ask(server, database, "SELECT count(name::text) FROM people") == [(0,)]


def test_a_key_that_is_checked_at_the_commit_does_not_stop_an_update(server: Server, database: str) -> None:
    fill(
        server,
        database,
        """
        CREATE TABLE codes (code char(2) UNIQUE DEFERRABLE INITIALLY DEFERRED); CREATE TABLE others () INHERITS (codes);
        INSERT INTO codes SELECT lpad(n::text, 2, '0') FROM generate_series(0, 99) n;
        CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
        CREATE TRIGGER changed AFTER UPDATE ON codes FOR EACH ROW EXECUTE FUNCTION nothing()
        """,
    )
    rules = "{columns: {code: scramble}}"
    assert work(server, database, f"version: 1\ntables: {{codes: {rules}, others: {rules}}}").passed
    assert ask(server, database, "SELECT count(DISTINCT code) FROM codes") == [(100,)]


def test_tables_whose_names_differ_by_where_a_dot_belongs_are_two(server: Server, database: str) -> None:
    fill(
        server,
        database,
        """
        CREATE SCHEMA "a.b"; CREATE TABLE "a.b".c (name text); INSERT INTO "a.b".c VALUES ('Jean Dupont');
        CREATE SCHEMA a; CREATE TABLE a."b.c" (name text); INSERT INTO a."b.c" VALUES ('Jean Dupont')
        """,
    )
    policy = "version: 1\ntables: {}\ndefaults: [{match: {column: name}, rule: full_name}]"
    assert work(server, database, policy).passed
    left = """SELECT count(*) FROM (SELECT name FROM "a.b".c UNION ALL SELECT name FROM a."b.c") all_names WHERE name = 'Jean Dupont'"""
    assert ask(server, database, left) == [(0,)]


def test_a_key_does_not_stop_an_update_that_gives_rows_what_others_had(server: Server, database: str) -> None:
    """Scrambled in a space that is full, a value is one that a row not yet updated still has."""
    fill(
        server,
        database,
        """
        CREATE TABLE codes (code char(2) CONSTRAINT "one code" UNIQUE, n int); CREATE TABLE others () INHERITS (codes);
        CREATE UNIQUE INDEX lowered ON codes (code, (n + 1)); ALTER INDEX lowered ALTER COLUMN 2 SET STATISTICS 7;
        INSERT INTO codes SELECT lpad(n::text, 2, '0'), n FROM generate_series(0, 99) n;
        COMMENT ON CONSTRAINT "one code" ON codes IS 'of a product'; ALTER TABLE codes CLUSTER ON "one code";
        CREATE TABLE uses (code char(2) REFERENCES codes (code)); INSERT INTO uses SELECT code FROM codes;
        CREATE TABLE parts (n int PRIMARY KEY) PARTITION BY RANGE (n);
        CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (50); CREATE TABLE parts_high PARTITION OF parts DEFAULT;
        INSERT INTO parts SELECT generate_series(0, 99)
        """,
    )
    policy = """
version: 1
tables:
  codes: {columns: {code: scramble, n: keep}}
  others: {columns: {code: scramble, n: keep}}
  uses: {columns: {code: scramble}}
  parts: {columns: {n: scramble}}
"""
    outcome = work(server, database, policy)
    assert not [finding.detail for finding in outcome.findings if not finding.passed]
    assert ask(server, database, "SELECT count(DISTINCT code), count(*) FROM codes") == [(100, 100)]
    assert ask(server, database, "SELECT count(*) FROM uses JOIN codes USING (code)") == [(100,)]
    assert ask(server, database, "SELECT count(*), sum(n) FROM parts") == [(100, 4950)]


def test_a_key_that_something_else_needs_is_left(server: Server, database: str) -> None:
    fill(
        server,
        database,
        """
        CREATE TABLE people (id int PRIMARY KEY, mail text); CREATE TABLE staff () INHERITS (people);
        INSERT INTO people SELECT n * 1000003, 'person' || n || '@mail.fr' FROM generate_series(1, 9) n;
        CREATE VIEW counted AS SELECT id, mail, count(*) FROM people GROUP BY id
        """,
    )
    rules = "{columns: {id: scramble, mail: email}}"
    assert work(server, database, f"version: 1\ntables: {{people: {rules}, staff: {rules}}}").passed


def test_a_row_for_which_there_is_no_partition_when_it_is_masked_stops_the_run_first(
    server: Server, database: str
) -> None:
    fill(
        server,
        database,
        """
        CREATE TABLE visits (at date, "Wh o" text) PARTITION BY RANGE (at);
        CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM ('2020-01-01') TO ('2020-02-01') PARTITION BY LIST ("Wh o");
        CREATE TABLE visits_a PARTITION OF visits_1 FOR VALUES IN ('a', NULL); CREATE TABLE visits_b PARTITION OF visits_1 DEFAULT;
        INSERT INTO visits SELECT date '2020-01-01' + n, (ARRAY['a', 'b', NULL])[1 + n % 3] FROM generate_series(1, 20) n
        """,
    )
    policy = "version: 1\ntables:\n  visits:\n    columns:\n      at: {mask: date_shift, days: 90}\n      Wh o: keep"
    with pytest.raises(
        MaskingError, match=r"^policy.yaml:5:11: visits\.at: is in the partition key, and date_shift makes"
    ):
        work(server, database, policy)
    fill(
        server,
        database,
        "CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM ('2020-02-01') TO (MAXVALUE)",
    )
    fill(
        server,
        database,
        "CREATE TABLE visits_0 PARTITION OF visits FOR VALUES FROM (MINVALUE) TO ('2020-01-01')",
    )
    assert work(server, database, policy).passed


SETTINGS = (
    "quote_all_identifiers = on", "default_transaction_read_only = on", "transaction_timeout = '50ms'",
    "statement_timeout = '1ms'", "lock_timeout = '1ms'", "DateStyle = 'German, DMY'", "array_nulls = off",
    "standard_conforming_strings = off", "client_encoding = 'LATIN1'", "xmloption = document", "search_path = ''",
    "default_transaction_isolation = 'serializable'", "transform_null_equals = on",
)  # fmt: skip


def test_no_setting_of_the_database_changes_what_is_done(server: Server, database: str) -> None:
    fill(
        server,
        database,
        """
        CREATE TABLE people (id int PRIMARY KEY, mail text, loud text GENERATED ALWAYS AS (upper(mail)) STORED);
        INSERT INTO people SELECT n, 'person' || n || '@mail.fr' FROM generate_series(1, 20) n;
        CREATE UNIQUE INDEX one_mail ON people (lower(mail));
        CREATE VIEW shown AS SELECT loud FROM people; CREATE MATERIALIZED VIEW kept AS SELECT mail FROM people
        """,
    )
    with server.superuser(database) as connection:
        for setting in SETTINGS:
            name = setting.partition(" ")[0]
            if connection.execute("SELECT FROM pg_settings WHERE lower(name) = lower(%s)", (name,)).rowcount:
                connection.execute(f"ALTER DATABASE {database} SET {setting}".encode())
    outcome = work(server, database, "version: 1\ntables: {people: {columns: {id: keep, mail: email}}}")
    assert not [finding.detail for finding in outcome.findings if not finding.passed]
    assert [done.plan.method for done in outcome.tables] == [Method.REWRITE]


def test_a_check_that_old_rows_do_not_fulfil_does_not_stop_an_update(server: Server, database: str) -> None:
    fill(
        server,
        database,
        """
        CREATE TABLE people (id int, mail text); CREATE TABLE staff () INHERITS (people);
        INSERT INTO people SELECT n, 'person' || n || '@mail.fr' FROM generate_series(1, 9) n;
        INSERT INTO staff SELECT n, 'staff' || n || '@mail.fr' FROM generate_series(1, 9) n;
        ALTER TABLE people ADD CONSTRAINT "big ids" CHECK (id > 5) NOT VALID;
        COMMENT ON CONSTRAINT "big ids" ON people IS 'from now on'
        """,
    )
    rules = "{columns: {id: keep, mail: email}}"
    outcome = work(server, database, f"version: 1\ntables: {{people: {rules}, staff: {rules}}}")
    assert not [finding.detail for finding in outcome.findings if not finding.passed]
    assert {done.plan.method for done in outcome.tables} == {Method.UPDATE}


def test_a_unique_index_that_was_never_built_stops_the_run_first_where_no_rewrite_could_build_it(
    server: Server, database: str
) -> None:
    fill(
        server,
        database,
        "CREATE TABLE people (id int, name text); INSERT INTO people VALUES (1, 'Jo'), (2, 'JO'), (3, NULL), (4, NULL)",
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        fill(
            server,
            database,
            'CREATE UNIQUE INDEX CONCURRENTLY "One name" ON people (lower(name)) WHERE id < 9',
        )
    policy = "version: 1\ntables: {people: {columns: {id: keep, name: keep}}}"
    with pytest.raises(
        MaskingError, match=r'never built, because two rows have the same: public\."One name"; no rewrite'
    ):
        work(server, database, policy)
    fill(server, database, "DELETE FROM people WHERE id = 2")
    assert work(server, database, policy).passed


def test_a_database_that_does_not_say_what_its_letters_are_is_refused_where_a_mask_has_to_know(
    server: Server,
) -> None:
    with server.superuser() as connection:
        connection.execute(
            "CREATE DATABASE ascii OWNER master ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0"
        )
    try:
        with server.superuser("ascii") as connection:
            connection.execute("ALTER SCHEMA public OWNER TO master")
        fill(
            server,
            "ascii",
            "CREATE TABLE people (mail text, phone text); INSERT INTO people VALUES ('a@b.fr', '0612345678')",
        )
        with pytest.raises(
            MaskingError, match=r"^making what masks call: .*a database in SQL_ASCII does not say"
        ):
            work(server, "ascii", "version: 1\ntables: {people: {columns: {mail: email, phone: phone}}}")
    finally:
        with server.superuser() as connection:
            connection.execute("DROP DATABASE ascii WITH (FORCE)")


def test_elements_of_a_domain_over_an_array_are_masked_as_what_they_are(
    server: Server, database: str
) -> None:
    fill(
        server,
        database,
        """
        CREATE DOMAIN tagged AS varchar(40)[] CHECK (cardinality(VALUE) > 0); CREATE DOMAIN counted AS int[];
        CREATE TYPE mood AS ENUM ('happy', 'sad'); CREATE DOMAIN moods AS mood[];
        CREATE TABLE t (id int PRIMARY KEY, tags tagged NOT NULL, counts counted, felt moods);
        INSERT INTO t VALUES (1, '{anna@mail.fr,NULL}', '{7,NULL,12}', '{happy}'), (2, '{bob@mail.fr}', NULL, NULL)
        """,
    )
    rules = "id: keep, tags: {mask: array, of: email}, counts: {mask: array, of: {mask: round, to: 5}}"
    with pytest.raises(
        PolicyError, match=r"t\.felt: public\.moods: array masks no domain over an array of an enum"
    ):
        work(
            server,
            database,
            f"version: 1\ntables: {{t: {{columns: {{{rules}, felt: {{mask: array, of: choice}}}}}}}}",
        )
    assert work(
        server, database, f"version: 1\ntables: {{t: {{columns: {{{rules}, felt: shuffle}}}}}}"
    ).passed
    assert ask(server, database, "SELECT counts::text, tags[1] LIKE '%@example.invalid', tags[2] FROM t ORDER BY id") == [
        ("{5,NULL,10}", True, None), (None, True, None),
    ]  # fmt: skip


def test_a_check_that_is_proven_in_an_heir_alone_stays_so(server: Server, database: str) -> None:
    fill(
        server,
        database,
        """
        CREATE TABLE people (id int, name text); INSERT INTO people VALUES (-9, 'Anna');
        ALTER TABLE people ADD CONSTRAINT above CHECK (id > 0) NOT VALID;
        CREATE TABLE staff () INHERITS (people); INSERT INTO staff VALUES (1, 'Bob')
        """,
    )
    rules = "{columns: {id: keep, name: full_name}}"
    assert work(server, database, f"version: 1\ntables: {{people: {rules}, staff: {rules}}}").passed
    proven = (
        "SELECT conrelid::regclass::text, convalidated FROM pg_constraint WHERE conname = 'above' ORDER BY 1"
    )
    assert ask(server, database, proven) == [("people", False), ("staff", True)]
