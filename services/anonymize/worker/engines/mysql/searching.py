# Names come quoted from the dialect and literals from its own renderer, never from a caller.
# ruff: noqa: E501, S608
"""SQL that finds every e-mail, telephone number and IBAN in a table, by its shape, as keyed digests.

All of it happens in the database: what travels to the worker is counts. One scan of a table looks for all
kinds in all columns.
"""

from dataclasses import dataclass, replace

from services.anonymize.worker.engines.mysql.personal import (
    FAKE,
    FAKE_IBANS,
    FAKE_PHONES,
    ORIGINALS,
    SURVIVORS,
    WORTHWHILE,
)
from services.anonymize.worker.engines.mysql.schema_texts import STATISTICS_OF_MARIADB, TEXTS
from services.anonymize.worker.engines.mysql.sql import (
    BINARY_COLLATION,
    WORK_DATABASE,
    qualified,
    quoted,
    text_literal,
)
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.schema import Column, Schema, Table
from services.anonymize.worker.shapes import SHORTEST_EMAIL, SHORTEST_IBAN, SHORTEST_PHONE
from services.anonymize.worker.uniqueness import permuted_kinds

DIGESTS = qualified(WORK_DATABASE, "originals")
MAKE_DIGESTS = (
    f"DROP TABLE IF EXISTS {DIGESTS}",
    f"CREATE TABLE {DIGESTS} (kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,"
    " digest BINARY(16) NOT NULL) ENGINE=InnoDB",
)
INDEX_DIGESTS = f"ALTER TABLE {DIGESTS} ADD KEY (digest)"
COUNT_DIGESTS = f"SELECT kind, COUNT(DISTINCT digest) FROM {DIGESTS} GROUP BY kind"
KINDS = {"email": "e-mail", "phone": "telephone number", "iban": "IBAN"}
_SHORTEST = {"email": SHORTEST_EMAIL, "phone": SHORTEST_PHONE, "iban": SHORTEST_IBAN}
_FAKES = {"phone": FAKE_PHONES, "iban": FAKE_IBANS}
_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})

# An original that is another's fake as well will be found after masking, and proves nothing.
FORGET_FAKES = (
    f"DELETE o FROM {DIGESTS} o JOIN {DIGESTS} f ON f.kind = CONCAT(o.kind, '{FAKE}') AND f.digest = o.digest",
    f"DELETE FROM {DIGESTS} WHERE kind LIKE '%{FAKE}'",
)

Rows = tuple[int | None, int | None]
"""Some rows of a table, by its key: the first, and the one after the last; None is either end."""
ALL_ROWS: Rows = (None, None)


@dataclass(frozen=True)
class Searched:
    """A column that is searched."""

    name: str
    label: str
    kinds: frozenset[str]
    mask: str  # how the policy calls what happens to it
    json: bool = False
    permuted: frozenset[str] = frozenset()  # kinds that become others of the same range

    def as_text(self) -> str:
        """The value as text. JSON may hide an @ as an escape: such a document is read as if it were one
        string."""
        value = f"(CONVERT(t.{quoted(self.name)} USING utf8mb4) COLLATE {BINARY_COLLATION})"
        if not self.json:
            return value
        plain = value
        for written, instead in (
            ("\\\\", "/"),
            ('\\"', " "),
            ('"', " "),
            ("\n", " "),
            ("\r", " "),
            ("\t", " "),
        ):
            plain = f"REPLACE({plain}, {text_literal(written)}, {text_literal(instead)})"
        read = f"""COALESCE(JSON_UNQUOTE(CONCAT('"', {plain}, '"')), {value})"""
        return f"(IF(LOCATE({text_literal(chr(92) + 'u')}, {value}) > 0, {read}, {value}) COLLATE {BINARY_COLLATION})"


@dataclass(frozen=True)
class Search:
    """A table, or a query, with the columns that are searched in it."""

    relation: str
    columns: tuple[Searched, ...]
    labelled: bool = False  # each row says in its column `label` what it belongs to
    key: str | None = None  # a column of whole numbers by which the table can be searched in parts
    size: int = 0  # bytes

    def label(self, place: object) -> str:
        """What a finding is called: `place` is the number of a column, or the row's own label."""
        return str(place) if self.labelled else self.columns[int(str(place))].label


def table_searches(policy: Policy, schema: Schema) -> tuple[Search, ...]:
    """Return one search for every table whose rows are here, the largest first."""
    searches = []
    for table in sorted(schema.tables, key=lambda table: -table.size):
        rule = policy.tables[table.schema, table.name]
        masks = {name: named.mask for name, named in rule.columns.items()}
        columns = []
        for part in table.columns:
            mask = masks.get(part.name)
            word = mask.word if mask else "keep" if rule.action else "generated"
            kinds = _kinds(part, codes=bool(getattr(mask, "not_phones", False)))
            if kinds:
                json = part.base_type == "json"
                permuted = permuted_kinds(mask) if mask else frozenset()
                columns.append(Searched(part.name, f"{table.label}.{part.name}", kinds, word, json, permuted))
        if columns and not table.foreign:
            relation = qualified(schema.database, table.name)
            searches.append(Search(relation, tuple(columns), key=_key(table), size=table.size))
    return tuple(searches)


def schema_searches(*, is_mariadb: bool) -> tuple[Search, ...]:
    """The searches of everything that the schema says in words, and of the optimizer's statistics."""
    value = Searched("value", "the schema", frozenset(KINDS), "schema")
    relations = (TEXTS, STATISTICS_OF_MARIADB) if is_mariadb else (TEXTS,)
    return tuple(Search(relation, (value,), labelled=True) for relation in relations)


def collect_statements(search: Search, rows: Rows = ALL_ROWS) -> list[str]:
    """Statements that store the digests of everything shaped so in some rows of a table, and of what a
    permutation will make of it."""
    statements = [_collect(search, rows, ORIGINALS)]
    for kind, wanted in _FAKES.items():
        parts = tuple(part for part in search.columns if kind in part.kinds & part.permuted)
        if parts:
            statements.append(_collect(replace(search, columns=parts), rows, wanted))
    return statements


def survivors_query(search: Search, rows: Rows = ALL_ROWS) -> str:
    """A query for (kind, place, number of values) that still hold an original."""
    place = "label" if search.labelled else "place"
    return (
        f"SELECT kind, {place}, COUNT(*) FROM {_found(search, rows, SURVIVORS)}"
        f" WHERE UNHEX(digest) IN (SELECT o.digest FROM {DIGESTS} o) GROUP BY kind, {place} ORDER BY kind, {place}"
    )


def _collect(search: Search, rows: Rows, wanted: int) -> str:
    return f"INSERT INTO {DIGESTS} SELECT DISTINCT kind, UNHEX(digest) FROM {_found(search, rows, wanted)}"


def _kinds(part: Column, codes: bool) -> frozenset[str]:
    if not part.can_hold_text:
        return frozenset()
    kinds = {kind for kind, shortest in _SHORTEST.items() if part.length is None or part.length >= shortest}
    return frozenset(kinds - ({"phone"} if codes else set()))


def _key(table: Table) -> str | None:
    key = table.row_key
    part = table.column(key[0]) if len(key) == 1 else None
    return part.name if part is not None and part.base_type in _INTEGERS else None


def _found(search: Search, rows: Rows, wanted: int) -> str:
    """What is found in some rows, as `found(label, kind, place, digest)`; the label only where rows have one."""
    calls = []
    for place, part in enumerate(search.columns):
        value = part.as_text()
        call = (
            f"{WORK_DATABASE}.personal({value}, {place}, {text_literal(part.mask)},"
            f" {'TRUE' if 'phone' in part.kinds else 'FALSE'}, {wanted})"
        )
        worth = f"CHAR_LENGTH({value}) >= {SHORTEST_EMAIL}"
        if part.mask not in KINDS:
            # a server that gives up on a pattern says NULL; the function makes an error of that
            worth += f" AND COALESCE({value} REGEXP {text_literal(WORTHWHILE)}, TRUE)"
        calls.append(f"IF({worth}, {call}, NULL)")
    first, end = rows
    key = quoted(search.key or "")
    within = [f"t.{key} >= {first}"] if first is not None else []
    within += [f"t.{key} < {end}"] if end is not None else []
    where = f" WHERE {' AND '.join(within)}" if within else ""
    label = "t.label, " if search.labelled else ""
    return (
        f"(SELECT {label}f.kind, f.place, f.digest FROM {search.relation} AS t,"
        f" JSON_TABLE(CONCAT('[', CONCAT_WS(',', {', '.join(calls)}), ']'), '$[*]' COLUMNS (place INT PATH '$[0]',"
        " kind VARCHAR(16) CHARACTER SET ascii PATH '$[1]', digest CHAR(32) CHARACTER SET ascii PATH '$[2]')) AS f"
        f"{where}) AS found"
    )
