"""The pages that are made from the code say what it says today."""

from __future__ import annotations

from documentation import pages
from documentation.operations import TAGS


def test_made_pages_are_those_of_today():
    stale = {
        path.name for path, text in pages.made().items()
        if not path.exists() or path.read_text() != text
    }  # fmt: skip
    assert not stale, "run: python -m documentation write"


def test_every_metric_has_a_meaning():
    found = pages.families()
    assert len(found) > 15 and all(len(meaning) > 8 for *_, meaning in found)


def test_every_group_of_operations_has_a_page():
    files = {path.name for path in pages.made() if path.parent.name == "operations"}
    assert files == {"index.md", *(f"{tag}.md" for tag in TAGS)}
