# Names come quoted from the dialect and literals from its own renderer, never from a caller.
# ruff: noqa: E501, S608
"""The gate: before masking it remembers keyed digests of what identifies people, after masking it looks for
them.

It fails closed. No original is kept, only digests under a second key of the worker's memory, in a database that
is removed at the end; and no check ever names a value, only columns and numbers.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

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
from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.inventory import take_inventory
from services.anonymize.worker.engines.mysql.personal import searching_functions
from services.anonymize.worker.engines.mysql.planted import prove_search
from services.anonymize.worker.engines.mysql.searching import (
    ALL_ROWS,
    COUNT_DIGESTS,
    FORGET_FAKES,
    INDEX_DIGESTS,
    MAKE_DIGESTS,
    Rows,
    Search,
    collect_statements,
    schema_searches,
    survivors_query,
    table_searches,
)
from services.anonymize.worker.engines.mysql.sql import BINARY_COLLATION, qualified, quoted, text_literal
from services.anonymize.worker.engines.mysql.tables import make_functions
from services.anonymize.worker.engines.parallel import in_parallel
from services.anonymize.worker.engines.results import Baseline, Finding
from services.anonymize.worker.plan import Plan
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.progress import Advance, Tell
from services.anonymize.worker.schema import Schema, Table

PART = 64 * 2**20  # bytes of a table that are searched at a time
MOST_PARTS = 256

# An InnoDB table that is made anew has a new number. MariaDB says it beside the name of its file, in the writing of
# files; MySQL knows no way into that writing, but has the plain name beside it where a table has a file of its own.
_FILES_OF_MARIADB = """
SELECT HEX(SUBSTRING_INDEX(REPLACE(name, '#p#', '#P#'), '#P#', 1)), MIN(table_id)
  FROM information_schema.innodb_sys_tables WHERE name LIKE '%/%' GROUP BY 1
"""
_FILE_OF_MARIADB = "SELECT HEX(CONCAT(CAST(CONVERT({database} USING filename) AS BINARY), '/', CAST(CONVERT({table} USING filename) AS BINARY)))"
_FILES_OF_MYSQL = """
SELECT HEX(CONVERT(IF(LOCATE('#p#', LOWER(t.name)) > 0, SUBSTRING_INDEX(REPLACE(n.name, '#P#', '#p#'), '#p#', 1), n.name) USING utf8mb4)),
       MIN(t.table_id)
  FROM information_schema.innodb_tables t
  LEFT JOIN information_schema.innodb_tablespaces s ON s.space = t.space AND s.name LIKE '%/%'
  JOIN LATERAL (SELECT COALESCE(s.name, t.name) AS name) n
 WHERE n.name LIKE '%/%' GROUP BY 1
"""
_FILE_OF_MYSQL = "SELECT HEX(CONCAT({database}, '/', {table}))"


def remember_originals(
    database: Database, policy: Policy, schema: Schema, connections: int
) -> dict[str, int]:
    """Store keyed digests of every e-mail, telephone number and IBAN in the database; return how many of
    each."""
    make_functions(database, searching_functions(is_mariadb=database.is_mariadb))
    prove_search(database)
    with database.autocommit() as connection:
        for statement in MAKE_DIGESTS:
            execute(connection, statement)
    searches = table_searches(policy, schema)
    jobs = [
        statement
        for search, rows in _parts(database, searches, connections)
        for statement in collect_statements(search, rows, is_mariadb=database.is_mariadb)
    ]
    in_parallel(lambda statement: _collect(database, statement), jobs, connections)
    with database.autocommit() as connection:
        execute(connection, INDEX_DIGESTS)
        if any(part.permuted for search in searches for part in search.columns):
            for statement in FORGET_FAKES:
                execute(connection, statement)
        return _originals(connection)


def originals_there(database: Database, originals: Mapping[str, int]) -> bool:
    """Whether the digests are all there still."""
    with database.begin() as connection:
        return _originals(connection) == dict(originals)


def take_baseline(
    database: Database, schema: Schema, originals: Mapping[str, int], connections: int
) -> Baseline:
    """Count rows and note definitions, right before rules run."""
    rows = count_rows(database, schema.tables, connections)
    with database.begin() as connection:
        files = _files(connection, database, schema.tables)
        return Baseline(originals, rows, files, take_inventory(connection))


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
    searches = (*table_searches(policy, schema), *schema_searches(is_mariadb=database.is_mariadb))
    tell(Advance("verifying", 0, len(searches)))
    findings = [*_originals_gone(database, searches, before, connections)]
    tell(Advance("verifying", len(searches), len(searches)))
    after = count_rows(database, schema.tables, connections)
    findings.append(rows_kept(schema, plan, before, after))
    findings.append(domains_reserved(_under_other_domains(database, policy, schema)))
    with database.begin() as connection:
        findings.append(_made_anew(connection, database, plan, before))
        findings.append(schema_kept(before.inventory, take_inventory(connection)))
    return tuple(findings)


def count_rows(database: Database, tables: Sequence[Table], connections: int) -> dict[int, int]:
    """Count the rows of each table."""

    def count(table: Table) -> tuple[int, int]:
        with database.begin() as connection:
            counted = query(
                connection, f"SELECT COUNT(*) FROM {qualified(database.address.database, table.name)}"
            )
            return table.oid, int(counted[0][0])

    return dict(in_parallel(count, [table for table in tables if not table.foreign], connections))


def _collect(database: Database, statement: str) -> None:
    with database.begin() as connection:
        execute(connection, statement)


def _originals(connection: Connection) -> dict[str, int]:
    counted = query(connection, COUNT_DIGESTS)
    return dict.fromkeys(KINDS, 0) | {str(kind): int(number) for kind, number in counted}


def _originals_gone(
    database: Database, searches: Sequence[Search], before: Baseline, connections: int
) -> Iterable[Finding]:
    if not originals_there(database, before.originals):  # then nothing is proven
        yield DIGESTS_LOST
        return
    jobs = _parts(database, searches, connections)
    found = in_parallel(lambda job: _survivors(database, *job), jobs, connections)
    searched = Counter(kind for search in searches for part in search.columns for kind in part.kinds)
    yield from originals_gone([survivor for some in found for survivor in some], before, searched)


def _survivors(database: Database, search: Search, rows: Rows) -> list[tuple[str, str, int]]:
    with database.begin() as connection:
        found = query(connection, survivors_query(search, rows, is_mariadb=database.is_mariadb))
        return [(str(kind), search.label(place), int(number)) for kind, place, number in found]


def _parts(database: Database, searches: Iterable[Search], connections: int) -> list[tuple[Search, Rows]]:
    """Large tables in parts by their keys, so that no connection is left with one of them at the end."""
    parts: list[tuple[Search, Rows]] = []
    with database.begin() as connection:
        for search in searches:
            wanted = min(search.size // PART + 1, MOST_PARTS)
            if search.key is None or wanted < 2 or connections < 2:
                parts.append((search, ALL_ROWS))
                continue
            key = quoted(search.key)
            low, high = query(connection, f"SELECT MIN({key}), MAX({key}) FROM {search.relation}")[0]
            step = (int(high) - int(low)) // wanted + 1 if low is not None else 1
            ends = [int(low) + step * part for part in range(1, wanted)] if low is not None else []
            parts += [(search, rows) for rows in zip((None, *ends), (*ends, None), strict=True)]
    return parts


def _under_other_domains(database: Database, policy: Policy, schema: Schema) -> dict[str, int]:
    """Count masked e-mails that are not under their mask's domain, by column."""
    counts = {}
    with database.begin() as connection:
        for table, name, mask in masked_emails(policy, schema):
            address = f"(CONVERT({quoted(name)} USING utf8mb4) COLLATE {BINARY_COLLATION})"
            domain, below = text_literal("@" + mask.domain), text_literal("." + mask.domain)
            reserved = f"RIGHT({address}, CHAR_LENGTH({domain})) = {domain}"
            if mask.per_domain:
                reserved = f"RIGHT(SUBSTRING_INDEX({address}, '@', -1), CHAR_LENGTH({below})) = {below}"
            counted = query(
                connection,
                f"SELECT COUNT(*) FROM {qualified(schema.database, table.name)}"
                f" WHERE {address} <> '' AND NOT {reserved}",
            )
            counts[f"{table.label}.{name}"] = int(counted[0][0])
    return counts


def _made_anew(connection: Connection, database: Database, plan: Plan, before: Baseline) -> Finding:
    """Whether what masking changed are new tables. Only InnoDB numbers its tables."""
    changed = [table for table in changed_by(plan) if table.oid in before.files]
    after = _files(connection, database, changed)
    return made_anew(changed, [table for table in changed if after.get(table.oid) == before.files[table.oid]])


def _files(connection: Connection, database: Database, tables: Iterable[Table]) -> dict[int, int]:
    named, file_of = (
        (_FILES_OF_MARIADB, _FILE_OF_MARIADB) if database.is_mariadb else (_FILES_OF_MYSQL, _FILE_OF_MYSQL)
    )
    numbers = {str(name): int(number) for name, number in query(connection, named)}
    found = {}
    for table in tables:
        name, of = text_literal(table.name), text_literal(database.address.database)
        file = str(query(connection, file_of.format(database=of, table=name))[0][0])
        if file in numbers:
            found[table.oid] = numbers[file]
    return found
