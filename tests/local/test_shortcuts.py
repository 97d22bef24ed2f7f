"""What the embedded cloud does quicker than moto comes to the same."""

from typing import Any

import xmltodict  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from local.shortcuts import xml

NAMES = st.sampled_from(["A", "Name", "member", "DBInstance"])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.text("ab<>&\"' é\n", max_size=6))
ATTRIBUTES = st.dictionaries(st.sampled_from(["@xmlns", "@x"]), st.text("a&\"'<", max_size=4), max_size=2)


def _elements(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.dictionaries(NAMES, st.one_of(inside, st.lists(inside, max_size=3)), max_size=3)
    return st.builds(lambda attributes, found: {**attributes, **found}, ATTRIBUTES, fields)


@given(st.dictionaries(NAMES, st.recursive(LEAVES, _elements, max_leaves=12), min_size=1, max_size=2))
def test_answers_are_written_as_xmltodict_writes_them(content: dict[str, Any]) -> None:
    assert xml(content) == xmltodict.unparse(content, full_document=False, short_empty_elements=True)
