# SQL keeps its own lines.
# ruff: noqa: E501, S311
"""Databases that nobody thought of: schemas, rows and policies drawn from a seed, for PostgreSQL.

python -m tests.worker.drawn 1 500      # play seeds 1 to 500, and say what did not hold
"""

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.policy import PolicyError
from tests.worker.conftest import Server, running_server
from tests.worker.killing import ask, work

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


@dataclass
class Part:
    """A column that was drawn."""

    name: str
    kind: Kind
    rule: str
    unique: bool = False
    not_null: bool = False

    @property
    def personal(self) -> bool:
        """Whether verification would find its values: what leaves them as they are fails, which is right."""
        return any(sign in self.kind.value for sign in ("@", "06", "+33", "'FR"))


@dataclass
class Drawn:
    """A database: statements that make it, its policy, and by table the columns that must not change."""

    statements: list[str] = field(default_factory=list)
    rules: dict[str, dict[str, str]] = field(default_factory=dict)  # by how the policy names a table
    kept: dict[str, list[str]] = field(default_factory=dict)  # by table as SQL names it, quoted

    @property
    def policy(self) -> str:
        """The policy's text."""
        tables = "".join(
            f"  {json.dumps(table, ensure_ascii=False)}: {{columns: {{"
            + ", ".join(f"{json.dumps(name, ensure_ascii=False)}: {rule}" for name, rule in rules.items())
            + "}}\n"
            for table, rules in self.rules.items()
        )
        return (
            f'version: 1\nquarantine: {{keep: {{publications: ["*"]}}}}\ntables:\n  noted: truncate\n{tables}'
        )


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Drawing:
    """Draws one database."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.made = Drawn([COMMON])
        self.names = self.random.sample(NAMES, len(NAMES))
        self.parents: list[tuple[str, Part]] = []  # columns that may be referenced

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def database(self) -> Drawn:
        for number in range(self.random.randint(1, 4)):
            self.table(number)
        return self.made

    def table(self, number: int) -> None:
        random_, add = self.random, self.made.statements.append
        schema = "Other one" if self.chance(25) else "public"
        name = self.names[number]
        full = f"{quoted(schema)}.{quoted(name)}"
        parts = self.parts()
        rows = random_.choice((0, 1, 7, 40, 160))
        layout = random_.choices(
            ("plain", "range", "list", "hash", "inherits", "unlogged"), (60, 12, 8, 6, 8, 6)
        )[0]
        keys = "int PRIMARY KEY", "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "int"
        key = random_.choices(keys, (50, 40, 10))[0]
        partitioned = layout in {"range", "list", "hash"}
        columns = [f"id {key}"]
        for part in parts:
            if partitioned:
                part.unique = False
            said = f"{quoted(part.name)} {part.kind.type}"
            said += " NOT NULL" if part.not_null else ""
            said += " UNIQUE" if part.unique else ""
            said += f" DEFAULT {part.kind.value.format(n=3)}" if self.chance(8) and not part.personal else ""
            said += f" CHECK ({quoted(part.name)} IS NOT NULL OR id > 0)" if self.chance(8) else ""
            columns.append(said)
        texts = [part for part in parts if part.kind.type in TEXTUAL]
        if texts and self.chance(20) and layout != "inherits":
            columns.append(f"shown text GENERATED ALWAYS AS (upper({quoted(texts[0].name)}::text)) STORED")
        by = {
            "range": " PARTITION BY RANGE (id)",
            "list": " PARTITION BY LIST (id)",
            "hash": " PARTITION BY HASH (id)",
        }.get(layout, "")
        add(f"CREATE {'UNLOGGED ' if layout == 'unlogged' else ''}TABLE {full} ({', '.join(columns)}){by}")
        self.members(full, schema, name, layout)
        stored = [part for part in parts if rows]
        if stored or rows:
            overriding = " OVERRIDING SYSTEM VALUE" if "IDENTITY" in key else ""
            into = ", ".join(["id", *(quoted(part.name) for part in parts)])
            values = ", ".join(["n", *(self.value(part) for part in parts)])
            add(f"INSERT INTO {full} ({into}){overriding} SELECT {values} FROM generate_series(1, {rows}) n")
        label = name if schema == "public" and "." not in name else f"{schema}.{name}"
        rules = {"id": "keep"} | {part.name: part.rule for part in parts}
        self.made.rules[label] = rules
        self.made.kept[full] = [quoted(column) for column, rule in rules.items() if rule == "keep"]
        self.made.statements += self.things(full, name, parts, layout)
        if self.parents and self.chance(30):
            self.made.statements += self.reference(full, name, label, partitioned)
        if layout == "inherits":
            child = self.names[-1 - number]
            add(f"CREATE TABLE {quoted(schema)}.{quoted(child)} (school text) INHERITS ({full})")
            labelled = child if schema == "public" and "." not in child else f"{schema}.{child}"
            self.made.rules[labelled] = rules | {"school": "hash"}
        if layout == "plain":
            self.parents += [(full, part) for part in parts if part.unique and part.rule in JOINS]

    def members(self, full: str, schema: str, name: str, layout: str) -> None:
        add = self.made.statements.append
        there = [f"{quoted(schema)}.{quoted(name + end)}" for end in (" 1", "_2", "_rest")]
        if layout == "range":
            add(f"CREATE TABLE {there[0]} PARTITION OF {full} FOR VALUES FROM (MINVALUE) TO (5)")
            add(
                f"CREATE TABLE {there[1]} PARTITION OF {full} FOR VALUES FROM (5) TO (20)"
                + (" PARTITION BY HASH (id)" if self.chance(30) else "")
            )
            if self.made.statements[-1].endswith("HASH (id)"):
                for remainder in (0, 1):
                    add(
                        f"CREATE TABLE {quoted(schema)}.{quoted(f'{name} h{remainder}')} PARTITION OF {there[1]} FOR VALUES WITH (MODULUS 2, REMAINDER {remainder})"
                    )
            add(f"CREATE TABLE {there[2]} PARTITION OF {full} DEFAULT")
        elif layout == "list":
            add(f"CREATE TABLE {there[0]} PARTITION OF {full} FOR VALUES IN (1, 2, 3, NULL)")
            add(f"CREATE TABLE {there[2]} PARTITION OF {full} DEFAULT")
        elif layout == "hash":
            for remainder in range(3):
                add(
                    f"CREATE TABLE {quoted(schema)}.{quoted(f'{name} h{remainder}')} PARTITION OF {full} FOR VALUES WITH (MODULUS 3, REMAINDER {remainder})"
                )

    def parts(self) -> list[Part]:
        parts = []
        names = ["mail", "Name", "first name", "x", "naïve", 'q"', "type", "it's", "%d", "key"]
        self.random.shuffle(names)
        for name in names[: self.random.randint(1, 6)]:
            kind = self.random.choice(KINDS)
            part = Part(name, kind, "")
            others = ('"null"',) if part.personal else ANY
            part.rule = self.random.choice((*kind.rules, *kind.rules, *others))
            part.not_null = self.chance(25)
            safe = [one for one in kind.rules if one in SAFE] or ([] if part.personal else ["keep"])
            part.unique = bool(safe) and kind.differs and kind.type in INDEXABLE and self.chance(25)
            if part.unique and self.chance(85):
                part.rule = self.random.choice(safe)
            if part.not_null and part.rule in {'"null"', "sample", "shuffle"}:
                part.rule = kind.rules[0]
            parts.append(part)
        return parts

    def value(self, part: Part) -> str:
        value = part.kind.value.format(n="n")
        if part.not_null or part.unique:
            return value
        empty = (
            "''" if part.kind.type in TEXTUAL and part.kind.type != "char(8)" and self.chance(50) else "NULL"
        )
        return f"CASE WHEN n % {self.random.randint(2, 9)} = 1 THEN {empty} ELSE {value} END"

    def things(self, full: str, name: str, parts: Sequence[Part], layout: str) -> Iterator[str]:
        """What hangs on a table."""
        names = {
            letter: quoted(f"{letter} {name}") for letter in ("i", "e", "t", "v", "vv", "m", "s", "f", "k")
        }
        indexable = [part for part in parts if part.kind.type in INDEXABLE]
        textual = [part for part in parts if part.kind.type in TEXTUAL]
        columns = {"any": parts, "indexable": indexable, "textual": textual}
        for thing in THINGS:
            if columns[thing.of] and (layout == "plain" or not thing.plain) and self.chance(thing.percent):
                column = quoted(self.random.choice(columns[thing.of]).name)
                yield thing.statement.format(table=full, column=column, **names)
                for percent, then in thing.then:
                    if self.chance(percent):
                        yield then.format(table=full, column=column, **names)

    def reference(self, full: str, name: str, label: str, partitioned: bool) -> Iterator[str]:
        """A foreign key over a column that may be masked; the policy need not say what follows its parent."""
        parent, referenced = self.random.choice(self.parents)
        yield f"ALTER TABLE {full} ADD COLUMN ref {referenced.kind.type}"
        yield f"UPDATE {full} c SET ref = (SELECT p.{quoted(referenced.name)} FROM {parent} p WHERE p.id = c.id)"
        ends = (
            "",
            " DEFERRABLE INITIALLY DEFERRED",
            " ON DELETE CASCADE",
            "" if partitioned else " NOT VALID",
        )
        yield (
            f"ALTER TABLE {full} ADD CONSTRAINT {quoted('fk ' + name)} FOREIGN KEY (ref)"
            f" REFERENCES {parent} ({quoted(referenced.name)}){self.random.choice(ends)}"
        )
        if referenced.rule == "keep" or self.chance(20):
            self.made.rules[label]["ref"] = referenced.rule


@dataclass(frozen=True)
class Seen:
    """What a database is, for comparing: its definitions, and what must not change of its rows."""

    definitions: tuple[str, ...]
    rows: Mapping[str, object]


def look(server: Server, database: str, drawn: Drawn) -> Seen:
    """Look at a database: by pg_dump, which knows nothing of how masking compares schemas."""
    command = [
        str(server.binaries / "pg_dump"),
        "--schema-only",
        "--no-tablespaces",
        server.url(database, "postgres"),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    plain = "\n".join(
        line for line in said.splitlines() if not line.startswith(("--", "\\"))
    )  # \restrict has a random word
    statements = sorted(filter(None, map(str.strip, plain.split(";\n"))))
    rows: dict[str, object] = {}
    for table, columns in drawn.kept.items():
        row = f"ROW({', '.join(columns)})::text" if columns else "''"
        ((count, digest),) = ask(
            server,
            database,
            f"SELECT count(*), md5(string_agg({row}, '|' ORDER BY {row} COLLATE \"C\")) FROM {table} t",
        )
        rows[table] = (count, digest)
    return Seen(tuple(statements), rows)


def play(server: Server, seed: int) -> tuple[str, str]:
    """Make a drawn database and mask it; return how it ended and, where something does not hold, what."""
    drawn = Drawing(seed).database()
    name = f"drawn_{seed}"
    with server.superuser() as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER master")
    try:
        with server.superuser(name) as connection:
            connection.execute("ALTER SCHEMA public OWNER TO master")
        with server.connect(name) as connection:
            for statement in drawn.statements:
                connection.execute(statement.encode())
        return _masked(server, name, drawn)
    finally:
        with server.superuser() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _masked(server: Server, name: str, drawn: Drawn) -> tuple[str, str]:
    before = look(server, name, drawn)
    try:
        outcome = work(server, name, drawn.policy)
    except PolicyError as error:
        left = look(server, name, drawn)
        return (
            "refused",
            ""
            if left == before
            else f"the policy was refused, and this changed: {differing(before, left)}\n{error}",
        )
    except MaskingError as error:
        left = look(server, name, drawn)
        untouched = left == before or (
            left.rows == before.rows
            and all("snapveil_work" in one for one in {*left.definitions} - {*before.definitions})
        )
        return "stopped", str(error) if untouched else f"stopped in the middle: {error}"
    failed = [f"{finding.name}: {finding.detail}" for finding in outcome.findings if not finding.passed]
    after = look(server, name, drawn)
    if after != before:
        failed.append(f"changed: {differing(before, after)}")
    with server.superuser(name) as connection:
        connection.execute("CREATE EXTENSION amcheck")
        connection.execute(CHECKED)
    return "masked", "\n".join(failed)


CHECKED = """
SELECT bt_index_check(c.oid, heapallindexed => true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
 WHERE m.amname = 'btree' AND c.relkind = 'i' AND i.indisvalid AND c.relpersistence <> 't'
"""


def differing(before: Seen, after: Seen) -> str:
    """What one has and the other has not."""
    lines = [f"- {one}" for one in before.definitions if one not in after.definitions]
    lines += [f"+ {one}" for one in after.definitions if one not in before.definitions]
    lines += [f"rows of {table}" for table, rows in before.rows.items() if after.rows[table] != rows]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Play seeds, and say what did not hold."""
    first, last = map(int, arguments)
    ends: Counter[str] = Counter()
    with running_server() as server:
        for seed in range(first, last + 1):
            try:
                end, said = play(server, seed)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
                end, said = "broken", f"{type(error).__name__}: {error}"
            ends[end] += 1
            if said or end == "broken":
                ends[f"{end} badly"] += 1
                print(f"seed {seed}: {end}: {said[:1500]}", flush=True)
    print(dict(ends))
    return 1 if ends["broken"] or ends["masked badly"] or ends["refused badly"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
