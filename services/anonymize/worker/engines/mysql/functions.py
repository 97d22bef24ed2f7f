"""Stored functions that the worker makes in its own database, by name."""

from collections.abc import Mapping
from types import MappingProxyType

FUNCTIONS: Mapping[str, str] = MappingProxyType({})
