# SQL keeps its own lines; the only things put into it are constants of this file.
# ruff: noqa: E501, S608
"""Where a schema itself may quote an original: comments, defaults, labels, the bodies of views, routines and events.

The schema is the customer's and no mask changes it. So it is treated like a column that is kept: verification looks
for originals in it, and names the object that holds one. The optimizer's statistics are looked at alike.
"""

from services.anonymize.worker.engines.findings import STATISTICS
from services.anonymize.worker.engines.mysql.connecting import SYSTEM_DATABASES
from services.anonymize.worker.engines.mysql.sql import text_literal

_SYSTEM = ", ".join(map(text_literal, SYSTEM_DATABASES))


def _user(column: str) -> str:
    return f"{column} NOT IN ({_SYSTEM})"


_NAME = "IF({0} = DATABASE(), {1}, CONCAT({0}, '.', {1}))"


def _label(what: str, schema: str, name: str) -> str:
    return f"CONCAT({text_literal(what + ' ')}, {_NAME.format(schema, name)})"


def _text(*parts: str) -> str:
    """Texts of catalogs stand in their own character set, and some are bytes."""
    return f"CONCAT_WS(' ', {', '.join(f'CONVERT({part} USING utf8mb4)' for part in parts)})"


_SOURCES = (
    (_label("table", "table_schema", "table_name"), _text("table_comment", "create_options"),
     f"information_schema.tables WHERE table_type <> 'VIEW' AND {_user('table_schema')}"),
    (_label("column", "table_schema", "CONCAT(table_name, '.', column_name)"),
     _text("column_default", "column_comment", "column_type", "generation_expression"),
     f"information_schema.columns WHERE {_user('table_schema')}"),
    (_label("view", "table_schema", "table_name"), _text("view_definition"),
     f"information_schema.views WHERE {_user('table_schema')}"),
    (_label("routine", "routine_schema", "routine_name"), _text("routine_definition", "routine_comment"),
     f"information_schema.routines WHERE {_user('routine_schema')}"),
    (_label("routine", "specific_schema", "specific_name"), _text("dtd_identifier"), # a function's own type, too
     f"information_schema.parameters WHERE {_user('specific_schema')}"),
    (_label("event", "event_schema", "event_name"), _text("event_definition", "event_comment"),
     f"information_schema.events WHERE {_user('event_schema')}"),
    (_label("trigger", "trigger_schema", "trigger_name"), _text("action_statement"),
     f"information_schema.triggers WHERE {_user('trigger_schema')}"),
    (_label("check", "constraint_schema", "constraint_name"), _text("check_clause"),
     f"information_schema.check_constraints WHERE {_user('constraint_schema')}"),
    (_label("partition", "table_schema", "CONCAT(table_name, '.', partition_name)"),
     _text("partition_expression", "partition_description", "partition_comment"),
     f"information_schema.partitions WHERE partition_name IS NOT NULL AND {_user('table_schema')}"),
    (_label("index", "table_schema", "CONCAT(table_name, '.', index_name)"), _text("index_comment"),
     f"information_schema.statistics WHERE index_comment <> '' AND {_user('table_schema')}"),
    ("CONCAT('server ', server_name)", _text("host", "db", "username", "password", "socket"), "mysql.servers"),
)  # fmt: skip

TEXTS = (
    "("
    + " UNION ALL ".join(
        f"SELECT {label} AS label, {value} AS value FROM {where}" for label, value, where in _SOURCES
    )
    + ")"
)

COMMENTS_OF_MARIADB = f"""(
SELECT CONCAT('database ', schema_name) AS label, {_text("schema_comment")} AS value FROM information_schema.schemata
 WHERE {_user("schema_name")}
)"""


def _bytes(*parts: str) -> str:
    """Bytes of whatever character set, as letters of one byte each: what is searched for is ASCII."""
    return f"CONCAT_WS(' ', {', '.join(f'CONVERT(CONVERT({part} USING latin1) USING utf8mb4)' for part in parts)})"


# MySQL's histograms are encoded, and a search would not find anything in them; cleaning makes them anew.
STATISTICS_OF_MARIADB = f"""(
SELECT CONCAT('{STATISTICS} of ', {_NAME.format("db_name", "CONCAT(table_name, '.', column_name)")}) AS label,
       {_bytes("min_value", "max_value", "histogram")} AS value
  FROM mysql.column_stats
)"""
