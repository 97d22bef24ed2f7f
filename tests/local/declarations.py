"""Templates as the tests of this folder change them."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Template = dict[str, Any]


def changed(template: Mapping[str, Any], change: Callable[[Template], None]) -> Template:
    """Return a template with something changed in it; the given one stays as it is."""
    own = copy.deepcopy(dict(template))
    change(own)
    return own


def of_type(template: Mapping[str, Any], type_: str) -> Iterator[dict[str, Any]]:
    """List a template's resources of a type."""
    return (one for one in template["Resources"].values() if one["Type"] == type_)


def simple(resources: dict[str, Any], **sections: Any) -> Template:
    """Write a template of these resources."""
    return {"Resources": resources, **sections}
