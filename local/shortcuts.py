"""Shortcuts through moto 5.2.5 that change nothing but the time it takes: a run makes a thousand calls."""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any
from unittest.mock import patch
from xml.sax.saxutils import escape, quoteattr

import moto.core.responses
import moto.kms.models
import moto.sqs.models
import moto.utilities.aws_headers
from moto.core.serialize import (
    AttributePickerContext,
    BaseXMLSerializer,
    ResponseSerializer,
    XFormedAttributePicker,
)
from moto.core.utils import camelcase_to_underscores, method_names_from_class
from moto.kms.utils import generate_private_key

_GetValue = Callable[[ResponseSerializer, Any, str, Any], Any]


@contextlib.contextmanager
def shortcuts() -> Iterator[None]:
    """Take them while a cloud or world is open."""
    with contextlib.ExitStack() as taken:
        # moto lists a class's methods for each request, and spells every name anew.
        taken.enter_context(
            patch.object(moto.core.responses, "method_names_from_class", cache(method_names_from_class))
        )
        for module in (moto.core.responses, moto.sqs.models):
            taken.enter_context(patch.object(module, "camelcase_to_underscores", _underscores))
        # moto makes an RSA key for each KMS key, 0.1 s each, and only asymmetric keys use it.
        taken.enter_context(patch.object(moto.kms.models, "generate_private_key", _private_key))
        # moto works out for each member of each answer under which names it may be found.
        taken.enter_context(
            patch.object(ResponseSerializer, "get_value", _remembering(ResponseSerializer.get_value))
        )
        # xmltodict checks every name and makes an event of every element.
        taken.enter_context(
            patch.object(BaseXMLSerializer, "_serialize_body", _written_at_once(BaseXMLSerializer))
        )
        # moto draws each of the 52 characters of a request's id.
        taken.enter_context(patch.object(moto.utilities.aws_headers, "gen_amzn_requestid_long", _request_id))
        yield


_requests = itertools.count(1)


def _request_id(headers: dict[str, Any] | None = None) -> str:
    identifier = f"{next(_requests):052X}"
    if headers is not None:
        headers["x-amzn-requestid"] = identifier
    return identifier


def xml(content: Mapping[str, Any]) -> str:
    """Write what moto made of an answer as xmltodict does: `@` begins an attribute, `#text` is text."""
    parts: list[str] = []
    for name, value in content.items():
        _write(name, value, parts)
    return "".join(parts)


def _write(name: str, value: Any, parts: list[str]) -> None:
    for one in value if isinstance(value, list | tuple) else [value]:
        if not isinstance(one, Mapping):
            parts.append(_element(name, "", escape(_text(one))))
            continue
        attributes, inner = "", list[str]()
        for key, what in one.items():
            if key.startswith("@"):
                attributes += f" {key[1:]}={quoteattr(_text(what))}"
            elif key != "#text" and what != []:
                _write(key, what, inner)
        text = escape(_text(one.get("#text")))
        parts.append(_element(name, attributes, "".join(inner) + text))


def _element(name: str, attributes: str, inside: str) -> str:
    return f"<{name}{attributes}>{inside}</{name}>" if inside else f"<{name}{attributes}/>"


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _written_at_once(serializer: type[BaseXMLSerializer]) -> Callable[..., str]:
    as_moto_does = serializer._serialize_body

    def written(self: Any, body: Any) -> str:
        return as_moto_does(self, body) if self.pretty_print else xml(body)

    return written


_private_key = cache(generate_private_key)
_underscores = cache(camelcase_to_underscores)


def _remembering(get_value: _GetValue) -> _GetValue:
    """Remember the names of members of plain dictionaries: they depend on the member's shape only."""

    def remembered(self: ResponseSerializer, value: Any, key: str, shape: Any) -> Any:
        picker = self._value_picker
        plain = type(value) is dict and type(picker) is XFormedAttributePicker
        if not plain or picker.response_transformers:
            return get_value(self, value, key, shape)
        known: dict[str, tuple[str, ...]] = shape.__dict__.setdefault("_local_names", {})
        if key not in known:
            known[key] = tuple(picker.get_possible_keys(AttributePickerContext(value, key, shape)))
        for name in known[key]:
            if "." in name:
                return get_value(self, value, key, shape)
            if name in value:
                return value[name]
        return None

    return remembered
