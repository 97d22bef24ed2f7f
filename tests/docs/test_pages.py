"""The pages: what they name exists, and what exists they name."""

import re
from pathlib import Path

import pytest

from services.anonymize.worker.masks import MASKS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_the_page_of_masks_names_every_mask_and_every_parameter() -> None:
    page = (ROOT / "docs/policies.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    named = {word: row for row in rows for word in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert set(named) == set(MASKS)
    for word, mask in MASKS.items():
        for parameter in mask.model_fields:
            assert f"`{parameter}" in named[word], f"{word} takes {parameter}"


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs/adr/README.md").read_text()
    for page in ROOT.glob("docs/adr/[0-9]*.md"):
        assert page.name in listed


def test_every_test_that_the_guarantees_name_exists() -> None:
    page = (ROOT / "docs/guarantees.md").read_text()
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named) >= 8
    for path, test in named:
        assert f"def {test}(" in (ROOT / path).read_text(), f"{path}::{test}"
    tests = "".join(path.read_text() for path in ROOT.glob("tests/**/test_*.py"))
    for test in re.findall(r"`(test_\w+)`", page):
        assert f"def {test}(" in tests, test
