"""A schema as a file: what checks, plans and comparisons need of a database, without the database.

It holds names, types, keys, sizes and the definitions that a plan makes anew, and no row of any table.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from typing import Any

from pydantic import TypeAdapter, ValidationError

from services.anonymize.worker.schema import Schema

VERSION = 1
FORMAT = "snapveil_schema"
SCHEMA_FILE = "schema.json"  # beside a run's report
_READER: TypeAdapter[Schema] = TypeAdapter(Schema)


class SchemaFileError(Exception):
    """The text is no schema that `snapveil policy dump` or the worker wrote; the message says why."""


def write_schema(family: str, schema: Schema) -> str:
    """Return a schema's text; `family` is the family of databases that plans for it. The same schema gives
    the same text, and what has its default is left out."""
    document = {FORMAT: VERSION, "family": family, "schema": _plain(schema)}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def read_schema(text: str) -> tuple[str, Schema]:
    """Return a written schema and its family. Raises SchemaFileError."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise SchemaFileError(f"not JSON: {error}") from None
    except RecursionError:
        raise SchemaFileError("not JSON that can be read: it is nested too deeply") from None
    if not isinstance(document, dict) or FORMAT not in document:
        raise SchemaFileError("no schema file; `snapveil policy dump DATABASE_URL` writes one")
    if document[FORMAT] != VERSION:
        raise SchemaFileError(
            f"{FORMAT} is {document[FORMAT]!r}, and this Snapveil reads {VERSION}; dump it anew"
        )
    family, schema = document.get("family"), document.get("schema")
    if not isinstance(family, str) or not isinstance(schema, dict):
        raise SchemaFileError("family or schema is missing; dump it anew")
    try:
        return family, _READER.validate_python(schema | _keyed(schema))
    except (ValidationError, TypeError, ValueError) as error:
        where = ""
        if isinstance(error, ValidationError):
            where = " at " + ".".join(map(str, error.errors()[0]["loc"]))
        raise SchemaFileError(f"not as a schema file is written{where}; dump it anew") from None


def _keyed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no tuples as keys: such mappings are written as lists of pairs."""
    return {
        name: {tuple(key): value for key, value in pairs}
        for name, pairs in schema.items()
        if name == "partitions" and isinstance(pairs, list)
    }


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name))
            for field in fields(value)
            if getattr(value, field.name) != _default(field)
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset | set):
        return sorted((_plain(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        if any(isinstance(key, tuple) for key in value):
            return [[list(key), _plain(one)] for key, one in sorted(value.items())]
        return {str(key): _plain(one) for key, one in value.items()}
    return value


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default
