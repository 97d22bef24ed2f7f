# Names come quoted from the dialect and literals from its own renderer, never from a caller.
# ruff: noqa: S608
"""SQL that finds every e-mail, telephone number and IBAN in a relation, by its shape, as keyed digests.

All of it happens in the database: what travels to the worker is counts. One scan of a relation looks for all
kinds in all columns.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Text, column, func, literal

from services.anonymize.worker.engines.codes import codes
from services.anonymize.worker.engines.postgresql.personal import WORTHWHILE
from services.anonymize.worker.keys import DIGEST_KEY_SETTING
from services.anonymize.worker.masks.telephones import bare
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.schema import Column, Schema
from services.anonymize.worker.shapes import (
    SHORTEST_EMAIL,
    SHORTEST_IBAN,
    SHORTEST_PHONE,
    normal_iban,
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

_NORMAL = {
    "phone": f"{WORK_SCHEMA}.dialled({bare('value')})",
    "iban": compiled(normal_iban(column("value", Text))),
}
_PERMUTING = {"phone": "fake_any_phone", "iban": "fake_any_iban"}  # what masks do with range: any
_SHORTEST = {"email": SHORTEST_EMAIL, "phone": SHORTEST_PHONE, "iban": SHORTEST_IBAN}


Pages = tuple[int, int | None]
"""Some pages of a relation: the first, and the one after the last, or None for all that follow."""
ALL_PAGES: Pages = (0, None)


@dataclass(frozen=True)
class Searched:
    """A column that is searched."""

    name: str
    label: str
    kinds: frozenset[str]
    mask: str  # how the policy calls what happens to it
    json: bool = False
    permuted: frozenset[str] = frozenset()  # kinds that become others of the same range
    codes: str = ""  # what in its values is a code, and no telephone number
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
        escape. Some collations of columns allow no patterns, so that the database's own compares it."""
        if self.json:
            return f"CAST(t.{quoted(self.name)} AS jsonb)::text"
        return f'(CAST(t.{quoted(self.name)} AS text) COLLATE pg_catalog."default")'


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
                label, code = f"{table.label}.{part.name}", codes(mask, part.family)
                columns.append(Searched(part.name, label, kinds, word, json, permuted, code))
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


def collect_statements(search: Search, pages: Pages = ALL_PAGES) -> list[str]:
    """Statements that store the digests of everything shaped so in some pages of a relation, and of what a
    permutation will make of it."""
    if not any(part.kinds for part in search.columns):
        return []
    found = _found(search, pages, original=True)
    statements = [f"INSERT INTO {ORIGINALS} SELECT DISTINCT kind, {_digest('found')} FROM {found}"]
    for kind, permuting in _PERMUTING.items():
        parts = tuple(part for part in search.columns if kind in part.kinds & part.permuted)
        if parts:
            value = func.substr(column("found", Text), literal(len(kind) + 2), type_=Text)
            fake = compiled(work_function(permuting, value))
            found = _found(replace(search, columns=parts), pages, original=True)
            digest = _digest(f"{text_literal(kind + ':')} || {_NORMAL[kind]}")
            statements.append(
                f"INSERT INTO {ORIGINALS} SELECT DISTINCT {text_literal(kind + FAKE)}, {digest}"
                f" FROM (SELECT {fake} AS value FROM {found}"
                f" WHERE kind = {text_literal(kind)} OFFSET 0) fakes"
            )
    return statements


# An original that is another's fake as well will be found after masking, and proves nothing.
FORGET_FAKES = (
    f"DELETE FROM {ORIGINALS} o USING {ORIGINALS} f"
    f" WHERE f.kind = o.kind || '{FAKE}' AND f.digest = o.digest",
    f"DELETE FROM {ORIGINALS} WHERE kind LIKE '%{FAKE}'",
)


def survivors_query(search: Search, pages: Pages = ALL_PAGES) -> str | None:
    """A query for (kind, column, number of values) that still hold an original."""
    if not any(part.kinds for part in search.columns):
        return None
    return (
        f"SELECT kind, label, count(*) FROM (SELECT kind, label, {_digest('found')} AS digest"
        f" FROM {_found(search, pages, original=False)} OFFSET 0) d WHERE EXISTS ("
        f"SELECT FROM {ORIGINALS} o WHERE o.kind = d.kind AND o.digest = d.digest)"
        " GROUP BY kind, label ORDER BY kind, label"
    )


def _kinds(part: Column, codes: bool) -> frozenset[str]:
    if not part.can_hold_text:
        return frozenset()
    kinds = {kind for kind, shortest in _SHORTEST.items() if part.length is None or part.length >= shortest}
    return frozenset(kinds - ({"phone"} if codes else set()))


def _digest(found: str) -> str:
    key = f"current_setting('{DIGEST_KEY_SETTING}')"
    return f"substr(sha256(convert_to({key} || ':' || {found}, 'UTF8')), 1, 16)"


def _found(search: Search, pages: Pages, original: bool) -> str:
    """The normal forms in all values of a relation, as `found(kind, label, found)`, where `found` begins with
    its kind.

    OFFSET 0 keeps the planner from merging the levels: a document would be made a text for every use of it.
    """
    values = ", ".join(
        f"({part.label_sql()}, {text_literal(part.mask)}, {'phone' in part.kinds},"
        f" {text_literal(part.codes)}, {part.as_text()})"
        for part in search.columns
        if part.kinds
    )
    first, end = pages
    within = [f"t.ctid >= '({first},0)'"] if first else []
    within += [f"t.ctid < '({end},0)'"] if end is not None else []
    where = f" WHERE {' AND '.join(within)}" if within else ""
    source = (
        f"SELECT c.* FROM {search.relation} AS t,"
        f" LATERAL (VALUES {values}) AS c(label, mask, phones, codes, value){where} OFFSET 0"
    )
    return (
        f"(SELECT split_part(f.found, ':', 1) AS kind, s.label, f.found FROM ({source}) AS s,"
        f" unnest({WORK_SCHEMA}.personal(s.value, s.mask, s.phones, {original}, s.codes)) AS f(found)"
        f" WHERE {WORTHWHILE}) AS found"
    )
