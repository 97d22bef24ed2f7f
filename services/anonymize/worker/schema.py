"""What a PostgreSQL database is made of, as frozen values: the plan reads these and never a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer


def _as_mapping(written: Any) -> Any:
    """Read what Pairs writes."""
    if not isinstance(written, list):
        return written
    return {(first, second): value for first, second, value in written}


# JSON has no pairs as keys: such a mapping is written as a list of three each
Pairs = Annotated[
    Mapping[tuple[str, str], str],
    PlainSerializer(lambda pairs: [[*key, value] for key, value in pairs.items()], return_type=list),
    BeforeValidator(_as_mapping),
]


class Family(StrEnum):
    """The kinds of column types that masks tell apart."""

    TEXT = "text"
    JSON = "json"
    DATE = "date"
    TIMESTAMP = "timestamp"
    INET = "inet"
    UUID = "uuid"
    BYTES = "bytea"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ENUM = "enum"
    MAC = "macaddr"
    POINT = "point"
    XML = "xml"
    HSTORE = "hstore"
    ARRAY = "array"
    OTHER = "other"


FAMILIES: Mapping[str, Family] = {
    "text": Family.TEXT,
    "varchar": Family.TEXT,
    "bpchar": Family.TEXT,
    "citext": Family.TEXT,
    "json": Family.JSON,
    "jsonb": Family.JSON,
    "date": Family.DATE,
    "timestamp": Family.TIMESTAMP,
    "timestamptz": Family.TIMESTAMP,
    "inet": Family.INET,
    "uuid": Family.UUID,
    "bytea": Family.BYTES,
    "int2": Family.NUMBER,
    "int4": Family.NUMBER,
    "int8": Family.NUMBER,
    "numeric": Family.NUMBER,
    "float4": Family.NUMBER,
    "float8": Family.NUMBER,
    "bool": Family.BOOLEAN,
    "macaddr": Family.MAC,
    "point": Family.POINT,
    "xml": Family.XML,
    "hstore": Family.HSTORE,
    # MySQL's and MariaDB's own; tinyint(1) comes as bool
    **dict.fromkeys(("char", "tinytext", "mediumtext", "longtext"), Family.TEXT),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), Family.BYTES),
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint"), Family.NUMBER),
    **dict.fromkeys(("decimal", "float", "double"), Family.NUMBER),
    "datetime": Family.TIMESTAMP,
    "inet4": Family.INET,
    "inet6": Family.INET,
}

# Types whose text can hold no e-mail, telephone number or IBAN; every other type is searched as text.
SILENT_TYPES = frozenset(
    """
    int2 int4 int8 numeric float4 float8 bool money oid xid xid8 cid tid pg_lsn bit varbit uuid bytea
    date time timetz timestamp timestamptz interval inet cidr macaddr macaddr8
    tinyint smallint mediumint int bigint decimal float double year datetime inet4 inet6
    binary varbinary tinyblob blob mediumblob longblob geometrycollection geomcollection linestring
    multipoint multilinestring multipolygon
    point line lseg box path polygon circle cube seg geometry geography raster vector
    int4range int8range numrange daterange tsrange tstzrange
    int4multirange int8multirange nummultirange datemultirange tsmultirange tstzmultirange
    _int2 _int4 _int8 _numeric _float4 _float8 _bool _uuid _date _timestamp _timestamptz
    """.split()  # noqa: SIM905 - read as words
)

DEFAULT_SCHEMA = (
    "public"  # which a policy need not name; MySQL has no schemas within a database, and all is in it
)


def label_of(schema: str, name: str) -> str:
    """How the policy names a table."""
    return name if schema == DEFAULT_SCHEMA and "." not in name else f"{schema}.{name}"


@dataclass(frozen=True)
class Column:
    """One column; `type` is format_type()'s exact word for it, names in it qualified."""

    name: str
    type: str
    base_type: str  # pg_type.typname below any domain; "_text" is an array of text
    number: int = 1
    length: int | None = None  # characters that varchar(n) and char(n) hold
    not_null: bool = False
    domain: bool = False
    enum_labels: tuple[str, ...] = ()
    element_type: str | None = None  # what an array's elements are, below any domain
    element_length: int | None = None
    element_labels: tuple[str, ...] = ()
    collation: str | None = None  # only where it differs from the type's own
    charset: str | None = None  # of a text in MySQL, where each column has its own
    storage: str | None = None  # likewise
    compression: str | None = None  # likewise
    generated: str | None = None  # the expression
    generated_stored: bool = True
    identity: bool = False
    comment: str | None = None
    statistics: int | None = None
    granted: bool = False  # has privileges of its own
    options: str | None = None  # n_distinct and the like, as SET (…) takes them
    not_null_name: str | None = None  # what the constraint is called

    @property
    def family(self) -> Family:
        """The kind of type that masks go by."""
        if self.enum_labels:
            return Family.ENUM
        if self.base_type.startswith("_"):
            return Family.ARRAY
        return FAMILIES.get(self.base_type, Family.OTHER)

    @property
    def can_hold_text(self) -> bool:
        """Whether an e-mail, a telephone number or an IBAN can stand in it."""
        return self.base_type not in SILENT_TYPES and not self.enum_labels


@dataclass(frozen=True)
class Unique:
    """A primary key, unique or exclusion constraint, or a unique index, and the columns it speaks of."""

    name: str
    columns: tuple[str, ...]
    folded: frozenset[str] = frozenset()  # compared whatever their case or accents
    opaque: frozenset[str] = frozenset()  # looked at through an expression, a condition or another operator
    nulls_equal: bool = False
    lowered: frozenset[str] = frozenset()  # of those folded: by lower() or upper(), and by nothing else


@dataclass(frozen=True)
class Trigger:
    """A trigger that users made; `enabled` is pg_trigger.tgenabled."""

    name: str
    enabled: str


@dataclass(frozen=True)
class Table:
    """A table with rows; partitions are members of their root and no tables of their own."""

    oid: int
    schema: str
    name: str
    columns: tuple[Column, ...]
    rows: int = 0  # an estimate
    size: int = 0  # bytes with indexes and TOAST, all members
    owner: str = ""
    partitioned: bool = False
    foreign: bool = False
    extension: str | None = None
    partition_key: tuple[str, ...] = ()
    partitions_tied: str | None = None  # why PostgreSQL would not bring its partitions back as they were
    inheritance: bool = False  # parent or child of another table, other than by partitioning
    typed: bool = False
    row_type_used_by: str | None = None
    forces_row_security: bool = False
    uniques: tuple[Unique, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    members: tuple["Member", ...] = ()  # where the rows are: the table itself, or its leaf partitions
    next_number: int | None = None  # MySQL: what AUTO_INCREMENT gives next
    shares: tuple["Share", ...] = ()  # MySQL: its partitions
    versioned: bool = False  # MariaDB: it keeps old rows beside the current ones
    copy_loses: str | None = None  # MySQL: what CREATE TABLE … LIKE would not bring along

    @property
    def label(self) -> str:
        """How the policy names the table."""
        return label_of(self.schema, self.name)

    def column(self, name: str) -> Column | None:
        """Return a column by name."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def row_key(self) -> tuple[str, ...]:
        """The fewest columns that tell rows apart and are never NULL; nothing if there are none."""
        never_null = {column.name for column in self.columns if column.not_null}
        keys = [
            unique.columns
            for unique in self.uniques
            if not unique.opaque and never_null.issuperset(unique.columns)
        ]
        return min(keys, key=len, default=())


@dataclass(frozen=True)
class Attachment:
    """How a partition hangs on its parent, as SQL: the parent, FOR VALUES … or DEFAULT, and what holds for
    every row in it."""

    parent: str
    bound: str
    holds: str


@dataclass(frozen=True)
class Member:
    """One relation that holds rows of a table."""

    oid: int
    schema: str
    name: str
    triggers: tuple[Trigger, ...] = ()
    foreign: bool = False
    forces_row_security: bool = False
    size: int = 0  # bytes with indexes and TOAST
    attachment: Attachment | None = None  # of PostgreSQL's partitions


@dataclass(frozen=True)
class Share:
    """A partition of MySQL's, with its subpartitions; both numbers are estimates."""

    name: str
    size: int  # bytes with indexes


@dataclass(frozen=True)
class View:
    """A view or materialized view, with the statements that make it anew, and what it reads."""

    oid: int
    schema: str
    name: str
    materialized: bool
    populated: bool
    drop: str
    create: tuple[str, ...]
    reads: frozenset[tuple[int, str | None]]  # (oid of a table, member or view, column)
    rooted_by: str | None = None  # why it cannot be dropped: something else needs it
    owner: str = ""

    @property
    def label(self) -> str:
        """How messages name the view."""
        return self.name if self.schema == DEFAULT_SCHEMA else f"{self.schema}.{self.name}"


class DependantKind(StrEnum):
    """What can stand in the way of a column's rewrite."""

    TRIGGER = "trigger"
    RULE = "rule"
    POLICY = "policy"
    PUBLICATION = "publication"
    FUNCTION = "function"
    CHECK = "check"  # unproven, or a NOT NULL: only in the way of an UPDATE, which looks at every row
    INCOMPLETE = "incomplete index"  # of a partitioned table, which a rewrite would complete
    KEY = "key"  # unique, or an exclusion: only in the way of an UPDATE that gives a row what another one had


@dataclass(frozen=True)
class Dependant:
    """Something on a table that uses some of its columns, with the statements to take it away and bring it
    back."""

    kind: DependantKind
    name: str
    table: int  # oid of the table or member
    columns: frozenset[str]
    drop: tuple[str, ...] = ()
    create: tuple[str, ...] = ()
    owner: str | None = None  # in whose name it was made, where the user cannot make it anew in that name


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key; `definition` is pg_get_constraintdef()'s text."""

    name: str
    table: int
    columns: tuple[str, ...]
    referenced: int
    referenced_columns: tuple[str, ...]
    definition: str
    comment: str | None = None
    indexes: tuple[str, ...] = ()  # those over exactly its columns, of which MySQL may have made one for it


@dataclass(frozen=True)
class GeneratedColumn:
    """A generated column's inputs and what hangs on it, for the rewrite that drops and adds it."""

    table: int
    name: str
    inputs: frozenset[str]
    recreate: tuple[str, ...] = ()  # indexes, checks and comments, after the column is back
    rooted_by: str | None = None  # why it cannot be dropped


@dataclass(frozen=True)
class IndexStatistics:
    """A statistics target on an expression index's column or of extended statistics, or how a partition alone
    stores a column, which a rewrite forgets."""

    table: int
    statement: str


@dataclass(frozen=True)
class Schema:
    """All of a database that masking has to know."""

    database: str
    tables: tuple[Table, ...]
    views: tuple[View, ...] = ()  # in an order in which they can be made
    dependants: tuple[Dependant, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    generated_columns: tuple[GeneratedColumn, ...] = ()
    index_statistics: tuple[IndexStatistics, ...] = ()
    partitions: Pairs = field(default_factory=dict)  # a partition's name -> its root's label
    extensions: tuple[str, ...] = ()
    large_objects: int = 0

    def table(self, schema: str, name: str) -> Table | None:
        """Return a table by name."""
        return next((table for table in self.tables if (table.schema, table.name) == (schema, name)), None)
