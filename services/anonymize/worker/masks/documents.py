"""The mask of JSON: a mask at each path, in one function per column."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, field_validator
from sqlalchemy import ColumnElement, Text, cast
from sqlalchemy import column as element
from sqlalchemy.dialects.postgresql import JSONB

from services.anonymize.worker.masks.base import Example, Mask, MaskContext, TextMask, Trait
from services.anonymize.worker.masks.plain import Constant, Keep, Null
from services.anonymize.worker.masks.walking import DOCUMENT, Node, Walk, parse_path
from services.anonymize.worker.masks.walking import tree as _tree
from services.anonymize.worker.schema import Column, Family, Table
from services.anonymize.worker.sql import (
    Collated,
    NamedType,
    function_statement,
    qualified,
    quoted,
    text_literal,
    work_function,
)


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

    def trials(self, table: Table, column: Column) -> Iterator[tuple[str, str]]:
        """A text's mask tries its own patterns; a constant is JSON whatever it is."""
        for path, mask in self.paths.items():
            if isinstance(mask, TextMask):
                yield from ((query, f"{path}: {said}") for query, said in mask.trials(table, column))

    def column_functions(self, column: Column, context: MaskContext) -> tuple[str, ...]:
        """The statement that makes the column's function: it walks a document once, with every part that is
        used more than once in a variable."""
        arguments = self._arguments()
        signature = ", ".join([f"{DOCUMENT} jsonb", *(f"{argument} text" for argument in arguments.values())])
        inside = replace(context, row=lambda name: element(arguments[name], Text))
        body = Walk(self.others, inside).body(_tree(self.paths))
        return (function_statement(context.document_function, signature, "jsonb", "plpgsql", body),)

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        row = [Collated(context.row(name)) for name in self._arguments()]
        document = work_function(context.document_function, cast(value, JSONB), *row)
        return cast(document, NamedType(column.type))

    def _arguments(self) -> dict[str, str]:
        """What the function calls the columns of the row that masks read."""
        return {name: f"row_{place}" for place, name in enumerate(self.reads())}

    def unknown_query(self, schema: str, table: str, name: str) -> str | None:
        """A query for the places of documents that the policy does not know, as (path, kind of value); values
        never."""
        if self.others != "fail":
            return None
        value = f"CAST(t.{quoted(name)} AS jsonb)"
        parts = list(_unknown(_tree(self.paths), qualified(schema, table), value, "$", ""))
        return " UNION ALL ".join(parts)


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
