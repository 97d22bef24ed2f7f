"""Reads a live database's schema into frozen values."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, RowMapping
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import ConnectionProblemError, query
from services.anonymize.worker.engines.mysql import catalog
from services.anonymize.worker.engines.mysql.sql import qualified, quoted, text_literal
from services.anonymize.worker.schema import (
    DEFAULT_SCHEMA,
    Column,
    Dependant,
    DependantKind,
    ForeignKey,
    GeneratedColumn,
    Member,
    Schema,
    Share,
    Table,
    Trigger,
    Unique,
    View,
)
from services.anonymize.worker.uniqueness import read_unique

NOT_ALLOWED, NOT_THERE = 1142, 1146
ELSEWHERE = frozenset({"FEDERATED", "CONNECT", "SPIDER", "S3", "SPHINX", "OQGRAPH"})
UNION = "MRG_MYISAM"  # rows of other tables, which it names, as a view does
BYTES_PER_CHARACTER = {"utf8mb4": 4, "utf16": 4, "utf32": 4, "utf16le": 4, "utf8mb3": 3, "utf8": 3, "ucs2": 2}
EXACT = ("_bin", "_cs")  # collations under which a difference in case or accents counts
# Those under which ASCII texts are equal in case only. Of languages' own few are: Lithuanian takes i for y,
# Roman u for v, and Hungarian may take ccs for cscs.
CASE_ONLY = re.compile(
    r"(?:(?:utf8|utf8mb3|utf8mb4|ucs2|utf16|utf32|latin1|ascii)_)?"
    r"(?:general|unicode|unicode_520|german1|0900_a[is]|uca1400(?:_nopad)?_a[is])(?:_nopad)?_ci"
    r"|latin1_swedish(?:_nopad)?_ci"
)


def _refuse_half_a_view(connection: Connection, name: str) -> None:
    """The catalog hides what a user may not read, so that a policy would look complete. A table that is not
    there is told only to those who may read the whole database, whoever gave them the right."""
    try:
        connection.exec_driver_sql(f"SELECT 1 FROM {qualified(name, '-snapveil-')}")  # noqa: S608 - quoted
    except DBAPIError as error:
        if error.orig is not None and error.orig.args[0] == NOT_ALLOWED:
            user = connection.exec_driver_sql("SELECT CURRENT_USER()").scalar_one()
            raise ConnectionProblemError(
                f"{user} may not read all of {name}, and the server hides the rest; GRANT SELECT ON"
                f" {quoted(name)}.*, or give the address of a user who may"
            ) from None
        if error.orig is None or error.orig.args[0] != NOT_THERE:
            raise


def discover(connection: Connection) -> Schema:
    """Read the schema of the connected database. Only the catalog is read, never a row of a table. Raises
    ConnectionProblemError where the server would hide tables of it."""
    name = str(connection.exec_driver_sql("SELECT DATABASE()").scalar_one())
    _refuse_half_a_view(connection, name)
    is_mariadb = "mariadb" in str(connection.exec_driver_sql("SELECT VERSION()").scalar_one()).lower()
    found = catalog.rows(connection, catalog.TABLES)
    unions = [row for row in found if (row["engine"] or "").upper() == UNION]
    base = [row for row in found if row["type"] in {"BASE TABLE", "SYSTEM VERSIONED"} and row not in unions]
    tables = tuple(_tables(connection, base, is_mariadb))
    numbers = {table.name: table.oid for table in tables}
    return Schema(
        database=name,
        tables=tables,
        views=tuple(_views(connection, unions, numbers)),
        dependants=tuple(_triggers(connection, name, numbers)),
        foreign_keys=tuple(
            _foreign_keys(connection, name, numbers, "RESTRICT" if is_mariadb else "NO ACTION")
        ),
        generated_columns=tuple(
            GeneratedColumn(table.oid, column.name, frozenset(_inputs(table, column)))
            for table in tables
            for column in table.columns
            if column.generated is not None
        ),
    )


def read_columns(connection: Connection) -> Mapping[str, tuple[Column, ...]]:
    """Read the columns of every table and view, by its name."""
    is_mariadb = "mariadb" in str(connection.exec_driver_sql("SELECT VERSION()").scalar_one()).lower()
    documents = _documents(connection) if is_mariadb else {}
    return {
        table: tuple(_column(row, row["name"] in documents.get(table, ())) for row in rows)
        for table, rows in catalog.by_table(connection, catalog.COLUMNS).items()
    }


def user_tables_elsewhere(connection: Connection) -> list[tuple[str, str]]:
    """Databases of the same server, beside the connected one, with one of the tables of each."""
    return [(str(database), str(table)) for database, table in catalog.other_databases(connection)]


def _documents(connection: Connection) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in catalog.rows(connection, catalog.JSON_CHECKS):
        match = re.fullmatch(r"json_valid\(`((?:[^`]|``)+)`\)", row["clause"])
        if match is not None:
            found[row["table"]].add(match[1].replace("``", "`"))
    return found


def _tables(connection: Connection, base: Sequence[RowMapping], is_mariadb: bool) -> Iterator[Table]:
    columns = read_columns(connection)
    expression = "NULL" if is_mariadb else "expression"
    indexes = catalog.by_table(connection, catalog.INDEXES.format(expression=expression))
    triggers = catalog.by_table(connection, catalog.TRIGGERS)
    partitions = catalog.by_table(connection, catalog.PARTITIONS)
    checks = {} if is_mariadb else catalog.by_table(connection, catalog.NAMED_CHECKS)
    for number, row in enumerate(base, 1):
        name = row["name"]
        parts = columns.get(name, ())
        by = [part[key] for part in partitions.get(name, ()) for key in ("by", "sub_by")]
        foreign = (row["engine"] or "").upper() in ELSEWHERE
        made = tuple(Trigger(trigger["name"], "O") for trigger in triggers.get(name, ()))
        table = Table(
            oid=number,
            schema=DEFAULT_SCHEMA,
            name=name,
            columns=parts,
            rows=int(row["rows"] or 0),
            size=int(row["size"] or 0),
            partitioned=bool(by),
            foreign=foreign,
            partition_key=_named(by, parts),
            triggers=made,
            members=(Member(number, DEFAULT_SCHEMA, name, made, foreign),),
            next_number=_next_number(connection, row, parts, is_mariadb),
            shares=_shares(partitions.get(name, ())),
            versioned=row["type"] == "SYSTEM VERSIONED",
            copy_loses=_lost(checks.get(name, ())),
        )
        yield replace(table, uniques=tuple(_uniques(table, indexes.get(name, ()))))


def _shares(partitions: Sequence[RowMapping]) -> tuple[Share, ...]:
    sizes: dict[str, int] = defaultdict(int)
    for part in partitions:
        sizes[part["name"]] += int(part["size"] or 0)
    return tuple(Share(name, size) for name, size in sizes.items())


def _next_number(
    connection: Connection, row: RowMapping, columns: Sequence[Column], is_mariadb: bool
) -> int | None:
    """MySQL says 1 of a table of MyISAM that gives no numbers, and of one of InnoDB that nobody has opened
    since the server's start the last number instead of the next."""
    if row["next"] is None or not any(column.identity for column in columns):
        return None
    if is_mariadb:
        return int(row["next"])
    made = str(query(connection, f"SHOW CREATE TABLE {quoted(row['name'])}")[0][1])
    shown = re.search(r"^\)(?: /\*!.*?\*/)? ENGINE=\w+ AUTO_INCREMENT=(\d+)", made, re.MULTILINE)
    return int(shown[1]) if shown else 1


def _lost(checks: Iterable[RowMapping]) -> str | None:
    """MySQL gives the checks of a table that is made like another names of its own."""
    named = [row["name"] for row in checks]
    return f"the names of its checks ({', '.join(named)})" if named else None


def _column(row: RowMapping, document: bool) -> Column:
    base = "json" if document else row["base"].lower()
    if row["type"].lower() == "tinyint(1)":
        base = "bool"
    extra = row["extra"].upper()
    generated = row["generated"]
    return Column(
        name=row["name"],
        type=row["type"],
        base_type=base,
        number=int(row["number"]),
        length=_length(base, row),
        not_null=row["nullable"] == "NO",
        enum_labels=_labels(row["type"]) if base == "enum" else (),
        collation=row["collation"],
        charset=row["charset"],
        generated=generated,
        generated_stored="VIRTUAL" not in extra,
        identity="AUTO_INCREMENT" in extra,
        comment=row["comment"],
    )


def _length(base: str, row: RowMapping) -> int | None:
    if row["length"] is None:
        return None
    if base in {"char", "varchar", "binary", "varbinary"}:
        return int(row["length"])
    if base == "tinytext":
        return 255 // BYTES_PER_CHARACTER.get(row["charset"], 1)
    return None


def _labels(column_type: str) -> tuple[str, ...]:
    found = re.findall(r"'((?:[^']|'')*)'", column_type)
    return tuple(label.replace("''", "'") for label in found)


def _named(expressions: Iterable[str | None], columns: Sequence[Column]) -> tuple[str, ...]:
    names = [column.name for column in columns]
    return tuple(sorted({name for expression in expressions for name in catalog.names_in(expression, names)}))


def _inputs(table: Table, column: Column) -> tuple[str, ...]:
    """The columns that a generated column is made of, those of other generated ones included."""
    names = [other.name for other in table.columns if other.name != column.name]
    return _all_inputs(table, catalog.names_in(column.generated, names))


def _all_inputs(table: Table, named: Sequence[str]) -> tuple[str, ...]:
    """The columns that an expression names, with those of which the generated ones among them are made."""
    inputs = dict.fromkeys(named)
    for name in named:
        other = table.column(name)
        if other is not None and other.generated is not None:
            inputs |= dict.fromkeys(_inputs(table, other))
    return tuple(inputs)


def _uniques(table: Table, rows: Iterable[RowMapping]) -> Iterator[Unique]:
    indexes: dict[str, list[RowMapping]] = defaultdict(list)
    for row in rows:
        indexes[row["name"]].append(row)
    names = [column.name for column in table.columns]
    for name, parts in indexes.items():
        columns: dict[str, None] = {}
        loose: list[str] = []
        by_case: list[str] = []
        opaque: list[str] = []
        for part in parts:
            named = part["column"]
            column = table.column(named) if named is not None else None
            if column is None:  # an expression
                inputs = _all_inputs(table, catalog.names_in(part["expression"], names))
                columns |= dict.fromkeys(inputs)
                opaque += inputs
                continue
            columns[column.name] = None
            if part["part"] is not None:
                opaque.append(column.name)
            if column.collation is not None and not column.collation.endswith(EXACT):
                (by_case if CASE_ONLY.fullmatch(column.collation) else loose).append(column.name)
            if column.generated is not None:
                inputs = _inputs(table, column)
                columns |= dict.fromkeys(inputs)
                opaque += inputs
        yield read_unique(name, tuple(columns), (), None, loose, opaque, False, by_case)


def _triggers(connection: Connection, database: str, numbers: Mapping[str, int]) -> Iterator[Dependant]:
    refused = catalog.refused_definers(connection)
    for row in catalog.rows(connection, catalog.TRIGGERS):
        if row["table"] not in numbers:
            continue
        named = qualified(database, row["name"])
        definer = f" DEFINER={_account(row['definer'])}" if row["definer"] not in refused else ""
        yield Dependant(
            kind=DependantKind.TRIGGER,
            name=row["name"],
            table=numbers[row["table"]],
            columns=frozenset(),
            drop=(f"DROP TRIGGER IF EXISTS {named}",),
            create=(
                f"SET SESSION sql_mode = {text_literal(row['mode'])},"
                f" character_set_client = {row['client']}, collation_connection = {row['collation']}",
                f"CREATE{definer} TRIGGER {named} {row['timing']} {row['event']}"
                f" ON {qualified(database, row['table'])} FOR EACH ROW {row['body']}",
            ),
            owner=None if definer else row["definer"],
        )


def _account(definer: str) -> str:
    user, _, host = definer.rpartition("@")
    return f"{quoted(user)}@{quoted(host)}"


def _foreign_keys(
    connection: Connection, database: str, numbers: Mapping[str, int], unsaid: str
) -> Iterator[ForeignKey]:
    """`unsaid` is what a key does that says nothing: said, the server would show it."""
    keys: dict[tuple[str, str], list[RowMapping]] = defaultdict(list)
    for row in catalog.rows(connection, catalog.FOREIGN_KEYS):
        keys[row["table"], row["name"]].append(row)
    indexes: dict[tuple[str, str], tuple[str, ...]] = defaultdict(tuple)
    for row in catalog.rows(connection, catalog.PLAIN_INDEXES):
        indexes[row["table"], row["name"]] += (row["column"],)
    for (table, name), parts in keys.items():
        first = parts[0]
        columns = tuple(part["column"] for part in parts)
        referenced = tuple(part["referenced_column"] for part in parts)
        target = qualified(first["schema"], first["referenced"])
        yield ForeignKey(
            name=name,
            table=numbers[table],
            columns=columns,
            referenced=numbers.get(first["referenced"], 0) if first["schema"] == database else 0,
            referenced_columns=referenced,
            definition=(
                f"FOREIGN KEY ({', '.join(map(quoted, columns))})"
                f" REFERENCES {target} ({', '.join(map(quoted, referenced))})"
                + "".join(
                    f" ON {event} {first[rule]}"
                    for event, rule in (("DELETE", "on_delete"), ("UPDATE", "on_update"))
                    if first[rule] != unsaid
                )
            ),
            indexes=tuple(name for (of, name), over in indexes.items() if of == table and over == columns),
        )


def _views(
    connection: Connection, unions: Sequence[RowMapping], numbers: Mapping[str, int]
) -> Iterator[View]:
    found = {row["name"]: row["definition"] or "" for row in catalog.rows(connection, catalog.VIEWS)}
    found |= {row["name"]: "" for row in unions}
    for number, (name, definition) in enumerate(found.items(), len(numbers) + 1):
        read = catalog.names_in(definition, list(numbers))
        yield View(
            oid=number,
            schema=DEFAULT_SCHEMA,
            name=name,
            materialized=False,
            populated=True,
            drop="",
            create=(),
            reads=frozenset((numbers[one], None) for one in read),
        )
