"""The JSON Schema of policy.yaml, made of the models and the catalogue of masks, for editors.

It says what can be said of structure. What needs a database, another file or a count stays the loader's.
"""

from enum import StrEnum
from typing import Any

from services.anonymize.worker.masks import MASKS
from services.anonymize.worker.masks.base import Mask
from services.anonymize.worker.policy.including import ABSENT
from services.anonymize.worker.policy.model import Action, LargeObjects, Leftovers, Quarantine, RunScript
from services.anonymize.worker.policy.reading import PER_RUN, SECRET, VERSION
from services.anonymize.worker.policy.rules import AUTO, MATCHES

Document = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE_NAME = r"^(?!/)(?!.*(^|/)\.{1,2}(/|$))(?!.*//)[^\\]*[^\\/]$"
NAME = {"type": "string", "minLength": 1}


def json_schema() -> Document:
    """Return the schema (draft 2020-12) of a policy and of the files that it includes."""
    return {
        "$schema": DIALECT,
        "title": "A policy of Snapveil",
        "description": "What happens to every column of a database on its way to development.",
        **_object(_top(), required=("version",)),
        "anyOf": [{"required": ["tables"]}, {"required": ["include"]}],
        "$defs": {
            "table": _table(),
            "column": _column(),
            "mask": _nested_mask(),
            "maskObject": _mask_object(),
            "condition": _condition(),
            "default": _default(),
            "step": _step(),
            "file": {"type": "string", "pattern": FILE_NAME},
            **{f"mask.{word}": _parameters(mask) for word, mask in MASKS.items()},
        },
    }


def _top() -> Document:
    return {
        "version": {"const": VERSION, "description": "the language's version"},
        "include": _list(
            _ref("file"), "files beside the policy that it adds to; the policy is the later one"
        ),
        "override": {
            "description": "what it replaces of the included files: all that it says, or what is named",
            "anyOf": [{"type": "boolean"}, _list(NAME, "like customers.email or audit_log")],
        },
        "database": NAME | {"description": "the database's name; another one with tables stops the run"},
        "script": {
            "description": "your own SQL file or program beside the policy",
            **_object({"file": _ref("file"), "run": _choice(RunScript)}, required=("file",)),
        },
        "before": _list(_ref("step"), "your own steps before the rules"),
        "after": _list(_ref("step"), "your own steps after the rules, before cleaning and verification"),
        "key": {
            "description": "where the mask key comes from: each run has its own, or a secret",
            "anyOf": [
                {"const": PER_RUN},
                _object(
                    {"secret": {"type": "string", "pattern": f"^{SECRET.pattern}$"}}, required=("secret",)
                ),
            ],
        },
        "large_objects": _choice(LargeObjects) | {"description": "what happens to large objects"},
        "leftovers": _choice(Leftovers) | {"description": "what a place means that cleaning could not reach"},
        "quarantine": {
            "description": "what ties the copy to production is cut, unless it is kept here",
            **_object({"keep": _object({kind: _list(NAME) for kind in Quarantine.KINDS})}),
        },
        "defaults": _list(_ref("default"), "rules for columns that no table names; the first that matches"),
        "tables": {
            "description": "what happens to each table: table, schema.table, or a pattern such as log_*",
            "type": "object",
            "additionalProperties": _ref("table"),
        },
    }


def _table() -> Document:
    words = {
        Action.TRUNCATE.value: "empty the table",
        Action.KEEP.value: "leave the table as it is",
        ABSENT: "this database has no such table, though an included file names it",
    }
    columns = {"type": "object", "additionalProperties": _ref("column"), "description": "every column's rule"}
    return {"anyOf": [*_words(words), _object({"columns": columns}, required=("columns",))]}


def _column() -> Document:
    others = {
        AUTO: "masked as what a foreign key ties it to",
        ABSENT: "this database has no such column, though an included file names it",
    }
    same = NAME | {"description": "another column, as table.column or schema.table.column"}
    return {
        "anyOf": [
            *_mask_words(),
            *_words(others),
            _object({"same_as": same}, required=("same_as",)),
            _ref("maskObject"),
        ]
    }


def _nested_mask() -> Document:
    inner = {"allOf": [_ref("maskObject"), {"not": {"required": ["when"]}}]}
    return {"anyOf": [*_mask_words(), inner]}


def _mask_words() -> list[Document]:
    """Masks that need no parameter, by their names; YAML's null is the mask null."""
    alone = {
        word: _says(mask)
        for word, mask in MASKS.items()
        if not any(field.is_required() for field in mask.model_fields.values())
    }
    return [*_words(alone), {"type": "null", "description": alone["null"]}]


def _mask_object() -> Document:
    names = _words({word: _says(mask) for word, mask in MASKS.items()})
    chosen = [
        {"if": {"properties": {"mask": {"const": word}}}, "then": _ref(f"mask.{word}")} for word in MASKS
    ]
    null = {"type": "null", "description": _says(MASKS["null"])}
    return {
        "type": "object",
        "required": ["mask"],
        "properties": {"mask": {"anyOf": [*names, null]}},
        "allOf": [*chosen, {"if": {"properties": {"mask": null}}, "then": _ref("mask.null")}],
    }


def _parameters(mask: type[Mask]) -> Document:
    """A mask with its parameters, as its model says them."""
    model = mask.model_json_schema()
    nested = {mask.nested_mask: _ref("mask"), mask.nested_masks: _named(_ref("mask"))}
    properties = {
        name: (
            {"description": one.get("description", "")} | nested[name] if name in nested else _without(one)
        )
        for name, one in model.get("properties", {}).items()
    }
    when = _ref("condition") | {"description": "only rows in which each column holds one of these values"}
    required = [name for name, field in mask.model_fields.items() if field.is_required()]
    return {
        "description": _says(mask),
        **_object({"mask": {}, **properties, "when": when}, required=("mask", *required)),
    }


def _without(one: Document) -> Document:
    """A field without what editors would only repeat."""
    return {key: value for key, value in one.items() if key != "title" and (key != "default" or value)}


def _condition() -> Document:
    value = {"type": ["string", "number", "boolean", "null"]}
    named = _named({"anyOf": [value, {"type": "array", "items": value, "minItems": 1}]})
    return named | {"minProperties": 1}


def _default() -> Document:
    patterns = {"anyOf": [NAME, {"type": "array", "items": NAME, "minItems": 1}]}
    kinds = {
        "schema": "names of schemas",
        "table": "names of tables",
        "column": "names of columns",
        "type": "types: as the database writes it, its short name, or the kind that masks take",
        "comment": "the column's comment",
    }
    match = _object({key: patterns | {"description": kinds[key]} for key in MATCHES})
    rule = {"anyOf": [*_mask_words(), _ref("maskObject")]}
    return _object({"match": match | {"minProperties": 1}, "rule": rule}, required=("match", "rule"))


def _step() -> Document:
    properties = {
        "sql": NAME | {"description": "SQL statements"},
        "script": _ref("file") | {"description": "an SQL file or a program beside the policy"},
    }
    return _object(properties) | {"minProperties": 1, "maxProperties": 1}


def _object(properties: Document, required: tuple[str, ...] = ()) -> Document:
    made: Document = {"type": "object", "properties": properties, "additionalProperties": False}
    return made | ({"required": list(required)} if required else {})


def _named(value: Document) -> Document:
    return {"type": "object", "additionalProperties": value}


def _list(items: Document, description: str = "") -> Document:
    made: Document = {"type": "array", "items": items}
    return made | ({"description": description} if description else {})


def _choice(words: type[StrEnum]) -> Document:
    return {"enum": [word.value for word in words]}


def _words(described: dict[str, str]) -> list[Document]:
    return [{"const": word, "description": says} for word, says in described.items()]


def _ref(name: str) -> Document:
    return {"$ref": f"#/$defs/{name}"}


def _says(mask: type[Mask]) -> str:
    return " ".join((mask.__doc__ or "").split())
