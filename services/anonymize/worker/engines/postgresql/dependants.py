"""Reads what hangs on columns: triggers, rules, policies, publications, functions and generated columns.

Each comes with the statements that take it away and bring it back.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import RowMapping

from services.anonymize.worker.engines.postgresql import catalog
from services.anonymize.worker.engines.postgresql.catalog import Catalog
from services.anonymize.worker.engines.postgresql.views import index_statements
from services.anonymize.worker.schema import Dependant, DependantKind, GeneratedColumn
from services.anonymize.worker.sql import qualified, quoted, text_literal

ENABLED = {"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS", "O": "ENABLE"}


def read_dependants(reader: Catalog, tables: Sequence[RowMapping]) -> Iterator[Dependant]:
    """Read what uses columns of tables and would refuse their rewrite."""
    oids = [row["oid"] for row in tables]
    uses: dict[tuple[str, int, int], set[str]] = defaultdict(set)
    for row in reader.rows(catalog.USES, relations=oids):
        if row["column"] is not None:
            uses[row["class"], row["object"], row["table"]].add(row["column"])
    by_object: dict[tuple[str, int], dict[int, set[str]]] = defaultdict(dict)
    for (kind, oid, table), columns in uses.items():
        by_object[kind, oid][table] = columns
    names = {row["oid"]: qualified(row["schema"], row["name"]) for row in tables}
    triggers = reader.rows(catalog.TRIGGERS, tables=oids)
    for row in triggers:
        used = by_object["pg_trigger", row["oid"]].get(row["table"])
        if used and row["own"]:
            states = _states_in_partitions(row, triggers, names)
            yield _trigger_dependant(row, names[row["table"]], frozenset(used), tuple(states))
    for row in reader.rows(catalog.RULES, relations=oids):
        # on its own table even without columns: DO INSTEAD NOTHING would swallow an UPDATE
        for table, columns in ({row["table"]: set()} | by_object["pg_rewrite", row["oid"]]).items():
            yield _rule_dependant(row, names[row["table"]], table, frozenset(columns))
    for row in reader.rows(catalog.POLICIES, tables=oids):
        for table, columns in by_object["pg_policy", row["oid"]].items():
            yield _policy_dependant(row, names[row["table"]], table, frozenset(columns))
    for row in reader.rows(catalog.PUBLICATIONS, tables=oids):
        used = by_object["pg_publication_rel", row["oid"]].get(row["table"])
        if used:
            yield _publication_dependant(row, names[row["table"]], frozenset(used))
    yield from _functions(reader, uses)


def _functions(reader: Catalog, uses: Mapping[tuple[str, int, int], set[str]]) -> Iterator[Dependant]:
    functions = {oid for kind, oid, _ in uses if kind == "pg_proc"}
    called = {row["oid"]: row["name"] for row in reader.rows(catalog.FUNCTIONS, objects=list(functions))}
    for (kind, oid, table), columns in uses.items():
        if kind == "pg_proc":
            yield Dependant(DependantKind.FUNCTION, called[oid], table, frozenset(columns))


def _comment(on: str, comment: str | None) -> tuple[str, ...]:
    return (f"COMMENT ON {on} IS {text_literal(comment)}",) if comment else ()


def _states_in_partitions(
    row: RowMapping, triggers: Sequence[RowMapping], names: Mapping[int, str]
) -> Iterator[str]:
    """Statements for partitions in which a trigger is not as enabled as in their parent."""
    for clone in triggers:
        if clone["parent"] == row["oid"]:
            if clone["enabled"] != row["enabled"]:
                state = ENABLED[clone["enabled"]]
                yield f"ALTER TABLE {names[clone['table']]} {state} TRIGGER {quoted(clone['name'])}"
            yield from _states_in_partitions(clone, triggers, names)


def _trigger_dependant(
    row: RowMapping, table: str, columns: frozenset[str], in_partitions: tuple[str, ...]
) -> Dependant:
    name = quoted(row["name"])
    enabled = (
        () if row["enabled"] == "O" else (f"ALTER TABLE {table} {ENABLED[row['enabled']]} TRIGGER {name}",)
    )
    return Dependant(
        kind=DependantKind.TRIGGER,
        name=row["name"],
        table=row["table"],
        columns=columns,
        drop=(f"DROP TRIGGER {name} ON {table}",),
        create=(
            row["definition"],
            *enabled,
            *in_partitions,
            *_comment(f"TRIGGER {name} ON {table}", row["comment"]),
        ),
    )


def _rule_dependant(row: RowMapping, on: str, table: int, columns: frozenset[str]) -> Dependant:
    name = quoted(row["name"])
    enabled = () if row["enabled"] == "O" else (f"ALTER TABLE {on} {ENABLED[row['enabled']]} RULE {name}",)
    return Dependant(
        kind=DependantKind.RULE,
        name=row["name"],
        table=table,
        columns=columns,
        drop=(f"DROP RULE {name} ON {on}",),
        create=(row["definition"], *enabled, *_comment(f"RULE {name} ON {on}", row["comment"])),
    )


def _policy_dependant(row: RowMapping, on: str, table: int, columns: frozenset[str]) -> Dependant:
    name = quoted(row["name"])
    kind = "PERMISSIVE" if row["permissive"] else "RESTRICTIVE"
    using = f" USING ({row['using']})" if row["using"] else ""
    check = f" WITH CHECK ({row['check']})" if row["check"] else ""
    create = f"CREATE POLICY {name} ON {on} AS {kind} FOR {row['command']} TO {row['roles']}{using}{check}"
    return Dependant(
        kind=DependantKind.POLICY,
        name=row["name"],
        table=table,
        columns=columns,
        drop=(f"DROP POLICY {name} ON {on}",),
        create=(create, *_comment(f"POLICY {name} ON {on}", row["comment"])),
    )


def _publication_dependant(row: RowMapping, table: str, columns: frozenset[str]) -> Dependant:
    name = quoted(row["name"])
    listed = f" ({', '.join(map(quoted, row['columns']))})" if row["columns"] else ""
    where = f" WHERE ({row['filter']})" if row["filter"] else ""
    return Dependant(
        kind=DependantKind.PUBLICATION,
        name=row["name"],
        table=row["table"],
        columns=columns,
        drop=(f"ALTER PUBLICATION {name} DROP TABLE {table}",),
        create=(f"ALTER PUBLICATION {name} ADD TABLE {table}{listed}{where}",),
    )


def read_generated(reader: Catalog, tables: Sequence[RowMapping]) -> Iterator[GeneratedColumn]:
    """Read generated columns, their inputs and what hangs on them."""
    oids = [row["oid"] for row in tables]
    names = {row["oid"]: qualified(row["schema"], row["name"]) for row in tables}
    indexes = reader.by("table", catalog.COLUMN_INDEXES, tables=oids)
    checks = reader.by("table", catalog.COLUMN_CHECKS, tables=oids)
    statistics = reader.by("table", catalog.EXTENDED_STATISTICS, tables=oids)
    for row in reader.rows(catalog.GENERATED_INPUTS, tables=oids):
        table, name = row["table"], row["name"]
        recreate: dict[str, None] = {}
        root: str | None = None
        for index in indexes[table]:
            if index["column"] == name:
                root = f"index {index['name']} is of a constraint" if index["of_constraint"] else root
                recreate |= dict.fromkeys(index_statements(index, "TABLE", names[table]))
        for check in checks[table]:
            if check["column"] == name:
                root = root if check["kind"] == "c" else f"constraint {check['name']} stands on it"
                on = f"CONSTRAINT {quoted(check['name'])} ON {names[table]}"
                add = (
                    f"ALTER TABLE {names[table]} ADD CONSTRAINT {quoted(check['name'])} {check['definition']}"
                )
                recreate |= dict.fromkeys((add, *_comment(on, check["comment"])))
        for extended in statistics[table]:
            root = f"statistics {extended['name']} stand on it" if extended["column"] == name else root
        yield GeneratedColumn(table, name, frozenset(row["inputs"]), tuple(recreate), root)
