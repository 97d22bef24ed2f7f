"""Shortcuts through moto 5.2.5 that change nothing but the time it takes: a run makes a thousand calls."""

import contextlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from unittest.mock import patch

import moto.core.responses
import moto.kms.models
import moto.sqs.models
from moto.core.serialize import AttributePickerContext, ResponseSerializer, XFormedAttributePicker
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
        yield


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
