# SQL keeps its own lines; the only thing put into it is a constant of this file.
# ruff: noqa: E501, S608
"""What information_schema says of the connected database, as queries and rows."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, RowMapping

from services.anonymize.worker.connecting import query
from services.anonymize.worker.engines.mysql.connecting import SYSTEM_DATABASES
from services.anonymize.worker.engines.mysql.sql import text_literal

HERE = "= DATABASE()"
NAMED = re.compile(r"`((?:[^`]|``)+)`")

TABLES = f"""
SELECT table_name AS `name`, table_type AS `type`, engine AS `engine`, table_rows AS `rows`,
       COALESCE(data_length, 0) + COALESCE(index_length, 0) AS `size`, auto_increment AS `next`
  FROM information_schema.tables WHERE table_schema {HERE}
 ORDER BY CAST(table_name AS BINARY)
"""
COLUMNS = f"""
SELECT table_name AS `table`, column_name AS `name`, column_type AS `type`, data_type AS `base`,
       ordinal_position AS `number`, character_maximum_length AS `length`, is_nullable AS `nullable`,
       collation_name AS `collation`, character_set_name AS `charset`, extra AS `extra`,
       NULLIF(generation_expression, '') AS `generated`, NULLIF(column_comment, '') AS `comment`
  FROM information_schema.columns WHERE table_schema {HERE} ORDER BY table_name, ordinal_position
"""
INDEXES = """
SELECT table_name AS `table`, index_name AS `name`, column_name AS `column`, sub_part AS `part`,
       {expression} AS `expression`
  FROM information_schema.statistics WHERE table_schema = DATABASE() AND non_unique = 0
 ORDER BY table_name, index_name, seq_in_index
"""
PLAIN_INDEXES = f"""
SELECT table_name AS `table`, index_name AS `name`, column_name AS `column`
  FROM information_schema.statistics WHERE table_schema {HERE} AND non_unique = 1 AND index_type = 'BTREE'
 ORDER BY table_name, index_name, seq_in_index
"""
# a column of MariaDB's JSON is a long text that has to be valid JSON
JSON_CHECKS = f"""
SELECT table_name AS `table`, check_clause AS `clause` FROM information_schema.check_constraints
 WHERE constraint_schema {HERE} AND check_clause LIKE 'json_valid(%%'
"""
NAMED_CHECKS = f"""
SELECT table_name AS `table`, constraint_name AS `name` FROM information_schema.table_constraints
 WHERE constraint_schema {HERE} AND constraint_type = 'CHECK'
"""
FOREIGN_KEYS = f"""
SELECT k.table_name AS `table`, k.constraint_name AS `name`, k.column_name AS `column`,
       k.referenced_table_schema AS `schema`, k.referenced_table_name AS `referenced`,
       k.referenced_column_name AS `referenced_column`, r.update_rule AS `on_update`, r.delete_rule AS `on_delete`
  FROM information_schema.key_column_usage k
  JOIN information_schema.referential_constraints r
    ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
   AND r.table_name = k.table_name
 WHERE k.table_schema {HERE} AND k.referenced_table_name IS NOT NULL
 ORDER BY k.table_name, k.constraint_name, k.ordinal_position
"""
TRIGGERS = f"""
SELECT trigger_name AS `name`, event_object_table AS `table`, event_manipulation AS `event`,
       action_timing AS `timing`, action_statement AS `body`, definer AS `definer`, sql_mode AS `mode`,
       character_set_client AS `client`, collation_connection AS `collation`
  FROM information_schema.triggers WHERE trigger_schema {HERE}
 ORDER BY event_object_table, CONCAT(event_manipulation), CONCAT(action_timing), action_order
"""
PARTITIONS = f"""
SELECT table_name AS `table`, partition_name AS `name`, partition_expression AS `by`, subpartition_expression AS `sub_by`,
       data_length + index_length AS `size`
  FROM information_schema.partitions WHERE table_schema {HERE} AND partition_name IS NOT NULL
 ORDER BY table_name, partition_ordinal_position, subpartition_ordinal_position
"""
VIEWS = f"""
SELECT table_name AS `name`, view_definition AS `definition` FROM information_schema.views
 WHERE table_schema {HERE} ORDER BY table_name
"""
DEFINED = "SELECT DISTINCT definer FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
ACCOUNTS = "SELECT CONCAT(user, '@', host) FROM information_schema.user_attributes"
SYSTEM_USERS = "SELECT grantee FROM information_schema.user_privileges WHERE privilege_type = 'SYSTEM_USER'"
# rights to make a trigger in another's name; MySQL has some of its own, and of these one is for users only that
# there are, and none for those of the system
DEFINERS = frozenset({"SUPER", "SET USER", "SET_USER_ID", "SET_ANY_DEFINER", "ALL PRIVILEGES"})

OF_MYSQL = frozenset({"SET_USER_ID", "SET_ANY_DEFINER"})
NAMING_NOBODY = frozenset({"SET_USER_ID", "ALLOW_NONEXISTENT_DEFINER", "SUPER"})

Rows = Sequence[RowMapping]


def rows(connection: Connection, statement: str) -> Rows:
    """The rows of a query, by the names of its columns."""
    sent = statement.replace("%%", "%")
    return connection.exec_driver_sql(sent, execution_options={"no_parameters": True}).mappings().all()


def by_table(connection: Connection, statement: str) -> Mapping[str, list[RowMapping]]:
    """The rows of a query, by the table that each speaks of."""
    found: dict[str, list[RowMapping]] = defaultdict(list)
    for row in rows(connection, statement):
        found[row["table"]].append(row)
    return found


def names_in(expression: str | None, known: Sequence[str]) -> tuple[str, ...]:
    """The columns that an expression names."""
    if not expression:
        return ()
    found = {name.replace("``", "`") for name in NAMED.findall(expression)}
    return tuple(name for name in known if name in found)


def refused_definers(connection: Connection) -> frozenset[str]:
    """Those in whose names triggers are here, and in whose names the user may make none."""
    definers = frozenset(rows_of_text(connection, DEFINED))
    rights = _rights(connection)
    if DEFINERS.isdisjoint(rights):
        return definers - set(rows_of_text(connection, "SELECT CURRENT_USER()"))
    if rights.isdisjoint(OF_MYSQL):
        return frozenset()
    accounts = frozenset(rows_of_text(connection, ACCOUNTS))
    of_system = frozenset() if "SYSTEM_USER" in rights else frozenset(rows_of_text(connection, SYSTEM_USERS))
    gone = definers - accounts if rights.isdisjoint(NAMING_NOBODY) else frozenset()
    return gone | {definer for definer in definers if _literally(definer) in of_system}


def _literally(account: str) -> str:
    user, _, host = account.rpartition("@")
    return f"'{user}'@'{host}'"


def _rights(connection: Connection) -> frozenset[str]:
    """The user's rights on everything."""
    shown = "SHOW GRANTS"
    role = connection.exec_driver_sql("SELECT CURRENT_ROLE()").scalar_one()
    if role not in {None, "NONE"} and role.startswith("`"):  # MySQL's; MariaDB shows an active role's rights
        shown = f"SHOW GRANTS FOR CURRENT_USER() USING {role}"
    return global_rights(rows_of_text(connection, shown))


def rows_of_text(connection: Connection, statement: str) -> list[str]:
    """The only column of a statement's answer."""
    sent = connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    return [str(said) for (said,) in sent]


def global_rights(granted: Iterable[str]) -> frozenset[str]:
    """The rights on everything that lines of SHOW GRANTS give."""
    found = (re.match(r"GRANT (.+?) ON \*\.\* TO ", said) for said in granted)
    return frozenset(right for match in found if match for right in re.split(r",\s*", match[1]))


def other_databases(connection: Connection) -> Sequence[Row[Any]]:
    """Databases of users beside the connected one, each with one of its tables."""
    system = ", ".join(text_literal(name) for name in SYSTEM_DATABASES)
    return query(
        connection,
        "SELECT table_schema, MIN(table_name) FROM information_schema.tables"
        " WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema <> DATABASE()"
        f" AND table_schema NOT IN ({system}) GROUP BY table_schema",
    )
