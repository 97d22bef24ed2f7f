# Keys and paths come from the literal renderer, names from the dialect.
# ruff: noqa: S608
"""The mask of JSON: one query per document, and one below it for each array that the paths enter.

JSON_TABLE() reads a document once and gives every part that a path names as a column, so that each may be
used more than once; what comes of them is written as text again. A key that stands twice loses one.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, literal_column

from services.anonymize.worker.engines.mysql.sql import (
    BINARY_COLLATION,
    Spelled,
    compiled,
    qualified,
    quoted,
    text_literal,
)
from services.anonymize.worker.masks import Mask, MaskContext, TextMask
from services.anonymize.worker.masks.documents import Json
from services.anonymize.worker.masks.plain import Constant, Keep, Null
from services.anonymize.worker.masks.walking import Node, tree
from services.anonymize.worker.schema import Column, Table
from services.anonymize.worker.sql import TextElement

TEXT = f"LONGTEXT CHARACTER SET utf8mb4 COLLATE {BINARY_COLLATION}"


Fake = Callable[[TextMask, TextElement, int | None, MaskContext], TextElement]


def json_(
    fake: Fake, mask: Json, value: ColumnElement[Any], column: Column, context: MaskContext
) -> ColumnElement[Any]:
    """The document made anew; `fake` says what other masks make of a text."""
    query = _Walk(fake, mask.others, context).document(tree(mask.paths), quoted(column.name))
    return literal_column(query)


@dataclass
class _Level:
    """The columns of one JSON_TABLE()."""

    number: int
    columns: list[str] = field(default_factory=list)

    def part(self, path: str) -> str:
        """The part of a document at a path, as JSON; NULL where there is none."""
        found = self._column("r", f"JSON PATH {text_literal(path)}")
        # a null is NULL too on MySQL
        there = self._column("e", f"INT EXISTS PATH {text_literal(path)}")
        return f"COALESCE({found}, IF({there}, 'null', NULL))"

    def text(self, path: str) -> str:
        """A string, number or truth value at a path, as text."""
        return self._column("t", f"{TEXT} PATH {text_literal(path)}")

    def _column(self, letter: str, says: str) -> str:
        name = f"{letter}{len(self.columns)}"
        self.columns.append(f"snapveil_{name} {says}")
        return f"snapveil_{self.number}.snapveil_{name}"


class _Walk:
    def __init__(self, fake: Fake, others: str, context: MaskContext) -> None:
        self.fake = fake
        self.others = others
        self.context = context
        self.levels = 0

    def document(self, root: Node, source: str) -> str:
        """A query for a document made anew; NULL for NULL."""
        level = self._level()
        made = self._part(root, level, "$")
        return f"(SELECT {made} FROM {self._table(level, source, '$')})"

    def _level(self) -> _Level:
        self.levels += 1
        return _Level(self.levels)

    def _table(self, level: _Level, source: str, rows: str) -> str:
        columns = ", ".join(["snapveil_place FOR ORDINALITY", *level.columns])
        return f"JSON_TABLE({source}, {text_literal(rows)} COLUMNS ({columns})) AS snapveil_{level.number}"

    def _part(self, node: Node, level: _Level, path: str) -> str:
        """What comes of a part of a document, as JSON; NULL where there is none.

        What has not the shape that the policy says becomes null: it cannot be known what it holds.
        """
        part = level.part(path)
        if node.mask is not None:
            return self._leaf(node.mask, level, part, path)
        shapes = ""
        if node.keys:
            shapes += f" WHEN LEFT({part}, 1) = '{{' THEN {self._object(node, level, part, path)}"
        if node.items is not None:
            shapes += f" WHEN LEFT({part}, 1) = '[' THEN {self._array(node.items, part)}"
        return f"CASE WHEN {part} IS NULL THEN NULL{shapes} ELSE 'null' END"

    def _object(self, node: Node, level: _Level, part: str, path: str) -> str:
        paths = {key: f"{path}.{json.dumps(key, ensure_ascii=False)}" for key in node.keys}
        members = ", ".join(
            f"CONCAT({text_literal(json.dumps(key, ensure_ascii=False) + ': ')},"
            f" {self._part(below, level, paths[key])})"
            for key, below in node.keys.items()
        )
        if self.others != "keep":
            return f"CONCAT('{{', CONCAT_WS(', ', {members}), '}}')"
        here = ", ".join(text_literal(f"$.{json.dumps(key, ensure_ascii=False)}") for key in node.keys)
        rest = f"CONCAT(JSON_REMOVE({part}, {here}))"
        rest = f"NULLIF(SUBSTR({rest}, 2, CHAR_LENGTH({rest}) - 2), '')"
        whole = f"CONCAT('{{', CONCAT_WS(', ', {members}, {rest}), '}}')"
        # of a key that stands twice only one would be taken out
        return f"IF(JSON_LENGTH({part}) = JSON_LENGTH(JSON_KEYS({part})), {whole}, 'null')"

    def _array(self, items: Node, part: str) -> str:
        level = self._level()
        made = self._part(items, level, "$")
        each = f"GROUP_CONCAT({made} ORDER BY snapveil_{level.number}.snapveil_place SEPARATOR ', ')"
        return f"(SELECT CONCAT('[', COALESCE({each}, ''), ']') FROM {self._table(level, part, '$[*]')})"

    def _leaf(self, mask: Mask, level: _Level, part: str, path: str) -> str:
        match mask:
            case Keep():
                return part
            case Null():
                return f"IF({part} IS NULL, NULL, 'null')"
            case Constant():
                constant = text_literal(json.dumps(mask.value, ensure_ascii=False))
                return f"CASE WHEN {part} IS NULL OR {part} = 'null' THEN {part} ELSE {constant} END"
            case TextMask():
                text = level.text(path)
                value: TextElement = Spelled(f"({text} COLLATE {BINARY_COLLATION})")
                made = compiled(self.fake(mask, mask.seed(value, self.context), None, self.context))
                structured = f"LEFT({part}, 1) IN ('{{', '[')"
                return (
                    f"CASE WHEN {part} IS NULL THEN NULL WHEN {structured} THEN 'null'"
                    f" WHEN {text} <> '' THEN JSON_QUOTE({made}) ELSE {part} END"
                )
        raise AssertionError(f"{mask.word} does not work inside JSON")


def unknown_query(mask: Json, table: Table, column: Column, database: str | None) -> str | None:
    """A query for the places of documents that the policy does not know, as (path, kind of value); values
    never."""
    if mask.others != "fail":
        return None
    name = qualified(database, table.name) if database else quoted(table.name)
    return " UNION ALL ".join(_unknown(tree(mask.paths), name, quoted(column.name), "$", ""))


TYPES = {
    "object": ("OBJECT",), "array": ("ARRAY",), "null": ("NULL",),
    "scalar": (
        "STRING", "INTEGER", "UNSIGNED INTEGER", "DOUBLE", "DECIMAL", "BOOLEAN",
        "DATE", "TIME", "DATETIME", "BLOB", "BIT", "OPAQUE",  # what MySQL's own values become
    ),
}  # fmt: skip


def _unknown(node: Node, table: str, column: str, path: str, label: str) -> Iterator[str]:
    if isinstance(node.mask, Keep | Null | Constant):
        return
    found = (
        f"FROM {table} AS t, JSON_TABLE(t.{column}, {text_literal(path)}"
        " COLUMNS (snapveil_value JSON PATH '$')) AS found"
    )
    kinds = ["null"]
    kinds += ["scalar"] if node.mask is not None else []
    kinds += ["object"] if node.keys else []
    kinds += ["array"] if node.items is not None else []
    expected = ", ".join(text_literal(one) for kind in kinds for one in TYPES[kind])
    kind = "JSON_TYPE(found.snapveil_value)"
    yield (
        f"(SELECT DISTINCT {text_literal(label)} AS path, LOWER({kind}) AS found {found}"
        f" WHERE {kind} NOT IN ({expected}))"
    )
    if node.keys:
        known = ", ".join(map(text_literal, node.keys))
        prefix = text_literal(label + "." if label else "")
        key = f"(k.snapveil_key COLLATE {BINARY_COLLATION})"
        # a key may be personal itself ({"jean@…": true}): only one that looks like a name is told
        shown = (
            f"CASE WHEN {key} REGEXP '^[A-Za-z_][A-Za-z0-9_-]{{0,39}}$' THEN {key}"
            f" ELSE CONCAT('a key of ', CHAR_LENGTH({key}), ' characters') END"
        )
        keys = f"IF({kind} = 'OBJECT', JSON_KEYS(found.snapveil_value), '[]')"
        yield (
            f"(SELECT DISTINCT CONCAT({prefix}, {shown}), 'unknown key' {found},"
            f" JSON_TABLE({keys}, '$[*]' COLUMNS (snapveil_key {TEXT} PATH '$')) AS k"
            f" WHERE {key} NOT IN ({known}) LIMIT 20)"
        )
    for name, below in node.keys.items():
        inner = f"{path}.{json.dumps(name, ensure_ascii=False)}"
        yield from _unknown(below, table, column, inner, f"{label}.{name}" if label else name)
    if node.items is not None:
        yield from _unknown(node.items, table, column, f"{path}[*]", f"{label}[]")
