"""Masks inside JSON: one function per column, which walks the document once along the policy's paths."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, field_validator
from sqlalchemy import ColumnElement, Text, case, cast, func, literal, select
from sqlalchemy import column as element
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from services.anonymize.worker.masks.base import Example, Mask, MaskContext, TextMask, Trait
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
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.JOINS, Trait.NULLS})
    preserves: ClassVar[str] = "structure; at each path what its mask keeps"
    example: ClassVar[Example] = Example(
        "{mask: json, paths: {mail: email, theme: keep}, others: drop}",
        '{"mail": "camille@free.fr", "theme": "dark", "token": 7}',
        '{"mail": "griselda.c15425bc4bf302521678@example.invalid", "theme": "dark"}',
        "jsonb",
    )
    nested_masks: ClassVar[str | None] = "paths"

    paths: Annotated[
        Mapping[str, Mask],
        Field(min_length=1, description="a mask for each path: contact.email, items[].email"),
        AfterValidator(lambda paths: MappingProxyType(dict(paths))),
    ]
    others: Literal["keep", "drop", "fail"] = Field(
        "fail", description="what happens to keys that paths does not say"
    )

    @field_validator("paths")
    @classmethod
    def _paths_fit(cls, paths: Mapping[str, Mask]) -> Mapping[str, Mask]:
        for path, mask in paths.items():
            if not isinstance(mask, TextMask | Keep | Null | Constant) or mask.needs_setup:
                raise ValueError(f"{path}: {mask.word} does not work inside JSON")
        _tree(paths)
        return paths

    def reads(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for mask in self.paths.values() for name in mask.reads()))

    def functions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(made for mask in self.paths.values() for made in mask.functions()))

    def column_functions(self, column: Column, context: MaskContext) -> tuple[str, ...]:
        """Statements that make the column's functions, one for each array that the paths enter.

        Only a query walks an array's elements, and an ALTER TABLE takes no queries.
        """
        _, functions = self._built(element(DOCUMENT, JSONB), context)
        return functions

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        document, _ = self._built(cast(value, JSONB), context)
        return cast(document, NamedType(column.type))

    def _built(self, document: JsonElement, context: MaskContext) -> tuple[JsonElement, tuple[str, ...]]:
        """The masked document as an expression, and the functions that it calls.

        Columns of the row come into a function as its arguments.
        """
        functions: list[str] = []
        arguments = {name: f"row_{place}" for place, name in enumerate(self.reads())}
        signature = ", ".join([f"{DOCUMENT} jsonb", *(f"{argument} text" for argument in arguments.values())])
        inside = replace(context, row=lambda name: element(arguments[name], Text))
        row = [Collated(context.row(name)) for name in arguments]

        def called(items: Node, value: JsonElement) -> JsonElement:
            name = f"{context.document_function}_{len(functions)}"
            body = _elements(items, element(DOCUMENT, JSONB), self.others, inside, 0)
            functions.append(
                function_statement(name, signature, "jsonb", "plpgsql", f"BEGIN RETURN {compiled(body)}; END")
            )
            return work_function(name, value, *row)

        tree = _tree(self.paths)
        return _merged(tree, document, _text_of(document), self.others, context, called), tuple(functions)

    def unknown_query(self, schema: str, table: str, name: str) -> str | None:
        """A query for the places of documents that the policy does not know, as (path, kind of value); values
        never."""
        if self.others != "fail":
            return None
        value = f"CAST(t.{quoted(name)} AS jsonb)"
        parts = list(_unknown(_tree(self.paths), qualified(schema, table), value, "$", ""))
        return " UNION ALL ".join(parts)


Walk = Callable[[Node, JsonElement], JsonElement]


def _merged(
    node: Node, value: JsonElement, text: JsonElement, others: str, context: MaskContext, walk: Walk
) -> JsonElement:
    """The document below a node, made anew; `walk` makes arrays anew.

    What has not the shape that the policy says becomes null: it cannot be known what it holds.
    """
    if node.mask is not None:
        return _leaf(node.mask, value, text, context)
    shapes: list[tuple[ColumnElement[bool], JsonElement]] = []
    if node.keys:
        empty = cast(literal("{}", Text), JSONB)
        made = value if others == "keep" else empty
        for key, below in node.keys.items():
            name = literal(key, Text)
            part = _merged(below, value.op("->")(name), value.op("->>")(name), others, context, walk)
            made = made.op("||")(
                case((value.op("?")(name), func.jsonb_build_object(name, part)), else_=empty)
            )
        shapes.append((_is(value, "object"), made))
    if node.items is not None:
        shapes.append((_is(value, "array"), walk(node.items, value)))
    return case(*shapes, else_=_json_null(value))


def _elements(items: Node, value: JsonElement, others: str, context: MaskContext, depth: int) -> JsonElement:
    """An array with every element made anew, as a query."""
    each = (
        func.jsonb_array_elements(value)
        .table_valued(element("value", JSONB), with_ordinality="place")
        .render_derived(name=f"i{depth}")
    )

    def walk(below: Node, inner: JsonElement) -> JsonElement:
        return _elements(below, inner, others, context, depth + 1)

    made_anew = _merged(items, each.c.value, _text_of(each.c.value), others, context, walk)
    made = func.jsonb_agg(aggregate_order_by(made_anew, each.c.place))
    query = select(func.coalesce(made, cast(literal("[]", Text), JSONB))).select_from(each)
    return query.scalar_subquery()


def _text_of(value: JsonElement) -> JsonElement:
    return value.op("#>>")(cast(literal("{}", Text), NamedType("text[]")))


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
            fake = func.to_jsonb(cast(mask.fake(mask.seed(Collated(text), context), None, context), Text))
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
