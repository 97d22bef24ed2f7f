"""Sets a session's user variables without their values ever being text of a statement.

PyMySQL writes parameters into the statement, where the process list and performance_schema show them. A
statement that the server prepares (COM_STMT_PREPARE) has only question marks, and its parameters come in a
packet of their own (COM_STMT_EXECUTE):
https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase_ps.html

A server puts parameters back into the text where it has a log to write it to: so the general and the slow log
must be off for the session.
"""

import struct
from collections.abc import Mapping

from pymysql.connections import Connection
from pymysql.protocol import MysqlPacket

from services.anonymize.worker.engines.mysql.sql import variable

PREPARE, EXECUTE, CLOSE = 0x16, 0x17, 0x19
TEXT = b"\xfd\x00"  # MYSQL_TYPE_VAR_STRING, signed
LONGEST = 250  # bytes whose count fits into the one byte before them


def set_secretly(connection: Connection, settings: Mapping[str, str]) -> None:
    """Set a user variable for each setting. Raises pymysql.MySQLError."""
    if not settings:
        return
    statement = "SET " + ", ".join(f"{variable(name)} = ?" for name in settings)
    number = _prepare(connection, statement)
    connection._execute_command(EXECUTE, _execution(number, list(settings.values())))  # type: ignore[attr-defined]
    _read(connection)
    connection._execute_command(CLOSE, struct.pack("<I", number))  # type: ignore[attr-defined]


def _prepare(connection: Connection, statement: str) -> int:
    """Have a statement without result prepared; return the server's number for it."""
    connection._execute_command(PREPARE, statement)  # type: ignore[attr-defined]
    answer = _read(connection).get_all_data()  # type: ignore[no-untyped-call]
    number, columns, parameters = struct.unpack_from("<xIHH", answer)
    for described in (parameters, columns):
        for _ in range(described + 1 if described else 0):  # and the packet that ends them
            _read(connection)
    return int(number)


def _execution(number: int, values: list[str]) -> bytes:
    sent = [value.encode() for value in values]
    if max(map(len, sent)) > LONGEST:
        raise ValueError(f"a setting has more than {LONGEST} bytes")
    head = struct.pack("<IBI", number, 0, 1)  # no cursor, once
    no_nulls = bytes((len(sent) + 7) // 8)
    return b"".join((head, no_nulls, b"\x01", TEXT * len(sent), *(bytes([len(one)]) + one for one in sent)))


def _read(connection: Connection) -> MysqlPacket:
    packet: MysqlPacket = connection._read_packet()  # type: ignore[no-untyped-call]
    return packet
