# Names come quoted from the dialect and expressions compiled by it, never from a caller.
# ruff: noqa: S608
"""Whether a unique column stays unique: proven from the mask and the key before anything runs, or refused.

A key compares values in its own way: as they are, whatever their case (citext, lower(), a collation), or
through an expression that says nothing about its inputs. A mask keeps values apart by a permutation, or by a
hash whose odds of a collision are known, and may itself take some values for one.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, column

from services.anonymize.worker.masks import Mask, MaskContext
from services.anonymize.worker.masks.base import SAFE_COLLISION_ODDS, collision_odds
from services.anonymize.worker.masks.contact import Email
from services.anonymize.worker.masks.numbers import MOST
from services.anonymize.worker.masks.plain import Hash
from services.anonymize.worker.masks.rows import RowMask
from services.anonymize.worker.masks.text import Scramble
from services.anonymize.worker.schema import Column, Table, Unique
from services.anonymize.worker.sql import compiled, qualified, quoted, text_literal

BEYOND_LATIN = "[^\\u0001-\\u00ff]"


@dataclass(frozen=True)
class Spelling:
    """How a family of databases says the parts of a trial."""

    compiled: Callable[[ColumnElement[Any]], str]
    quoted: Callable[[str], str]
    relation: Callable[[Table], str]
    text: Callable[[str], str]  # a column's value as it is compared: every difference counts
    beyond_latin: Callable[[str], str]  # whether a column holds letters of which masks know no pairs
    beyond: str = "letters beyond Latin-1"  # what these are


POSTGRESQL = Spelling(
    compiled,
    quoted,
    lambda table: qualified(table.schema, table.name),
    lambda name: f"CAST({quoted(name)} AS text)",
    lambda name: f'CAST({quoted(name)} AS text) COLLATE "C" ~ {text_literal(BEYOND_LATIN)}',
)
FOLDED = re.compile(r'^(?:lower|upper)\((?P<name>[\w$]+|"(?:[^"]|"")+")(?:::(?:text|character varying))?\)$')


def read_unique(
    name: str,
    columns: Sequence[str],
    expressions: Iterable[str],
    predicate: str | None,
    loose: Iterable[str],
    compared: Iterable[str],
    nulls_equal: bool,
    by_case: Iterable[str] = (),
) -> Unique:
    """Return a unique index as the plan sees it, from what the catalog says about it.

    `loose` are columns under a collation that takes different texts for equal, `compared` those that an
    exclusion constraint compares by another operator than equality, `by_case` those under a collation that
    takes texts of ASCII for equal in case only.
    """
    folded, opaque, lowered = set(loose), set(compared), set(by_case)
    for expression in expressions:
        match = FOLDED.match(expression)
        if match is not None:
            lowered.add(match["name"].removeprefix('"').removesuffix('"').replace('""', '"'))
        else:
            opaque.update(name for name in columns if _names(expression, name))
    if predicate is not None:
        opaque.update(
            name
            for name in columns
            if _names(predicate, name)
            and predicate not in {f"{name} IS NOT NULL", f"{quoted(name)} IS NOT NULL"}
        )
    return Unique(
        name,
        tuple(sorted(columns)),
        frozenset(folded | lowered),
        frozenset(opaque),
        nulls_equal,
        frozenset(lowered - folded),
    )


def _names(expression: str, name: str) -> bool:
    return (
        re.search(rf'(?<![\w$"]){re.escape(name)}(?![\w$"(])', expression) is not None
        or quoted(name) in expression
    )


def complaints(table: Table, masks: Mapping[str, Mask], context: MaskContext) -> Iterator[tuple[str, str]]:
    """Say of which masked columns a key cannot be shown to stay unique, and why."""
    for unique in table.uniques:
        for name, mask in masks.items():
            part = table.column(name)
            if part is not None and name in unique.columns and part.family in mask.accepts:
                said = _doubt(table, unique, part, mask, context)
                if said is not None:
                    yield name, f"is unique by {unique.name}, {said}"


def _doubt(table: Table, unique: Unique, part: Column, mask: Mask, context: MaskContext) -> str | None:
    if mask.word == "null":
        return "which takes NULLs for equal; use hash or keep" if unique.nulls_equal else None
    if part.name in unique.opaque:
        return f"which looks at it through an expression or a condition that {mask.word} may change; use keep"
    if isinstance(mask, RowMask) and len(unique.columns) > 1:
        return f"and {mask.word} may bring equal values together in a key of several columns; use hash"
    bits = mask.injective_bits(part, context)
    if bits is None:
        return (
            f"and {mask.word} may make two values equal; use {mask.instead_for_unique}{_others(unique, part)}"
        )
    if collision_odds(table.rows, bits) > SAFE_COLLISION_ODDS:
        shorter = "scramble, or make the column longer" if part.family in Scramble.accepts else "null or keep"
        said = f"and {bits} bits cannot keep {table.rows} rows apart"
        return f"{said}; use {mask.instead_for_unique}{shorter}"
    if loose(unique, part) and not (mask.one_case or (mask.scrambles and _by_case_only(unique, part))):
        said = f"whatever the case, and {mask.word} may make two values differ in case only"
        return f"{said}; use {'hash' if _holds_hash(part) else _others(unique, part)}"
    return None


def _by_case_only(unique: Unique, part: Column) -> bool:
    """Whether it is lower(), upper() or citext that makes a key loose, and no collation."""
    return part.name in unique.lowered or (part.base_type == "citext" and part.name not in unique.folded)


def may_repeat(mask: Mask) -> bool:
    """Whether a fake may be what another row holds, so that a key must not be checked row by row."""
    return mask.word != "null" and not isinstance(mask, Hash | Email)


def _others(unique: Unique, part: Column) -> str:
    """Masks that keep values of a column's type apart."""
    if part.base_type in MOST:
        return "scramble, null or keep"
    if _holds_hash(part):
        return "hash, null or keep"
    return "shuffle, null or keep" if len(unique.columns) == 1 else "null or keep"


def _holds_hash(part: Column) -> bool:
    return not any(Hash().complaints(part))


def mixed_ranges(rules: Iterable[tuple[str, Mask]]) -> Iterator[tuple[str, str]]:
    """Say, for (column, mask) of a whole database, where fakes of one kind come from another range than
    elsewhere, so that one value would become two."""
    anywhere: dict[str, str] = {}
    found = [(name, mask) for name, whole in rules for mask in parts(whole)]
    for name, mask in found:
        if permuted_kinds(mask) == {mask.word}:
            anywhere.setdefault(mask.word, name)
    for name, mask in found:
        if mask.word in anywhere and not permuted_kinds(mask):
            said = f"{anywhere[mask.word]} has {mask.word} with range: any"
            yield name, f"{said}, and the same value must become the same fake; write range: any here too"


def permuted_kinds(mask: Mask) -> frozenset[str]:
    """The words of masks, this one and those in it, whose fakes come from the originals' own range."""
    return frozenset(part.word for part in parts(mask) if getattr(part, "range", None) == "any")


def parts(mask: Mask) -> Iterator[Mask]:
    """A mask and those inside it."""
    yield mask
    if mask.nested_mask:
        yield from parts(getattr(mask, mask.nested_mask))
    if mask.nested_masks:
        for inner in getattr(mask, mask.nested_masks).values():
            yield from parts(inner)


def loose(unique: Unique, part: Column) -> bool:
    """Whether a key takes values of a column for equal that are not the same."""
    return part.name in unique.folded or part.base_type == "citext"


def trials(
    table: Table, masks: Mapping[str, Mask], say: Spelling = POSTGRESQL
) -> Iterator[tuple[str, str, str]]:
    """Queries that find values which a key keeps apart and a mask does not: column, query, complaint."""
    for unique in table.uniques:
        for name, mask in masks.items():
            part = table.column(name)
            if part is None or name not in unique.columns:
                continue
            if loose(unique, part):
                if mask.scrambles:
                    yield _beyond_latin(table, unique, name, mask, say)
                continue
            normal = mask.normal(column(name, Text))
            if normal is None or (mask.ignores_case and _proven(table, name)):
                continue
            value = say.text(name)
            others = [say.quoted(other) for other in unique.columns if other != name]
            groups = ", ".join([say.compiled(normal), *others])
            query = (
                f"SELECT 1 FROM {say.relation(table)} WHERE {value} <> ''"
                f" GROUP BY {groups} HAVING count(DISTINCT {value}) > 1 LIMIT 1"
            )
            yield (
                name,
                query,
                (
                    f"is unique by {unique.name}, and holds values that {mask.word} takes for one;"
                    f" {mask.instead_for_alike}"
                ),
            )


def _beyond_latin(table: Table, unique: Unique, name: str, mask: Mask, say: Spelling) -> tuple[str, str, str]:
    """Scrambling keeps capitals and small letters of Latin-1 one letter, and of no other alphabet."""
    query = f"SELECT 1 FROM {say.relation(table)} WHERE {say.beyond_latin(name)} LIMIT 1"
    said = f"whatever the case, and holds {say.beyond}, which {mask.word} may make differ in case only"
    part = table.column(name)
    instead = "hash" if part is None or _holds_hash(part) else _others(unique, part)
    return name, query, f"is unique by {unique.name} {said}; use {instead}"


def _proven(table: Table, name: str) -> bool:
    """Whether another key says already that values do not differ in case only."""
    return any(unique.columns == (name,) and name in unique.folded for unique in table.uniques)
