# SQL keeps its own lines.
# ruff: noqa: E501
"""Partitions that are masked one by one: taken off their table before, and put back as they were after.

PostgreSQL rewrites a partitioned table as a whole, in one transaction and one process. A partition that is detached is
a table of its own, so that several are rewritten at a time, a killed worker loses one and not all, and the disk holds
one twice and not all. ATTACH PARTITION finds a partition's indexes, constraints and foreign keys again, by what they
are; where that would not bring back the same, the partitions stay together, by a rule that says why.
"""

from collections.abc import Mapping, Sequence

from services.anonymize.worker.checkpoints import of_table
from services.anonymize.worker.engines.postgresql.catalog import Catalog
from services.anonymize.worker.plan import Unit
from services.anonymize.worker.schema import Attachment, Member, Schema, Table, label_of
from services.anonymize.worker.sql import qualified, quoted

_ATTACHMENTS = """
SELECT i.inhrelid AS partition, n.nspname AS parent_schema, p.relname AS parent,
       pg_get_expr(c.relpartbound, c.oid) AS bound, pg_get_partition_constraintdef(c.oid) AS holds
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
  JOIN pg_namespace n ON n.oid = p.relnamespace
 WHERE c.relispartition AND c.relkind = 'r' AND c.oid = ANY(CAST(:tables AS oid[]))
"""

# ATTACH would build what an index that was made ON ONLY its table does not have yet; a clone of a trigger comes back
# without its comment; a detachment that somebody began concurrently has to be ended first.
_TIES = """
SELECT pg_partition_root(x.indrelid)::oid AS table, format('index %I is not complete', i.relname) AS why
  FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
 WHERE c.relkind = 'p' AND NOT x.indisvalid AND c.oid = ANY(CAST(:tables AS oid[]))
UNION ALL
SELECT pg_partition_root(t.tgrelid)::oid, format('trigger %I has a comment in partition %I', t.tgname, c.relname)
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relispartition AND t.tgparentid <> 0 AND NOT t.tgisinternal AND c.oid = ANY(CAST(:tables AS oid[]))
   AND obj_description(t.oid, 'pg_trigger') IS NOT NULL
UNION ALL
SELECT pg_partition_root(i.inhparent)::oid, format('partition %I is being detached', c.relname)
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
 WHERE to_jsonb(i) ->> 'inhdetachpending' = 'true' AND i.inhrelid = ANY(CAST(:tables AS oid[]))
"""

# Holds while a partition is detached, so that putting it back reads no row; proven by the rewrite itself.
_BOUND = quoted("snapveil_bound")


def read_attachments(reader: Catalog, tables: Sequence[int]) -> dict[int, Attachment]:
    """Read how each partition that holds rows hangs on its parent, by the partition's oid."""
    return {
        row["partition"]: Attachment(
            qualified(row["parent_schema"], row["parent"]), row["bound"], row["holds"]
        )
        for row in reader.rows(_ATTACHMENTS, tables=tables)
    }


def read_ties(reader: Catalog, tables: Sequence[int]) -> dict[int, str]:
    """Read what in the catalog forbids to take partitions off, by the partitioned table's oid."""
    return {row["table"]: row["why"] for row in reader.rows(_TIES, tables=tables)}


def kept_together(table: Table, schema: Schema, root_of: Mapping[int, int]) -> str | None:
    """Say why a partitioned table is masked as a whole, or nothing."""
    if table.partitions_tied:
        return table.partitions_tied
    if not all(member.attachment for member in table.members):
        return "the schema's file does not say how they hang on it"
    partitioned = {other.oid for other in schema.tables if other.partitioned}
    for key in schema.foreign_keys:
        owner, referenced = root_of.get(key.table), root_of.get(key.referenced)
        if referenced == table.oid:
            return f"foreign key {key.name} refers to it"
        if owner == table.oid and referenced in partitioned:
            return f"foreign key {key.name} refers to a partitioned table"
    for triggers in (table.triggers, *(member.triggers for member in table.members)):
        for trigger in triggers:
            if trigger.enabled != "O":
                return f"trigger {trigger.name} is not simply enabled"
    return None


def units(table: Table, schema: Schema) -> tuple[Unit, ...]:
    """The partitions of a table as they are masked one by one, the largest first."""
    found = []
    for member in sorted(table.members, key=lambda member: -member.size):
        assert member.attachment is not None  # noqa: S101 - of a partition that is no foreign table
        found.append(
            Unit(
                of_table(member),
                label_of(member.schema, member.name),
                member.size,
                f"ALTER TABLE {_name(member)} ADD CONSTRAINT {_BOUND} CHECK ({member.attachment.holds}), ",
                (member.oid,),
                tuple(kept.statement for kept in schema.index_statistics if kept.table == member.oid),
            )
        )
    return tuple(found)


def detach(table: Table) -> list[str]:
    """Statements that make every partition a table of its own."""
    return [
        f"ALTER TABLE {member.attachment.parent} DETACH PARTITION {_name(member)}"
        for member in table.members
        if member.attachment
    ]


def attach(table: Table) -> list[str]:
    """Statements that put every partition back; the default ones last, which would be read for each other."""
    statements = []
    for member in sorted(
        table.members, key=lambda member: bool(member.attachment and member.attachment.bound == "DEFAULT")
    ):
        if member.attachment:
            hangs = f"{member.attachment.parent} ATTACH PARTITION {_name(member)} {member.attachment.bound}"
            statements += [f"ALTER TABLE {hangs}", f"ALTER TABLE {_name(member)} DROP CONSTRAINT {_BOUND}"]
    return statements


def _name(member: Member) -> str:
    return qualified(member.schema, member.name)
