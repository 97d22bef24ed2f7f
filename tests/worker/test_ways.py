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


def test_everything_that_a_rewrite_takes_along_is_as_it_was(server: Server, database: str) -> None:
    fill(
        server,
        database,
        """
        CREATE ROLE reader; GRANT reader TO master;
        CREATE TABLE people (id int PRIMARY KEY, mail text NOT NULL, "Näme %s :x" text,
          loud text CONSTRAINT "is loud" NOT NULL GENERATED ALWAYS AS (upper(mail)) STORED,
          quiet text GENERATED ALWAYS AS (lower(mail)) STORED);
        INSERT INTO people (id, mail, "Näme %s :x") SELECT n, 'person' || n || '@mail.fr', 'Jean' FROM generate_series(1, 20) n;
        ALTER TABLE people ALTER mail SET (n_distinct = -0.5), ALTER quiet SET (n_distinct = -0.25);
        CREATE UNIQUE INDEX "by loud" ON people (loud); COMMENT ON INDEX "by loud" IS '100%: loud';
        ALTER TABLE people REPLICA IDENTITY USING INDEX "by loud";
        CREATE INDEX by_both ON people (loud, length(quiet)); ALTER INDEX by_both ALTER COLUMN 2 SET STATISTICS 44;
        ALTER TABLE people CLUSTER ON by_both;
        CREATE STATISTICS both_ways (mcv) ON id, mail FROM people; ALTER STATISTICS both_ways SET STATISTICS 55;
        CREATE VIEW hidden AS SELECT mail FROM people; REVOKE ALL ON hidden FROM master; GRANT SELECT ON hidden TO reader;
        CREATE MATERIALIZED VIEW copied WITH (fillfactor = 50) AS SELECT id, mail, "Näme %s :x" FROM people;
        ALTER MATERIALIZED VIEW copied ALTER mail SET STORAGE EXTERNAL, ALTER mail SET COMPRESSION pglz, ALTER mail SET (n_distinct = 5);
        CREATE UNIQUE INDEX copied_key ON copied (length(mail), id); ALTER INDEX copied_key ALTER COLUMN 1 SET STATISTICS 9;
        CREATE STATISTICS copied_both ON id, lower(mail) FROM copied; ALTER STATISTICS copied_both SET STATISTICS 3;
        COMMENT ON STATISTICS copied_both IS 'of the copy'
        """,
    )
    told = """
        SELECT attrelid::regclass::text, attname::text, attoptions, attstattarget FROM pg_attribute
         WHERE attrelid IN ('people'::regclass, 'copied'::regclass) AND attnum > 0 AND NOT attisdropped
        UNION ALL SELECT conrelid::regclass::text, conname::text, NULL, NULL FROM pg_constraint WHERE conrelid = 'people'::regclass
        UNION ALL SELECT stxrelid::regclass::text, stxname::text, ARRAY[obj_description(oid, 'pg_statistic_ext')], stxstattarget
          FROM pg_statistic_ext ORDER BY 1, 2
    """
    before = ask(server, database, told)
    try:
        rule = '{columns: {id: keep, mail: email, "Näme %s :x": first_name}}'
        outcome = work(server, database, f"version: 1\ntables: {{people: {rule}}}")
        assert not [finding.detail for finding in outcome.findings if not finding.passed]
        assert [done.plan.method for done in outcome.tables] == [Method.REWRITE]
        assert ask(server, database, told) == before
    finally:
        fill(server, database, "DROP OWNED BY reader; DROP ROLE reader")


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


@pytest.mark.parametrize("disabled", ["", 'ALTER TABLE "T 1" DISABLE TRIGGER changed'])
def test_a_partition_keeps_what_it_has_otherwise_than_its_table(
    server: Server, database: str, disabled: str
) -> None:
    """Taken apart, and together with the others because one of its triggers does not run."""
    fill(
        server,
        database,
        f"""
        CREATE TABLE t (id int, mail text, note text) PARTITION BY RANGE (id); ALTER TABLE t ALTER note SET STORAGE EXTERNAL;
        CREATE TABLE "T 1" PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE t_rest PARTITION OF t DEFAULT;
        INSERT INTO t SELECT n, 'person' || n || '@mail.fr', 'x' FROM generate_series(1, 20) n;
        ALTER TABLE "T 1" ALTER mail SET STORAGE EXTERNAL, ALTER mail SET COMPRESSION pglz, ALTER note SET STORAGE EXTENDED;
        CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
        CREATE TRIGGER changed AFTER UPDATE OF mail ON t FOR EACH ROW EXECUTE FUNCTION nothing(); {disabled}
        """,
    )
    outcome = work(
        server, database, "version: 1\ntables: {t: {columns: {id: keep, mail: email, note: redact}}}"
    )
    assert not [finding.detail for finding in outcome.findings if not finding.passed]
    (done,) = outcome.tables
    assert ("together" in done.plan.why) is bool(disabled)


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


def test_views_come_back_to_owners_who_may_make_none_and_with_what_others_passed_on(
    server: Server, database: str
) -> None:
    with server.superuser(database) as connection:
        for role in ("analyst", "reporter", "reader"):
            connection.execute(f"CREATE ROLE {role} ADMIN master".encode())
    try:
        fill(
            server,
            database,
            """
            CREATE TABLE people (id int, mail text); INSERT INTO people VALUES (1, 'jean@free.fr'); GRANT SELECT ON people TO analyst;
            CREATE VIEW mails AS SELECT mail FROM people; CREATE MATERIALIZED VIEW kept AS SELECT id, mail FROM people
            """,
        )
        with server.superuser(database) as connection:
            connection.execute(
                """
                ALTER VIEW mails OWNER TO analyst; ALTER MATERIALIZED VIEW kept OWNER TO analyst;
                REVOKE analyst FROM master; GRANT analyst TO master WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
                REVOKE UPDATE ON mails FROM analyst; GRANT SELECT ON mails TO reporter WITH GRANT OPTION; SET ROLE reporter;
                GRANT SELECT ON mails TO reader; RESET ROLE
                """
            )
        told = "SELECT relname, relowner::regrole::text, relacl::text FROM pg_class WHERE relname IN ('mails', 'kept') ORDER BY 1"
        before = ask(server, database, told)
        assert "reader=r/reporter" in before[1][2]
        outcome = work(server, database, "version: 1\ntables: {people: {columns: {id: keep, mail: email}}}")
        assert not [finding.detail for finding in outcome.findings if not finding.passed]
        assert ask(server, database, told) == before
        may = "SELECT has_schema_privilege('analyst', 'public', 'CREATE')"
        assert ask(server, database, may) == [(False,)]
    finally:
        with server.superuser(database) as connection:
            connection.execute("DROP OWNED BY analyst, reporter, reader; DROP ROLE analyst, reporter, reader")


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
