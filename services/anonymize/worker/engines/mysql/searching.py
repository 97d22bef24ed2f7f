# Names come quoted from the dialect and literals from its own renderer, never from a caller.
# ruff: noqa: E501, S608
"""SQL that finds every e-mail, telephone number and IBAN in a table, by its shape, as keyed digests.

All of it happens in the database: what travels to the worker is counts. One scan of a table looks for all
kinds in all columns.
"""

from dataclasses import dataclass, replace

from services.anonymize.worker.engines.codes import codes
from services.anonymize.worker.engines.findings import KINDS
from services.anonymize.worker.engines.mysql.patterns import LONGEST
from services.anonymize.worker.engines.mysql.personal import (
    FAKE,
    FAKE_IBANS,
    FAKE_PHONES,
    ORIGINALS,
    SHORTEST,
    SURVIVORS,
    digest,
    finds,
    is_one,
    kind_of,
    normal,
)
from services.anonymize.worker.engines.mysql.schema_texts import (
    COMMENTS_OF_MARIADB,
    STATISTICS_OF_MARIADB,
    TEXTS,
)
from services.anonymize.worker.engines.mysql.sql import (
    BINARY_COLLATION,
    WORK_DATABASE,
    qualified,
    quoted,
    text_literal,
)
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.schema import Column, Family, Schema, Table
from services.anonymize.worker.uniqueness import permuted_kinds

DIGESTS = qualified(WORK_DATABASE, "originals")
MAKE_DIGESTS = (
    f"DROP TABLE IF EXISTS {DIGESTS}",
    f"CREATE TABLE {DIGESTS} (kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,"
    " digest BINARY(16) NOT NULL) ENGINE=InnoDB",
)
INDEX_DIGESTS = f"ALTER TABLE {DIGESTS} ADD KEY (digest)"
COUNT_DIGESTS = f"SELECT kind, COUNT(DISTINCT digest) FROM {DIGESTS} GROUP BY kind"
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
    codes: str = ""  # what its values are that are codes as a whole, and no telephone numbers

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
                # a code within a document is a word there, and no number begins or ends within a word
                code = codes(mask, part.family) if part.family is Family.TEXT else ""
                label = f"{table.label}.{part.name}"
                columns.append(Searched(part.name, label, kinds, word, json, permuted, code))
        if columns and not table.foreign:
            relation = qualified(schema.database, table.name)
            searches.append(Search(relation, tuple(columns), key=_key(table), size=table.size))
    return tuple(searches)


def schema_searches(*, is_mariadb: bool) -> tuple[Search, ...]:
    """The searches of everything that the schema says in words, and of the optimizer's statistics."""
    value = Searched("value", "the schema", frozenset(KINDS), "schema")
    relations = (TEXTS, COMMENTS_OF_MARIADB, STATISTICS_OF_MARIADB) if is_mariadb else (TEXTS,)
    return tuple(Search(relation, (value,), labelled=True) for relation in relations)


def collect_statements(search: Search, rows: Rows = ALL_ROWS, *, is_mariadb: bool) -> list[str]:
    """Statements that store the digests of everything shaped so in some rows of a table, and of what a
    permutation will make of it."""
    statements = [_collect(search, rows, ORIGINALS, is_mariadb)]
    for kind, wanted in _FAKES.items():
        parts = tuple(part for part in search.columns if kind in part.kinds & part.permuted)
        if parts:
            statements.append(_collect(replace(search, columns=parts), rows, wanted, is_mariadb))
    return statements


def survivors_query(search: Search, rows: Rows = ALL_ROWS, *, is_mariadb: bool) -> str:
    """A query for (kind, place, number of values) that still hold an original."""
    place = "label" if search.labelled else "place"
    return (
        f"SELECT kind, {place}, COUNT(*) FROM {_found(search, rows, SURVIVORS, is_mariadb)}"
        f" WHERE digest IN (SELECT o.digest FROM {DIGESTS} o) GROUP BY kind, {place} ORDER BY kind, {place}"
    )


def found(search: Search, rows: Rows = ALL_ROWS, *, wanted: int, is_mariadb: bool) -> str:
    """A query for (kind, digest) of everything that is found in some rows."""
    fake = FAKE if wanted in _FAKES.values() else ""
    return f"SELECT CONCAT(kind, '{fake}'), digest FROM {_found(search, rows, wanted, is_mariadb)}"


def _collect(search: Search, rows: Rows, wanted: int, is_mariadb: bool) -> str:
    query = found(search, rows, wanted=wanted, is_mariadb=is_mariadb)
    return f"INSERT INTO {DIGESTS} (kind, digest) {query}"


def _kinds(part: Column, codes: bool) -> frozenset[str]:
    if not part.can_hold_text:
        return frozenset()
    kinds = {kind for kind, shortest in SHORTEST.items() if part.length is None or part.length >= shortest}
    return frozenset(kinds - ({"phone"} if codes else set()))


def _key(table: Table) -> str | None:
    key = table.row_key
    part = table.column(key[0]) if len(key) == 1 else None
    return part.name if part is not None and part.base_type in _INTEGERS else None


def _found(search: Search, rows: Rows, wanted: int, is_mariadb: bool) -> str:
    """What is found in some rows, as `found(label, kind, place, digest)`; the label only where rows have one."""
    found = [
        f"COALESCE({finds(part.as_text(), place, part.mask, part.kinds, wanted, part.codes, is_mariadb=is_mariadb)}, '')"
        for place, part in enumerate(search.columns)
    ]
    first, end = rows
    key = quoted(search.key or "")
    within = [f"t.{key} >= {first}"] if first is not None else []
    within += [f"t.{key} < {end}"] if end is not None else []
    letter, value = "SUBSTR(f.found, 4, 1)", "SUBSTR(f.found, 5)"
    kept = [str(place) for place, part in enumerate(search.columns) if part.mask == "keep"]
    is_kept = f"LEFT(f.found, 3) IN ({', '.join(kept)})" if kept else "FALSE"
    form = f"JSON_QUOTE(IF(CHAR_LENGTH(f.found) > 4, {normal(value, letter, wanted, is_kept)}, NULL))"
    within.append(is_one("n.normal", letter, wanted))
    label = "t.label, " if search.labelled else ""
    return (
        f"(SELECT {label}{kind_of(letter)} AS kind, CAST(LEFT(f.found, 3) AS SIGNED) AS place,"
        f" UNHEX({digest('n.normal', letter)}) AS digest FROM {search.relation} AS t,"
        f" {_elements(', '.join([*found, _END]), 'found')} AS f, {_elements(form, 'normal')} AS n"
        f" WHERE {' AND '.join(within)}) AS found"
    )


_END = text_literal('""')


def _elements(texts: str, name: str) -> str:
    """The elements of an array as rows, each computed once: nothing else keeps a server from doing it at every use.
    Rows of short texts are made faster."""
    return (
        f"JSON_TABLE(CONCAT('[', {texts}, ']'), '$[*]' COLUMNS ({name} VARCHAR({LONGEST})"
        f" CHARACTER SET utf8mb4 COLLATE {BINARY_COLLATION} PATH '$'))"
    )
