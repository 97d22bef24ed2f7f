"""The statements that make views and materialized views anew as they were: owner, grants, comments, indexes,
triggers."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import RowMapping

from services.anonymize.worker.sql import quoted, text_literal

Rows = Mapping[int, Sequence[RowMapping]]


def view_statements(
    definitions: Sequence[RowMapping],
    names: Mapping[int, str],
    materialized: Collection[int],
    columns: Rows,
    grants: Rows,
    indexes: Rows,
    rules: Rows,
    triggers: Rows,
) -> dict[int, tuple[str, ...]]:
    """Return each view's statements in order. A materialized view is made without data; it is refreshed
    afterwards."""
    made: dict[int, tuple[str, ...]] = {}
    for row in definitions:
        oid = row["oid"]
        view = names[oid]
        kind = "MATERIALIZED VIEW" if oid in materialized else "VIEW"
        made[oid] = (
            _create(row, kind, view),
            *_columns(columns.get(oid, ()), kind, view),
            *_indexes(indexes.get(oid, ()), view),
            *_rules(rules.get(oid, ()), view),
            *_triggers(triggers.get(oid, ()), view),
            *([f"COMMENT ON {kind} {view} IS {text_literal(row['comment'])}"] if row["comment"] else []),
            *_grants(grants.get(oid, ()), view),
            f"ALTER {kind} {view} OWNER TO {row['owner']}",
        )
    return made


def _create(row: RowMapping, kind: str, view: str) -> str:
    options = f" WITH ({', '.join(row['options'])})" if row["options"] else ""
    query = row["definition"].rstrip().rstrip(";")
    if kind == "VIEW":
        return f"CREATE VIEW {view}{options} AS {query}"
    place = f" TABLESPACE {row['tablespace']}" if row["tablespace"] else ""
    method = f" USING {quoted(row['method'])}"
    return f"CREATE MATERIALIZED VIEW {view}{method}{options}{place} AS {query} WITH NO DATA"


def _columns(rows: Sequence[RowMapping], kind: str, view: str) -> list[str]:
    statements = []
    for row in rows:
        column = quoted(row["name"])
        if row["default"]:
            statements.append(f"ALTER VIEW {view} ALTER COLUMN {column} SET DEFAULT {row['default']}")
        if row["statistics"] is not None:
            statements.append(f"ALTER {kind} {view} ALTER COLUMN {column} SET STATISTICS {row['statistics']}")
        if row["comment"]:
            statements.append(f"COMMENT ON COLUMN {view}.{column} IS {text_literal(row['comment'])}")
    return statements


def _indexes(rows: Sequence[RowMapping], view: str) -> list[str]:
    statements = []
    for row in rows:
        statements.append(row["definition"])
        if row["clustered"]:
            statements.append(f"ALTER MATERIALIZED VIEW {view} CLUSTER ON {quoted(row['short_name'])}")
        if row["comment"]:
            statements.append(f"COMMENT ON INDEX {row['name']} IS {text_literal(row['comment'])}")
    return statements


def _rules(rows: Sequence[RowMapping], view: str) -> list[str]:
    statements = []
    for row in rows:
        if row["is_view"]:
            continue
        statements.append(row["definition"])
        if row["comment"]:
            statements.append(
                f"COMMENT ON RULE {quoted(row['name'])} ON {view} IS {text_literal(row['comment'])}"
            )
    return statements


def _triggers(rows: Sequence[RowMapping], view: str) -> list[str]:
    statements = []
    for row in rows:
        statements.append(row["definition"])
        if row["comment"]:
            statements.append(
                f"COMMENT ON TRIGGER {quoted(row['name'])} ON {view} IS {text_literal(row['comment'])}"
            )
    return statements


# Default privileges of the role that makes the view anew must not widen who may read it.
_REVOKE_ALL = """DO $$ DECLARE grantee text; BEGIN
  FOR grantee IN
    SELECT DISTINCT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END
      FROM pg_class c, aclexplode(c.relacl) x WHERE c.oid = {view}::regclass AND x.grantee <> c.relowner
  LOOP EXECUTE format('REVOKE ALL ON %s FROM %s', {view}, grantee); END LOOP;
END $$"""


def _grants(rows: Sequence[RowMapping], view: str) -> list[str]:
    statements = [_REVOKE_ALL.format(view=text_literal(view))]
    for row in rows:
        column = f" ({quoted(row['column'])})" if row["column"] else ""
        grantable = " WITH GRANT OPTION" if row["grantable"] else ""
        statements.append(f"GRANT {row['privilege']}{column} ON {view} TO {row['grantee']}{grantable}")
    return statements
