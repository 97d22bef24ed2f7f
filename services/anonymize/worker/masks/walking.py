# Keys come from the literal renderer.
# ruff: noqa: S608
"""A walk through a JSON document along paths, as the body of a PL/pgSQL function."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func
from sqlalchemy import column as element

from services.anonymize.worker.masks.base import Mask, MaskContext, TextMask
from services.anonymize.worker.masks.plain import Constant, Keep, Null
from services.anonymize.worker.sql import Collated, compiled, text_literal

STEP = re.compile(r'(?:"(?P<quoted>[^"]+)"|(?P<plain>[^."\[\]]+))?(?P<items>(?:\[\])*)(?:\.|$)')
DOCUMENT = "document"
MOST_KEYS = 40  # a function takes a hundred arguments, two for each key
JSON_NULL = "'null'::jsonb"


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


def tree(paths: Mapping[str, Mask]) -> Node:
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


class Walk:
    """Writes the function's body. Every part of a document that is looked at more than once is a variable:
    taking a part out costs as much as hashing it.

    What has not the shape that the policy says becomes null: it cannot be known what it holds.
    """

    def __init__(self, others: str, context: MaskContext) -> None:
        self._others = others
        self._context = context
        self._declared: list[str] = []

    def body(self, root: Node) -> str:
        """The whole body, for a function whose argument is the document."""
        statements, made = self._part(root, DOCUMENT, f"{DOCUMENT} #>> '{{}}'")
        return f"DECLARE {' '.join(self._declared)} BEGIN {' '.join(statements)} RETURN {made}; END"

    def _variable(self, letter: str, kind: str) -> str:
        name = f"{letter}{len(self._declared)}"
        self._declared.append(f"{name} {kind};")
        return name

    def _part(self, node: Node, value: str, text: str) -> tuple[list[str], str]:
        """Statements that mask what `value` holds, and an expression for what came of it."""
        if node.mask is not None:
            return self._leaf(node.mask, value, text)
        here, made = self._variable("v", "jsonb"), self._variable("m", "jsonb")
        statements = [f"{here} := {value};", f"CASE jsonb_typeof({here})"]
        if node.keys:
            statements += ["WHEN 'object' THEN", *self._object(node.keys, here, made)]
        if node.items is not None:
            statements += ["WHEN 'array' THEN", *self._array(node.items, here, made)]
        # NULL stands for no such key, which comes out as none
        statements += [f"ELSE {made} := CASE WHEN {here} IS NOT NULL THEN {JSON_NULL} END; END CASE;"]
        return statements, made

    def _object(self, keys: Mapping[str, Node], here: str, made: str) -> list[str]:
        """An object is made at once, and keys that it has not are taken away again: nothing is copied where
        all are there, which is the rule."""
        statements, parts = [], []
        for key, below in keys.items():
            name = text_literal(key)
            before, part = self._part(below, f"({here} -> {name})", f"{here} ->> {name}")
            statements += before
            parts.append(f"{name}, {part}")
        objects = " || ".join(
            f"jsonb_build_object({', '.join(parts[start : start + MOST_KEYS])})"
            for start in range(0, len(parts), MOST_KEYS)
        )
        names = f"ARRAY[{', '.join(map(text_literal, keys))}]"
        statements.append(f"{made} := {objects};")
        statements.append(
            f"IF NOT {here} ?& {names} THEN {made} := {made} -"
            f" ARRAY(SELECT key FROM unnest({names}) AS key WHERE NOT {here} ? key); END IF;"
        )
        if self._others == "keep":
            statements.append(f"{made} := {here} || {made};")
        return statements

    def _array(self, items: Node, here: str, made: str) -> list[str]:
        place, parts = self._variable("i", "integer"), self._variable("p", "jsonb[]")
        before, part = self._part(items, f"({here} -> {place})", f"{here} ->> {place}")
        return [
            f"{parts} := '{{}}'; FOR {place} IN 0..jsonb_array_length({here}) - 1 LOOP",
            *before,
            f"{parts}[{place} + 1] := {part}; END LOOP; {made} := to_jsonb({parts});",
        ]

    def _leaf(self, mask: Mask, value: str, text: str) -> tuple[list[str], str]:
        match mask:
            case Keep():
                return [], value
            case Null():
                return [], f"CASE WHEN {value} IS NOT NULL THEN {JSON_NULL} END"
            case Constant():
                constant = f"CAST({text_literal(json.dumps(mask.value))} AS jsonb)"
                return [], f"CASE WHEN {value} = {JSON_NULL} THEN {JSON_NULL} ELSE {constant} END"
            case TextMask():
                here = self._variable("t", "text")
                fake = compiled(func.to_jsonb(cast(self._fake(mask, element(here, Text)), Text)))
                structured = f"jsonb_typeof({value}) IN ('object', 'array')"
                made = (  # only what begins with a bracket can be no text, number or truth value
                    f"CASE WHEN {here} <> '' THEN CASE WHEN left({here}, 1) IN ('{{', '[') AND {structured}"
                    f" THEN {JSON_NULL} ELSE {fake} END ELSE {value} END"
                )
                return [f"{here} := {text};"], made
        raise AssertionError(f"{mask.word} does not work inside JSON")

    def _fake(self, mask: TextMask, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return mask.fake(mask.seed(Collated(text), self._context), None, self._context)
