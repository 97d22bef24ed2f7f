# SQL keeps its own lines.
# ruff: noqa: E501, S311
"""Draws a database: statements that make it, and a policy for it."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.worker.drawn.kinds import ANY, COMMON, INDEXABLE, JOINS, KINDS, NAMES, SAFE, TEXTUAL, THINGS, Kind


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
