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
    statistics: Rows,
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
        create = f"CREATE ON SCHEMA {row['schema']}"  # an owner has to have it, who may have lost it since
        made[oid] = (
            *([f"GRANT {create} TO {row['owner']}"] if row["owner_lacks_create"] else []),
            _create(row, kind, view),
            *_columns(columns.get(oid, ()), kind, view),
            *(said for index in indexes.get(oid, ()) for said in index_statements(index, kind, view)),
            *_statistics(statistics.get(oid, ())),
            *_rules(rules.get(oid, ()), view),
            *_triggers(triggers.get(oid, ()), view),
            *([f"COMMENT ON {kind} {view} IS {text_literal(row['comment'])}"] if row["comment"] else []),
            f"ALTER {kind} {view} OWNER TO {row['owner']}",
            *_grants(grants.get(oid, ()), view, explicit=row["granted"], owner=row["owner"]),
            *([f"REVOKE {create} FROM {row['owner']}"] if row["owner_lacks_create"] else []),
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
        if row["options"]:
            statements.append(f"ALTER {kind} {view} ALTER COLUMN {column} SET ({row['options']})")
        if row["storage"]:
            statements.append(f"ALTER {kind} {view} ALTER COLUMN {column} SET STORAGE {row['storage']}")
        if row["compression"]:
            statements.append(
                f"ALTER {kind} {view} ALTER COLUMN {column} SET COMPRESSION {row['compression']}"
            )
        if row["comment"]:
            statements.append(f"COMMENT ON COLUMN {view}.{column} IS {text_literal(row['comment'])}")
    return statements


def index_statements(row: RowMapping, kind: str, relation: str) -> list[str]:
    """An index, if it is not made yet by a constraint, and everything that CREATE INDEX does not say."""
    return [row["definition"], *index_extras(row, kind, relation)]


def index_extras(row: RowMapping, kind: str, relation: str) -> list[str]:
    """What CREATE INDEX and ADD CONSTRAINT do not say of an index."""
    statements = []
    if row["clustered"]:
        statements.append(f"ALTER {kind} {relation} CLUSTER ON {row['short_name']}")
    if row["identifies"]:
        statements.append(f"ALTER {kind} {relation} REPLICA IDENTITY USING INDEX {row['short_name']}")
    statements += [f"ALTER INDEX {row['name']} {target}" for target in row["targets"]]
    if row["comment"]:
        statements.append(f"COMMENT ON INDEX {row['name']} IS {text_literal(row['comment'])}")
    return statements


def _statistics(rows: Sequence[RowMapping]) -> list[str]:
    statements = []
    for row in rows:
        name = row["name"]
        statements.append(row["definition"])
        if row["target"] is not None:
            statements.append(f"ALTER STATISTICS {name} SET STATISTICS {row['target']}")
        if row["comment"]:
            statements.append(f"COMMENT ON STATISTICS {name} IS {text_literal(row['comment'])}")
        statements.append(f"ALTER STATISTICS {name} OWNER TO {row['owner']}")
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


def _grants(rows: Sequence[RowMapping], view: str, *, explicit: bool, owner: str) -> list[str]:
    """In the owner's name and in the names of those who passed privileges on. `explicit` if the owner's own
    were said and may be fewer than all."""
    statements = [_REVOKE_ALL.format(view=text_literal(view))]
    if explicit:
        statements.append(f"REVOKE ALL ON {view} FROM {owner}")
    left, able = list(rows), {owner}
    while left:
        now = [row for row in left if row["grantor"] in able] or left
        for row in now:
            column = f" ({quoted(row['column'])})" if row["column"] else ""
            grantable = " WITH GRANT OPTION" if row["grantable"] else ""
            grant = f"GRANT {row['privilege']}{column} ON {view} TO {row['grantee']}{grantable}"
            as_another = row["grantor"] != owner
            statements += [f"SET LOCAL ROLE {row['grantor']}", grant, "RESET ROLE"] if as_another else [grant]
        left = [row for row in left if row not in now]
        able |= {row["grantee"] for row in now}
    return statements
