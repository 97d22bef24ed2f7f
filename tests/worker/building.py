"""Short ways to say a schema, for plans that are tested without a database."""

from services.anonymize.worker.engines.postgresql.planning import make_plan
from services.anonymize.worker.plan import Plan
from services.anonymize.worker.policy import PolicyError, Problem, load_policy, resolve
from services.anonymize.worker.progress import Advance
from services.anonymize.worker.schema import Column, ForeignKey, Member, Schema, Table, Unique

BASE_TYPES = {"character varying": "varchar", "character": "bpchar", "integer": "int4", "bigint": "int8",
              "smallint": "int2", "double precision": "float8",
              "timestamp with time zone": "timestamptz", "boolean": "bool"}  # fmt: skip


def column(name: str, type_: str = "text", **known: object) -> Column:
    """A column of a type as format_type() says it."""
    word, _, rest = type_.removesuffix("[]").partition("(")
    array = type_.endswith("[]")
    length = int(rest.rstrip(")")) if rest and word.startswith("character") and not array else None
    base = "_" * array + BASE_TYPES.get(word, word)
    return Column(name=name, type=type_, base_type=base, length=length, **known)  # type: ignore[arg-type]


def table(name: str, *columns: Column, oid: int = 1, schema: str = "public", **known: object) -> Table:
    """A table whose rows lie in itself."""
    numbered = tuple(
        Column(**{**part.__dict__, "number": place}) for place, part in enumerate(columns, start=1)
    )
    members = (Member(oid, schema, name),)
    return Table(oid=oid, schema=schema, name=name, columns=numbered, members=members, **known)  # type: ignore[arg-type]


def unique(name: str, *columns: str, **known: object) -> Unique:
    """A unique constraint."""
    return Unique(name, columns, **known)  # type: ignore[arg-type]


def references(child: Table, column_name: str, parent: Table, referenced: str) -> ForeignKey:
    """A foreign key of one column."""
    definition = f"FOREIGN KEY ({column_name}) REFERENCES {parent.name}({referenced})"
    return ForeignKey(f"{child.name}_fk", child.oid, (column_name,), parent.oid, (referenced,), definition)


def schema_of(*tables: Table, **known: object) -> Schema:
    """A database called shop."""
    return Schema(database="shop", tables=tables, **known)  # type: ignore[arg-type]


def plan(policy: str, schema: Schema) -> Plan:
    """The plan of a policy's text."""
    return make_plan(resolve(load_policy(policy, "policy.yaml"), schema), schema)


def refused(policy: str, schema: Schema) -> list[str]:
    """What is wrong with a policy, each at its line; nothing if it plans."""
    try:
        plan(policy, schema)
    except PolicyError as error:
        return [by_line(problem) for problem in error.problems]
    return []


def by_line(problem: Problem) -> str:
    """A problem without its column, for tests whose subject is no place."""
    return f"{problem.at.file}:{problem.at.line}: {problem.message}"


def tell_nobody(_: Advance) -> None:
    """Hear of progress and do nothing."""
