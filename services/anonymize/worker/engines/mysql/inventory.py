# SQL keeps its own lines; the only thing put into it is a constant of this file.
# ruff: noqa: S608
"""A database's schema as plain lines, to compare what it was before masking with what it is after.

It is independent of what the plan knows: an object that masking dropped and nobody thought of shows up here.
"""

import re
from collections.abc import Iterator

from sqlalchemy import Connection

from services.anonymize.worker.connecting import query
from services.anonymize.worker.engines.findings import Inventory
from services.anonymize.worker.engines.mysql.catalog import refused_definers
from services.anonymize.worker.engines.mysql.sql import quoted, text_literal

RELATIONS = """
SELECT table_name, table_type FROM information_schema.tables
 WHERE table_schema = DATABASE() AND table_type NOT LIKE '%VIEW'
"""
# One row per thing: its kind, what it is called, and everything about it that must not change.
OBJECTS = """
SELECT 'view', table_name, CONCAT_WS('|', view_definition, check_option, definer, security_type,
       character_set_client, collation_connection)
  FROM information_schema.views WHERE table_schema = DATABASE()
UNION ALL
SELECT 'trigger', trigger_name, CONCAT_WS('|', event_object_table, action_timing, event_manipulation,
       action_order, action_statement, sql_mode, character_set_client, collation_connection, {definer})
  FROM information_schema.triggers WHERE trigger_schema = DATABASE()
UNION ALL
SELECT LOWER(routine_type), routine_name, CONCAT_WS('|', routine_definition, dtd_identifier, definer,
       security_type, sql_data_access, is_deterministic, sql_mode, routine_comment, character_set_client,
       collation_connection)
  FROM information_schema.routines WHERE routine_schema = DATABASE()
UNION ALL
SELECT 'event', event_name, CONCAT_WS('|', event_definition, definer, event_type, execute_at, interval_value,
       interval_field, starts, ends, status, on_completion, sql_mode, event_comment)
  FROM information_schema.events WHERE event_schema = DATABASE()
UNION ALL
SELECT 'grant', CONCAT(grantee, ' on ', table_name), GROUP_CONCAT(privilege_type, is_grantable
       ORDER BY privilege_type)
  FROM information_schema.table_privileges WHERE table_schema = DATABASE() GROUP BY grantee, table_name
UNION ALL
SELECT 'grant', CONCAT(grantee, ' on ', table_name, '.', column_name), GROUP_CONCAT(privilege_type,
       is_grantable ORDER BY privilege_type)
  FROM information_schema.column_privileges WHERE table_schema = DATABASE()
 GROUP BY grantee, table_name, column_name
UNION ALL
SELECT 'database', schema_name, CONCAT_WS('|', default_character_set_name, default_collation_name)
  FROM information_schema.schemata WHERE schema_name = DATABASE()
"""
FOREIGN_KEY = re.compile(r"^  CONSTRAINT `(?:[^`]|``)+` FOREIGN KEY ")


def take_inventory(connection: Connection) -> Inventory:
    """Return what every object of the schema is, by its kind and name."""
    # a trigger whose definer's name the user may not use has been made in the user's own
    either = ", ".join(text_literal(one) for one in sorted(refused_definers(connection)))
    definer = f"IF(definer IN ({either or text_literal('')}) OR definer = CURRENT_USER(), '', definer)"
    found = {
        (str(kind), str(name)): str(what)
        for kind, name, what in query(connection, OBJECTS.format(definer=definer))
    }
    return found | dict(_relations(connection))


def _relations(connection: Connection) -> Iterator[tuple[tuple[str, str], str]]:
    """Tables and sequences, as the server itself would make them anew."""
    for name, type_ in query(connection, RELATIONS):
        made = query(connection, f"SHOW CREATE TABLE {quoted(name)}")[0][1]
        if type_ == "SEQUENCE":
            value = query(connection, f"SELECT next_not_cached_value FROM {quoted(name)}")[0][0]
            yield ("sequence", name), f"{made}|{value}"
        else:
            yield ("table", name), "\n".join(_in_order(made.split("\n")))


def _in_order(lines: list[str]) -> Iterator[str]:
    """Foreign keys come in the order in which they were added, which means nothing."""
    keys = sorted(line.rstrip(",") for line in lines if FOREIGN_KEY.match(line))
    yield from (line.rstrip(",") for line in lines if not FOREIGN_KEY.match(line))
    yield from keys
