# Names come quoted from the dialect and literals from its own renderer, never from a caller.
# ruff: noqa: S608
"""The gate: before masking it remembers keyed digests of what identifies people, after masking it looks for
them.

It fails closed. No original is kept, only digests under a second key of the worker's memory, in a schema that
is removed at the end; and no check ever names a value, only columns and numbers.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, text

from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.findings import (
    DIGESTS_LOST,
    KINDS,
    changed_by,
    domains_reserved,
    made_anew,
    masked_emails,
    originals_gone,
    rows_kept,
    schema_kept,
)
from services.anonymize.worker.engines.parallel import in_parallel
from services.anonymize.worker.engines.postgresql.catalog import RELATIONS
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.postgresql.discovery import read_columns
from services.anonymize.worker.engines.postgresql.inventory import take_inventory
from services.anonymize.worker.engines.postgresql.personal import SEARCHING
from services.anonymize.worker.engines.postgresql.schema_texts import schema_searches
from services.anonymize.worker.engines.postgresql.searching import (
    FORGET_FAKES,
    MAKE_ORIGINALS,
    ORIGINALS,
    Pages,
    Search,
    collect_statements,
    survivors_query,
    table_searches,
    view_searches,
)
from services.anonymize.worker.engines.results import Baseline, Finding
from services.anonymize.worker.plan import Plan
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.progress import Advance, Tell
from services.anonymize.worker.schema import Schema, Table
from services.anonymize.worker.sql import qualified, quoted, text_literal

PAGE = 8192
PART_PAGES = 8192  # 64 MiB


def remember_originals(
    database: Database, policy: Policy, schema: Schema, connections: int
) -> dict[str, int]:
    """Store keyed digests of every e-mail, telephone number and IBAN in the database; return how many of
    each."""
    with database.begin() as connection:
        execute(connection, f"DROP TABLE IF EXISTS {ORIGINALS}")
        execute(connection, MAKE_ORIGINALS)
        for function in SEARCHING:
            execute(connection, function)
    searches = (*table_searches(policy, schema), *_views(database))
    jobs = [
        statement
        for search, pages in _parts(database, searches, connections)
        for statement in collect_statements(search, pages)
    ]
    in_parallel(lambda statement: _collect(database, statement), jobs, connections)
    with database.autocommit() as connection:
        execute(connection, f"ANALYZE {ORIGINALS}")
        if any(part.permuted for search in searches for part in search.columns):
            for statement in FORGET_FAKES:
                execute(connection, statement)
        return _originals(connection)


def originals_there(database: Database, originals: Mapping[str, int]) -> bool:
    """Whether the digests are all there still: their table is unlogged, and a crash of the server empties
    it."""
    with database.begin() as connection:
        return _originals(connection) == dict(originals)


def take_baseline(
    database: Database, schema: Schema, originals: Mapping[str, int], connections: int
) -> Baseline:
    """Count rows and note definitions, right before rules run."""
    rows = count_rows(database, schema.tables, connections)
    with database.begin() as connection:
        return Baseline(originals, rows, _files(connection, schema.tables), take_inventory(connection))


def verify(
    database: Database,
    policy: Policy,
    schema: Schema,
    plan: Plan,
    before: Baseline,
    connections: int,
    tell: Tell,
) -> tuple[Finding, ...]:
    """Look at the masked database and say what was found, good or bad."""
    searches = (*table_searches(policy, schema), *_views(database), *schema_searches())
    tell(Advance("verifying", 0, len(searches)))
    findings = [*_originals_gone(database, searches, before, connections)]
    tell(Advance("verifying", len(searches), len(searches)))
    after = count_rows(database, schema.tables, connections)
    findings.append(rows_kept(schema, plan, before, after))
    findings.append(domains_reserved(_under_other_domains(database, policy, schema)))
    with database.begin() as connection:
        findings.append(_made_anew(connection, plan, before))
        findings.append(schema_kept(before.inventory, take_inventory(connection)))
    return tuple(findings)


def count_rows(database: Database, tables: Sequence[Table], connections: int) -> dict[int, int]:
    """Count the rows of each table, partitions included."""

    def count(table: Table) -> tuple[int, int]:
        with database.begin() as connection:
            total = 0
            for member in table.members:
                if member.foreign:
                    continue
                relation = qualified(member.schema, member.name)
                total += query(connection, f"SELECT count(*) FROM ONLY {relation}")[0][0]
            return table.oid, total

    return dict(in_parallel(count, [table for table in tables if not table.foreign], connections))


def _collect(database: Database, statement: str) -> None:
    with database.begin() as connection:
        execute(connection, statement)


def _originals(connection: Connection) -> dict[str, int]:
    counted = query(
        connection, f"SELECT kind, count(*), count(DISTINCT digest) FROM {ORIGINALS} GROUP BY kind"
    )
    return dict.fromkeys(KINDS, 0) | {kind: different for kind, _, different in counted}


def _originals_gone(
    database: Database, searches: Sequence[Search], before: Baseline, connections: int
) -> Iterable[Finding]:
    if not originals_there(database, before.originals):  # then nothing is proven
        yield DIGESTS_LOST
        return
    jobs = [
        statement
        for search, pages in _parts(database, searches, connections)
        if (statement := survivors_query(search, pages))
    ]
    found = in_parallel(lambda statement: _survivors(database, statement), jobs, connections)
    searched = Counter(kind for search in searches for part in search.columns for kind in part.kinds)
    yield from originals_gone([survivor for some in found for survivor in some], before, searched)


def _survivors(database: Database, statement: str) -> list[tuple[str, str, int]]:
    with database.begin() as connection:
        return [(kind, label, number) for kind, label, number in query(connection, statement)]


def _parts(database: Database, searches: Iterable[Search], connections: int) -> list[tuple[Search, Pages]]:
    """Large relations in parts of pages, so that no connection is left with one of them at the end."""
    parts: list[tuple[Search, Pages]] = []
    with database.begin() as connection:
        for search in searches:
            pages = 0
            if search.table and connections > 1:
                size = f"SELECT pg_relation_size({text_literal(search.relation)}::regclass)"
                pages = query(connection, size)[0][0] // PAGE
            ends = range(PART_PAGES, pages, PART_PAGES)
            bounds: list[int | None] = [*ends, None]
            parts += [(search, within) for within in zip((0, *ends), bounds, strict=True)]
    return parts


def _under_other_domains(database: Database, policy: Policy, schema: Schema) -> dict[str, int]:
    """Count masked e-mails that are not under their mask's domain, by column."""
    counts = {}
    with database.begin() as connection:
        for table, name, mask in masked_emails(policy, schema):
            address = f'(CAST({quoted(name)} AS text) COLLATE pg_catalog."default")'
            domain, below = text_literal("@" + mask.domain), text_literal("." + mask.domain)
            reserved = f"right({address}, length({domain})) = {domain}"
            if mask.per_domain:
                reserved = f"right(split_part({address}, '@', 2), length({below})) = {below}"
            counted = query(
                connection,
                f"SELECT count(*) FROM {qualified(table.schema, table.name)}"
                f" WHERE {address} <> '' AND NOT {reserved}",
            )
            counts[f"{table.label}.{name}"] = int(counted[0][0])
    return counts


def _made_anew(connection: Connection, plan: Plan, before: Baseline) -> Finding:
    changed = changed_by(plan)
    after = _files(connection, changed)
    old = [
        table for table in changed
        if any(after[part.oid] == before.files[part.oid] for part in table.members if part.oid in after)
    ]  # fmt: skip
    return made_anew(changed, old)


def _views(database: Database) -> tuple[Search, ...]:
    with database.begin() as connection:
        connection.execute(text("SELECT set_config('search_path', '', true)"))
        views = [
            row
            for row in connection.execute(text(RELATIONS)).mappings()
            if row["kind"] == "m" and row["populated"]
        ]
        columns = read_columns(connection, [row["oid"] for row in views])
    return view_searches((row["schema"], row["name"], columns.get(row["oid"], ())) for row in views)


def _files(connection: Connection, tables: Iterable[Table]) -> dict[int, int]:
    oids = [member.oid for table in tables for member in table.members if not member.foreign]
    rows = connection.execute(
        text("SELECT oid, pg_relation_filenode(oid) FROM unnest(CAST(:oids AS oid[])) oid"), {"oids": oids}
    )
    return dict(iter(rows.tuples()))
