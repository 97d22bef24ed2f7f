"""Partitions that are masked one by one, and are put back as they were."""

# ruff: noqa: E501 - statements and messages are said as they are

import psycopg
import pytest
from sqlalchemy import Engine, event

from services.anonymize.worker.pipeline import Outcome
from services.anonymize.worker.plan import TablePlan
from tests.worker.conftest import Server
from tests.worker.killing import ask, fill, work

SHOP = """
CREATE SCHEMA "old ones";
CREATE TYPE kind AS ENUM ('web', 'shop');
CREATE TABLE people (id int PRIMARY KEY, mail text); INSERT INTO people SELECT n, 'p' || n || '@mail.fr' FROM generate_series(1, 50) n;
CREATE TABLE counts (n int); INSERT INTO counts VALUES (0);
CREATE TABLE visits (
    id int GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, kind kind, person int REFERENCES people, mail varchar(60) CHECK (mail <> ''),
    phone text COLLATE "C", size int DEFAULT 7, half int GENERATED ALWAYS AS (size / 2) STORED, UNIQUE (id, at, kind), UNIQUE (at, mail, kind)
) PARTITION BY RANGE (at);
COMMENT ON TABLE visits IS 'who came'; COMMENT ON COLUMN visits.mail IS 'of whom';
CREATE INDEX by_mail ON visits (lower(mail)) WHERE size > 0; CREATE INDEX ON visits (phone);
CREATE TABLE visits_2023 PARTITION OF visits FOR VALUES FROM (MINVALUE) TO ('2024-01-01 00:00+02');
CREATE TABLE visits_2024 PARTITION OF visits FOR VALUES FROM ('2024-01-01 00:00+02') TO ('2025-01-01 00:00+02') PARTITION BY LIST (kind);
CREATE TABLE "old ones"."it's ""web"" now" (phone text COLLATE "C", kind kind, gone text, mail varchar(60), at timestamptz NOT NULL,
    id int NOT NULL, person int, size int, half int GENERATED ALWAYS AS (size / 2) STORED, CONSTRAINT visits_mail_check CHECK (mail <> ''));
ALTER TABLE "old ones"."it's ""web"" now" DROP COLUMN gone;
ALTER TABLE visits_2024 ATTACH PARTITION "old ones"."it's ""web"" now" FOR VALUES IN ('web');
CREATE TABLE visits_2024_other PARTITION OF visits_2024 DEFAULT;
CREATE TABLE visits_none PARTITION OF visits DEFAULT;
ALTER TABLE visits_none ADD CONSTRAINT small CHECK (size < 1000), ALTER phone SET STATISTICS 50;
COMMENT ON TABLE visits_none IS 'of no year'; CREATE INDEX alone ON visits_none (size); ALTER TABLE visits_none CLUSTER ON alone;
ALTER INDEX visits_none_lower_idx ALTER COLUMN 1 SET STATISTICS 300;
ALTER TABLE visits_2023 REPLICA IDENTITY FULL; GRANT SELECT ON visits_2023 TO public;
INSERT INTO visits (at, kind, person, mail, phone)
    SELECT timestamptz '2023-01-01' + n * interval '1 day', CASE n % 3 WHEN 0 THEN 'web' WHEN 1 THEN 'shop' END::kind, 1 + n % 50,
           'v' || n || '@mail.fr', '06 12 34 5' || n FROM generate_series(100, 999) n;
CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE counts SET n = n + 1; RETURN NEW; END $$;
CREATE TRIGGER counting BEFORE UPDATE ON visits FOR EACH ROW EXECUTE FUNCTION counted();
CREATE TRIGGER own BEFORE UPDATE ON visits_none FOR EACH ROW EXECUTE FUNCTION counted();
CREATE VIEW mails AS SELECT mail FROM visits; CREATE VIEW few AS SELECT phone FROM visits_none;
"""
POLICY = """
version: 1
tables:
  people: {columns: {id: keep, mail: email}}
  counts: keep
  visits: {columns: {id: keep, at: keep, kind: keep, person: keep, mail: email, phone: phone, size: keep}}
"""

# Everything of a tree of partitions that taking it apart could lose; names stand for numbers of objects.
TREE = """
SELECT 'table', c.oid::regclass::text, c.relkind::text, i.inhparent::regclass::text, pg_get_expr(c.relpartbound, c.oid), c.relispartition, c.relacl::text
  FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.oid IN (SELECT relid FROM pg_partition_tree('visits'))
UNION ALL
SELECT 'column', a.attrelid::regclass::text, a.attname, a.attislocal::text, a.attinhcount::text, a.attnotnull, concat(a.attidentity, a.attgenerated, a.attstattarget)
  FROM pg_attribute a WHERE a.attnum > 0 AND NOT attisdropped AND a.attrelid IN (SELECT relid FROM pg_partition_tree('visits'))
UNION ALL
SELECT 'constraint', n.conrelid::regclass::text, n.conname, p.conrelid::regclass || '.' || p.conname, concat(n.conislocal, n.coninhcount), n.convalidated, pg_get_constraintdef(n.oid)
  FROM pg_constraint n LEFT JOIN pg_constraint p ON p.oid = n.conparentid WHERE n.conrelid IN (SELECT relid FROM pg_partition_tree('visits'))
UNION ALL
SELECT 'index', x.indexrelid::regclass::text, NULL, i.inhparent::regclass::text, pg_get_indexdef(x.indexrelid), x.indisvalid, concat(x.indisclustered, x.indisreplident)
  FROM pg_index x LEFT JOIN pg_inherits i ON i.inhrelid = x.indexrelid WHERE x.indrelid IN (SELECT relid FROM pg_partition_tree('visits'))
UNION ALL
SELECT 'trigger', t.tgrelid::regclass::text, t.tgname, p.tgrelid::regclass::text, t.tgenabled::text, t.tgisinternal, NULL
  FROM pg_trigger t LEFT JOIN pg_trigger p ON p.oid = t.tgparentid WHERE NOT t.tgisinternal AND t.tgrelid IN (SELECT relid FROM pg_partition_tree('visits'))
UNION ALL
SELECT 'foreign key', t.tgrelid::regclass::text, p.proname, NULL, NULL, t.tgisinternal, count(*)::text
  FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgisinternal AND t.tgrelid IN (SELECT relid FROM pg_partition_tree('visits'))
  GROUP BY 2, 3, 6
UNION ALL
SELECT 'rows', tableoid::regclass::text, count(*)::text, sum(id)::text, sum(half)::text, NULL, max(at)::text FROM visits GROUP BY tableoid
ORDER BY 1, 2, 3, 4, 5
"""
LEAVES = {"visits_2023", 'old ones.it\'s "web" now', "visits_2024_other", "visits_none"}


def planned(outcome: Outcome, label: str = "visits") -> TablePlan:
    return next(done.plan for done in outcome.tables if done.plan.table.label == label)


def test_a_tree_of_partitions_is_the_same_tree_afterwards(server: Server, database: str) -> None:
    fill(server, database, SHOP)
    before = ask(server, database, TREE)
    told: dict[str, None] = {}
    outcome = work(
        server, database, POLICY, lambda advance: told.update({advance.table or "": None}), connections=1
    )
    assert [finding.detail for finding in outcome.findings if not finding.passed] == []
    visits = planned(outcome)
    assert visits.why == "each of its 4 partitions in one rewrite"
    assert told.keys() >= LEAVES  # progress names each
    assert next(done.rows for done in outcome.tables if done.plan is visits) == 900
    assert ask(server, database, TREE) == before
    assert ask(
        server,
        database,
        "SELECT count(*) FROM visits WHERE mail LIKE '%@mail.fr' OR phone LIKE '06 12 34 5%'",
    ) == [(0,)]
    assert ask(server, database, "SELECT n FROM counts") == [(0,)]
    # the keys that came back hold
    with server.superuser(database) as connection, pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute("UPDATE visits SET person = 99 WHERE id = 1")


def test_partitions_are_put_back_without_being_read(server: Server, database: str) -> None:
    fill(server, database, SHOP)
    fill(
        server,
        database,
        """
        CREATE TABLE codes (code text, n bigint, mail text) PARTITION BY LIST (code);
        CREATE TABLE codes_some PARTITION OF codes FOR VALUES IN ('a', NULL, 'it''s'); CREATE TABLE codes_rest PARTITION OF codes DEFAULT;
        CREATE TABLE pairs (a varchar(9), b numeric, mail text) PARTITION BY RANGE (a, b);
        CREATE TABLE pairs_low PARTITION OF pairs FOR VALUES FROM (MINVALUE, MINVALUE) TO ('m', 1.5);
        CREATE TABLE pairs_high PARTITION OF pairs FOR VALUES FROM ('m', 1.5) TO ('z', MAXVALUE);
        CREATE TABLE hashed (id bigint, mail text) PARTITION BY HASH (id);
        CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        CREATE TABLE months (day date, mail text) PARTITION BY RANGE ((extract(year FROM day)), day);
        CREATE TABLE months_1 PARTITION OF months FOR VALUES FROM (2024, '2024-01-01') TO (2024, '2024-07-01');
        CREATE TABLE months_2 PARTITION OF months FOR VALUES FROM (2024, '2024-07-01') TO (2025, '2025-01-01')
        """,
    )
    more = "".join(
        f"  {name}: {{columns: {{{columns}, mail: email}}}}\n"
        for name, columns in {
            "codes": "code: keep, n: keep", "pairs": "a: keep, b: keep", "hashed": "id: keep", "months": "day: keep",
        }.items()
    )  # fmt: skip
    with server.superuser() as connection:
        connection.execute(f"ALTER DATABASE {database} SET client_min_messages = debug1")
    said: list[str | None] = []

    def connected(session: psycopg.Connection, _: object) -> None:
        session.add_notice_handler(lambda notice: said.append(notice.message_primary))

    event.listen(Engine, "connect", connected)
    try:
        outcome = work(server, database, POLICY + more)
    finally:
        event.remove(Engine, "connect", connected)
    assert outcome.passed
    units = [unit.label.rpartition("old ones.")[2] for done in outcome.tables for unit in done.plan.units]
    assert len(units) == 12
    assert {
        f'partition constraint for table "{name}" is implied by existing constraints' for name in units
    } <= {*said}


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("CREATE INDEX part ON ONLY visits (kind)", "index part is not complete"),
        ("ALTER TABLE visits_none DISABLE TRIGGER counting", "trigger counting is not simply enabled"),
        ("COMMENT ON TRIGGER counting ON visits_none IS 'x'", "trigger counting has a comment in partition visits_none"),
        ("CREATE TABLE seen (id int, at timestamptz, kind kind, FOREIGN KEY (id, at, kind) REFERENCES visits (id, at, kind))",
         "foreign key seen_id_at_kind_fkey refers to it"),
        ("CREATE TABLE days (day timestamptz PRIMARY KEY) PARTITION BY RANGE (day); CREATE TABLE days_all PARTITION OF days DEFAULT;"
         "INSERT INTO days SELECT at FROM visits; ALTER TABLE visits ADD CONSTRAINT day FOREIGN KEY (at) REFERENCES days",
         "foreign key day refers to a partitioned table"),
    ],
)  # fmt: skip
def test_partitions_that_would_not_come_back_the_same_stay_together(
    server: Server, database: str, statement: str, why: str
) -> None:
    fill(server, database, f"{SHOP}; {statement}")
    before = ask(server, database, TREE)
    outcome = work(server, database, f"{POLICY}defaults: [{{match: {{table: '*'}}, rule: keep}}]")
    assert [finding.detail for finding in outcome.findings if not finding.passed] == []
    assert planned(outcome).why == f"all masked columns in one rewrite; its partitions stay together: {why}"
    assert ask(server, database, TREE) == before


def test_a_single_partition_is_rewritten_with_its_table(server: Server, database: str) -> None:
    fill(
        server,
        database,
        "CREATE TABLE visits (at date, mail text) PARTITION BY RANGE (at); CREATE TABLE visits_all PARTITION OF visits DEFAULT;"
        "INSERT INTO visits VALUES ('2024-01-01', 'a@mail.fr')",
    )
    outcome = work(server, database, "version: 1\ntables: {visits: {columns: {at: keep, mail: email}}}")
    assert outcome.passed
    assert planned(outcome).why == "all masked columns in one rewrite"
