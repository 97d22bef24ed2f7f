# SQL keeps its own lines; the only thing put into it is a constant of this file.
# ruff: noqa: E501, S608
"""The catalog queries behind discovery: what PostgreSQL says about tables, columns and everything that hangs on them.

All run with an empty search_path, so that every definition comes back fully qualified.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, text

# Schemas that are PostgreSQL's, and the worker's own.
USER_SCHEMAS = """
  n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'snapveil_work')
"""

# About as many as it has now; the most that it can have where nobody has counted, as after an upgrade of the server: no row
# with a value in it takes less than 36 bytes. Whether hashes of so many rows may meet is judged by it.
_ROWS = """CASE WHEN c.relkind NOT IN ('r', 'm') THEN greatest(c.reltuples, 0)
         WHEN c.reltuples > 0 AND c.relpages > 0
         THEN c.reltuples / c.relpages * (pg_relation_size(c.oid) / current_setting('block_size')::integer)
         ELSE pg_relation_size(c.oid) / 36 END::bigint"""

RELATIONS = f"""
SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, pg_get_userbyid(c.relowner) AS owner,
       c.relispartition AS is_partition, c.reloftype <> 0 AS typed, c.relforcerowsecurity AS forces_row_security,
       c.relispopulated AS populated, {_ROWS} AS rows,
       CASE WHEN c.relkind IN ('r', 'm') THEN pg_total_relation_size(c.oid) ELSE 0 END AS size,
       CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid END AS root,
       (SELECT e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
         WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') AS extension,
       NOT c.relispartition AND c.relkind <> 'p' AND EXISTS (
         SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid OR i.inhparent = c.oid) AS inheritance,
       (SELECT format('%s.%s', a.attrelid::regclass, a.attname) FROM pg_attribute a JOIN pg_class u ON u.oid = a.attrelid
         WHERE u.relkind IN ('r', 'p', 'm') AND NOT a.attisdropped AND a.atttypid IN (
           SELECT t.oid FROM pg_type t WHERE t.typrelid = c.oid
           UNION ALL SELECT t.typarray FROM pg_type t WHERE t.typrelid = c.oid AND t.typarray <> 0)
         LIMIT 1) AS row_type_used_by
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relpersistence <> 't' AND {USER_SCHEMAS}
 ORDER BY n.nspname, c.relname
"""

COLUMNS = """
SELECT a.attrelid AS table, a.attname AS name, a.attnum AS number, format_type(a.atttypid, a.atttypmod) AS type,
       b.typname AS base_type, t.typtype = 'd' AS domain,
       CASE WHEN b.typname IN ('varchar', 'bpchar') AND coalesce(nullif(a.atttypmod, -1), t.typtypmod) > 4
            THEN coalesce(nullif(a.atttypmod, -1), t.typtypmod) - 4 END AS length,
       a.attnotnull OR t.typnotnull AS not_null,
       CASE WHEN b.typtype = 'e' THEN
         (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) END AS labels,
       element.typname AS element_type,
       CASE WHEN element.typname IN ('varchar', 'bpchar')
             AND coalesce(nullif(a.atttypmod, -1), nullif(t.typtypmod, -1), element.typtypmod) > 4
            THEN coalesce(nullif(a.atttypmod, -1), nullif(t.typtypmod, -1), element.typtypmod) - 4 END AS element_length,
       (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = element.oid)
         AS element_labels,
       CASE WHEN a.attcollation <> t.typcollation THEN format('%I.%I', cn.nspname, co.collname) END AS collation,
       CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
            WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END AS storage,
       CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
       CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END AS generated,
       a.attgenerated <> 'v' AS generated_stored, a.attidentity <> '' AS identity,
       col_description(a.attrelid, a.attnum) AS comment, nullif(a.attstattarget, -1) AS statistics,
       a.attacl IS NOT NULL AS granted, array_to_string(a.attoptions, ', ') AS options,
       (SELECT quote_ident(k.conname) FROM pg_constraint k
         WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]) AS not_null_name
  FROM pg_attribute a
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN LATERAL (
    WITH RECURSIVE below AS (
      SELECT t.oid, t.typtype, t.typname, t.typbasetype, t.typelem, t.typcategory
      UNION ALL SELECT u.oid, u.typtype, u.typname, u.typbasetype, u.typelem, u.typcategory
        FROM pg_type u JOIN below ON u.oid = below.typbasetype
    ) SELECT oid, typtype, typname, typelem, typcategory FROM below WHERE typtype <> 'd' LIMIT 1
  ) b ON true
  LEFT JOIN LATERAL (
    WITH RECURSIVE below AS (
      SELECT u.oid, u.typtype, u.typname, u.typbasetype, u.typtypmod
        FROM pg_type u WHERE u.oid = b.typelem AND b.typcategory = 'A'
      UNION ALL SELECT u.oid, u.typtype, u.typname, u.typbasetype, coalesce(nullif(below.typtypmod, -1), u.typtypmod)
        FROM pg_type u JOIN below ON u.oid = below.typbasetype
    ) SELECT oid, typname, typtypmod FROM below WHERE typtype <> 'd' LIMIT 1
  ) element ON true
  LEFT JOIN pg_collation co ON co.oid = a.attcollation
  LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = ANY(:tables) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum
"""

# Unique indexes, exclusion constraints included; columns inside expressions and predicates come from pg_depend, those
# that are only INCLUDEd do not count.
UNIQUES = """
SELECT i.indrelid AS table, c.relname AS name, array_agg(DISTINCT a.attname::text) AS columns,
       ARRAY(SELECT pg_get_indexdef(i.indexrelid, n, true) FROM generate_series(1, i.indnkeyatts) n
              WHERE (i.indkey::int2[])[n - 1] = 0) AS expressions,
       pg_get_expr(i.indpred, i.indrelid, true) AS predicate,
       coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_equal,
       ARRAY(SELECT x.attname::text FROM generate_series(1, i.indnkeyatts) n
               JOIN pg_collation o ON o.oid = (i.indcollation::oid[])[n - 1] AND NOT o.collisdeterministic
               JOIN pg_attribute x ON x.attrelid = i.indrelid AND x.attnum = (i.indkey::int2[])[n - 1]) AS loose,
       ARRAY(SELECT x.attname::text FROM pg_constraint e, unnest(e.conexclop) WITH ORDINALITY AS p(operator, n)
               JOIN pg_operator o ON o.oid = p.operator AND o.oprname <> '='
               JOIN pg_attribute x ON x.attrelid = i.indrelid AND x.attnum = (i.indkey::int2[])[p.n - 1]
              WHERE e.conindid = i.indexrelid AND e.contype = 'x') AS compared
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN LATERAL (
    SELECT u.number FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS u(number, n) WHERE u.n <= i.indnkeyatts
    UNION SELECT d.refobjsubid FROM pg_depend d
     WHERE (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND d.classid = 'pg_class'::regclass
       AND d.objid = i.indexrelid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
       AND d.refobjsubid <> ALL ((i.indkey::int2[])[i.indnkeyatts:])
  ) k ON k.number > 0
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
 WHERE (i.indisunique OR i.indisexclusion) AND i.indrelid = ANY(:tables)
 GROUP BY i.indexrelid, c.relname ORDER BY c.relname
"""

PARTITION_KEYS = """
SELECT p.partrelid AS table, array_agg(DISTINCT a.attname::text) AS columns
  FROM pg_partitioned_table p
  JOIN LATERAL (
    SELECT unnest(p.partattrs::int2[]) AS number
    UNION SELECT d.refobjsubid FROM pg_depend d WHERE p.partexprs IS NOT NULL AND d.classid = 'pg_class'::regclass
       AND d.objid = p.partrelid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = p.partrelid
  ) k ON k.number > 0
  JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = k.number
 GROUP BY p.partrelid
"""

# What an index is made of, and what CREATE INDEX does not say.
INDEX = """
       pg_get_indexdef(i.indexrelid) AS definition, i.indexrelid::regclass::text AS name,
       (SELECT quote_ident(c.relname) FROM pg_class c WHERE c.oid = i.indexrelid) AS short_name,
       obj_description(i.indexrelid, 'pg_class') AS comment, i.indisclustered AS clustered, i.indisreplident AS identifies,
       ARRAY(SELECT format('ALTER COLUMN %s SET STATISTICS %s', a.attnum, a.attstattarget) FROM pg_attribute a
              WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0) AS targets
"""

TRIGGERS = """
SELECT t.oid, t.tgrelid AS table, t.tgname AS name, t.tgenabled::text AS enabled, t.tgparentid = 0 AS own, t.tgparentid AS parent,
       pg_get_triggerdef(t.oid) AS definition, obj_description(t.oid, 'pg_trigger') AS comment
  FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgrelid = ANY(:tables) ORDER BY t.tgname
"""

# Which columns of which relation a trigger, rule, policy, publication's row filter, view or SQL function uses.
USES = """
SELECT DISTINCT d.classid::regclass::text AS class, d.objid AS object, d.refobjid AS table, a.attname AS column
  FROM pg_depend d
  LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
 WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY(:relations)
   AND d.classid IN ('pg_trigger'::regclass, 'pg_rewrite'::regclass, 'pg_policy'::regclass,
                     'pg_publication_rel'::regclass, 'pg_proc'::regclass)
"""

RULES = """
SELECT r.oid, r.ev_class AS table, r.rulename AS name, r.ev_enabled::text AS enabled,
       pg_get_ruledef(r.oid) AS definition, obj_description(r.oid, 'pg_rewrite') AS comment, r.rulename = '_RETURN' AS is_view
  FROM pg_rewrite r WHERE r.ev_class = ANY(:relations)
"""

POLICIES = """
SELECT p.oid, p.polrelid AS table, p.polname AS name, p.polpermissive AS permissive,
       CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
            ELSE 'ALL' END AS command,
       (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ')
          FROM unnest(p.polroles) r) AS roles,
       pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check,
       obj_description(p.oid, 'pg_policy') AS comment
  FROM pg_policy p WHERE p.polrelid = ANY(:tables)
"""

PUBLICATIONS = """
SELECT r.oid, r.prrelid AS table, p.pubname AS name, pg_get_expr(r.prqual, r.prrelid) AS filter,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
         WHERE a.attrelid = r.prrelid AND a.attnum = ANY(r.prattrs::int2[])) AS columns
  FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = ANY(:tables)
"""

FUNCTIONS = "SELECT oid, oid::regprocedure::text AS name FROM pg_proc WHERE oid = ANY(:objects)"

FOREIGN_KEYS = """
SELECT c.conname AS name, c.conrelid AS table, c.confrelid AS referenced, pg_get_constraintdef(c.oid) AS definition,
       obj_description(c.oid, 'pg_constraint') AS comment,
       (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(c.conkey) WITH ORDINALITY k(number, place)
          JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number) AS columns,
       (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(c.confkey) WITH ORDINALITY k(number, place)
          JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number) AS referenced_columns
  FROM pg_constraint c WHERE c.contype = 'f' AND c.conparentid = 0 AND c.conrelid = ANY(:tables)
 ORDER BY c.conrelid, c.conname
"""

# A generated column's inputs hang on its default expression.
GENERATED_INPUTS = """
SELECT d.adrelid AS table, g.attname AS name, array_agg(DISTINCT a.attname::text) AS inputs
  FROM pg_attrdef d
  JOIN pg_attribute g ON g.attrelid = d.adrelid AND g.attnum = d.adnum AND g.attgenerated <> ''
  JOIN pg_depend p ON p.refclassid = 'pg_class'::regclass AND p.refobjid = d.adrelid AND p.refobjsubid > 0
   AND p.refobjsubid <> d.adnum
   AND ((p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid)
     OR (p.classid = 'pg_class'::regclass AND p.objid = d.adrelid AND p.objsubid = d.adnum))
  JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = p.refobjsubid
 WHERE d.adrelid = ANY(:tables) GROUP BY d.adrelid, g.attname
"""

# What hangs on any column of a table, for generated columns that are dropped and added.
COLUMN_INDEXES = f"""
SELECT i.indrelid AS table, a.attname AS column, {INDEX},
       EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid) AS of_constraint
  FROM pg_index i
  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
   AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid AND a.attgenerated <> ''
 WHERE i.indrelid = ANY(:tables)
 UNION SELECT i.indrelid, a.attname, {INDEX}, true
  FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey::int2[])
   AND a.attgenerated <> '' WHERE i.indrelid = ANY(:tables) AND EXISTS (
     SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""

COLUMN_CHECKS = """
SELECT c.conrelid AS table, a.attname AS column, c.conname AS name, c.contype::text AS kind,
       pg_get_constraintdef(c.oid) AS definition, obj_description(c.oid, 'pg_constraint') AS comment
  FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey) AND a.attgenerated <> ''
 WHERE c.conrelid = ANY(:tables) AND c.contype <> 'n'
"""

EXTENDED_STATISTICS = """
SELECT s.stxrelid AS table, a.attname AS column, s.stxname AS name
  FROM pg_statistic_ext s JOIN pg_depend d ON d.classid = 'pg_statistic_ext'::regclass AND d.objid = s.oid
   AND d.refclassid = 'pg_class'::regclass AND d.refobjid = s.stxrelid
  JOIN pg_attribute a ON a.attrelid = s.stxrelid AND a.attnum = d.refobjsubid AND a.attgenerated <> ''
 WHERE s.stxrelid = ANY(:tables)
"""

INDEX_STATISTICS = """
SELECT i.indrelid AS table, format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', i.indexrelid::regclass, a.attnum,
         a.attstattarget) AS statement
  FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indexrelid
 WHERE i.indrelid = ANY(:tables) AND a.attstattarget >= 0
UNION ALL
SELECT s.stxrelid, format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, s.stxstattarget)
  FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
 WHERE s.stxrelid = ANY(:tables) AND s.stxstattarget >= 0
UNION ALL -- what a partition has otherwise than its root, whose own is said with the rewrite
SELECT a.attrelid, format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET %s', n.nspname, c.relname, a.attname, own.said)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
  JOIN pg_attribute r ON r.attrelid = pg_partition_root(c.oid) AND r.attname = a.attname
  JOIN LATERAL (VALUES
    ('STORAGE ' || CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END,
     a.attstorage <> r.attstorage),
    ('COMPRESSION ' || CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE 'default' END,
     a.attcompression <> r.attcompression)
  ) own(said, differs) ON own.differs
 WHERE c.relispartition AND c.oid = ANY(:tables) AND a.attnum > 0 AND NOT a.attisdropped
"""

VIEWS = """
SELECT c.oid, pg_get_viewdef(c.oid) AS definition, c.reloptions AS options, quote_ident(pg_get_userbyid(c.relowner)) AS owner,
       obj_description(c.oid, 'pg_class') AS comment, am.amname AS method, quote_ident(ts.spcname) AS tablespace,
       c.relacl IS NOT NULL AS granted, c.relnamespace::regnamespace::text AS schema,
       NOT has_schema_privilege(c.relowner, c.relnamespace, 'CREATE') AS owner_lacks_create,
       pg_describe_object('pg_class'::regclass, c.oid, 0) AS description
  FROM pg_class c LEFT JOIN pg_am am ON am.oid = c.relam LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
 WHERE c.oid = ANY(:relations)
"""

VIEW_COLUMNS = """
SELECT a.attrelid AS view, a.attname AS name, col_description(a.attrelid, a.attnum) AS comment,
       pg_get_expr(d.adbin, d.adrelid) AS default, nullif(a.attstattarget, -1) AS statistics,
       array_to_string(a.attoptions, ', ') AS options,
       CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
            WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END AS storage,
       CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = ANY(:relations) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum
"""

VIEW_GRANTS = """
SELECT c.oid AS view, NULL AS column, x.privilege_type AS privilege, x.is_grantable AS grantable,
       CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END AS grantee,
       quote_ident(pg_get_userbyid(x.grantor)) AS grantor
  FROM pg_class c, aclexplode(c.relacl) x WHERE c.oid = ANY(:relations)
UNION ALL
SELECT a.attrelid, a.attname, x.privilege_type, x.is_grantable,
       CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
       quote_ident(pg_get_userbyid(x.grantor))
  FROM pg_attribute a, aclexplode(a.attacl) x WHERE a.attrelid = ANY(:relations)
"""

VIEW_INDEXES = f"""
SELECT i.indrelid AS view, {INDEX}
  FROM pg_index i WHERE i.indrelid = ANY(:relations) ORDER BY short_name
"""

VIEW_STATISTICS = """
SELECT s.stxrelid AS view, pg_get_statisticsobjdef(s.oid) AS definition, format('%I.%I', n.nspname, s.stxname) AS name,
       nullif(s.stxstattarget, -1) AS target, obj_description(s.oid, 'pg_statistic_ext') AS comment,
       quote_ident(pg_get_userbyid(s.stxowner)) AS owner
  FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
 WHERE s.stxrelid = ANY(:relations) ORDER BY s.stxname
"""

# A view that a function, a type's user or anything else needs cannot be dropped and made anew.
VIEW_ROOTS = """
SELECT c.oid AS view, pg_describe_object(d.classid, d.objid, d.objsubid) AS root
  FROM pg_class c
  JOIN pg_depend d ON (d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid)
    OR (d.refclassid = 'pg_type'::regclass AND d.refobjid IN (
      SELECT t.oid FROM pg_type t WHERE t.typrelid = c.oid UNION SELECT t.typarray FROM pg_type t WHERE t.typrelid = c.oid))
 WHERE c.oid = ANY(:relations) AND d.deptype = 'n' AND (
   d.classid IN ('pg_proc'::regclass, 'pg_constraint'::regclass, 'pg_policy'::regclass)
   OR (d.classid = 'pg_class'::regclass AND d.objid <> c.oid AND d.objid NOT IN (
        SELECT indexrelid FROM pg_index WHERE indrelid = c.oid)))
UNION ALL
SELECT c.oid, format('extension %s', e.extname) FROM pg_class c
  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
  JOIN pg_extension e ON e.oid = d.refobjid WHERE c.oid = ANY(:relations)
"""

LARGE_OBJECTS = "SELECT count(*) FROM pg_largeobject_metadata"

EXTENSIONS = "SELECT extname AS name FROM pg_extension ORDER BY extname"

# A template may be closed to us, a database of tables may not.
OTHER_DATABASES = """
SELECT datname AS name FROM pg_database
 WHERE datallowconn AND datname <> current_database() AND datname <> 'rdsadmin'
   AND (NOT datistemplate OR has_database_privilege(datname, 'CONNECT')) ORDER BY datname
"""

# Nobody can look into these, and the snapshot would carry them. template0 is the server's, and as it was made.
CLOSED_DATABASES = """
SELECT quote_ident(datname) AS name FROM pg_database
 WHERE datname NOT IN ('template0', 'rdsadmin') AND (NOT datallowconn
        OR (datistemplate AND datname <> 'template1' AND NOT has_database_privilege(datname, 'CONNECT')))
 ORDER BY 1
"""

# A DROP INDEX CONCURRENTLY that was not ended leaves an index that no rewrite of its table makes anew.
DEAD_INDEXES = f"""
SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indislive AND {USER_SCHEMAS} ORDER BY 1
"""

ANY_USER_TABLE = f"""
SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND {USER_SCHEMAS}
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
 LIMIT 1
"""


class Catalog:
    """Runs catalog queries in one session."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def rows(self, query: str, **parameters: Any) -> Sequence[RowMapping]:
        """Return a query's rows."""
        return self.connection.execute(text(query), parameters).mappings().all()

    def by(self, key: str, query: str, **parameters: Any) -> dict[Any, list[RowMapping]]:
        """Return a query's rows grouped by a column; a group that is not there is empty."""
        grouped: dict[Any, list[RowMapping]] = defaultdict(list)
        for row in self.rows(query, **parameters):
            grouped[row[key]].append(row)
        return grouped
