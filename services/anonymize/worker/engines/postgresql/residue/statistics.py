# SQL keeps its own lines.
# ruff: noqa: E501
"""Forgets the planner's statistics and takes them anew: they quote common and extreme values of every column.

ANALYZE does not replace what it finds nothing for: an emptied table, a column whose statistics are switched
off, a table on another server. So all are cleared first, where the server can (PostgreSQL 18), else singly.
"""

from sqlalchemy import Connection, text

from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.parallel import in_parallel
from services.anonymize.worker.engines.postgresql.connecting import Database
from services.anonymize.worker.engines.postgresql.residue.rights import (
    Remainder,
    attempt,
    may_rewrite_shared,
)
from services.anonymize.worker.sql import quoted, text_literal

_CLEARS = 180000  # server_version_num that has pg_clear_attribute_stats()

_CLEAR = """
SELECT count(pg_clear_attribute_stats(n.nspname::text, c.relname::text, a.attname::text, inherited))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  CROSS JOIN (VALUES (false), (true)) AS i(inherited)
 WHERE c.relkind IN ('r', 'p', 'm', 'i', 'f') AND NOT c.relisshared AND c.relpersistence <> 't' AND (c.relkind <> 'i' OR EXISTS (
   SELECT FROM pg_index x WHERE x.indexrelid = c.oid AND x.indexprs IS NOT NULL))
   AND (NOT inherited OR c.oid >= 16384)
"""

# Extended statistics have no such function: they are made anew.
_EXTENDED = """
SELECT format('%I.%I', n.nspname, s.stxname) AS name, pg_get_statisticsobjdef(s.oid) AS definition,
       quote_ident(pg_get_userbyid(s.stxowner)) AS owner, nullif(s.stxstattarget, -1) AS target,
       obj_description(s.oid, 'pg_statistic_ext') AS comment
  FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace ORDER BY 1
"""

_SWITCHED_OFF = """
SELECT a.attrelid::regclass::text AS table, quote_ident(a.attname) AS column
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE a.attstattarget = 0 AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'm')
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""

# An index over an expression is made anew with the columns that it is made of, and then has none.
_STALE_INDEXES = """
SELECT DISTINCT format('%I.%I', s.schemaname, s.tablename) FROM pg_stats s JOIN pg_namespace n ON n.nspname = s.schemaname
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename AND c.relkind = 'i' AND c.reltuples = 0
 WHERE n.nspname !~ '^pg_' ORDER BY 1
"""

_SERVER = (
    "SELECT quote_ident(srvname) FROM pg_foreign_server WHERE has_server_privilege(oid, 'USAGE') LIMIT 1"
)

# What ANALYZE could not renew, although it was asked to; a column that is inherited is altered where it comes from.
_STALE = """
WITH RECURSIVE stale AS (
  SELECT c.oid, a.attname FROM pg_stats s JOIN pg_namespace n ON n.nspname = s.schemaname
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename AND c.relkind <> 'i'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND (c.reltuples = 0 OR c.relkind = 'f' OR (s.inherited AND NOT c.relhassubclass))
), line AS (
  SELECT i.inhrelid, i.inhparent, p.attname FROM pg_inherits i
    JOIN pg_attribute p ON p.attrelid = i.inhparent AND p.attnum > 0 AND NOT p.attisdropped
), up AS (
  SELECT oid, attname FROM stale UNION
  SELECT line.inhparent, up.attname FROM up JOIN line ON line.inhrelid = up.oid AND line.attname = up.attname
), down AS (
  SELECT oid AS top, oid, attname FROM up
   WHERE NOT EXISTS (SELECT FROM line WHERE line.inhrelid = up.oid AND line.attname = up.attname)
  UNION SELECT down.top, i.inhrelid, down.attname FROM down JOIN pg_inherits i ON i.inhparent = down.oid
)
SELECT down.top::regclass::text AS table, quote_ident(down.attname) AS column,
       max(format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attcollation <> t.typcollation
         THEN format(' COLLATE %I.%I', cn.nspname, co.collname) ELSE '' END) FILTER (WHERE down.oid = down.top) AS type,
       coalesce(array_agg(format('ALTER TABLE ONLY %s ALTER COLUMN %I SET STORAGE %s', c.oid::regclass, a.attname,
         CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END))
         FILTER (WHERE a.attstorage <> t.typstorage), '{}')
       || coalesce(array_agg(format('ALTER TABLE ONLY %s ALTER COLUMN %I SET COMPRESSION %s', c.oid::regclass, a.attname,
         CASE a.attcompression WHEN 'p' THEN 'pglz' ELSE 'lz4' END))
         FILTER (WHERE a.attcompression IN ('p', 'l')), '{}') AS settings,
       coalesce(array_agg(format('ANALYZE %s', c.oid::regclass))
         FILTER (WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition), '{}') AS anew
  FROM down JOIN pg_class c ON c.oid = down.oid
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = down.attname JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_collation co ON co.oid = a.attcollation LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
 GROUP BY down.top, down.attname ORDER BY 1, 2
"""

# Catalogs that all databases share have statistics in each of them. Two hold names that the server gives.
_SHARED = """
SELECT c.relname::text, EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = 'pg_catalog' AND s.tablename = c.relname
          AND (s.most_common_vals IS NOT NULL OR s.histogram_bounds IS NOT NULL))
  FROM pg_class c
 WHERE c.relisshared AND c.relkind = 'r' AND c.relname NOT IN ('pg_parameter_acl', 'pg_replication_origin') AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
        AND a.atttypid = ANY ('{name,text,text[]}'::regtype[])) ORDER BY 1
"""
_NEVER_EMPTY = {"pg_authid", "pg_database", "pg_tablespace"}
# What stands in an empty one while ANALYZE comes by, and what removes it.
_ROWS = {
    "pg_db_role_setting": (
        "ALTER ROLE CURRENT_USER IN DATABASE {database} SET application_name = ''",
        "ALTER ROLE CURRENT_USER IN DATABASE {database} RESET application_name",
    ),
    "pg_shdescription": (
        "COMMENT ON DATABASE {database} IS '0'",
        "COMMENT ON DATABASE {database} IS NULL",
    ),
    "pg_subscription": (
        "CREATE SUBSCRIPTION snapveil_filler CONNECTION 'host=0 dbname=0 password=0' PUBLICATION p"
        " WITH (connect = false, enabled = false, create_slot = false, slot_name = NONE)",
        "DROP SUBSCRIPTION snapveil_filler",
    ),
}

# A partitioned table brings its partitions along.
_ANALYZED = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND c.relpersistence <> 't' AND NOT c.relisshared
   AND n.nspname <> 'pg_toast' ORDER BY pg_total_relation_size(c.oid) DESC
"""


def renew_statistics(database: Database, connections: int) -> Remainder:
    """Clear all statistics of the database and take them anew; say which stay."""
    remainder = Remainder()
    with database.autocommit() as connection:
        connection.execute(text("SELECT set_config('search_path', '', false)"))
        try:
            clears = int(query(connection, "SHOW server_version_num")[0][0]) >= _CLEARS
            if clears:
                remainder.left += attempt(connection, [_CLEAR], "statistics")
            remainder.left += _extended_anew(database, connection)
            names = [name for (name,) in query(connection, _ANALYZED)]
            in_parallel(lambda name: _analyze(database, name), names, connections)
            if not clears:
                remainder.left += _renew_of_large_objects(database)
                remainder.left += _renew_of_user_mappings(database, connection)
                remainder.left += _renew_switched_off(connection)
                remainder.left += _forget_stale(database, connection)
            if may_rewrite_shared(connection):
                shared = _renew_of_shared_catalogs(database, connection)
                remainder.left += shared.left
                remainder.beyond += shared.beyond
        finally:
            connection.invalidate()  # the session's search_path is no longer what others expect
    return remainder


def _analyze(database: Database, name: str) -> None:
    with database.autocommit() as connection:
        execute(connection, f"ANALYZE {name}")


def _extended_anew(database: Database, connection: Connection) -> list[str]:
    left = []
    for row in connection.execute(text(_EXTENDED)).mappings().all():
        name = row["name"]
        statements = [
            f"DROP STATISTICS {name}",
            row["definition"],
            f"ALTER STATISTICS {name} OWNER TO {row['owner']}",
        ]
        if row["target"] is not None:
            statements.append(f"ALTER STATISTICS {name} SET STATISTICS {row['target']}")
        if row["comment"]:
            statements.append(f"COMMENT ON STATISTICS {name} IS {text_literal(row['comment'])}")
        left += _in_one_transaction(database, statements, f"extended statistics {name}")
    return left


def _renew_of_large_objects(database: Database) -> list[str]:
    """Without a large object ANALYZE renews nothing of theirs, so there is one for the time being."""
    statements = [
        "SELECT set_config('snapveil.large_object', lo_from_bytea(0, '0')::text, true)",
        "ANALYZE pg_catalog.pg_largeobject",
        "ANALYZE pg_catalog.pg_largeobject_metadata",
        "SELECT lo_unlink(CAST(current_setting('snapveil.large_object') AS oid))",
    ]
    return _in_one_transaction(database, statements, "statistics of large objects")


def _renew_of_user_mappings(database: Database, connection: Connection) -> list[str]:
    """Their passwords are quoted, and quarantine dropped all of them: so there is one without any, for a while."""
    there = query(connection, "SELECT count(*) FROM pg_user_mappings")[0][0]
    servers = query(connection, _SERVER)
    if there or not servers:
        return []
    mapping = f"USER MAPPING FOR CURRENT_USER SERVER {servers[0][0]}"
    statements = [f"CREATE {mapping}", "ANALYZE pg_catalog.pg_user_mapping", f"DROP {mapping}"]
    return _in_one_transaction(database, statements, "statistics of user mappings")


def _renew_of_shared_catalogs(database: Database, connection: Connection) -> Remainder:
    """They quote comments, settings, password hashes and subscriptions' secrets; no function clears them."""
    remainder = Remainder()
    here = quoted(database.address.database)
    for name, quotes in query(connection, _SHARED):
        what, analyze = f"statistics of {name}", f"ANALYZE pg_catalog.{name}"
        if name in _NEVER_EMPTY or query(connection, f"SELECT count(*) FROM pg_catalog.{name}")[0][0]:  # noqa: S608
            remainder.left += attempt(connection, [analyze], what)
        elif quotes and name in _ROWS:
            make, unmake = (statement.format(database=here) for statement in _ROWS[name])
            remainder.left += _in_one_transaction(
                database, [make, analyze, unmake], f"{what} from before it was emptied"
            )
        elif quotes:
            remainder.beyond.append(
                f"{what} quote what stood in it: only a superuser could put a row into it"
            )
    return remainder


def _renew_switched_off(connection: Connection) -> list[str]:
    left = []
    for table, column in query(connection, _SWITCHED_OFF):
        alter = f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS"
        statements = [f"{alter} 1", f"ANALYZE {table} ({column})", f"{alter} 0"]
        left += attempt(connection, statements, f"statistics of {table}.{column}")
    return left


def _forget_stale(database: Database, connection: Connection) -> list[str]:
    """A column's statistics go when its type is said again, even if it stays the same."""
    left = []
    for row in connection.execute(text(_STALE)).mappings().all():
        said = f"ALTER TABLE {row['table']} ALTER COLUMN {row['column']} TYPE {row['type']}"
        what = f"statistics of {row['table']}.{row['column']} from before it, or a part of it, was emptied"
        left += _in_one_transaction(database, [said, *row["settings"], *row["anew"]], what)
    for (name,) in query(connection, _STALE_INDEXES):
        left.append(
            f"statistics of index {name} from before it was emptied; DROP and CREATE it in the source"
        )
    return left


def _in_one_transaction(database: Database, statements: list[str], what: str) -> list[str]:
    with database.autocommit() as connection:
        refused = attempt(connection, ["BEGIN", *statements, "COMMIT"], what)
        if refused:
            execute(connection, "ROLLBACK")
        return refused
