# SQL keeps its own lines; the only things put into it are constants.
# ruff: noqa: E501, S608
"""Keys and checks that an UPDATE would stumble over, and unique indexes that no rewrite could build."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, RowMapping, text

from services.anonymize.worker.connecting import query
from services.anonymize.worker.engines.postgresql import catalog
from services.anonymize.worker.engines.postgresql.catalog import INDEX, USER_SCHEMAS, Catalog
from services.anonymize.worker.engines.postgresql.views import index_extras, index_statements
from services.anonymize.worker.schema import Dependant, DependantKind
from services.anonymize.worker.sql import qualified, text_literal

# Keys of whole tables that are checked row by row; one that a view, a rule or a function needs stays.
_KEYS = f"""
SELECT i.indrelid AS table, quote_ident(k.conname) AS constraint, pg_get_constraintdef(k.oid) AS constraint_definition,
       obj_description(k.oid, 'pg_constraint') AS constraint_comment, c.relname, {INDEX}
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
 WHERE (i.indisunique OR i.indisexclusion) AND i.indimmediate AND NOT c.relispartition AND i.indrelid = ANY(:tables)
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'n' AND d.classid <> 'pg_constraint'::regclass
     AND (d.refclassid, d.refobjid) IN (('pg_class'::regclass, i.indexrelid), ('pg_constraint'::regclass, k.oid)))
 ORDER BY c.relname
"""

# Checks and NOT NULLs that not all rows need to fulfil, each where it was made; a table below may have been empty when
# it got the check, which was proven there.
_UNPROVEN = """
SELECT c.conrelid AS table, quote_ident(c.conname) AS name, pg_get_constraintdef(c.oid) AS definition,
       obj_description(c.oid, 'pg_constraint') AS comment,
       ARRAY(WITH RECURSIVE below AS (
               SELECT inhrelid FROM pg_inherits WHERE inhparent = c.conrelid
               UNION SELECT i.inhrelid FROM pg_inherits i JOIN below ON i.inhparent = below.inhrelid)
             SELECT format('ALTER TABLE %s VALIDATE CONSTRAINT %I', b.conrelid::regclass, b.conname)
               FROM below JOIN pg_constraint b ON b.conrelid = below.inhrelid AND b.contype = c.contype AND b.conname = c.conname
              WHERE b.convalidated ORDER BY 1) AS proven_below
  FROM pg_constraint c WHERE c.contype IN ('c', 'n') AND NOT c.convalidated AND c.coninhcount = 0
   AND c.conrelid = ANY(:tables)
 ORDER BY c.conname
"""

# A CREATE UNIQUE INDEX CONCURRENTLY that failed leaves an index, which every rewrite of its table builds again, and a
# query that finds what it failed for.
_UNBUILT_KEYS = f"""
SELECT format('%I.%I', n.nspname, c.relname) AS name,
       format('SELECT 1 FROM %s WHERE %s GROUP BY %s HAVING count(*) > 1 LIMIT 1', i.indrelid::regclass,
         concat_ws(' AND ', pg_get_expr(i.indpred, i.indrelid), CASE WHEN to_jsonb(i) ->> 'indnullsnotdistinct' = 'true' THEN 'true'
           ELSE (SELECT string_agg(format('%s IS NOT NULL', pg_get_indexdef(c.oid, k, false)), ' AND ')
                   FROM generate_series(1, i.indnkeyatts) k) END),
         (SELECT string_agg(pg_get_indexdef(c.oid, k, false), ', ') FROM generate_series(1, i.indnkeyatts) k)) AS query
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i' JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE i.indisunique AND i.indislive AND NOT i.indisvalid AND {USER_SCHEMAS} ORDER BY 1
"""


# Indexes made ON ONLY a partitioned table that not all of its partitions have: a rewrite would complete them.
_INCOMPLETE = """
SELECT i.indrelid AS table, c.relname AS name, array_agg(DISTINCT a.attname::text) AS columns
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'I'
  JOIN LATERAL (
    SELECT unnest(i.indkey::int2[]) AS number
    UNION SELECT d.refobjsubid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
       AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
  ) k ON k.number > 0
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
 WHERE NOT i.indisvalid AND i.indrelid = ANY(:tables) GROUP BY i.indrelid, c.relname
"""


def read_constraints(reader: Catalog, tables: Sequence[RowMapping]) -> Iterator[Dependant]:
    """Read what is taken away and brought back around an UPDATE."""
    oids = [row["oid"] for row in tables]
    names = {row["oid"]: qualified(row["schema"], row["name"]) for row in tables}
    for row in reader.rows(_UNPROVEN, tables=oids):
        yield _check(row, names[row["table"]])
    for row in reader.rows(_INCOMPLETE, tables=oids):
        yield Dependant(DependantKind.INCOMPLETE, row["name"], row["table"], frozenset(row["columns"]))
    over = {(row["table"], row["name"]): row["columns"] for row in reader.rows(catalog.UNIQUES, tables=oids)}
    for row in reader.rows(_KEYS, tables=oids):
        columns = over.get((row["table"], row["relname"]), ())
        yield _key(row, names[row["table"]], frozenset(columns))


def broken_keys(connection: Connection) -> tuple[str, ...]:
    """Return the unique indexes that were never built, because their tables hold what they forbid."""
    unbuilt = connection.execute(text(_UNBUILT_KEYS)).tuples().all()
    return tuple(name for name, looks in unbuilt if query(connection, looks))


def _check(row: RowMapping, table: str) -> Dependant:
    add = f"ALTER TABLE {table} ADD CONSTRAINT {row['name']} {row['definition']}"
    return Dependant(
        kind=DependantKind.CHECK,
        name=row["name"],
        table=row["table"],
        columns=frozenset(),
        drop=(f"ALTER TABLE {table} DROP CONSTRAINT {row['name']}",),
        create=(add, *row["proven_below"], *_comment(f"CONSTRAINT {row['name']} ON {table}", row["comment"])),
    )


def _key(row: RowMapping, table: str, columns: frozenset[str]) -> Dependant:
    name = row["constraint"]
    create = tuple(index_statements(row, "TABLE", table))
    if name:
        create = (
            f"ALTER TABLE {table} ADD CONSTRAINT {name} {row['constraint_definition']}",
            *_comment(f"CONSTRAINT {name} ON {table}", row["constraint_comment"]),
            *index_extras(row, "TABLE", table),
        )
    return Dependant(
        kind=DependantKind.KEY,
        name=row["relname"],
        table=row["table"],
        columns=columns,
        drop=(f"ALTER TABLE {table} DROP CONSTRAINT {name}" if name else f"DROP INDEX {row['name']}",),
        create=create,
    )


def _comment(on: str, comment: str | None) -> tuple[str, ...]:
    return (f"COMMENT ON {on} IS {text_literal(comment)}",) if comment else ()
