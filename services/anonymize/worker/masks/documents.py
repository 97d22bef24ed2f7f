"""Masks inside JSON: one function per column, which walks the document once along the policy's paths."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, field_validator
from sqlalchemy import ColumnElement, Text, case, cast, column, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from services.anonymize.worker.masks.base import Mask, MaskContext, TextMask
from services.anonymize.worker.masks.plain import Constant, Keep, Null
from services.anonymize.worker.schema import Column, Family
from services.anonymize.worker.sql import (
    Collated,
    NamedType,
    compiled,
    function_statement,
    qualified,
    quoted,
    text_literal,
    work_function,
)

STEP = re.compile(r'(?:"(?P<quoted>[^"]+)"|(?P<plain>[^."\[\]]+))?(?P<items>(?:\[\])*)(?:\.|$)')
DOCUMENT = "document"
JsonElement = ColumnElement[Any]


@dataclass
class Node:
    """A place in documents: keys below it, elements below it, or a mask on it."""

    keys: dict[str, "Node"] = field(default_factory=dict)
    items: "Node | None" = None
    mask: Mask | None = None


def parse_path(path: str) -> list[str | None]:
    """Return a path's steps; None stands for `[]`, every element of an array. Raises ValueError."""
    steps: list[str | None] = []
    at = 0
    while at < len(path):
        match = STEP.match(path, at)
        if match is None or match.end() == at or not (match["quoted"] or match["plain"] or match["items"]):
            raise ValueError(f'{path} is no path; write contact.email, items[].email or "a.key".name')
        key = match["quoted"] or match["plain"]
        steps += [key] if key else []
        steps += [None] * (len(match["items"]) // 2)
        at = match.end()
    return steps


def _tree(paths: Mapping[str, Mask]) -> Node:
    root = Node()
    for path, mask in paths.items():
        node = root
        for step in parse_path(path):
            if node.mask is not None:
                raise ValueError(f"{path} lies below another path, which masks all of it")
            if step is None:
                node.items = node.items or Node()
                node = node.items
            else:
                node = node.keys.setdefault(step, Node())
        if node.keys or node.items or node.mask:
            raise ValueError(f"{path} masks what other paths lie below; name either")
        node.mask = mask
    return root


class Json(Mask):
    """A document with a mask at each path; other keys are kept, dropped, or stop the run before it writes."""

    word: ClassVar[str] = "json"
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.JSON})
    preserves: ClassVar[str] = "structure, NULL values"
    nested_masks: ClassVar[str | None] = "paths"

    paths: Annotated[
        Mapping[str, Mask], Field(min_length=1), AfterValidator(lambda paths: MappingProxyType(dict(paths)))
    ]
    others: Literal["keep", "drop", "fail"] = "fail"

    @field_validator("paths")
    @classmethod
    def _paths_fit(cls, paths: Mapping[str, Mask]) -> Mapping[str, Mask]:
        for path, mask in paths.items():
            if not isinstance(mask, TextMask | Keep | Null | Constant):
                raise ValueError(f"{path}: {mask.word} does not work inside JSON")
        _tree(paths)
        return paths

    def reads(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for mask in self.paths.values() for name in mask.reads()))

    def functions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(made for mask in self.paths.values() for made in mask.functions()))

    def function(self, context: MaskContext) -> str | None:
        """The statement that makes the column's function, if it needs one: only a query walks an array's
        elements, and an ALTER TABLE takes no queries. Columns of the row come in as the function's
        arguments."""
        if not _has_items(_tree(self.paths)):
            return None
        arguments = {name: f"row_{place}" for place, name in enumerate(self.reads())}
        inside = MaskContext(
            row=lambda name: column(arguments[name], Text),
            email_digits=context.email_digits,
            email_names=context.email_names,
        )
        body = _rebuilt(_tree(self.paths), column(DOCUMENT, JSONB), self.others, inside, 0)
        signature = ", ".join([f"{DOCUMENT} jsonb", *(f"{argument} text" for argument in arguments.values())])
        return function_statement(
            context.document_function, signature, "jsonb", "plpgsql", f"BEGIN RETURN {compiled(body)}; END"
        )

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        document = cast(value, JSONB)
        tree = _tree(self.paths)
        if not _has_items(tree):  # many times faster than a call of a function for each row
            return cast(_merged(tree, document, document, self.others, context), NamedType(column.type))
        row = [Collated(context.row(name)) for name in self.reads()]
        return cast(work_function(context.document_function, document, *row), NamedType(column.type))

    def unknown_query(self, schema: str, table: str, name: str) -> str | None:
        """A query for the places of documents that the policy does not know, as (path, kind of value); values
        never."""
        if self.others != "fail":
            return None
        value = f"CAST(t.{quoted(name)} AS jsonb)"
        parts = list(_unknown(_tree(self.paths), qualified(schema, table), value, "$", ""))
        return " UNION ALL ".join(parts)


def _rebuilt(node: Node, value: JsonElement, others: str, context: MaskContext, depth: int) -> JsonElement:
    """The document below a node, made anew. What has not the shape that the policy says becomes null: it
    cannot be known what it holds."""
    if node.mask is not None:
        return _leaf(
            node.mask, value, value.op("#>>")(cast(literal("{}", Text), NamedType("text[]"))), context
        )
    shapes: list[tuple[ColumnElement[bool], JsonElement]] = []
    if node.keys:
        entry = (
            func.jsonb_each(value)
            .table_valued(column("key", Text), column("value", JSONB))
            .alias(f"e{depth}")
        )
        branches = [
            (entry.c.key == literal(key), _rebuilt(below, entry.c.value, others, context, depth + 1))
            for key, below in node.keys.items()
        ]
        made = func.jsonb_object_agg(entry.c.key, case(*branches, else_=entry.c.value))
        query = select(func.coalesce(made, cast(literal("{}", Text), JSONB)))
        if others != "keep":
            query = query.where(entry.c.key.in_([literal(key) for key in node.keys]))
        shapes.append((_is(value, "object"), query.select_from(entry).scalar_subquery()))
    if node.items is not None:
        items = (
            func.jsonb_array_elements(value)
            .table_valued(column("value", JSONB), with_ordinality="place")
            .render_derived(name=f"i{depth}")
        )
        below = _rebuilt(node.items, items.c.value, others, context, depth + 1)
        made = func.jsonb_agg(aggregate_order_by(below, items.c.place))
        query = select(func.coalesce(made, cast(literal("[]", Text), JSONB))).select_from(items)
        shapes.append((_is(value, "array"), query.scalar_subquery()))
    return case(*shapes, else_=_json_null(value))


def _has_items(node: Node) -> bool:
    return node.items is not None or any(map(_has_items, node.keys.values()))


def _merged(
    node: Node, value: JsonElement, text: JsonElement, others: str, context: MaskContext
) -> JsonElement:
    """The document below a node as one expression, for paths without arrays."""
    if node.mask is not None:
        return _leaf(node.mask, value, text, context)
    empty = cast(literal("{}", Text), JSONB)
    made = value if others == "keep" else empty
    for key, below in node.keys.items():
        name = literal(key, Text)
        part = _merged(below, value.op("->")(name), value.op("->>")(name), others, context)
        made = made.op("||")(case((value.op("?")(name), func.jsonb_build_object(name, part)), else_=empty))
    return case((_is(value, "object"), made), else_=_json_null(value))


def _leaf(mask: Mask, value: JsonElement, text: JsonElement, context: MaskContext) -> JsonElement:
    match mask:
        case Keep():
            return value
        case Null():
            return _json_null(value)
        case Constant():
            constant = cast(literal(json.dumps(mask.value), Text), JSONB)
            return case((_is(value, "null"), value), else_=constant)
        case TextMask():
            fake = func.to_jsonb(cast(mask.fake(Collated(text), None, context), Text))
            structured = func.jsonb_typeof(value).in_([literal("object"), literal("array")])
            return case((structured, _json_null(value)), (text != literal(""), fake), else_=value)
    raise AssertionError(f"{mask.word} does not work inside JSON")


def _is(value: JsonElement, kind: str) -> ColumnElement[bool]:
    return func.jsonb_typeof(value) == literal(kind)


def _json_null(value: JsonElement) -> JsonElement:
    return case((func.jsonb_typeof(value) != literal(""), cast(literal("null", Text), JSONB)))


def _unknown(node: Node, table: str, value: str, path: str, label: str) -> Iterator[str]:
    if isinstance(node.mask, Keep | Null | Constant):
        return
    found = f"FROM {table} AS t, jsonb_path_query({value}, {text_literal('lax ' + path)}) AS found(value)"
    kinds = ["null"]
    kinds += ["string", "number", "boolean"] if node.mask is not None else []
    kinds += ["object"] if node.keys else []
    kinds += ["array"] if node.items is not None else []
    expected = ", ".join(map(text_literal, kinds))
    yield (
        f"(SELECT DISTINCT {text_literal(label)} AS path, jsonb_typeof(found.value) AS found {found}"
        f" WHERE jsonb_typeof(found.value) NOT IN ({expected}))"
    )
    if node.keys:
        known = ", ".join(map(text_literal, node.keys))
        prefix = text_literal(label + "." if label else "")
        # a key may be personal itself ({"jean@…": true}): only one that looks like a name is told
        plain = "k.key ~ '^[A-Za-z_][A-Za-z0-9_-]{0,39}$'"
        shown = f"CASE WHEN {plain} THEN k.key ELSE 'a key of ' || length(k.key) || ' characters' END"
        yield (
            f"(SELECT DISTINCT {prefix} || {shown}, 'unknown key' {found}, jsonb_object_keys("
            f"CASE WHEN jsonb_typeof(found.value) = 'object' THEN found.value ELSE '{{}}' END) AS k(key)"
            f" WHERE k.key NOT IN ({known}) LIMIT 20)"
        )
    for key, below in node.keys.items():
        yield from _unknown(
            below, table, value, f"{path}.{json.dumps(key)}", f"{label}.{key}" if label else key
        )
    if node.items is not None:
        yield from _unknown(node.items, table, value, f"{path}[*]", f"{label}[]")


__all__ = ["Json", "Node", "parse_path"]
