"""What may be said of a failure: a database's messages quote values, so only those that cannot are
repeated."""

import re
import traceback
from pathlib import Path

import psycopg
import pymysql
from botocore.exceptions import ClientError
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import ConnectionProblemError
from services.anonymize.worker.policy import PolicyError

# Classes whose primary message names objects and never values: connections, logins, transactions, missing
# objects, privileges, constraints (their values stand in DETAIL), resources, locks, cancelled statements.
QUIET_CLASSES = frozenset(
    {"08", "0A", "23", "25", "28", "2B", "3D", "3F", "40", "42", "53", "55", "57", "58"}
)
UNIQUE_VIOLATION = "23505"
# MySQL's and MariaDB's errors whose messages name objects and never values: logins, missing and doubled
# objects, rights, NULLs, lengths and ranges of columns, checks, foreign keys, resources, locks. A key's name
# is in 1062, behind the value, which it quotes.
QUIET_NUMBERS = frozenset(
    int(number)
    for number in """
    1005 1021 1025 1030 1036 1037 1038 1040 1041 1044 1045 1046 1048 1049 1050 1051 1054 1060 1061 1067
    1068 1069 1071 1072 1075 1091 1094 1095 1101 1104 1109 1113 1114 1118 1136 1142 1143 1146 1153 1193
    1205 1206 1213 1215 1216 1217 1222 1226 1227 1235 1238 1264 1265 1267 1270 1271 1290 1304 1305 1317
    1318 1356 1359 1360 1364 1370 1406 1410 1415 1418 1419 1435 1442 1449 1451 1452 1486 1503 1506 1553
    1562 1568 1621 1665 1698 1701 1709 1713 1792 1808 1822 1826 1834 1846 1969 3024 3098 3105 3149 3643
    3750 3780 3819 3822 3959 4025 4031 4137 6125
    """.split()  # noqa: SIM905 - read as words
)
DUPLICATE, KEY = frozenset({1062, 1586}), re.compile(r"for key '([^']+)'\s*$")
TOO_LONG = frozenset({3698, 3699})
CONNECTION_LOST = frozenset({2002, 2003, 2006, 2013, 2055, 1053, 1927})


class MaskingError(Exception):
    """The run cannot go on. The message is safe: it holds no personal value and says what to do."""


def reason_of(error: BaseException) -> str:
    """Return one or few lines that may go to the ledger and to logs."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, psycopg.Error):
        error = error.orig
    if isinstance(error, psycopg.Error):
        return _of_postgres(error)
    if isinstance(error, DBAPIError) and isinstance(error.orig, pymysql.MySQLError):
        error = error.orig
    if isinstance(error, pymysql.MySQLError):
        return _of_mysql(error)
    if isinstance(error, MaskingError | ConnectionProblemError | PolicyError):
        return str(error)
    if isinstance(error, ClientError):
        return f"AWS refused {error.operation_name}: {error.response.get('Error', {}).get('Code', 'unknown')}"
    place = f"unexpected {type(error).__name__} at {_place_of(error)}"
    return f"{place}; its message may quote a value and is withheld"


def _place_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"


def _of_postgres(error: psycopg.Error) -> str:
    state = error.sqlstate or ""
    if not state:
        return "the connection to the database broke"
    if state[:2] in QUIET_CLASSES:
        said = f"{error.diag.message_primary} (SQLSTATE {state})"
        if state == UNIQUE_VIOLATION:
            said += "; if two values differ in case or spaces only, write case: exact for the email mask"
        return said
    try:
        name = errors.lookup(state).__name__
    except KeyError:
        name = "error"
    where = f" in {error.diag.table_name}" if error.diag.table_name else ""
    return f"{name}{where} (SQLSTATE {state}); its message may quote a value and is withheld"


def _of_mysql(error: pymysql.MySQLError) -> str:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    said = str(error.args[1]) if len(error.args) > 1 else ""
    if number in CONNECTION_LOST or number == 0:
        return "the connection to the database broke"
    if number in QUIET_NUMBERS:
        return f"{said} (error {number})"
    if number in TOO_LONG:
        hint = "raise regexp_time_limit and regexp_stack_limit in the temporary database's parameter group"
        return f"a regular expression took too many steps in one text (error {number}); {hint}"
    if number in DUPLICATE and (match := KEY.search(said)):
        hint = "if two values differ in case or spaces only, write case: exact for the email mask"
        return f"two rows have the same value for the key {match[1]} (error {number}); {hint}"
    return f"error {number}; its message may quote a value and is withheld"
