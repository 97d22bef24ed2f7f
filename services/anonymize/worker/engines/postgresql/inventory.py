# SQL keeps its own lines; the only thing put into it is a constant of this file.
# ruff: noqa: E501, S608
"""A database's schema as plain lines, to compare what it was before masking with what it is after.

It is independent of what the plan knows: an object that masking dropped and nobody thought of shows up here.
"""

from sqlalchemy import Connection, text

from services.anonymize.worker.engines.findings import Inventory
from services.anonymize.worker.engines.postgresql.definitions import comparable

_USER = "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'snapveil_work')"

# One row per thing: its kind, what it is called, and everything about it that must not change.
INVENTORY = f"""
WITH relation AS (
  SELECT c.*, format('%I.%I', n.nspname, c.relname) AS label FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE {_USER} AND c.relpersistence <> 't'
)
SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'table' END, label,
       concat_ws('|', relkind, relpersistence, pg_get_userbyid(relowner), relrowsecurity, relforcerowsecurity, relispartition,
         (SELECT i.inhparent::regclass FROM pg_inherits i WHERE i.inhrelid = relation.oid AND relispartition),
         pg_get_expr(relpartbound, oid), relreplident, relispopulated, (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(reloptions) o),
         (SELECT string_agg(x::text, ',' ORDER BY x::text)
            FROM unnest(coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))) x),
         obj_description(oid, 'pg_class'), CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END)
  FROM relation WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
UNION ALL
SELECT 'column', format('%s.%I', label, a.attname),
       concat_ws('|', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation::regcollation, a.attstorage,
         a.attcompression, a.attgenerated, a.attidentity, a.attstattarget, a.attacl, pg_get_expr(d.adbin, d.adrelid),
         col_description(a.attrelid, a.attnum), row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum))
  FROM relation JOIN pg_attribute a ON a.attrelid = relation.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE relkind IN ('r', 'p', 'f', 'v', 'm')
UNION ALL
SELECT 'constraint', format('%s on %s', CASE c.contype WHEN 'n' THEN pg_get_constraintdef(c.oid) ELSE quote_ident(c.conname) END,
         label), -- a NOT NULL that a partition brought along is called after its root's when its column is rewritten
       concat_ws('|', pg_get_constraintdef(c.oid), c.convalidated, obj_description(c.oid, 'pg_constraint'))
  FROM relation JOIN pg_constraint c ON c.conrelid = relation.oid
UNION ALL
SELECT 'index', i.indexrelid::regclass::text,
       concat_ws('|', pg_get_indexdef(i.indexrelid), CASE x.relkind WHEN 'I' THEN i.indisvalid END, i.indisclustered, i.indisreplident,
         obj_description(i.indexrelid, 'pg_class'),
         (SELECT string_agg(a.attnum || '=' || a.attstattarget, ',' ORDER BY a.attnum) FROM pg_attribute a
           WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0)) -- one that was never ended is valid once it is built anew
  FROM relation JOIN pg_index i ON i.indrelid = relation.oid JOIN pg_class x ON x.oid = i.indexrelid
UNION ALL
SELECT 'trigger', format('%I on %s', t.tgname, label),
       concat_ws('|', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
  FROM relation JOIN pg_trigger t ON t.tgrelid = relation.oid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'rule', format('%I on %s', r.rulename, label),
       concat_ws('|', pg_get_ruledef(r.oid), r.ev_enabled, obj_description(r.oid, 'pg_rewrite'))
  FROM relation JOIN pg_rewrite r ON r.ev_class = relation.oid
UNION ALL
SELECT 'policy', format('%I on %s', p.polname, label),
       concat_ws('|', p.polpermissive, p.polcmd, (SELECT string_agg(r::regrole::text, ',' ORDER BY r) FROM unnest(p.polroles) r),
         pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), obj_description(p.oid, 'pg_policy'))
  FROM relation JOIN pg_policy p ON p.polrelid = relation.oid
UNION ALL
SELECT 'publication', format('%I of %s', u.pubname, label), concat_ws('|', pg_get_expr(r.prqual, r.prrelid), r.prattrs)
  FROM relation JOIN pg_publication_rel r ON r.prrelid = relation.oid JOIN pg_publication u ON u.oid = r.prpubid
UNION ALL
SELECT 'statistics', format('%I.%I', n.nspname, s.stxname), concat_ws('|', pg_get_statisticsobjdef(s.oid), s.stxstattarget)
  FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE {_USER}
"""


def take_inventory(connection: Connection) -> Inventory:
    """Return what every object of the schema is, by its kind and name."""
    connection.execute(text("SELECT set_config('search_path', '', true)"))
    return {
        (kind, name): comparable(what) for kind, name, what in connection.execute(text(INVENTORY)).tuples()
    }
