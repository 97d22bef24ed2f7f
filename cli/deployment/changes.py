"""What a deployment would change: parameters and resources, read from two templates, without a change set.

A change set of a stack that does not exist leaves an empty stack behind; a comparison leaves nothing.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def parameters_of(template: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, str]:
    """Give every parameter of a template its value: a known one, or its default."""
    declared: Mapping[str, Mapping[str, Any]] = template.get("Parameters", {})
    return {name: known.get(name, str(about.get("Default", ""))) for name, about in declared.items()}


def changes(
    old: Mapping[str, Any], new: Mapping[str, Any], before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[str]:
    """Say what becomes different, one line each."""
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"parameter {name}: {before.get(name, '(none)')} → {after.get(name, '(gone)')}"
    there, wanted = old.get("Resources", {}), new.get("Resources", {})
    for name in sorted(there.keys() | wanted.keys()):
        if name not in there:
            yield f"add {name} ({wanted[name]['Type']})"
        elif name not in wanted:
            yield f"remove {name} ({there[name]['Type']})"
        elif _plain(there[name]) != _plain(wanted[name]):
            yield f"change {name} ({wanted[name]['Type']})"


def _plain(resource: Any) -> str:
    return json.dumps(resource, sort_keys=True, default=str)
