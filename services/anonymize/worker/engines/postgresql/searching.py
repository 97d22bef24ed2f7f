# Names come quoted from the dialect and literals from its own renderer, never from a caller.
# ruff: noqa: S608
"""SQL that finds every e-mail, telephone number and IBAN in a relation, by its shape, as keyed digests.

All of it happens in the database: what travels to the worker is counts. One scan per shape, and the shape's
expensive pattern runs only on values that a cheap test lets through.
"""

import string
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Text, column

from services.anonymize.worker.keys import DIGEST_KEY_SETTING
from services.anonymize.worker.numbering import belongs_to_nobody
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.schema import Column, Schema
from services.anonymize.worker.shapes import (
    BARE_NUMBER,
    EMAIL,
    IBAN,
    PHONE,
    SHORTEST_EMAIL,
    SHORTEST_IBAN,
    SHORTEST_PHONE,
    normal_email,
    normal_iban,
    normal_phone,
)
from services.anonymize.worker.sql import (
    WORK_SCHEMA,
    compiled,
    qualified,
    quoted,
    text_literal,
    work_function,
)
from services.anonymize.worker.uniqueness import permuted_kinds

ORIGINALS = qualified(WORK_SCHEMA, "originals")
MAKE_ORIGINALS = f"CREATE UNLOGGED TABLE {ORIGINALS} (kind text NOT NULL, digest bytea NOT NULL)"
FAKE = " fake"  # behind a kind: digests of fakes that come from the originals' own range
KINDS = {"email": "e-mail", "phone": "telephone number", "iban": "IBAN"}

_NORMAL = {"email": normal_email, "phone": normal_phone, "iban": normal_iban}
_PATTERN = {"email": EMAIL, "iban": IBAN}
_PERMUTING = {"phone": "fake_any_phone", "iban": "fake_any_iban"}  # what masks do with range: any
_LETTERS = string.ascii_letters
_LONGEST_RUN = 20
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_ADDRESS = rf"^{_OCTET}(?:\.{_OCTET}){{3}}$"
_RUN = r"[A-Za-z]{0,2}[+]?[(]?[0-9][0-9 ./()-]{6,}[0-9]"

# A value is searched for a shape only if this holds; each is far cheaper than the shape's pattern.
_WORTHWHILE = {
    "email": "position('@' in value) > 0",
    "phone": "value ~ '[0-9][0-9 ./()-]{6,}[0-9]'",
    "iban": "value ~ '[A-Za-z]{2}[0-9]{2}[ -]?[0-9A-Za-z]{4}'",
}
_SHORTEST = {"email": SHORTEST_EMAIL, "phone": SHORTEST_PHONE, "iban": SHORTEST_IBAN}


@dataclass(frozen=True)
class Searched:
    """A column that is searched."""

    name: str
    label: str
    kinds: frozenset[str]
    mask: str  # how the policy calls what happens to it
    json: bool = False
    permuted: frozenset[str] = frozenset()  # kinds that become others of the same range
    labelled: bool = False  # each row says in its column `label` what it belongs to

    @property
    def kept(self) -> bool:
        """Whether the policy says that it holds nothing personal."""
        return self.mask == "keep"

    def label_sql(self) -> str:
        """What a finding is called."""
        return "t.label" if self.labelled else text_literal(self.label)

    def as_text(self) -> str:
        """The value as text; JSON in its binary form's spelling, because JSON's own may hide an @ as an
        escape."""
        return (
            f"CAST(t.{quoted(self.name)} AS jsonb)::text"
            if self.json
            else f"CAST(t.{quoted(self.name)} AS text)"
        )


@dataclass(frozen=True)
class Search:
    """One relation with the columns that are searched in it."""

    relation: str
    table: int  # oid of the table that it is part of; 0 for a materialized view
    columns: tuple[Searched, ...]


def table_searches(policy: Policy, schema: Schema) -> tuple[Search, ...]:
    """Return one search for every relation that holds rows of tables, the largest tables first."""
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
                json = part.base_type in {"json", "jsonb"}
                permuted = permuted_kinds(mask) if mask else frozenset()
                columns.append(Searched(part.name, f"{table.label}.{part.name}", kinds, word, json, permuted))
        for member in table.members:
            if not member.foreign:
                searches.append(Search(qualified(member.schema, member.name), table.oid, tuple(columns)))
    return tuple(searches)


def view_searches(views: Iterable[tuple[str, str, tuple[Column, ...]]]) -> tuple[Search, ...]:
    """Return one search for every materialized view, given as schema, name and columns."""
    return tuple(
        Search(
            qualified(schema, name),
            0,
            tuple(
                Searched(part.name, f"{name}.{part.name}", kinds, "view", part.base_type in {"json", "jsonb"})
                for part in columns
                if (kinds := _kinds(part, codes=False))
            ),
        )
        for schema, name, columns in views
    )


def collect_statements(search: Search) -> list[str]:
    """Statements that store the digests of everything shaped so in a relation, and of what a permutation will
    make of it."""
    statements = [
        f"INSERT INTO {ORIGINALS} SELECT DISTINCT {text_literal(kind)}, {_digest(kind)}"
        f" FROM {_found(search, kind, original=True)} WHERE value <> ''"
        for kind in KINDS
        if any(kind in part.kinds for part in search.columns)
    ]
    for kind, permuting in _PERMUTING.items():
        parts = tuple(part for part in search.columns if kind in part.kinds & part.permuted)
        if parts:
            fake = compiled(_NORMAL[kind](work_function(permuting, column("value", Text))))
            found = _found(replace(search, columns=parts), kind, original=True)
            statements.append(
                f"INSERT INTO {ORIGINALS} SELECT DISTINCT {text_literal(kind + FAKE)}, {_digest(kind)}"
                f" FROM (SELECT {fake} AS value FROM {found} WHERE value <> '' OFFSET 0) fakes"
            )
    return statements


# An original that is another's fake as well will be found after masking, and proves nothing.
FORGET_FAKES = (
    f"DELETE FROM {ORIGINALS} o USING {ORIGINALS} f"
    f" WHERE f.kind = o.kind || '{FAKE}' AND f.digest = o.digest",
    f"DELETE FROM {ORIGINALS} WHERE kind LIKE '%{FAKE}'",
)


def survivors_query(search: Search, kind: str) -> str | None:
    """A query for (column, number of values) that still hold an original."""
    if not any(kind in part.kinds for part in search.columns):
        return None
    return (
        f"SELECT label, count(*) FROM (SELECT label, {_digest(kind)} AS digest"
        f" FROM {_found(search, kind, original=False)}) d WHERE EXISTS ("
        f"SELECT FROM {ORIGINALS} o WHERE o.kind = {text_literal(kind)} AND o.digest = d.digest)"
        " GROUP BY label ORDER BY label"
    )


def _kinds(part: Column, codes: bool) -> frozenset[str]:
    if not part.can_hold_text:
        return frozenset()
    kinds = {kind for kind, shortest in _SHORTEST.items() if part.length is None or part.length >= shortest}
    return frozenset(kinds - ({"phone"} if codes else set()))


def _digest(kind: str) -> str:
    key = f"current_setting('{DIGEST_KEY_SETTING}')"
    return f"substr(sha256(convert_to({key} || ':{kind}:' || value, 'UTF8')), 1, 16)"


def _found(search: Search, kind: str, original: bool) -> str:
    """The normal forms of all values of one kind, with the column's label, as `found(label, value)`.

    OFFSET 0 keeps the planner from merging the levels, which would compute every normal form several times.
    """
    parts = [part for part in search.columns if kind in part.kinds]
    # The mask says what the column holds, however it is written. An e-mail may have had a name around it;
    # masked, it is alone.
    whole = [part for part in parts if part.mask == kind and not (original and kind == "email")]
    shaped = [part for part in parts if part not in whole]
    normals = []
    if shaped:
        normals.append(_shaped(_source(search, shaped), kind, original))
    if whole:
        normal = compiled(_NORMAL[kind](column("value", Text)))
        normals.append(f"SELECT label, {normal} AS value FROM {_source(search, whole)}")
    limits = {
        "phone": f"length(value) >= {SHORTEST_PHONE}",
        "iban": f"length(value) >= {SHORTEST_IBAN}",
        "email": "true",
    }
    if original:  # a number that belongs to nobody names nobody, and a fake may well be the same
        limits["phone"] += f" AND value !~ {text_literal(belongs_to_nobody())}"
    every = " UNION ALL ".join(normals)
    return f"(SELECT label, value FROM ({every} OFFSET 0) found WHERE {limits[kind]}) found"


def _worthwhile(kind: str) -> str:
    """The cheap test of a kind. CASE keeps its order: the planner would run the pattern before the length."""
    return f"CASE WHEN octet_length(value) >= {_SHORTEST[kind]} THEN {_WORTHWHILE[kind]} ELSE false END"


def _source(search: Search, parts: Iterable[Searched]) -> str:
    values = ", ".join(f"({part.label_sql()}, {text_literal(part.mask)}, {part.as_text()})" for part in parts)
    return (
        f"(SELECT c.* FROM {search.relation} AS t, LATERAL (VALUES {values}) AS c(label, mask, value)) AS s"
    )


def _shaped(source: str, kind: str, original: bool) -> str:
    normal = compiled(_NORMAL[kind](column("shape", Text)))
    worthwhile = f"SELECT label, mask, value FROM {source} WHERE {_worthwhile(kind)} OFFSET 0"
    if kind != "phone":
        return (
            f"SELECT label, {normal} AS value FROM (SELECT label, m.found[1] AS shape FROM ({worthwhile}) v,"
            f" regexp_matches(v.value, {text_literal(_PATTERN[kind])}, 'g') AS m(found) OFFSET 0) f"
        )
    # The whole pattern of telephone numbers is slow, so it sees only runs of digits that could be one. After
    # masking only runs of more than one number need it: what is no telephone number is no original either.
    runs = (
        "SELECT label, mask, run, translate(run, ' ./-()', '') AS digits FROM ("
        f"SELECT label, mask, m.found[1] AS word, ltrim(m.found[1], '{_LETTERS}') AS run"
        f" FROM ({worthwhile}) v, regexp_matches(v.value, {text_literal(_RUN)}, 'g') AS m(found) OFFSET 0) w"
        # a long run right behind letters is an IBAN's, with any ten digits in it
        f" WHERE length(run) = length(word) OR length(run) <= {_LONGEST_RUN} OFFSET 0"
    )
    possible = f"(length(digits) > 12 OR digits ~ '^(?:[+(]|0|3|[6-9])') AND run !~ '{_ADDRESS}'"
    plausible = f"length(digits) BETWEEN {SHORTEST_PHONE} AND 16 AND {possible}"
    exact = (
        f"SELECT label, mask, m.found[1] AS shape FROM ({runs}) r,"
        f" regexp_matches(r.run, {text_literal(PHONE)}, 'g') AS m(found) WHERE {possible}"
    )
    if original:
        bare = f"NOT (mask = 'keep' AND shape ~ {text_literal(BARE_NUMBER)})"
        return f"SELECT label, {normal} AS value FROM ({exact} OFFSET 0) f WHERE {bare}"
    long_run = "CASE WHEN length(r.digits) > 12 THEN r.run END"
    several = f"SELECT m.found[1] FROM regexp_matches({long_run}, {text_literal(PHONE)}, 'g') AS m(found)"
    return (
        f"SELECT label, {normal} AS value FROM (SELECT label, s.shape FROM ({runs}) r,"
        f" LATERAL (SELECT r.run WHERE {plausible} UNION ALL {several}) AS s(shape) OFFSET 0) f"
    )
