# SQL keeps its own lines.
# ruff: noqa: E501
"""What is drawn from: names, types with their values and rules, and what may hang on a table."""

from dataclasses import dataclass

NAMES = (
    "people", "Order", "a b", "it's", "naïve", 'say "x"', "user", "x.y", "select", "letters", "%s", "{0}", "ÄÖ", "back\\slash",
)  # fmt: skip
COMMON = r"""
CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION btree_gist;
CREATE SCHEMA "Other one";
CREATE TYPE mood AS ENUM ('happy', 'so-so', 'it''s bad');
CREATE DOMAIN mailing AS text CHECK (VALUE LIKE '%@%'); CREATE DOMAIN short AS varchar(12); CREATE DOMAIN tagged AS text[];
CREATE TABLE noted (what text);
CREATE FUNCTION noting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO noted VALUES (NEW::text); RETURN NEW; END $$;
"""


@dataclass(frozen=True)
class Kind:
    """A type, the value of row {n}, whether different rows differ, and rules that a policy may give it."""

    type: str
    value: str
    rules: tuple[str, ...]
    differs: bool = True


TEXTS = ("hash", "redact", "lorem", "scramble", "{mask: generalize, keep: 1}", "token", "full_name", "job")
REALS = (
    "{mask: noise, percent: 10}",
    "{mask: round, to: 10}",
    "{mask: bucket, size: 5}",
    "{mask: between, low: 1, high: 90}",
)
NUMBERS = (*REALS, "scramble")
DATES = (
    "{mask: date_shift, days: 30}",
    "{mask: date_truncate, to: month}",
    "{mask: between, low: 1990-01-01, high: 1999-12-31}",
)
ANY = ("keep", "keep", '"null"', "shuffle", "sample")
KINDS = (
    Kind("text", "'person' || {n} || '@mail.fr'", ("email", "email", "login", *TEXTS)),
    Kind("varchar(60)", "'Person' || {n} || '@Mail.fr'", ("email", "email", "url", *TEXTS)),
    Kind("citext", "'User' || {n} || '@mail.fr'", ("email", "hash", "scramble")),
    Kind("mailing", "'d' || {n} || '@mail.fr'", ("email", "email")),
    Kind('text COLLATE "C"', "'c' || {n} || '@mail.fr'", ("email", *TEXTS)),
    Kind("varchar(20)", "'+33 6 12 34 ' || lpad(({n} % 100)::text, 2, '0') || ' 56'", ("phone", "phone", *TEXTS), differs=False),
    Kind("text", "'06' || lpad((12345678 + {n} * 7)::text, 8, '0')", ("phone", *TEXTS)),
    Kind("varchar(40)", "(ARRAY['Anna Premier', 'Bob Second', 'Zoé', 'Jean-Luc', ' '])[1 + {n} % 5]", ("first_name", "full_name", "city", "company", "street", "{mask: first_name, locale: es}", *TEXTS), differs=False),
    Kind("char(8)", "'C' || lpad({n}::text, 6, '0')", ("scramble", "token", "lorem")),
    Kind("varchar(34)", "'FR7630004' || lpad({n}::text, 18, '0')", ("iban", "hash", "scramble")),
    Kind("short", "left('S' || {n}, 12)", ("scramble", "lorem", "{mask: constant, value: x}")),
    Kind("text", "'Call Person' || {n} || '@Mail.fr or 06 12 34 56 78, says Anna ' || repeat('blah ', {n} % 700)", ("redact", "redact", "lorem")),
    Kind("int", "{n} * 7", NUMBERS), Kind("bigint", "{n}::bigint << 33", NUMBERS), Kind("smallint", "{n} % 100", NUMBERS, differs=False),
    Kind("numeric(10,2)", "{n} * 1.5", REALS), Kind("double precision", "{n} / 3.0", REALS), Kind("money", "{n}::money", ANY[2:]),
    Kind("date", "date '1970-01-01' + {n}", (*DATES, "age_band")), Kind("timestamptz", "timestamptz '2001-02-03 04:05+00' + {n} * interval '1 hour'", DATES),
    Kind("timestamp(0)", "timestamp '2001-02-03 04:05' + {n} * interval '1 hour'", DATES), Kind("interval", "{n} * interval '1 day'", ANY[2:]),
    Kind("inet", "'81.2.69.0'::inet + {n}", ("ip", "ip")), Kind("macaddr", "('08:00:2b:01:02:' || lpad(to_hex({n} % 256), 2, '0'))::macaddr", ("mac",), differs=False),
    Kind("uuid", "md5({n}::text)::uuid", ("uuid", "hash")), Kind("boolean", "{n} % 3 = 0", ("choice", "sample"), differs=False),
    Kind("mood", "(ARRAY['happy', 'so-so'])[1 + {n} % 2]::mood", ("choice", "shuffle", "{mask: constant, value: happy}"), differs=False),
    Kind("bytea", "convert_to('person' || {n}, 'UTF8')", ("placeholder", "hash")),
    Kind("text[]", "ARRAY['a' || {n} || '@mail.fr', NULL, '']", ("{mask: array, of: email}", "{mask: array, of: hash}")),
    Kind("tagged", "ARRAY['t' || {n}]", ("{mask: array, of: hash}",)), Kind("int[]", "ARRAY[{n}, NULL]", ("{mask: array, of: {mask: round, to: 5}}",)),
    Kind("jsonb", "jsonb_build_object('mail', 'j' || {n} || '@mail.fr', 'deep', jsonb_build_array(jsonb_build_object('ip', '81.2.69.142')), 'n', {n})",
         ("{mask: json, paths: {mail: email, 'deep[].ip': ip}, others: drop}", "{mask: json, paths: {mail: email, 'deep[].ip': ip, n: keep}, others: keep}",
          "{mask: json, paths: {mail: email, 'deep[].ip': ip, n: keep}, others: fail}")),
    Kind("json", "json_build_object('mail', 'j' || {n} || '@mail.fr')", ("{mask: json, paths: {mail: email}, others: fail}",), differs=False),
    Kind("hstore", "hstore('mail', 'h' || {n} || '@mail.fr')", ("redact",)), Kind("point", "point(2.3 + {n} * 0.01, 48.8)", ("geo_round", "geo_jitter"), differs=False),
    Kind("int4range", "int4range({n}, {n} + 5)", ANY[2:]), Kind("bit(4)", "({n} % 16)::bit(4)", ANY[2:], differs=False),
)  # fmt: skip
INDEXABLE = {"text", "varchar(60)", "citext", "mailing", 'text COLLATE "C"', "varchar(20)", "varchar(40)", "char(8)", "varchar(34)", "short",
             "int", "bigint", "smallint", "numeric(10,2)", "date", "timestamptz", "timestamp(0)", "inet", "macaddr", "uuid", "mood", "boolean"}  # fmt: skip
TEXTUAL = {"text", "varchar(60)", "citext", 'text COLLATE "C"', "varchar(40)", "char(8)", "varchar(34)"}
SAFE = frozenset({"email", "hash", "scramble", "uuid", "ip"})  # rules that keep different values different
JOINS = SAFE | {"keep"}


@dataclass(frozen=True)
class Thing:
    """What so many of a hundred tables have, on any column or one of a kind, and what may follow."""

    percent: int
    statement: str
    of: str = "any"
    then: tuple[tuple[int, str], ...] = ()
    plain: bool = False  # only on tables without partitions, heirs and the like


RUN = "FOR EACH ROW EXECUTE FUNCTION noting()"
THINGS = (
    Thing(50, "CREATE INDEX {i} ON {table} ({column} DESC NULLS LAST) INCLUDE (id)", "indexable"),
    Thing(40, "CREATE INDEX ON {table} (lower({column}::text)) WHERE id % 2 = 0", "textual"),
    Thing(15, "ALTER TABLE {table} ADD CONSTRAINT {e} EXCLUDE USING gist (id WITH =)", plain=True),
    Thing(30, "COMMENT ON COLUMN {table}.{column} IS 'it''s \"so\"'"),
    Thing(15, "ALTER TABLE {table} ALTER {column} SET STATISTICS 0"),
    Thing(15, "ALTER TABLE {table} ALTER {column} SET STATISTICS 1000"),
    Thing(10, "ALTER TABLE {table} ALTER {column} SET STORAGE EXTERNAL", "textual"),
    Thing(10, "ALTER TABLE {table} ALTER {column} SET STORAGE PLAIN", "textual"),
    Thing(20, "GRANT SELECT ({column}), UPDATE (id) ON {table} TO pg_monitor"),
    Thing(20, "GRANT INSERT ON {table} TO public"),
    Thing(15, "CREATE TRIGGER {t} AFTER UPDATE OF {column} ON {table} " + RUN, then=(
        (20, "ALTER TABLE {table} DISABLE TRIGGER {t}"), (20, "ALTER TABLE {table} ENABLE REPLICA TRIGGER {t}"),
        (20, "COMMENT ON TRIGGER {t} ON {table} IS 'x'"))),
    Thing(15, "CREATE TRIGGER b BEFORE UPDATE ON {table} " + RUN, then=((30, "ALTER TABLE {table} ENABLE ALWAYS TRIGGER b"),)),
    Thing(15, "CREATE TRIGGER w BEFORE UPDATE ON {table} FOR EACH ROW WHEN (NEW.{column} IS NOT NULL) EXECUTE FUNCTION noting()"),
    Thing(25, "CREATE VIEW {v} AS SELECT id, {column} AS shown FROM {table} WHERE id > 0", then=(
        (50, "CREATE VIEW {vv} AS SELECT count(shown) FROM {v}"), (30, "GRANT SELECT ON {v} TO pg_monitor"),
        (20, "ALTER VIEW {v} SET (security_barrier = true)"), (20, "COMMENT ON VIEW {v} IS 'what is shown'"))),
    Thing(20, "CREATE MATERIALIZED VIEW {m} AS SELECT id, {column} AS shown FROM {table}", then=(
        (60, "CREATE INDEX ON {m} (id)"), (20, "REFRESH MATERIALIZED VIEW {m} WITH NO DATA"))),
    Thing(12, "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", then=(
        (80, "CREATE POLICY p ON {table} USING ({column} IS NOT NULL)"), (50, "ALTER TABLE {table} FORCE ROW LEVEL SECURITY"))),
    Thing(10, "CREATE RULE r AS ON UPDATE TO {table} WHERE OLD.{column} IS NULL DO ALSO INSERT INTO noted VALUES ('x')", plain=True),
    Thing(15, "CREATE STATISTICS {s} ON id, {column} FROM {table}", "indexable", (
        (30, "ALTER STATISTICS {s} SET STATISTICS 50"), (30, "COMMENT ON STATISTICS {s} IS 'both'")), plain=True),
    Thing(10, "ALTER TABLE {table} REPLICA IDENTITY FULL", plain=True),
    Thing(10, "ALTER TABLE {table} SET (fillfactor = 70, autovacuum_enabled = false)", plain=True),
    Thing(10, "CREATE FUNCTION {f}() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count({column}) FROM {table}; END"),
    Thing(15, "ALTER TABLE {table} ADD COLUMN gone text DEFAULT 'old@mail.fr'", then=((100, "ALTER TABLE {table} DROP COLUMN gone"),)),
    Thing(10, "ALTER TABLE {table} ADD CONSTRAINT {k} CHECK (id > -5) NOT VALID"),
    Thing(8, "CREATE PUBLICATION {k} FOR TABLE {table} (id, {column}) WHERE (id > 3) WITH (publish = 'insert')", plain=True),
)  # fmt: skip
