"""JSON that a template writes as text, with references in it: taken apart, and put together again."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from local.stacks import references as in_templates

_SUB = "Fn::Sub"


def content_of(call: Mapping[str, Any]) -> Any:
    """Return what Fn::Sub or Fn::Join says in JSON, with `${…}` left in it; None if it is no JSON."""
    text = _text(call)
    if text is None or not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def call_of(content: Any) -> dict[str, Any]:
    """Return the call that says a content."""
    return {_SUB: json.dumps(content, separators=(",", ":"), ensure_ascii=False)}


def references(content: Any) -> Iterator[str]:
    """List the names that a content's keys and values refer to."""
    return in_templates.references(call_of(content))


def renamed(content: Any, names: Mapping[str, str]) -> Any:
    """Return a content with other names in its references."""
    return json.loads(in_templates.renamed(call_of(content), names)[_SUB])


def _text(call: Mapping[str, Any]) -> str | None:
    match call:
        case {"Fn::Sub": str() as text}:
            return text
        case {"Fn::Join": [str() as delimiter, list() as parts]}:
            found = [_part(part) for part in parts]
            return None if None in found else delimiter.join(str(part) for part in found)
    return None


def _part(part: Any) -> str | None:
    match part:
        case str():
            return part.replace("${", "${!")
        case {"Ref": str() as name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [str() as name, str() as attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Sub": str() as text}:
            return text
    return None
