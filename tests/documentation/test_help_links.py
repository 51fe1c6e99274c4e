"""Help texts of the admin lead to pages and headings that are there."""

from __future__ import annotations

import re

import scenarios.admin.forms  # noqa: F401 - makes the links
import scenarios.admin.suite_forms  # noqa: F401
from documentation.project import DOCS
from stations.admin.references import MADE, page


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {"#" + re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_each_leads_somewhere():
    assert ("suites", "#the-csms-acts") in MADE
    for name, anchor in MADE:
        text = (DOCS / "reference" / f"{name}.md").read_text()
        assert not anchor or anchor in anchors(text), (name, anchor)


def test_words_are_escaped():
    assert "<b>" not in page("suites", "<b>")
