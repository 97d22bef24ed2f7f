"""Reads a live database's schema into frozen values."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, RowMapping, text

from services.anonymize.worker.engines.postgresql import catalog
from services.anonymize.worker.engines.postgresql.catalog import Catalog
from services.anonymize.worker.engines.postgresql.constraints import read_constraints
from services.anonymize.worker.engines.postgresql.dependants import read_dependants, read_generated
from services.anonymize.worker.engines.postgresql.partitions import read_attachments, read_ties
from services.anonymize.worker.engines.postgresql.views import view_statements
from services.anonymize.worker.schema import (
    Column,
    ForeignKey,
    IndexStatistics,
    Member,
    Schema,
    Table,
    Trigger,
    View,
)
from services.anonymize.worker.sql import qualified
from services.anonymize.worker.uniqueness import read_unique

KINDS = {"v": "VIEW", "m": "MATERIALIZED VIEW"}


def discover(connection: Connection) -> Schema:
    """Read the schema of the connected database. Only the catalog is read, never a row of a table."""
    connection.execute(text("SELECT set_config('search_path', '', true)"))
    reader = Catalog(connection)
    relations = reader.rows(catalog.RELATIONS)
    tables = [row for row in relations if row["kind"] in "rpf"]
    views = [row for row in relations if row["kind"] in "vm"]
    oids = [row["oid"] for row in tables]
    return Schema(
        database=connection.execute(text("SELECT current_database()")).scalar_one(),
        tables=tuple(_tables(reader, tables, oids)),
        views=tuple(_views(reader, views)),
        dependants=(*read_dependants(reader, tables), *read_constraints(reader, tables)),
        foreign_keys=tuple(
            ForeignKey(
                name=row["name"],
                table=row["table"],
                columns=tuple(row["columns"]),
                referenced=row["referenced"],
                referenced_columns=tuple(row["referenced_columns"]),
                definition=row["definition"],
                comment=row["comment"],
            )
            for row in reader.rows(catalog.FOREIGN_KEYS, tables=oids)
        ),
        generated_columns=tuple(read_generated(reader, tables)),
        index_statistics=tuple(
            IndexStatistics(row["table"], row["statement"])
            for row in reader.rows(catalog.INDEX_STATISTICS, tables=oids)
        ),
        partitions=_partitions(tables),
        extensions=tuple(row["name"] for row in reader.rows(catalog.EXTENSIONS)),
        large_objects=count_large_objects(connection),
    )


def count_large_objects(connection: Connection) -> int:
    """Count the large objects of the connected database."""
    counted: int = connection.execute(text(catalog.LARGE_OBJECTS)).scalar_one()
    return counted


def user_table_in(connection: Connection) -> str | None:
    """Return the name of any table that users made in the connected database."""
    name: str | None = connection.execute(text(catalog.ANY_USER_TABLE)).scalar_one_or_none()
    return name


def other_databases(connection: Connection) -> tuple[str, ...]:
    """Return the instance's other databases that take connections."""
    return tuple(connection.execute(text(catalog.OTHER_DATABASES)).scalars())


def closed_databases(connection: Connection) -> tuple[str, ...]:
    """Return the instance's other databases that cannot be looked into."""
    return tuple(connection.execute(text(catalog.CLOSED_DATABASES)).scalars())


def dead_indexes(connection: Connection) -> tuple[str, ...]:
    """Return the indexes that are half dropped: they keep old values, whatever becomes of their tables."""
    return tuple(connection.execute(text(catalog.DEAD_INDEXES)).scalars())


def read_columns(connection: Connection, oids: list[int]) -> dict[int, tuple[Column, ...]]:
    """Read the columns of relations by oid."""
    found = Catalog(connection).by("table", catalog.COLUMNS, tables=oids)
    return {oid: tuple(map(_column, rows)) for oid, rows in found.items()}


def _label(row: RowMapping) -> str:
    return Table(oid=0, schema=row["schema"], name=row["name"], columns=()).label


def _partitions(tables: Iterable[RowMapping]) -> dict[tuple[str, str], str]:
    labels = {row["oid"]: _label(row) for row in tables}
    return {(row["schema"], row["name"]): labels[row["root"]] for row in tables if row["is_partition"]}


def _tables(reader: Catalog, tables: Sequence[RowMapping], oids: list[int]) -> Iterable[Table]:
    columns = read_columns(reader.connection, oids)
    uniques = reader.by("table", catalog.UNIQUES, tables=oids)
    triggers = reader.by("table", catalog.TRIGGERS, tables=oids)
    keys = reader.by("table", catalog.PARTITION_KEYS)
    attachments, ties = read_attachments(reader, oids), read_ties(reader, oids)
    members: dict[int, list[RowMapping]] = defaultdict(list)
    for row in tables:
        members[row["root"] or row["oid"]].append(row)
    for row in tables:
        if row["is_partition"]:
            continue
        leaves = [leaf for leaf in members[row["oid"]] if leaf["kind"] != "p"]
        yield Table(
            oid=row["oid"],
            schema=row["schema"],
            name=row["name"],
            columns=columns.get(row["oid"], ()),
            rows=sum(leaf["rows"] for leaf in leaves),
            size=sum(leaf["size"] for leaf in leaves),
            owner=row["owner"],
            partitioned=row["kind"] == "p",
            foreign=row["kind"] == "f",
            extension=row["extension"],
            partition_key=tuple(
                sorted(
                    {
                        name
                        for part in members[row["oid"]]
                        for key in keys[part["oid"]]
                        for name in key["columns"]
                    }
                )
            ),
            partitions_tied=ties.get(row["oid"]),
            inheritance=row["inheritance"],
            typed=row["typed"],
            row_type_used_by=row["row_type_used_by"],
            forces_row_security=row["forces_row_security"],
            uniques=tuple(
                dict.fromkeys(
                    read_unique(**{key: value for key, value in unique.items() if key != "table"})
                    for part in members[row["oid"]]
                    for unique in uniques[part["oid"]]
                )
            ),
            triggers=_triggers(triggers[row["oid"]]),
            members=tuple(
                Member(
                    oid=leaf["oid"],
                    schema=leaf["schema"],
                    name=leaf["name"],
                    triggers=_triggers(triggers[leaf["oid"]]),
                    foreign=leaf["kind"] == "f",
                    forces_row_security=leaf["forces_row_security"],
                    size=leaf["size"],
                    attachment=attachments.get(leaf["oid"]),
                )
                for leaf in leaves
            ),
        )


def _triggers(rows: Iterable[RowMapping]) -> tuple[Trigger, ...]:
    return tuple(Trigger(row["name"], row["enabled"]) for row in rows)


def _column(row: RowMapping) -> Column:
    return Column(
        name=row["name"],
        type=row["type"],
        base_type=row["base_type"],
        number=row["number"],
        length=row["length"],
        not_null=row["not_null"],
        domain=row["domain"],
        enum_labels=tuple(row["labels"] or ()),
        element_type=row["element_type"],
        element_length=row["element_length"],
        element_labels=tuple(row["element_labels"] or ()),
        collation=row["collation"],
        storage=row["storage"],
        compression=row["compression"],
        generated=row["generated"],
        generated_stored=row["generated_stored"],
        identity=row["identity"],
        comment=row["comment"],
        statistics=row["statistics"],
        granted=row["granted"],
        options=row["options"],
        not_null_name=row["not_null_name"],
    )


def _views(reader: Catalog, views: Sequence[RowMapping]) -> list[View]:
    oids = [row["oid"] for row in views]
    rules = {row["oid"]: row["table"] for row in reader.rows(catalog.RULES, relations=oids) if row["is_view"]}
    everything = [row["oid"] for row in reader.rows(catalog.RELATIONS)]
    reads: dict[int, set[tuple[int, str | None]]] = defaultdict(set)
    for use in reader.rows(catalog.USES, relations=everything):
        view = rules.get(use["object"]) if use["class"] == "pg_rewrite" else None
        if view is not None and use["table"] != view:
            reads[view].add((use["table"], use["column"]))
    roots = {row["view"]: row["root"] for row in reader.rows(catalog.VIEW_ROOTS, relations=oids)}
    statements = view_statements(
        definitions=reader.rows(catalog.VIEWS, relations=oids),
        names={row["oid"]: qualified(row["schema"], row["name"]) for row in views},
        materialized={row["oid"] for row in views if row["kind"] == "m"},
        columns=reader.by("view", catalog.VIEW_COLUMNS, relations=oids),
        grants=reader.by("view", catalog.VIEW_GRANTS, relations=oids),
        indexes=reader.by("view", catalog.VIEW_INDEXES, relations=oids),
        statistics=reader.by("view", catalog.VIEW_STATISTICS, relations=oids),
        rules=reader.by("table", catalog.RULES, relations=oids),
        triggers=reader.by("table", catalog.TRIGGERS, tables=oids),
    )
    found = {
        row["oid"]: View(
            oid=row["oid"],
            schema=row["schema"],
            name=row["name"],
            materialized=row["kind"] == "m",
            populated=row["populated"],
            drop=f"DROP {KINDS[row['kind']]} {qualified(row['schema'], row['name'])}",
            create=statements[row["oid"]],
            reads=frozenset(reads[row["oid"]]),
            rooted_by=roots.get(row["oid"]),
            owner=row["owner"],
        )
        for row in views
    }
    return _in_order(found)


def _in_order(views: dict[int, View]) -> list[View]:
    """Sort views so that each comes after the views that it reads."""
    ordered: dict[int, View] = {}

    def place(view: View) -> None:
        if view.oid in ordered:
            return
        for oid in sorted({oid for oid, _ in view.reads}):
            if oid in views:
                place(views[oid])
        ordered[view.oid] = view

    for view in views.values():
        place(view)
    return list(ordered.values())
