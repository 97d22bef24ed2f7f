"""Copies the user's MySQL or MariaDB database into one of the embedded cloud, as its master user.

Rows go from server to server through a pipe, byte for byte as each column holds them, and touch no disk. What
the database says about itself comes from SHOW CREATE; whoever defined a thing is left out, so that it is the
master user's, and an event comes along switched off.
"""

import errno
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor, SSCursor

from local.copying.copying import CopyError
from local.copying.mysql_original import MySQLOriginal, reading, rows
from local.mysql import connect, quoted

_DEFINER = re.compile(
    r"^(CREATE\b.{0,80}?)\bDEFINER\s*=\s*(`(?:[^`]|``)*`|\w+)(@(`(?:[^`]|``)*`|[\w%.]+))?\s", re.DOTALL
)
# Made switched on, an event might run before it is switched off, and MySQL would switch it on again.
_SWITCHED_ON = re.compile(r"^(CREATE\b.*?\bON COMPLETION (?:NOT )?PRESERVE) ENABLE\b", re.DOTALL)
# MySQL 8's own collations, and for a copy in MariaDB those of the same alphabet and the same treatment of
# trailing spaces.
_COLLATION = re.compile(r"\butf8mb4_0900_(\w+)")
_COLLATIONS = {
    "ai_ci": "utf8mb4_uca1400_nopad_ai_ci",
    "as_ci": "utf8mb4_uca1400_nopad_as_ci",
    "as_cs": "utf8mb4_uca1400_nopad_as_cs",
    "bin": "utf8mb4_nopad_bin",
}
_COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
WHERE table_schema = database() AND table_name = %s AND coalesce(generation_expression, '') = ''
  AND extra NOT LIKE '%%STORED GENERATED%%' AND extra NOT LIKE '%%ROW %%' ORDER BY ordinal_position
"""
_ESCAPES = ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"))
_AS_IT_WAS = (
    "SET SESSION foreign_key_checks = 0, unique_checks = 0, time_zone = '+00:00',"
    " sql_mode = 'NO_AUTO_VALUE_ON_ZERO'"
)
_OF_MARIADB = "SET SESSION check_constraint_checks = 0, innodb_strict_mode = 0"
_OF_MYSQL = "SET SESSION restrict_fk_on_non_standard_key = 0"
_UNKNOWN_VARIABLE = 1193
_MIXED_ENGINES = 6414  # MySQL 9 warns of tables of InnoDB and of MyISAM one after another
_CONVERTED = {"enum": "cast({} AS unsigned)", "json": "convert({} USING utf8mb4)"}
Say = Callable[[str], None]
Columns = Sequence[tuple[str, str]]  # name and type


def copy(original: MySQLOriginal, url: str, say: Say) -> tuple[str, ...]:
    """Fill the empty database behind `url`, as its user; return what was left out. Raises CopyError."""
    with reading(original.url) as source, connect(url, local_infile=True) as target:
        try:
            return _Copy(source, target, original, say).run()
        except pymysql.Error as error:
            raise CopyError(f"the copy stopped: {_reason(error)}") from None


class _Copy:
    """One copy, in order: tables, rows, then what looks at them."""

    def __init__(self, source: Connection, target: Connection, original: MySQLOriginal, say: Say) -> None:
        self._source = source
        self._target = target
        self._original = original
        self._say = say
        self._left_out: list[str] = []
        self._into_mariadb = "mariadb" in str(target.get_server_info()).lower()  # type: ignore[no-untyped-call]

    def run(self) -> tuple[str, ...]:
        self._prepare()
        charset, collation = rows(self._source, "SELECT @@character_set_database, @@collation_database")[0]
        self._do(f"ALTER DATABASE CHARACTER SET {charset} COLLATE {self._known_here(collation)}")
        for name in self._original.sequences:
            self._make("SEQUENCE", name, column=1)
            (following,) = rows(self._source, f"SELECT next_not_cached_value FROM {quoted(name)}")[0]  # noqa: S608
            self._do(f"ALTER SEQUENCE {quoted(name)} RESTART {following}")
        for name in self._original.tables:
            self._make("TABLE", name, column=1)
        for number, name in enumerate(self._original.tables, start=1):
            self._say(f"copying table {number} of {len(self._original.tables)}: {name}")
            self._copy_rows(name)
        self._make_the_rest()
        return tuple(self._left_out)

    def _prepare(self) -> None:
        """Set the session up to take everything as it was."""
        self._do(_AS_IT_WAS)
        try:
            self._do(_OF_MARIADB if self._into_mariadb else _OF_MYSQL)
        except pymysql.err.OperationalError as error:  # MySQL 8.0 allows such keys always
            if error.args[0] != _UNKNOWN_VARIABLE:
                raise

    def _make_the_rest(self) -> None:
        for kind, name in self._names("routine_type, routine_name", "routines", "routine_schema"):
            self._make(kind, name, column=2, mode=1)
        self._make_views()
        order = "event_object_table, action_timing, event_manipulation, action_order"
        for (name,) in self._names("trigger_name", "triggers", "trigger_schema", order):
            self._make("TRIGGER", name, column=2, mode=1)
        for (name,) in self._names("event_name", "events", "event_schema"):
            try:
                self._make("EVENT", name, column=3, mode=1)
                self._do(f"ALTER EVENT {quoted(name)} DISABLE")
            except pymysql.Error:  # its time is over, and such an event is dropped as soon as it is made
                self._left_out.append(f"event {name}")

    def _make_views(self) -> None:
        """Views may read views: go round as long as another one can be made."""
        waiting = list(self._original.views)
        while waiting:
            refused = [name for name in waiting if not self._could_make_view(name)]
            if len(refused) == len(waiting):
                self._left_out += [
                    f"view {name}, which reads what is not in this database" for name in refused
                ]
                return
            waiting = refused

    def _could_make_view(self, name: str) -> bool:
        try:
            self._make("VIEW", name, column=1)
        except pymysql.Error:
            return False
        return True

    def _make(self, kind: str, name: str, *, column: int, mode: int | None = None) -> None:
        """Make a thing as the original shows it; routines, triggers and events under their own SQL mode."""
        shown = rows(self._source, f"SHOW CREATE {kind} {quoted(name)}")[0]
        statement = self._known_here(_DEFINER.sub(r"\1", str(shown[column])))
        if kind == "EVENT":
            statement = _SWITCHED_ON.sub(r"\1 DISABLE", statement)
        if mode is not None:
            modes = str(shown[mode])
            self._do("SET SESSION sql_mode = %s", _known_modes(modes) if self._into_mariadb else modes)
        try:
            self._do(statement)
        except pymysql.Error as error:
            if kind in ("VIEW", "EVENT"):
                raise
            raise CopyError(f"the copy stopped at {kind.lower()} {name}: {_reason(error)}") from None

    def _known_here(self, statement: str) -> str:
        return _in_mariadb(statement) if self._into_mariadb else statement

    def _copy_rows(self, table: str) -> None:
        columns = rows(self._source, _COLUMNS, table)
        read = ", ".join(_exactly(name, kind) for name, kind in columns)
        with _pipe() as pipe, ThreadPoolExecutor(1) as loader:
            loading = loader.submit(self._load, _load_statement(table, columns), str(pipe))
            sent = 0
            try:
                with _writing(pipe, loading) as file:
                    for row in self._raw(f"SELECT {read} FROM {quoted(table)}"):  # noqa: S608 - quoted
                        file.write(_line(row))
                        sent += 1
            except BrokenPipeError:
                pass  # the loader gave up, and says why
            loaded, warnings, first = self._result(table, loading)
        if loaded != sent or warnings > self._values_outside_of_enums(table, columns):
            raise CopyError(
                f"table {table}: {loaded} of {sent} rows were taken as they are (warning {first})"
            )

    def _values_outside_of_enums(self, table: str, columns: Columns) -> int:
        """How many values are none of their ENUM's: MySQL stored them as 0, and warns of each again."""
        enums = [quoted(name) for name, kind in columns if kind == "enum"]
        if not enums:
            return 0
        counted = " + ".join(f"coalesce(sum({name} = 0), 0)" for name in enums)
        return int(rows(self._source, f"SELECT {counted} FROM {quoted(table)}")[0][0])  # noqa: S608 - quoted

    def _load(self, statement: str, pipe: str) -> tuple[int, int, int | None]:
        """Rows, warnings, the first one's number: LOCAL makes warnings of errors, whose words hold values."""
        with self._target.cursor() as cursor:
            before, after = statement.split("%s", 1)  # a column's name may hold a percent sign as well
            loaded = cursor.execute(before + self._target.escape(pipe) + after)
            cursor.execute("SHOW WARNINGS")
            shown = [int(number) for _, number, _ in cursor.fetchall()]
            of_values = [number for number in shown if number != _MIXED_ENGINES]
            cursor.execute("SELECT @@warning_count")
            (warnings,) = cursor.fetchone() or (0,)
            others = len(shown) - len(of_values)
            return loaded, int(warnings) - others, of_values[0] if of_values else None

    def _result(
        self, table: str, loading: "Future[tuple[int, int, int | None]]"
    ) -> tuple[int, int, int | None]:
        try:
            return loading.result()
        except pymysql.Error as error:
            raise CopyError(f"the copy stopped at table {table}: {_reason(error)}") from None

    def _raw(self, query: str) -> Iterator[tuple[bytes | str | None, ...]]:
        """Rows as the server holds them: no character set is converted, and nothing is read as a number."""
        decoders, self._source.decoders = self._source.decoders, {}
        try:
            with self._source.cursor(Cursor) as cursor:
                cursor.execute("SET NAMES binary")
            with self._source.cursor(SSCursor) as cursor:
                cursor.execute(query)
                yield from cursor
        finally:
            self._source.decoders = decoders
            with self._source.cursor(Cursor) as cursor:
                cursor.execute("SET NAMES utf8mb4")

    def _names(
        self, what: str, view: str, schema: str, order: str | None = None
    ) -> Iterable[tuple[str, ...]]:
        query = f"SELECT {what} FROM information_schema.{view} WHERE {schema} = database() ORDER BY "  # noqa: S608
        return rows(self._source, query + (order or what))

    def _do(self, statement: str, *values: object) -> None:
        with self._target.cursor() as cursor:
            cursor.execute(statement, values or None)


def _exactly(name: str, kind: str) -> str:
    """How a column is read: a float with as many digits as it takes, and of an ENUM which value it is."""
    if kind == "float":
        return f"cast({quoted(name)} AS double)"
    return f"{quoted(name)} + 0" if kind == "enum" else quoted(name)


def _load_statement(table: str, columns: Columns) -> str:
    """MySQL takes no bytes for JSON, and which value of an ENUM it is comes as a number."""
    converted = {
        name: (f"@value_{number}", _CONVERTED[kind])
        for number, (name, kind) in enumerate(columns)
        if kind in _CONVERTED
    }
    names = ", ".join(converted[name][0] if name in converted else quoted(name) for name, _ in columns)
    chosen = ", ".join(f"{quoted(name)} = {form.format(value)}" for name, (value, form) in converted.items())
    statement = f"LOAD DATA LOCAL INFILE %s INTO TABLE {quoted(table)} CHARACTER SET binary ({names})"
    return f"{statement} SET {chosen}" if chosen else statement


def _line(row: Iterable[bytes | str | None]) -> bytes:
    return b"\t".join(_field(value) for value in row) + b"\n"


def _field(value: bytes | str | None) -> bytes:
    if value is None:
        return b"\\N"
    written = value.encode() if isinstance(value, str) else value
    for sign, escaped in _ESCAPES:
        written = written.replace(sign, escaped)
    return written


def _in_mariadb(statement: str) -> str:
    """Name MariaDB's collations in place of those that only MySQL 8 has."""
    return _COLLATION.sub(lambda found: _COLLATIONS.get(found[1], _COLLATIONS["ai_ci"]), statement)


def _known_modes(modes: str) -> str:
    """An SQL mode without what MariaDB does not know."""
    return ",".join(mode for mode in modes.split(",") if mode != "TIME_TRUNCATE_FRACTIONAL")


def _reason(error: pymysql.Error) -> str:
    """The server's number and words; of a duplicate or wrong value, whose words hold it, the number alone."""
    code, *words = error.args or (0,)
    tells_values = code in (1062, 1292, 1366, 1406, 1411, 3140, 4025)
    return f"error {code}" if tells_values else f"{' '.join(str(word) for word in words)} ({code})"


@contextmanager
def _pipe() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="snapveil-copy-") as folder:
        path = Path(folder) / "rows"
        os.mkfifo(path, 0o600)
        yield path


@contextmanager
def _writing(pipe: Path, loading: "Future[Any]") -> Iterator[BinaryIO]:
    """Open the pipe as soon as the loader reads it; a loader that was refused never does."""
    while True:
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            break
        except OSError as problem:
            if problem.errno != errno.ENXIO:
                raise
        if loading.done():
            raise BrokenPipeError
        time.sleep(0.002)
    os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "wb", buffering=1 << 16) as file:
        yield file
