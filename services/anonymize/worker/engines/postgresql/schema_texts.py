# SQL keeps its own lines; the only things put into it are constants of this file.
# ruff: noqa: E501, S608
"""Where a schema itself may quote an original: comments, defaults, constants in views, functions and rules, labels.

The schema is the customer's and no mask changes it. So it is treated like a column that is kept: verification
looks for originals in it, and names the object that holds one. The planner's statistics are looked at alike.
"""

from services.anonymize.worker.engines.findings import KINDS, STATISTICS
from services.anonymize.worker.engines.postgresql.searching import Search, Searched
from services.anonymize.worker.sql import WORK_SCHEMA

_USER = f"n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', '{WORK_SCHEMA}')"
_RELATION = f"JOIN pg_class c ON c.oid = {{0}} JOIN pg_namespace n ON n.oid = c.relnamespace AND {_USER}"

TEXTS = f"""(
SELECT pg_describe_object(classoid, objoid, objsubid) AS label, description AS value FROM pg_description
 WHERE objoid >= 16384 OR classoid = 'pg_namespace'::regclass -- schema public is older than any user's
UNION ALL SELECT format('comment on %s', pg_describe_object(classoid, objoid, 0)), description FROM pg_shdescription
UNION ALL SELECT pg_describe_object(classoid, objoid, objsubid), label FROM pg_seclabel
UNION ALL SELECT format('label of %s', pg_describe_object(classoid, objoid, 0)), label FROM pg_shseclabel
UNION ALL SELECT pg_describe_object('pg_attrdef'::regclass, d.oid, 0), pg_get_expr(d.adbin, d.adrelid)
  FROM pg_attrdef d {_RELATION.format("d.adrelid")}
UNION ALL SELECT pg_describe_object('pg_class'::regclass, c.oid, 0), pg_get_viewdef(c.oid)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND {_USER} WHERE c.relkind IN ('v', 'm')
UNION ALL SELECT pg_describe_object('pg_class'::regclass, c.oid, 0), pg_get_expr(c.relpartbound, c.oid)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND {_USER} WHERE c.relispartition
UNION ALL SELECT pg_describe_object('pg_class'::regclass, i.indexrelid, 0), pg_get_indexdef(i.indexrelid)
  FROM pg_index i {_RELATION.format("i.indrelid")} WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
UNION ALL SELECT pg_describe_object('pg_constraint'::regclass, k.oid, 0), pg_get_constraintdef(k.oid)
  FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace AND {_USER} WHERE k.contype IN ('c', 'x')
UNION ALL SELECT pg_describe_object('pg_trigger'::regclass, t.oid, 0), pg_get_triggerdef(t.oid)
  FROM pg_trigger t {_RELATION.format("t.tgrelid")} WHERE NOT t.tgisinternal
UNION ALL SELECT pg_describe_object('pg_rewrite'::regclass, r.oid, 0), pg_get_ruledef(r.oid)
  FROM pg_rewrite r {_RELATION.format("r.ev_class")} WHERE r.rulename <> '_RETURN'
UNION ALL SELECT pg_describe_object('pg_policy'::regclass, p.oid, 0),
    concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  FROM pg_policy p {_RELATION.format("p.polrelid")}
UNION ALL SELECT pg_describe_object('pg_proc'::regclass, f.oid, 0), pg_get_functiondef(f.oid)
  FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace AND {_USER} WHERE f.prokind <> 'a'
UNION ALL SELECT pg_describe_object('pg_type'::regclass, e.enumtypid, 0), e.enumlabel::text
  FROM pg_enum e WHERE e.oid >= 16384
UNION ALL SELECT pg_describe_object('pg_type'::regclass, t.oid, 0), t.typdefault
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace AND {_USER} WHERE t.typdefault IS NOT NULL
UNION ALL SELECT pg_describe_object('pg_proc'::regclass, a.aggfnoid, 0), concat_ws(' ', a.agginitval, a.aggminitval)
  FROM pg_aggregate a JOIN pg_proc f ON f.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = f.pronamespace AND {_USER}
UNION ALL SELECT pg_describe_object('pg_statistic_ext'::regclass, s.oid, 0), pg_get_statisticsobjdef(s.oid)
  FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace AND {_USER}
UNION ALL SELECT pg_describe_object('pg_class'::regclass, p.partrelid, 0), pg_get_partkeydef(p.partrelid)
  FROM pg_partitioned_table p {_RELATION.format("p.partrelid")}
UNION ALL SELECT format('publication %s', u.pubname), pg_get_expr(r.prqual, r.prrelid)
  FROM pg_publication_rel r JOIN pg_publication u ON u.oid = r.prpubid WHERE r.prqual IS NOT NULL
UNION ALL SELECT pg_describe_object('pg_ts_dict'::regclass, d.oid, 0), d.dictinitoption
  FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace AND {_USER}
UNION ALL SELECT format('column %s.%I', a.attrelid::regclass, a.attname), a.attfdwoptions::text
  FROM pg_attribute a WHERE a.attfdwoptions IS NOT NULL
UNION ALL SELECT format('server %s', srvname), srvoptions::text FROM pg_foreign_server WHERE srvoptions IS NOT NULL
UNION ALL SELECT format('foreign table %s', f.ftrelid::regclass), f.ftoptions::text FROM pg_foreign_table f
UNION ALL SELECT format('settings of role %s', setrole::regrole), setconfig::text FROM pg_db_role_setting
)"""

_STATISTICS = f"""(
SELECT format('{STATISTICS} of %s.%s', schemaname || '.' || tablename, attname) AS label,
       concat_ws(' ', most_common_vals::text, histogram_bounds::text, most_common_elems::text) AS value
  FROM pg_stats n WHERE {_USER.replace("n.nspname", "n.schemaname")}
UNION ALL SELECT format('{STATISTICS} %s.%s', statistics_schemaname, statistics_name), most_common_vals::text
  FROM pg_stats_ext n WHERE {_USER.replace("n.nspname", "n.statistics_schemaname")}
)"""


def schema_searches() -> tuple[Search, ...]:
    """The searches of everything that the schema says in words, and of the planner's statistics."""
    value = Searched("value", "the schema", frozenset(KINDS), "schema", labelled=True)
    return (Search(TEXTS, 0, (value,)), Search(_STATISTICS, 0, (value,)))
